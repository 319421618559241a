"""No answer waits for what people are shown meanwhile.

The same story is told twice, with presence and without, over an imsg that carries out one request after the other.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.presence.actor import PATIENCE
from actors.presence.attention import GRACE_SECONDS
from actors.presence.manners import Manners
from tests.presence.bench import Bench, chat
from tests.support.probes import KillableStage, killable

ALL = Manners(ack="like", scope="all", takes_back=True)


def outs(
    present: bool, turns: list[tuple[float, float]], blocks: float = 0.05, send: float = 0.05, at_once: bool = False
) -> list[float]:
    """When each answer was out: turns are ``(pause before it, how long it takes)``, one after the other."""
    with killable() as stage:
        bench = Bench(stage, ALL, present=present, typing=blocks, read=blocks, tapback=blocks, send=send)
        for number, (pause, takes) in enumerate(turns, start=1):
            where = chat(number % 3 + 1)
            stage.advance(pause)
            if not at_once:
                bench.attend(number, f"M{number}", where)
            stage.advance(takes)
            bench.answer(f"{number}", where=where)
            bench.attend(0 if at_once else number, f"M{number}", where, done=True)
        stage.advance(1000.0)
        assert bench.health.busy == 0
        return list(bench.sent.values())


def delays(turns: list[tuple[float, float]], at_once: bool = False, **how: float) -> list[float]:
    """By how many seconds each answer was later for the presence."""
    without, with_ = (outs(present, turns, at_once=at_once, **how) for present in (False, True))
    assert len(without) == len(with_) == len(turns)
    return [round(late - soon, 6) for late, soon in zip(with_, without, strict=True)]


def test_an_agent_that_answers_at_once_is_not_delayed_at_all() -> None:
    """However slow the bridge is: the answer goes first."""
    assert delays([(5.0, 0.0)] * 20, blocks=1.5) == [0.0] * 20
    assert delays([(5.0, 0.0)] * 20, blocks=1.5, at_once=True) == [0.0] * 20
    assert delays([(5.0, GRACE_SECONDS - 0.01)] * 20, blocks=1.5) == [0.0] * 20


def test_a_burst_is_not_delayed_at_all() -> None:
    assert set(delays([(0.0, 0.0)] * 200, blocks=1.5)) == {0.0}
    assert set(delays([(0.0, 0.0)] * 200, blocks=1.5, at_once=True)) == {0.0}


def test_an_agent_that_takes_its_time_is_not_delayed() -> None:
    assert delays([(5.0, 2.0), (5.0, 6.0), (5.0, 20.0)]) == [0.0] * 3


@given(
    turns=st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(0.0, 40.0)), min_size=1, max_size=6),
    blocks=st.sampled_from([0.01, 0.05, 0.3]),
)
@settings(deadline=None, max_examples=40)
def test_at_worst_one_call_that_is_under_way_already_goes_before(
    turns: list[tuple[float, float]], blocks: float
) -> None:
    for late in delays(turns, blocks=blocks):
        assert late <= blocks + 1e-6


@pytest.mark.parametrize("blocks", [5.5, 10.0])
def test_a_bridge_that_hangs_costs_one_answer_something_and_no_other(blocks: float) -> None:
    late = delays([(5.0, 1.0)] + [(60.0, 1.0)] * 10, blocks=blocks)
    assert late[0] <= blocks
    assert late[1:] == [0.0] * 10


def test_nothing_is_called_while_a_send_is_under_way(stage: KillableStage) -> None:
    """A send by AppleScript takes seconds, and every further one would wait behind a call."""
    bench = Bench(stage, ALL, send=8.0)
    bench.attend(1, "M1", chat(1))
    bench.answer("one", "two", where=chat(2))
    stage.advance(15.0)
    assert bench.methods == ["send", "send"]
    stage.advance(5.0)
    assert bench.methods[2:] == ["typing", "tapback", "read"]
    assert bench.calls[0][0] >= 16.0


def test_of_many_turns_only_one_call_is_ever_under_way(stage: KillableStage) -> None:
    bench = Bench(stage, ALL, typing=0.5, read=0.5, tapback=0.5)
    for number in range(1, 51):
        bench.attend(number, f"M{number}", chat(number))
    stage.advance(1.0)
    for _ in range(600):
        stage.advance(0.1)
        assert bench.health.busy <= 1
    assert PATIENCE > 0.5
    assert bench.warnings == []
