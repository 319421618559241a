"""Few conversations live at a time, however many sessions there are: who rests, who waits for a seat, who gets one."""

from __future__ import annotations

import pytest

from actors.conversation.habits import Habits
from actors.conversation.resets import ResetPolicy
from actors.conversation.sessions import IDLE_SECONDS, TICK_SECONDS
from actors.envelopes.control import Reconfigure
from actors.envelopes.inbound import Dropped
from actors.envelopes.outbound import Run, TurnEnded
from actors.envelopes.steering import Finished, Interrupt, Interrupted
from tests.conversation.house import House
from tests.conversation.people import Quick, Thinking
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import admitted

REVOKED = Dropped("revoked", "channels.imessage.dmPolicy")


def test_over_the_cap_the_least_recently_used_rests(house: House) -> None:
    for seq, session in enumerate(["a", "b", "c", "a", "d"], start=1):
        house.quick(seq, session)
    assert sorted(house.seated) == ["a", "c", "d"]
    house.quick(6, "b")
    assert sorted(house.seated) == ["a", "b", "d"]
    assert house.replies == [1, 2, 3, 4, 5, 6]


def test_who_answers_at_once_rests_before_that_is_on_disk(house: House) -> None:
    house.commits = False
    for seq, session in enumerate("abcdea", start=1):
        house.quick(seq, session)
    assert house.replies == [1, 2, 3, 4, 5, 6]
    house.commit()
    house.stage.advance(2 * IDLE_SECONDS)
    assert house.seated == []


@pytest.mark.parametrize("habits", [Habits(window=0.5), Habits(direct=ResetPolicy(idle=600.0))])
def test_who_keeps_something_in_mind_rests_once_it_is_on_disk(house: House, habits: Habits) -> None:
    house.habits, house.commits = habits, False
    house.stage.tell(house.ref, Reconfigure(house.view))
    house.recheck(lambda _: None)
    for seq, session in enumerate("abcd", start=1):
        house.quick(seq, session)
    house.stage.advance(0.5)
    assert len(house.seated) == 3
    assert house.replies == [1, 2, 3]
    house.commit()
    house.stage.advance(0.5)
    assert house.replies == [1, 2, 3, 4]


def test_a_busy_one_never_rests_and_others_wait_for_its_seat_in_order(house: House) -> None:
    runs = [house.slow(seq, f"s{seq}") for seq in range(1, 4)]
    for seq, session in [(4, "late"), (5, "later"), (6, "late")]:
        house.slow(seq, session)
    house.stage.advance(2 * IDLE_SECONDS)
    assert sorted(house.seated) == ["s1", "s2", "s3"]
    house.end(runs[1])
    assert sorted(house.seated) == ["late", "s1", "s3"]
    house.end(house.runner.all(Run)[-1])
    assert sorted(house.seated) == ["late", "s1", "s3"], "it has another message"
    house.end(house.runner.all(Run)[-1])
    assert sorted(house.seated) == ["later", "s1", "s3"]
    house.end(house.runner.all(Run)[-1])
    assert house.replies == [2, 4, 6, 5]


def test_slow_ones_take_no_seats_from_quick_ones(house: House) -> None:
    for seq in range(1, 10):
        house.slow(seq, f"s{seq}")
    for seq in range(11, 20):
        house.quick(seq, f"q{seq}")
    assert house.replies == list(range(11, 20))
    assert len(house.seated) == 6


@pytest.mark.parametrize(("most", "seats"), [(1, 3), (5, 10)])
def test_slow_ones_have_two_seats_for_each_turn_that_may_run(stage: KillableStage, most: int, seats: int) -> None:
    house = House(stage, cap=3, most=most)
    for seq in range(1, 21):
        house.slow(seq, f"s{seq}")
    assert len(house.seated) == seats


def test_another_config_may_have_more_seats_or_fewer(house: House) -> None:
    for seq in range(1, 21):
        house.slow(seq, f"s{seq}")
    house.habits = Habits(most=4)
    house.stage.tell(house.ref, Reconfigure(house.view))
    assert len(house.seated) == 8
    house.habits = Habits(most=1)
    house.stage.tell(house.ref, Reconfigure(house.view))
    house.recheck(lambda _: None)
    for _ in range(20):
        house.end(house.runner.all(Run)[-1])
        for run in house.runner.all(Run):
            house.end(run)
    assert sorted(house.replies) == list(range(1, 21))
    house.stage.advance(TICK_SECONDS)
    assert len(house.seated) == 3


