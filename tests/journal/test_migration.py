"""A journal that version 1 wrote, opened by this one: nothing in it is lost, and its work goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.envelopes.control import OpenChunk, Recorded, Replayed, SourceState
from actors.envelopes.facts import Replaced, Sent
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import chunk_key
from actors.journal.schema import MIGRATIONS, VERSION, connect
from actors.journal.store import Store
from tests.journal.conftest import Open
from tests.journal.desk import message
from tests.support.actors import Probe
from tests.support.rows import ACCOUNT, START, address, guid, raw

CHAT_GUID = "iMessage;-;+15552223333"
KEYS = [chunk_key(1, position) for position in range(3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of version 1: two open rows, one held, one settled; chunks queued, attempted and sent."""
    path = tmp_path / "journal.db"
    admit = ("admit", "agent:main:main", "main", "auto", 1, 0)
    rows = [
        (1, *admit, "replied", None, None),
        (2, *admit, None, None, None),
        (3, "challenge", "+15550001111", None, None, None, None, None, None, None),
        (4, "refused", None, None, None, None, None, "held", "pairing store unreadable", "dmPolicy"),
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        connection.execute("INSERT INTO source VALUES (1, '/chat.db', 4, 77, 12.5)")
        for seq, *columns in rows:
            values = (seq, 1, bytes.fromhex(guid(seq).replace("-", "")), seq, ACCOUNT, 7, START, *columns, raw(seq))
            connection.execute(f"INSERT INTO inbound VALUES ({','.join('?' * 17)})", values)
        for key, text, state, attempted_at in zip(
            KEYS, "abc", ("sent", "attempted", "queued"), (START, START, None), strict=True
        ):
            connection.execute(
                "INSERT INTO outbox (key, account, source, chat_id, chat_guid, service, text, state, queued_at, "
                "attempted_at) VALUES (?, ?, 1, 7, ?, 'auto', ?, ?, ?, ?)",
                (key, ACCOUNT, CHAT_GUID, text, state, START, attempted_at),
            )
        connection.execute("INSERT INTO tally VALUES ('replied', 1), ('outbox:sent', 1)")
        connection.execute("INSERT INTO mark VALUES ('floor', 1)")
    return path


def test_everything_is_still_there_and_belongs_to_the_first_era(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        before = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("inbound", "outbox")}
    with closing(connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        for table, rows in before.items():
            added = (0, None, None, None) if table == "inbound" else (0,)
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == [(*row, *added) for row in rows]
        assert connection.execute("SELECT * FROM source").fetchall() == [(1, "/chat.db", 4, 77, 12.5, 0, "", None)]


def test_open_work_goes_on_where_it_stood(path: Path, open_room: Open) -> None:
    room = open_room(path.name)
    assert room.admitted == [2]
    assert room.sessions.all(Admitted)[0].address == address()
    room.replay("challenged", room.pairing)
    assert room.challenged == [3]
    access, sender, reader = Probe("access"), Probe("sender"), Probe("reader")
    room.replay("held", access, account=ACCOUNT, reason="pairing store unreadable")
    assert access.all(Recorded) == [Recorded(4, message(4))]
    room.replay("chunks", sender, account=ACCOUNT)
    assert sender.all(Replayed)[0].items == (
        OpenChunk(KEYS[1], address(), "b", "attempted", START, None, 0),
        OpenChunk(KEYS[2], address(), "c", "queued", None, None, 0),
    )
    room.replay("source", reader, source=1)
    (state,) = reader.all(SourceState)
    assert replace(state, landmarks=()) == SourceState(1, 4, 77, 12.5)
    assert [mark.rowid for mark in state.landmarks] == [4, 3, 2, 1]
    assert room.ledger.cursors == {1: 4}
    assert +room.ledger.outbox == {"sent": 1, "attempted": 1, "queued": 1}


def test_it_is_written_like_any_other(path: Path, open_room: Open) -> None:
    room = open_room(path.name)
    room.append(message(1))
    room.append(message(5))
    assert room.admitted == [2, 5], "what version 1 knew is a duplicate"
    room.record(Sent(KEYS[1], "G", START), Replaced(1, 3, "file"))
    room.append(message(6, era=1))
    assert room.rows("SELECT seq, era FROM inbound WHERE seq > 4") == [(5, 0), (6, 1)]
    assert room.store.source_state(1) == (6, 77, 12.5, 1, "file", None)


def test_a_journal_has_a_number_of_its_own_for_good(path: Path, tmp_path: Path) -> None:
    numbers = set()
    for file in (path, path, tmp_path / "other.db"):
        with closing(connect(file)) as connection:
            number = Store(connection).identity()
            assert number == Store(connection).identity()
            assert 0 < number < 1 << 62
            numbers.add(number)
    assert len(numbers) == 2
