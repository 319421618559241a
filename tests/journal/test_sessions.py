"""Sessions and turns on disk: who is known, what was said, in which order, and how often it failed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Record
from actors.envelopes.facts import Adjusted, Rejudged, Renewed, Sent, Settled
from actors.envelopes.inbound import Absorbed, Dropped, Held, Replied
from actors.envelopes.outbound import chunk_key
from actors.journal.roster import FRESH_SECONDS
from tests.journal.conftest import Open
from tests.journal.desk import Room, control, message, queued
from tests.journal.turning import FAMILY, GROUP, MAIN, answered, failed, part, silent, turn
from tests.support.probes import KillableStage
from tests.support.rows import ANN, BEN, START, admit

STALE = Held("stale backlog", "recovery")


def sessions(room: Room, columns: str = "agent, account, source, chat_id, is_group, label") -> dict[str, Any]:
    """What stands there of each."""
    return {key: tuple(rest) for key, *rest in room.rows(f"SELECT key, {columns} FROM session")}


def turns(room: Room, columns: str = "seq, rows, outcome, text, failure") -> list[tuple[Any, ...]]:
    """What stands there of turns, in their order."""
    return room.rows(f"SELECT {columns} FROM turn ORDER BY number")


# Sessions


def test_a_session_is_known_from_its_first_admitted_row(room: Room) -> None:
    room.append(message(1), Dropped("empty body"))
    room.append(message(2), STALE)
    assert sessions(room) == {}
    room.append(message(3))
    room.append(message(4, **GROUP), admit(FAMILY))
    assert sessions(room) == {
        MAIN: ("main", "default", 1, 7, 0, ANN),
        FAMILY: ("main", "default", 1, 9, 1, "Family"),
    }


def test_a_session_is_where_its_latest_message_is(room: Room) -> None:
    room.tell(room.appended(message(1, chat=7)), room.appended(message(2, chat=8, sender=BEN, sender_name="Ben")))
    assert sessions(room) == {MAIN: ("main", "default", 1, 8, 0, "Ben")}
    room.append(message(3, chat=7, account="work"))
    assert sessions(room) == {MAIN: ("main", "work", 1, 7, 0, ANN)}


def test_a_direct_chat_that_is_treated_as_a_group_is_one(room: Room) -> None:
    room.append(message(1, chat=9), admit(FAMILY))
    assert sessions(room, "is_group") == {FAMILY: (1,)}


def test_a_row_that_is_judged_again_makes_its_session_known(room: Room) -> None:
    room.append(message(1), STALE)
    room.record(Rejudged(1, message(1), admit("agent:main:direct:ann")))
    assert sessions(room, "label") == {"agent:main:direct:ann": (ANN,)}


def test_a_session_that_stays_where_it_is_is_written_once_a_second(room: Room, stage: KillableStage) -> None:
    began = stage.clock.wall()
    room.append(message(1))
    stage.advance(FRESH_SECONDS / 2)
    room.append(message(2))
    assert sessions(room, "created_at, updated_at") == {MAIN: (began, began)}
    stage.advance(FRESH_SECONDS)
    room.append(message(3))
    assert sessions(room, "created_at, updated_at") == {MAIN: (began, stage.clock.wall())}


@pytest.mark.parametrize("came", ["at once", "once it was held"])
def test_a_session_is_known_by_a_message_behind_a_command(room: Room, came: str) -> None:
    verdict = replace(control(), onward=True, with_message=True)
    if came == "at once":
        room.append(message(1, text="/new boom"), verdict)
    else:
        room.append(message(1, text="/new boom"), STALE)
        room.record(Rejudged(1, message(1, text="/new boom"), verdict))
    assert sessions(room) == {MAIN: ("main", "default", 1, 7, 0, ANN)}
    room.record(failed(1))
    assert sessions(room, "account, failures") == {MAIN: ("default", 1)}


def test_a_command_without_a_message_makes_no_session_known(room: Room) -> None:
    room.append(message(1, text="/new"), replace(control(), onward=True))
    room.append(message(2, text="/stop"), STALE)
    room.record(Rejudged(2, message(2, text="/stop"), replace(control(), onward=True)))
    assert sessions(room) == {}


def test_a_session_whose_first_row_was_a_command_is_known_by_its_turn(room: Room) -> None:
    room.append(message(1), control())
    assert sessions(room) == {}
    room.record(answered(1))
    assert sessions(room) == {MAIN: ("main", "default", 1, 7, 0, None)}


# Turns


def test_what_an_agent_said_is_kept_where_its_chunk_does_not_say_the_same(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 8)))
    room.record(
        answered(1, text="fine"),
        answered(2, text="**fine**", said=("fine",)),
        answered(3, text="one two", said=("one", "two")),
        silent(4),
        failed(5),
        Settled(6, Absorbed("stopped"), turn(6, text="half")),
        Settled(7, Replied(), turn(7)),
    )
    assert turns(room) == [
        (1, None, "replied", None, None),
        (2, None, "replied", "**fine**", None),
        (3, None, "replied", "one two", None),
        (4, None, "absorbed", "NO_REPLY", None),
        (5, None, "failed", None, "exited with 3"),
        (6, None, "absorbed", "half", None),
        (7, None, "replied", None, None),
    ]


def test_a_turn_has_its_rows_its_times_and_what_it_took(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 4)))
    room.record(answered(1, 2, 3, at=START + 5, model="a:b", input_tokens=12, output_tokens=5))
    columns = "seq, rows, session, agent, began_at, ended_at, model, input_tokens, output_tokens"
    assert turns(room, columns) == [(3, "[1, 2]", MAIN, "main", START + 5, START + 6, "a:b", 12, 5)]
    assert room.outcomes() == {1: "replied", 2: "replied", 3: "replied"}


def test_an_answer_in_parts_is_one_turn(room: Room) -> None:
    room.tell(room.appended(message(1)), room.appended(message(2)))
    room.record(part(0, 2, 0, "one", settles=(1,)))
    assert room.outcomes() == {1: "replied", 2: None}
    assert room.rows("SELECT count(*) FROM turn WHERE number >= 0") == [(0,)], "it has not ended"
    room.record(part(1, 2, 1, settles=(2,), record=turn(1, 2, text="one")))
    assert turns(room) == [(2, "[1]", "replied", "one", None)]
    assert room.outcomes() == {1: "replied", 2: "replied"}


def test_turns_are_numbered_in_the_order_of_commits_over_all_sessions_and_restarts(
    open_room: Open, stage: KillableStage
) -> None:
    room = open_room()
    room.tell(*(room.appended(message(n, chat=n), admit(f"s{n % 2}")) for n in range(1, 6)))
    room.record(answered(2, session="s0"), answered(1, session="s1"))
    room.record(answered(4, session="s0"))
    stage.kill()
    room = open_room()
    room.record(answered(5, session="s1"), answered(3, session="s1"))
    assert turns(room, "number, seq, session, place") == [
        (1, 2, "s0", 1),
        (2, 1, "s1", 1),
        (3, 4, "s0", 2),
        (4, 5, "s1", 2),
        (5, 3, "s1", 3),
    ]


def test_a_message_that_is_answered_after_all_has_one_turn_the_later(room: Room) -> None:
    room.append(message(1))
    room.append(message(2))
    room.record(failed(1), answered(2))
    room.record(Rejudged(1, message(1), admit()))
    room.record(answered(1))
    assert turns(room, "number, seq, outcome") == [(2, 2, "replied"), (3, 1, "replied")]


def test_an_answer_that_is_known_is_no_turn(room: Room) -> None:
    room.append(message(1))
    later = part(0, 1, 1024, "welcome", record=turn(1, text="welcome"))
    room.record(later, Sent(chunk_key(1, 1024), "G", START))
    assert len(turns(room)) == 1
    room.connection.execute("DELETE FROM turn")
    room.record(later)
    assert turns(room) == []


# Beginning anew


def test_a_session_begins_anew_after_the_turns_it_had(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 5)))
    room.record(answered(1), Renewed(MAIN, START + 10, "asked"), answered(2, at=START + 10))
    room.record(answered(3, at=START + 20), Renewed(MAIN, START + 30, "daily"))
    room.record(answered(4, at=START + 40))
    assert room.rows("SELECT session, number, at, why FROM renewal ORDER BY number") == [
        (MAIN, 1, START + 10, "asked"),
        (MAIN, 3, START + 30, "daily"),
    ]
    assert turns(room, "number, place") == [(1, 1), (2, 1), (3, 2), (4, 1)]


@pytest.mark.parametrize("apart", [False, True], ids=["in one commit", "in two"])
def test_a_turn_that_was_on_its_way_when_the_session_began_anew_belongs_before(room: Room, apart: bool) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 4)))
    room.record(answered(1, at=START))
    facts = Renewed(MAIN, START + 10, "asked"), answered(2, at=START + 9), answered(3, at=START + 10)
    if apart:
        for fact in facts:
            room.record(fact)
    else:
        room.record(*facts)
    assert turns(room, "number, seq, place") == [(1, 1, 1), (1, 2, 0), (2, 3, 1)]


def test_a_session_of_another_name_goes_on(room: Room) -> None:
    room.tell(room.appended(message(1)), room.appended(message(2, **GROUP), admit(FAMILY)))
    room.record(Renewed(MAIN, START + 10, "asked"), answered(2, session=FAMILY, at=START, chat=9))
    assert turns(room, "number, place") == [(1, 1)]


# How a session stands


def test_failures_in_a_row_are_counted_until_one_does_not_fail(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.tell(*(room.appended(message(n)) for n in range(1, 10)))
    room.record(failed(1), failed(2))
    room.record(failed(3))
    assert sessions(room, "failures") == {MAIN: (3,)}
    assert room.standings[MAIN].failures == 3
    stage.kill()
    room = open_room()
    assert room.standings[MAIN].failures == 3
    room.record(failed(4), answered(5), failed(6))
    assert (sessions(room, "failures"), room.standings[MAIN].failures) == ({MAIN: (1,)}, 1)
    room.record(silent(7))
    assert (sessions(room, "failures"), dict(room.standings)) == ({MAIN: (0,)}, {})


@pytest.mark.parametrize("fact", [Renewed(MAIN, START, "asked"), Adjusted(MAIN, "failures", 0)])
def test_failures_are_forgotten_on_demand(room: Room, fact: Any) -> None:
    room.tell(room.appended(message(1)), room.appended(message(2)))
    room.record(failed(1))
    room.record(fact)
    assert (sessions(room, "failures"), dict(room.standings)) == ({MAIN: (0,)}, {})
    assert sessions(room) == {MAIN: ("main", "default", 1, 7, 0, ANN)}
    room.record(failed(2))
    assert (sessions(room, "failures"), room.standings[MAIN].failures) == ({MAIN: (1,)}, 1)


def test_what_is_set_in_a_session_is_there_after_a_restart(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1))
    room.record(Adjusted(MAIN, "send", "off"), Adjusted(FAMILY, "activation", "always"))
    room.record(Adjusted(MAIN, "queue", "collect"), Adjusted(MAIN, "model", "a:b"), Adjusted(MAIN, "send", None))
    stage.kill()
    room = open_room()
    assert {key: (it.activation, it.send, it.queue, it.model) for key, it in room.standings.items()} == {
        MAIN: (None, None, "collect", "a:b"),
        FAMILY: ("always", None, None, None),
    }
    assert sessions(room, "is_group, account") == {MAIN: (0, "default"), FAMILY: (1, "")}
    room.record(Adjusted(FAMILY, "activation", None))
    assert [*room.standings] == [MAIN]
    assert len(room.standings) == 1


def test_whoever_set_something_is_told_and_can_see_it(room: Room) -> None:
    room.record(Adjusted(MAIN, "send", "off"))
    assert [told.fact for told in room.sender.told] == [Adjusted(MAIN, "send", "off")]


def test_what_no_session_has_is_refused_alone(room: Room, stage: KillableStage) -> None:
    room.tell(room.appended(message(1)), Record(Adjusted(MAIN, "colour", "red")), Record(Adjusted(MAIN, "send", "off")))
    assert sessions(room, "send") == {MAIN: ("off",)}
    (line,) = stage.errors()
    assert "cannot be stored" in line


def test_a_turn_changes_nothing_of_a_session_that_stands_as_the_config_says(room: Room) -> None:
    room.append(message(1))
    room.record(queued(1, "x"))
    assert dict(room.standings) == {}