def test_one_with_messages_waiting_behind_its_turn_is_busy(house: House) -> None:
    run = house.slow(1, "a")
    house.slow(2, "a")
    house.end(run)
    for seq, session in enumerate(["b", "c", "d", "e"], start=3):
        house.quick(seq, session)
    assert "a" in house.seated
    house.end(house.runner.all(Run)[-1])
    assert house.replies[-1] == 2


def test_an_idle_one_rests_after_ten_minutes_and_comes_back_on_demand(house: House) -> None:
    house.quick(1, "a")
    house.stage.advance(IDLE_SECONDS - TICK_SECONDS)
    assert house.seated == ["a"]
    house.quick(2, "b")
    house.stage.advance(2 * TICK_SECONDS)
    assert house.seated == ["b"]
    house.stage.advance(IDLE_SECONDS)
    assert house.seated == []
    house.quick(3, "a")
    assert house.seated == ["a"]
    assert house.replies == [1, 2, 3]


def test_agents_that_take_their_time_forget_a_session_that_rests(house: House) -> None:
    house.end(house.slow(1, "a"))
    house.quick(2, "b")
    assert house.slow_agent.forgotten == []
    house.stage.advance(2 * IDLE_SECONDS)
    assert sorted(house.slow_agent.forgotten) == ["a", "b"], "whoever was to answer there"


def test_an_answer_that_is_not_on_disk_keeps_its_session_from_resting(house: House) -> None:
    house.commits = False
    house.end(house.slow(1, "a"))
    house.stage.advance(2 * IDLE_SECONDS)
    assert house.seated == ["a"]
    house.commit()
    house.stage.advance(2 * IDLE_SECONDS)
    assert house.seated == []


def test_a_message_that_comes_while_it_is_being_rested_is_served(house: House) -> None:
    """The stop and the message are told in one batch; the message must find a new conversation."""
    house.quick(1, "a")
    house.stage.clock.now += IDLE_SECONDS + 1
    house.hear(
        *(admitted(seq, text="x", session=session, agent="quick") for seq, session in [(2, "b"), (3, "c"), (4, "d")]),
        admitted(5, text="x", session="a", agent="quick"),
    )
    assert sorted(house.replies) == [1, 2, 3, 4, 5]


def test_a_message_and_the_end_of_the_one_before_it_may_cross(house: House) -> None:
    """What is finished belongs to the conversation that was told it, not to whoever sits there now."""
    house.commits = False
    for seq, session in enumerate("abcd", start=1):
        house.quick(seq, session)
    assert "a" not in house.seated
    fifth, sixth = (admitted(seq, session="a", agent="quick") for seq in (5, 6))
    house.stage.tell(house.ref, fifth, Finished((1,)), sixth)
    house.commit()
    house.stage.advance(2 * IDLE_SECONDS)
    assert (house.seated, sorted(house.replies)) == ([], [1, 2, 3, 4, 5, 6])


def test_rows_it_was_never_told_are_none_of_its_business(house: House) -> None:
    house.slow(1, "a")
    house.stage.tell(house.ref, Finished((7, 8)), Finished(()))
    house.stage.advance(2 * IDLE_SECONDS)
    assert house.seated == ["a"]


def test_whoever_waits_for_a_seat_may_lose_their_access(house: House) -> None:
    runs = [house.slow(seq, f"s{seq}") for seq in (1, 2, 3)]
    for seq, session in [(4, "a"), (5, "b"), (6, "b")]:
        house.slow(seq, session)
    house.recheck(lambda row: REVOKED if row.text in {"4", "5"} else None, at=house.stage.clock.wall())
    assert house.settled == [(4, REVOKED), (5, REVOKED)]
    assert [house.look(session) for session in ("a", "b")] == [(0, False), (1, False)]
    for run in runs:
        house.end(run)
    assert house.runner.all(Run)[-1].turn.messages[0].seq == 6


