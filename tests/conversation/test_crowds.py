"""Thousands of sessions over a few dozen conversations; and whatever comes when, all are answered and rest at last."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.conversation.sessions import CAP, IDLE_SECONDS, TICK_SECONDS
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import Reply, Run, TurnEnded
from tests.conversation.house import House
from tests.support.probes import KillableStage, killable
from tests.support.rows import admitted


class Crowd(House):
    """Counts how many conversations live whenever an answer is told."""

    def __init__(self, stage: KillableStage) -> None:
        self.highest = 0
        super().__init__(stage)

    def _said(self, message: Reply) -> None:
        self.highest = max(self.highest, len(self.seated))
        super()._said(message)


def in_order(replies: list[int], messages: list[Admitted]) -> bool:
    """Whether each session was answered in the order it wrote."""
    sessions = {message.seq: message.session for message in messages}
    latest: dict[str, int] = {}
    return all(latest.get(sessions[seq], 0) < seq and latest.update({sessions[seq]: seq}) is None for seq in replies)


def test_five_thousand_sessions_are_served_twice_and_few_live_at_a_time(stage: KillableStage) -> None:
    house = Crowd(stage)
    order = [*range(5000), *random.Random(7).sample(range(5000), 5000)]
    messages = [admitted(seq, session=f"s{one}", agent="quick", chat=one + 1) for seq, one in enumerate(order, start=1)]
    for start in range(0, len(messages), 500):
        stage.tell(house.ref, *messages[start : start + 500])
    assert sorted(house.replies) == list(range(1, 10_001))
    assert in_order(house.replies, messages)
    assert len(house.seated) <= CAP
    assert house.highest <= CAP


def test_five_thousand_busy_sessions_are_served_a_few_at_a_time(stage: KillableStage) -> None:
    house = Crowd(stage)
    messages = [admitted(seq, session=f"s{seq}", agent="main") for seq in range(1, 5001)]
    stage.tell(house.ref, *messages)
    ended = 0
    while len(runs := house.runner.all(Run)) > ended:
        assert len(house.seated) == CAP
        for run in runs[ended:]:
            run.reply_to.tell(TurnEnded(run.turn.number, "done", ""))
        stage.settle()
        ended = len(runs)
    assert house.replies == list(range(1, 5001))
    assert len(house.slow_agent.forgotten) == 5000 - CAP


@pytest.mark.parametrize(("most", "slow"), [(4, CAP), (CAP, 2 * CAP)])
def test_so_many_live_at_most_as_there_are_seats_on_both_benches(stage: KillableStage, most: int, slow: int) -> None:
    """Quick ones 64; slow ones 64, or two for each turn that may run at once."""
    house = House(stage, most=most)
    for seq in range(1, 301):
        (house.slow if seq % 2 else house.quick)(seq, f"s{seq}")
        assert len(house.seated) <= CAP + slow
    assert len(house.seated) == CAP + slow


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("abcde"), st.sampled_from(["quick", "main"])),
        st.sampled_from(["end", "commit", "wait", "minute"]),
    ),
    max_size=60,
)


@given(STEPS, st.integers(1, 2))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_when_everybody_is_answered_in_order_and_all_rest_in_the_end(
    steps: list[str | tuple[str, str]], cap: int
) -> None:
    with killable() as stage:
        house = House(stage, cap, most=1, commits=False)
        messages: list[Admitted] = []

        def end_all() -> None:
            for run in house.runner.all(Run):
                house.end(run)

        for step in steps:
            match step:
                case "end":
                    end_all()
                case "commit":
                    house.commit()
                case "wait":
                    stage.advance(TICK_SECONDS)
                case "minute":
                    stage.advance(IDLE_SECONDS)
                case (str(session), str(agent)):
                    messages.append(admitted(len(messages) + 1, session=f"{agent} {session}", agent=agent))
                    house.hear(messages[-1])
            assert len(house.seated) <= cap + max(cap, 2)
        for _ in range(len(steps) + 1):
            end_all()
            house.commit()
        assert sorted(house.replies) == [message.seq for message in messages]
        assert in_order(house.replies, messages)
        stage.advance(2 * IDLE_SECONDS)
        assert house.seated == []
