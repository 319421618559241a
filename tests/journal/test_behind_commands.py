"""What stands behind a control command is a message: it counts, is listed and told like any other."""

from __future__ import annotations

import sqlite3

from msgspec.structs import replace

from actors.envelopes.control import Discard, Record
from actors.envelopes.facts import Rejudged, Settled
from actors.envelopes.inbound import Absorbed, Commanded
from actors.journal import session_list, transcripts
from actors.journal.belongings import Person, belongings
from actors.journal.transcripts import Message, TurnRow
from tests.journal.desk import Room, control, message, queued
from tests.journal.turning import MAIN, answered, failed
from tests.support.rows import ANN

WITH_MESSAGE = replace(control(), onward=True, with_message=True)


def state(looking: sqlite3.Connection) -> str:
    """How the session does."""
    found = session_list.session(looking, MAIN)
    assert found is not None
    return found.state


def told(looking: sqlite3.Connection) -> list[tuple[str, int, str]]:
    """The transcript in short: what of it, which row, how it ended."""
    entries = transcripts.transcript(looking, MAIN)
    return [(type(one).__name__, one.seq, one.outcome) for one in entries if isinstance(one, TurnRow | Message)]


def test_a_session_is_busy_with_it_and_it_waits(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1, text="/new hello"), WITH_MESSAGE)
    assert state(looking) == "busy"
    assert [one.text for one in transcripts.waiting(looking, MAIN)] == ["/new hello"]
    room.record(answered(1))
    assert (state(looking), transcripts.waiting(looking, MAIN)) == ("idle", [])
    assert told(looking) == [("TurnRow", 1, "replied")]


def test_one_that_is_held_is_there_to_be_released(room: Room, looking: sqlite3.Connection) -> None:
    row = message(1, text="/new boom")
    room.append(row, WITH_MESSAGE)
    room.record(failed(1))
    assert session_list.held(looking, MAIN) == [1]
    assert [(one.seq, one.outcome) for one in transcripts.waiting(looking, MAIN)] == [(1, "held")]
    room.tell(Record(Rejudged(1, row, WITH_MESSAGE), room.desk.ref))
    told = [(one.replayed, one.released) for one in room.desk.all(Commanded)]
    assert told == [(False, False), (True, True)], "else a desk that knows the row would not pass it on again"
    assert (session_list.held(looking, MAIN), state(looking)) == ([], "busy")


def test_one_that_ended_without_a_turn_is_in_the_transcript(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1, text="/new never mind"), WITH_MESSAGE)
    room.append(message(2, text="/new boom"), WITH_MESSAGE)
    room.record(Settled(1, Absorbed("stopped")), failed(2))
    room.tell(Discard((2,)))
    assert told(looking) == [("Message", 1, "absorbed"), ("TurnRow", 2, "failed")]
    assert transcripts.loose(looking) == {MAIN: [1]}


def test_a_command_that_is_only_carried_out_is_no_message(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1), None)
    room.record(answered(1))
    room.append(message(2, text="/new"), replace(control(), onward=True))
    room.append(message(3, text="/status"), control())
    assert (state(looking), transcripts.waiting(looking, MAIN)) == ("idle", [])
    room.record(queued(2, "done"), queued(3, "fine"))
    assert told(looking) == [("TurnRow", 1, "replied")]


def test_a_person_is_purged_of_it(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1, text="/new hello"), WITH_MESSAGE)
    found = belongings(looking, Person(lambda _: frozenset({ANN}), lambda _: "US"))
    assert (found.rows, found.open) == ((1,), (1,))
