"""The sessions: conversations on demand, who may still speak, and sessions that begin anew."""

from __future__ import annotations

from typing import Any

import pytest
from pykka import ActorRegistry

from actors.conversation.conversation import Conversation
from actors.conversation.sessions import IDLE_SECONDS, Sessions
from actors.envelopes.control import Record, Replay
from actors.envelopes.facts import Renewed
from actors.envelopes.inbound import Absorbed, Corrupt, Dropped
from actors.envelopes.outbound import Cancel, Run
from actors.envelopes.steering import Fresh, Interrupt, Interrupted, Look, Renew
from tests.conversation.house import House
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import admitted

REVOKED = Dropped("revoked", "channels.imessage.dmPolicy")


def test_it_asks_for_what_is_open_once_it_knows_who_may_still_speak(house: House) -> None:
    house.recheck(lambda _: None)
    (replay,) = house.journal.all(Replay)
    assert (replay.what, replay.then) == ("admitted", house.ref)
    refs = (house.runner.ref, house.chunker.ref, house.journal.ref, house.notices.ref, house.presence.ref)
    waiting = Sessions.start(house.stage.place("others"), house.view, *refs)
    house.stage.settle()
    assert waiting.is_alive()
    assert len(house.journal.all(Replay)) == 1


def test_what_was_admitted_before_its_sender_was_shut_out_is_not_answered(house: House) -> None:
    house.recheck(lambda row: REVOKED if row.text == "2" else None, at=house.stage.clock.wall())
    for seq in (1, 2, 3):
        house.quick(seq, "a")
    assert house.replies == [1, 3]
    assert house.settled == [(2, REVOKED)]


def test_what_comes_after_a_revocation_was_judged_by_then(house: House) -> None:
    house.recheck(lambda _: REVOKED, at=-1.0)
    house.quick(1, "a")
    assert (house.replies, house.settled) == ([1], [])


def test_whoever_is_shut_out_in_the_middle_of_a_turn_gets_no_answer(house: House) -> None:
    run = house.slow(1, "a")
    house.slow(2, "a")
    house.slow(3, "a")
    house.recheck(lambda row: REVOKED if row.text in {"1", "2"} else None, at=house.stage.clock.wall())
    assert house.settled == [(2, REVOKED)]
    house.end(run)
    assert house.settled == [(2, REVOKED), (1, REVOKED)]
    house.end(house.runner.all(Run)[-1])
    assert house.replies == [3]
    house.stage.advance(2 * IDLE_SECONDS)
    assert house.seated == []


def test_a_conversation_is_started_on_demand_and_kept_for_its_session(house: House) -> None:
    assert house.seated == []
    house.quick(1, "a")
    house.quick(2, "b")
    house.quick(3, "a")
    assert sorted(house.seated) == ["a", "b"]
    assert house.replies == [1, 2, 3]


def test_sessions_do_not_wait_for_each_other(house: House) -> None:
    run = house.slow(1, "a")
    house.quick(2, "b")
    assert house.replies == [2]
    house.end(run)
    assert house.replies == [2, 1]


@pytest.mark.parametrize("agent", ["quick", "main"])
def test_a_message_that_is_told_twice_is_answered_once(house: House, agent: str) -> None:
    house.commits = False
    for _ in range(2):
        house.hear(admitted(1, session="a", agent=agent))
    for run in house.runner.all(Run):
        house.end(run)
    assert house.replies == [1]


def test_one_that_was_held_and_is_judged_again_is_answered(house: House) -> None:
    house.recheck(lambda row: REVOKED if row.text == "1" else None, at=house.stage.clock.wall())
    house.quick(1, "a")
    house.recheck(lambda _: None)
    house.quick(1, "a", released=True)
    assert house.replies == [1]


def test_what_stands_behind_a_command_is_answered_in_the_new_session(house: House) -> None:
    """As the command desk tells it: the row is the command's."""
    house.quick(1, "a")
    house.commits = False
    house.hear(admitted(2, session="a", agent="quick", text="/new hi", words="hi"))
    assert house.replies == [1, 2]
    house.commit()
    house.stage.advance(2 * IDLE_SECONDS)
    assert house.seated == []


def renew(house: House, session: str) -> Probe:
    """Somebody lets a session begin anew, and wants to know."""
    desk = Probe("desk")
    house.stage.tell(house.ref, Renew(session, "asked", "tag", desk.ref))
    return desk


