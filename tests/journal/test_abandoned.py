"""What is stopped while it still waits in the journal ends there, and nobody is told of it any more."""

from __future__ import annotations

import pytest

from actors.envelopes.control import Record
from actors.envelopes.facts import Sent
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import chunk_key
from actors.envelopes.steering import Abandon, Finished
from actors.journal import gate
from actors.journal.active import PER_CHAT
from tests.journal.conftest import Open
from tests.journal.desk import Room, disk_error, message, queued
from tests.support.probes import KillableStage
from tests.support.rows import START, admit

MAIN = "agent:main:main"
HERE, THERE = (1, 7), (1, 8)
WHERE = "SELECT seq, outcome, reason FROM inbound WHERE outcome IS NOT NULL ORDER BY seq"


def crowd(room: Room) -> None:
    """More rows of a chat than may go, the even ones of those of another session; and some of another chat."""
    room.tell(*(room.appended(message(n)) for n in range(1, PER_CHAT + 1)))
    sessions = [MAIN if n % 2 else "agent:main:other" for n in range(21, 31)]
    room.tell(*(room.appended(message(n), admit(key)) for n, key in enumerate(sessions, 21)))
    room.tell(*(room.appended(message(n, chat=8)) for n in range(31, 52)))
    assert room.admitted == [*range(1, 21), *range(31, 51)]


def through(room: Room, *seqs: int) -> None:
    """They are answered, and the answers are out."""
    room.record(*(queued(seq, "x") for seq in seqs), *(Sent(chunk_key(seq, 0), "G", START) for seq in seqs))


@pytest.mark.parametrize("kept", [True, False])
def test_those_of_the_session_and_the_chat_end_as_stopped(
    room: Room, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    monkeypatch.setattr(gate, "KEPT_ROWS", 4096 if kept else 0)
    crowd(room)
    room.tell(Abandon(MAIN, HERE, 28, "stopped"))
    ended = [(seq, "absorbed", "stopped") for seq in (21, 23, 25, 27)]
    assert room.rows(WHERE) == ended
    assert room.sessions.all(Finished) == [], "they never heard of them"
    through(room, *range(1, 21))
    assert [seq for seq in room.admitted if 20 < seq < 31] == [22, 24, 26, 28, 29, 30]
    assert room.ledger.counts["absorbed"] == 4


def test_without_a_chat_it_is_all_of_the_session_and_without_a_number_all_that_wait(room: Room) -> None:
    crowd(room)
    room.tell(Abandon(MAIN, None, 0, "stopped"))
    assert [seq for seq, *_ in room.rows(WHERE)] == [21, 23, 25, 27, 29, 51]
    room.tell(Abandon("agent:main:other", THERE, 0, "stopped"), Abandon("nobody", None, 0, "stopped"))
    assert len(room.rows(WHERE)) == 6


def test_what_came_with_it_in_one_batch_is_meant_as_well(room: Room) -> None:
    rows = [room.appended(message(n)) for n in range(1, PER_CHAT + 3)]
    room.tell(*rows, Abandon(MAIN, HERE, PER_CHAT + 2, "stopped"))
    assert room.rows(WHERE) == [(PER_CHAT + 1, "absorbed", "stopped")]


def test_they_do_not_come_after_a_restart(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    crowd(room)
    room.tell(Abandon(MAIN, HERE, 0, "stopped"))
    stage.kill()
    room = open_room()
    through(room, *range(1, 21))
    assert [one.seq for one in room.sessions.all(Admitted) if 20 < one.seq < 31] == [22, 24, 26, 28, 30]


def test_it_waits_until_the_disk_answers(room: Room) -> None:
    crowd(room)
    failing = [disk_error()]

    def before(_number: int, sql: str) -> None:
        if "json_each" in sql and failing:
            raise failing.pop()

    room.connection.before = before
    room.tell(Abandon(MAIN, HERE, 52, "stopped"))
    assert room.rows(WHERE) == []
    room.tell(Record(room.appended(message(60)).fact))
    room.stage.advance(1.0)
    assert [seq for seq, *_ in room.rows(WHERE)] == [21, 23, 25, 27, 29]
