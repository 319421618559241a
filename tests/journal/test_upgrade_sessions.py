"""A journal that version 3 wrote: every row stays, and its sessions, and what was said in them, are known."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import chunk_key
from actors.journal.schema import MIGRATIONS, VERSION, JournalError, connect, connect_readonly
from tests.journal.conftest import Open
from tests.journal.desk import message
from tests.journal.turning import FAMILY, GROUP, MAIN, answered, recalled
from tests.support.rows import ACCOUNT, START, address, admit, guid, raw

REPLIED, ABSORBED, OPEN = ("replied", None, None), ("absorbed", "no reply", None), (None, None, None)
DROPPED = {reason: ("dropped", reason, None) for reason in ("no mention", "reaction", "from me")}
HELD = ("held", "agent failed: no", None)
ROWS: tuple[tuple[str, str | None, int, tuple[str | None, ...]], ...] = (
    ("admit", MAIN, 7, REPLIED),
    ("admit", FAMILY, 9, REPLIED),
    ("refused", None, 9, DROPPED["no mention"]),
    ("refused", None, 7, DROPPED["reaction"]),
    ("refused", None, 7, DROPPED["from me"]),
    ("admit", MAIN, 8, ABSORBED),
    ("admit", MAIN, 8, HELD),
    ("command", MAIN, 8, REPLIED),
    ("challenge", "+15550001111", 6, OPEN),
    ("refused", None, 9, ("held", "reaction", None)),
    ("admit", MAIN, 7, OPEN),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Row n stands for ``ROWS[n - 1]``; the answers to rows 1 and 2 have one and two chunks."""
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript("".join(MIGRATIONS[:3]) + "PRAGMA user_version = 3;")
        connection.execute("INSERT INTO source VALUES (1, '/chat.db', 11, NULL, NULL, 0, '', NULL)")
        for seq, (kind, session, chat, outcome) in enumerate(ROWS, 1):
            connection.execute(
                "INSERT INTO inbound (seq, source, guid, row_id, account, chat_id, received_at, kind, session, agent, "
                "outcome, reason, config_key, body, settled_at) VALUES (?,1,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    *(seq, bytes.fromhex(guid(seq).replace("-", "")), seq, ACCOUNT, chat, START + seq, kind, session),
                    *(None if session is None else "main", *outcome, raw(seq, chat, f"text {seq}"), START + seq + 0.5),
                ),
            )
        for key, text in ((chunk_key(1, 0), "one"), (chunk_key(2, 0), "two"), (chunk_key(2, 1), "three")):
            connection.execute(
                "INSERT INTO outbox (key, account, source, chat_id, chat_guid, service, text, state, queued_at) "
                "VALUES (?, ?, 1, 7, ?, 'auto', ?, 'sent', ?)",
                (key, ACCOUNT, address().chat_guid, text, START),
            )
        connection.execute("INSERT INTO mark VALUES ('floor', 1)")
    return path


@pytest.fixture
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """It, brought up to date."""
    connect(path).close()
    with closing(connect_readonly(path)) as connection:
        yield connection


def test_every_row_and_chunk_is_still_there(path: Path) -> None:
    tables = ("source", "inbound", "outbox", "tally")
    with closing(sqlite3.connect(path)) as connection:
        before = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    with closing(connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("UPDATE inbound SET kind = 'refused' WHERE kind = 'context'")
        assert {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables} == before


def test_it_is_brought_up_in_one_transaction(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = MIGRATIONS[3].replace("CREATE INDEX inbound_context", "CREATE NONSENSE")
    with monkeypatch.context() as patch, pytest.raises(JournalError):
        patch.setattr("actors.journal.schema.MIGRATIONS", (*MIGRATIONS[:3], broken))
        connect(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'session'").fetchone() == (0,)
    with closing(connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM turn").fetchone() == (3,)


def test_what_a_group_said_and_reactions_are_context(reading: sqlite3.Connection) -> None:
    assert reading.execute("SELECT seq FROM inbound WHERE kind = 'context' ORDER BY seq").fetchall() == [(3,), (4,)]


def test_sessions_are_known_by_their_rows(reading: sqlite3.Connection) -> None:
    columns = "key, agent, account, source, chat_id, is_group, label, created_at, updated_at, failures"
    assert reading.execute(f"SELECT {columns} FROM session ORDER BY key").fetchall() == [
        (FAMILY, "main", ACCOUNT, 1, 9, 1, None, START + 2, START + 2, 0),
        (MAIN, "main", ACCOUNT, 1, 7, 0, None, START + 1, START + 11, 0),
    ]


def test_answered_rows_are_turns(reading: sqlite3.Connection) -> None:
    columns = "seq, session, number, place, agent, rows, outcome, began_at, ended_at, text"
    assert reading.execute(f"SELECT {columns} FROM turn ORDER BY number").fetchall() == [
        (1, MAIN, 1, 1, "main", None, "replied", START + 1, START + 1.5, None),
        (2, FAMILY, 2, 1, "main", None, "replied", START + 2, START + 2.5, None),
        (6, MAIN, 3, 2, "main", None, "absorbed", START + 6, START + 6.5, None),
    ]


def test_work_and_conversations_go_on(path: Path, open_room: Open) -> None:
    room = open_room(path.name)
    assert [told.seq for told in room.sessions.all(Admitted)] == [11]
    room.append(message(12, **GROUP), admit(FAMILY))
    room.record(answered(11))
    answer = recalled(room)
    assert [(past.messages[0].text, past.text) for past in answer.turns] == [
        ("text 1", "one"),
        ("text 6", ""),
        ("text 11", "fine"),
    ]
    assert answer.number == 4
    family = recalled(room, FAMILY, 9, before=12)
    assert [past.text for past in family.turns] == ["two\nthree"]
    assert [one.text for one in family.heard] == ["text 3"]
    assert room.rows("SELECT value FROM mark WHERE name = 'turn'") == [(4,)]


def test_an_empty_journal_is_brought_up_too(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("".join(MIGRATIONS[:3]) + "PRAGMA user_version = 3;")
    with closing(connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM mark").fetchone() == (0,)
