"""What waits for an operator, as it is read from disk: beside a gateway, and whatever state the bytes are in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.facts import Attempted, Deferred, Failed, Queued
from actors.envelopes.inbound import Corrupt, Dropped, Held, Replied
from actors.envelopes.outbound import Chunk, chunk_key
from actors.journal.queries import Answered, CorruptRow, HeldRow, StoredChunk, chunk, corrupt_rows, held_rows
from actors.normalizer.normalize import nameless
from tests.journal.desk import Room, message
from tests.support.rows import ACCOUNT, ANN, START, address, guid

STALE = Held("stale backlog", "channels.imessage.recovery.liveMinutes")
FAILED = Held("agent failed: exited with code 3")


def damage(room: Room, seq: int, body: bytes | None) -> None:
    """The bytes of a row are gone or spoilt."""
    with closing(sqlite3.connect(room.path)) as connection:
        connection.execute("UPDATE inbound SET body = ? WHERE seq = ?", (body, seq))
        connection.commit()


def test_a_held_row_is_shown_as_it_came(room: Room, looking: sqlite3.Connection) -> None:
    files = [{"original_path": "/a", "mime_type": "image/png"}] * 2
    room.append(message(1, text="hé\u202e", attachments=files), STALE)
    room.append(message(2))
    room.append(message(3), Dropped("no mention"))
    room.append(message(4, chat_id=None), Held("no chat anchor"))
    shown = HeldRow(1, guid(1), STALE.reason, STALE.config_key, ACCOUNT, 7, ANN, "hé\u202e", 2, 1_800_000_000.0, START)
    assert held_rows(looking)[0] == shown
    assert [(row.seq, row.chat_id, row.reason) for row in held_rows(looking)] == [
        (1, 7, STALE.reason),
        (4, 0, "no chat anchor"),
    ]


def test_held_rows_are_found_by_reason_chat_and_account(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1, chat=1), STALE)
    room.append(message(2, chat=2), FAILED)
    room.append(message(3, chat=2, account="work"), STALE)
    room.append(message(4, chat=2), Held("agent failed"))
    room.append(message(5, chat=2), Held("agent failed badly"))

    def found(**how: Any) -> list[int]:
        return [row.seq for row in held_rows(looking, **how)]

    assert found() == [1, 2, 3, 4, 5]
    assert found(reason="agent failed") == [2, 4]
    assert found(reason=FAILED.reason) == [2]
    assert found(reason="agent") == found(reason="%") == found(reason="") == []
    assert found(chat=2, account=ACCOUNT) == [2, 4, 5]
    assert found(account="work") == [3]
    assert (found(limit=2), found(limit=0), found(chat=2, limit=1)) == ([1, 2], [], [2])


@pytest.mark.parametrize("body", [None, b"", b"{", b"\xff\x00", b'{"id": "x"}'])
def test_a_held_row_that_cannot_be_read_is_listed_all_the_same(
    room: Room, looking: sqlite3.Connection, body: bytes | None
) -> None:
    room.append(message(1), STALE)
    damage(room, 1, body)
    assert held_rows(looking) == [HeldRow(1, "", STALE.reason, STALE.config_key, ACCOUNT, 7, "", "", 0, None, START)]


def test_a_chunk_is_shown_with_the_row_it_answers(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1, text="how much?"))
    to, key = replace(address(), era=2), chunk_key(1, 1)
    chunks = (Chunk(chunk_key(1, 0), to, "one"), Chunk(key, to, "two"))
    room.record(Queued(chunks, ((1, Replied()),), 0, START))
    answers = Answered(1, guid(1), ANN, "how much?", START)
    where = (key, ACCOUNT, 1, 2, 7, to.chat_guid, "auto", "two")
    assert chunk(looking, key) == StoredChunk(*where, "queued", START, None, None, None, 0, "", "", answers)
    room.record(Attempted(key, START + 1), Deferred(key, START + 9, 1, "busy"), Failed(key, "never", START + 2))
    damage(room, 1, None)
    blank = Answered(1, "", "", "", START)
    assert chunk(looking, key) == StoredChunk(
        *where, "failed", START, START + 1, START + 9, START + 2, 1, "", "never", blank
    )
    assert chunk(looking, chunk_key(1, 2)) is None


def test_a_chunk_without_a_row_is_shown(room: Room, looking: sqlite3.Connection) -> None:
    room.record(Queued((Chunk(chunk_key(5, 0), address(), "x"),), (), 0, START))
    found = chunk(looking, chunk_key(5, 0))
    assert found is not None
    assert found.answers is None


def test_corrupt_rows_are_shown_with_their_error_and_how_they_begin(room: Room, looking: sqlite3.Connection) -> None:
    for body in (b"junk", b"\xff\xfe" + b"x" * 400):
        room.append(nameless(ACCOUNT, 1, body, START), Corrupt("JSON is malformed"))
    room.append(message(3), Corrupt("a bug"))
    damage(room, 3, None)
    room.append(message(4))
    first = CorruptRow(1, "JSON is malformed", ACCOUNT, START, "junk")
    second = CorruptRow(2, "JSON is malformed", ACCOUNT, START, "\ufffd\ufffd" + "x" * 198)
    assert corrupt_rows(looking) == [first, second, CorruptRow(3, "a bug", ACCOUNT, START, "")]
    assert corrupt_rows(looking, limit=1) == [first]
