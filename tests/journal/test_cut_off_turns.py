"""A turn of several messages that a restart cuts off between the parts of its answer: it is still one turn."""

from __future__ import annotations

import pytest

from actors.envelopes.facts import Renewed, Sent, Settled
from actors.envelopes.inbound import Admitted, Replied
from actors.envelopes.outbound import chunk_key
from actors.envelopes.session import TurnRecord
from actors.journal import session_list, transcripts
from actors.journal.schema import connect_readonly
from actors.journal.transcripts import Message, Renewal, TurnRow
from tests.journal.conftest import Open
from tests.journal.desk import Room, control, later, message, queued
from tests.journal.turning import MAIN, answered, part, recalled, turn
from tests.support.probes import KillableStage
from tests.support.rows import START


@pytest.fixture
def cut(open_room: Open, stage: KillableStage) -> Room:
    """Row 1 is answered; of the answer to the next three a part is out when the gateway dies, and it starts again."""
    room = open_room()
    room.tell(*(room.appended(message(n, text=f"text {n}")) for n in range(1, 5)))
    room.record(answered(1))
    room.record(part(0, 4, 0, "part one", settles=(2, 3)))
    stage.kill()
    room = open_room()
    assert [(one.seq, one.begun) for one in room.sessions.all(Admitted)] == [(4, True)]
    return room


def close(room: Room, at: float = START + 60) -> None:
    """As the conversation does that is told of a row that was begun."""
    room.record(Settled(4, Replied(), TurnRecord(MAIN, "main", (4,), "", at, at)))


def entries(room: Room) -> list[tuple[list[int], str]]:
    """The transcript: which rows, and what was said, or what became of a row without a turn."""
    connection = connect_readonly(room.path)
    try:
        found = transcripts.transcript(connection, MAIN)
        return [_short(one) for one in found if not isinstance(one, Renewal)]
    finally:
        connection.close()


def _short(entry: TurnRow | Message) -> tuple[list[int], str]:
    if isinstance(entry, TurnRow):
        return [one.seq for one in entry.messages], entry.text
    return [entry.seq], entry.outcome


def test_its_messages_are_in_the_transcript_and_remembered(cut: Room) -> None:
    close(cut)
    assert entries(cut) == [([1], "fine"), ([2, 3, 4], "part one")]
    one, two = recalled(cut).turns
    assert ([heard.seq for heard in one.messages], [heard.seq for heard in two.messages]) == ([1], [2, 3, 4])
    assert (two.text, two.began_at) == ("part one", START)
    assert recalled(cut).number == 3


def test_until_it_has_ended_it_is_no_turn(cut: Room, stage: KillableStage, open_room: Open) -> None:
    assert sorted(entries(cut)) == [([1], "fine"), ([2], "replied"), ([3], "replied")]
    assert len(recalled(cut).turns) == 1
    assert recalled(cut).number == 2
    connection = connect_readonly(cut.path)
    (session,) = session_list.sessions(connection)
    assert (session.turns, session.state) == (1, "busy")
    assert [one.seq for one in transcripts.waiting(connection, MAIN)] == [4]
    assert [one.number for one in transcripts.transcript(connection, MAIN, 1) if isinstance(one, TurnRow)] == [1]
    connection.close()
    stage.kill()
    again = open_room()
    close(again)
    assert entries(again)[-1] == ([2, 3, 4], "part one")


def test_what_began_before_the_session_began_anew_is_not_remembered(cut: Room) -> None:
    cut.record(Renewed(MAIN, START + 30, "asked"))
    close(cut)
    assert recalled(cut).turns == ()
    assert entries(cut)[-1] == ([2, 3, 4], "part one")


def test_one_that_ends_as_it_should_is_written_with_its_last_part(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 4)))
    room.record(part(0, 3, 0, "one", settles=(1, 2)))
    room.record(part(1, 3, 1, "two", settles=(3,), record=turn(1, 2, 3, text="one\n\ntwo")))
    assert entries(room) == [([1, 2, 3], "one\n\ntwo")]
    assert room.rows("SELECT number, place, rows FROM turn") == [(1, 1, "[1, 2]")]


def test_only_a_part_that_leaves_its_turn_open_is_remembered(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 4)), room.appended(message(4), control()))
    room.record(part(0, 1, 0, "one"), later(2, "notice", first=2048), queued(4, "done"))
    room.record(Sent(chunk_key(4, 0), "G", START))
    assert room.rows("SELECT seq FROM turn") == []