def test_whoever_waits_for_a_seat_is_answered_by_the_agent_of_a_newer_config(house: House) -> None:
    runs = [house.slow(seq, f"s{seq}") for seq in (1, 2, 3)]
    house.slow(4, "a")
    house.reconfigure(new=Quick(lambda text: f"new: {text}"), other=Thinking())
    for run in runs:
        house.end(run)
    assert house.replies == [1, 2, 3]
    house.recheck(lambda _: None)
    house.stage.settle()
    assert house.settled[-1][0] == 4, "nobody answers it any more"


def test_a_session_whose_turn_has_still_to_end_keeps_its_seat_though_its_rows_are_on_disk(house: House) -> None:
    """Its next turn must not begin beside that one."""
    runs = [house.slow(seq, f"s{seq}") for seq in (1, 2, 3)]
    desk = Probe("desk")
    house.stage.tell(house.ref, Interrupt("s1", None, "stopped", "tag", desk.ref))
    house.slow(4, "late")
    assert [seq for seq, _ in house.settled] == [1]
    assert sorted(house.seated) == ["s1", "s2", "s3"]
    house.stage.advance(2 * IDLE_SECONDS)
    assert "s1" in house.seated
    house.slow(5, "s1")
    assert house.look("s1") == (1, False)
    house.stage.tell(runs[0].reply_to, TurnEnded(runs[0].turn.number, None, "cancelled"))
    assert house.runner.all(Run)[-1].turn.session == "s1"
    house.end(house.runner.all(Run)[-1])
    assert sorted(house.seated) == ["late", "s2", "s3"]


def test_a_session_whose_agent_takes_its_time_by_another_config_gives_its_quick_seat_back(house: House) -> None:
    house.quick(1, "a")
    slow = Thinking()
    house.reconfigure(main=house.slow_agent, quick=slow)
    house.recheck(lambda _: None)
    for seq, session in [(2, "a"), (3, "b"), (4, "c")]:
        house.quick(seq, session)
    house.reconfigure(main=house.slow_agent, quick=slow, echo=Quick())
    house.recheck(lambda _: None)
    for seq, session in [(5, "x"), (6, "y"), (7, "z")]:
        house.hear(admitted(seq, text="x", session=session, agent="echo"))
    assert sorted(house.seated) == ["a", "b", "c", "x", "y", "z"]
    assert house.replies == [1, 5, 6, 7]
    for run in house.runner.all(Run):
        house.end(run)
    assert house.replies == [1, 5, 6, 7, 2, 3, 4]
    slow.forgotten.clear()
    house.stage.advance(2 * IDLE_SECONDS)
    assert house.seated == []
    assert {"a", "b", "c"} <= set(slow.forgotten), "it keeps no process of them"


def test_until_what_was_answered_at_once_is_on_disk_the_slow_turn_waits(house: House) -> None:
    house.habits, house.commits = Habits(window=0.5), False
    house.reconfigure()
    house.recheck(lambda _: None)
    house.quick(1, "a")
    house.stage.advance(0.5)
    house.reconfigure(quick=Thinking())
    house.recheck(lambda row: REVOKED if row.text == "3" else None, at=house.stage.clock.wall())
    for seq in (2, 3, 4):
        house.quick(seq, "a")
    assert house.seated == ["a"]
    house.recheck(lambda row: REVOKED if row.text == "3" else None, at=house.stage.clock.wall())
    house.commit()
    house.stage.advance(0.5)
    assert [[one.seq for one in run.turn.messages] for run in house.runner.all(Run)] == [[2, 4]]
    assert house.settled == [(3, REVOKED)]


def test_a_session_that_changes_its_seat_can_be_stopped(house: House) -> None:
    house.habits, house.commits = Habits(window=0.5), False
    house.reconfigure()
    house.recheck(lambda _: None)
    house.quick(1, "a")
    house.stage.advance(0.5)
    house.reconfigure(quick=Thinking())
    house.recheck(lambda _: None)
    house.quick(2, "a")
    desk = Probe("desk")
    house.stage.tell(house.ref, Interrupt("a", None, "stopped", "tag", desk.ref))
    assert desk.next(Interrupted).waiting == 1
    house.commit()
    house.commit()
    house.stage.advance(2 * IDLE_SECONDS)
    assert (house.seated, house.runner.all(Run)) == ([], [])