@pytest.mark.parametrize("state", ["live", "waiting", "sleeping"])
def test_a_session_begins_anew_once_that_is_on_disk(house: House, state: str) -> None:
    if state == "live":
        house.slow(1, "a")
    house.commits = False
    if state == "waiting":
        for seq, session in enumerate(["x", "y", "z", "a"], start=1):
            house.slow(seq, session)
    desk = renew(house, "a")
    facts = [(one.fact.session, one.fact.why) for one in house.journal.all(Record) if type(one.fact) is Renewed]
    assert facts == [("a", "asked")]
    assert desk.told == []
    house.commit()
    assert [fresh.tag for fresh in desk.all(Fresh)] == ["tag"]


def test_each_that_begins_anew_is_told_its_own(house: House) -> None:
    house.commits = False
    first, second = renew(house, "a"), renew(house, "a")
    quiet = Renew("b", "operator")
    house.stage.tell(house.ref, quiet)
    house.commit()
    assert (len(first.told), len(second.told)) == (1, 1)


@pytest.mark.parametrize(
    ("chat", "running", "waiting", "left"),
    [(None, True, 1, []), ((1, 7), True, 1, []), ((1, 8), False, 0, [1, 2]), ((2, 7), False, 0, [1, 2])],
)
def test_a_live_session_is_stopped(
    house: House, chat: tuple[int, int] | None, running: bool, waiting: int, left: list[int]
) -> None:
    run = house.slow(1, "a")
    house.slow(2, "a")
    desk = Probe("desk")
    house.stage.tell(house.ref, Interrupt("a", chat, "stopped", "tag", desk.ref))
    answer = desk.next(Interrupted)
    assert (answer.tag, answer.running, answer.waiting) == ("tag", running, waiting)
    house.end(run)
    house.end(house.runner.all(Run)[-1])
    assert house.replies == left


@pytest.mark.parametrize(("chat", "gone"), [(None, [4, 5, 6]), ((1, 7), [4, 6]), ((1, 9), [])])
def test_a_session_that_waits_for_a_seat_is_stopped(
    house: House, chat: tuple[int, int] | None, gone: list[int]
) -> None:
    runs = [house.slow(seq, f"s{seq}") for seq in (1, 2, 3)]
    for seq, number in [(4, 7), (5, 8), (6, 7)]:
        house.slow(seq, "a", chat=number)
    desk = Probe("desk")
    house.stage.tell(house.ref, Interrupt("a", chat, "stopped", "tag", desk.ref))
    answer = desk.next(Interrupted)
    assert (answer.running, answer.waiting) == (False, len(gone))
    assert {outcome for _, outcome in house.settled} <= {Absorbed("stopped")}
    assert [seq for seq, _ in house.settled] == gone
    for run in runs:
        house.end(run)
    assert ("a" in house.seated) is (len(gone) < 3)


def test_a_session_that_sleeps_has_nothing_to_stop(house: House) -> None:
    desk = Probe("desk")
    house.stage.tell(house.ref, Interrupt("a", None, "stopped", "tag", desk.ref))
    answer = desk.next(Interrupted)
    assert (answer.running, answer.waiting, house.seated) == (False, 0, [])


def test_each_session_can_be_looked_at(house: House) -> None:
    for seq, session in enumerate(["a", "x", "y", "a", "b", "b"], start=1):
        house.slow(seq, session)
    assert [house.look(session) for session in ("a", "b", "c")] == [(1, True), (2, False), (0, False)]


def test_a_message_that_breaks_them_ends_as_corrupt(house: House) -> None:
    unhashable: Any = []
    house.hear(admitted(1, session=unhashable, agent="quick"))
    house.quick(2, "a")
    assert [(seq, type(outcome)) for seq, outcome in house.settled] == [(1, Corrupt)]
    assert house.replies == [2]


def test_when_it_stops_nothing_it_started_says_anything_any_more(house: House, stage: KillableStage) -> None:
    run = house.slow(1, "a")
    house.ref.stop(block=False)
    stage.settle()
    house.end(run)
    assert house.replies == []
    assert not [ref for ref in ActorRegistry.get_by_class(Conversation) if ref.is_alive()]
    assert [one.number for one in house.runner.all(Cancel)] == [run.turn.number]
    assert house.slow_agent.forgotten == ["a"]


def test_when_it_dies_nothing_it_started_says_anything_any_more(house: House, stage: KillableStage) -> None:
    run = house.slow(1, "a")
    unhashable: Any = []
    stage.tell(house.ref, *(Look(unhashable, "tag", house.chunker.ref) for _ in range(7)))
    assert [death.name for death in stage.deaths.told] == ["sessions"]
    house.end(run)
    assert house.replies == []
    assert house.seated == []
