"""A journal that version 2 wrote, with rows and chunks in every state: nothing is lost, and open work goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.envelopes.control import Recorded, Replayed
from actors.envelopes.facts import Rejudged, Settled
from actors.envelopes.inbound import Absorbed, Admitted, Asked, Dropped
from actors.envelopes.outbound import chunk_key
from actors.journal.offline import discard_held
from actors.journal.schema import MIGRATIONS, VERSION, JournalError, connect, connect_readonly
from actors.journal.stories import story
from tests.journal.conftest import Open
from tests.journal.desk import message
from tests.support.actors import Probe
from tests.support.rows import ACCOUNT, START, address, guid, raw

ADMIT = ("admit", "agent:main:main", "main", "auto", 1, 0)
CHALLENGE = ("challenge", "+15550001111", None, None, None, None)
REFUSED = ("refused", None, None, None, None, None)
OPEN = (None, None, None)
HELD = ("held", "pairing store unreadable", "dmPolicy")
ROWS: tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...] = (
    (ADMIT, ("replied", None, None)),
    (ADMIT, OPEN),
    (ADMIT, ("absorbed", "no reply", None)),
    (ADMIT, ("held", "agent failed: exited with 3", None)),
    (ADMIT, ("corrupt", "reply: no", None)),
    (CHALLENGE, OPEN),
    (CHALLENGE, ("dropped", "pairing required", "dmPolicy")),
    (REFUSED, ("dropped", "no mention", "groups")),
    (REFUSED, HELD),
    (REFUSED, HELD),
    (REFUSED, ("corrupt", "guid is missing", None)),
)
STATES = ("sent", "failed", "discarded", "uncertain", "attempted", "deferred", "queued")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Row n stands for ``ROWS[n - 1]``; the answer to row 1 has a chunk in each of ``STATES``."""
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript("".join(MIGRATIONS[:2]) + "PRAGMA user_version = 2;")
        connection.execute("INSERT INTO source VALUES (1, '/chat.db', 11, NULL, NULL, 1, 'file', 5.0)")
        for seq, (verdict, outcome) in enumerate(ROWS, 1):
            key = bytes.fromhex(guid(seq).replace("-", ""))
            values = (seq, 1, key, seq, ACCOUNT, 7, START, *verdict, *outcome, raw(seq), 1)
            connection.execute(f"INSERT INTO inbound VALUES ({','.join('?' * 18)})", values)
        for position, state in enumerate(STATES):
            connection.execute(
                "INSERT INTO outbox (key, account, source, chat_id, chat_guid, service, text, state, queued_at, guid, "
                "era) VALUES (?, ?, 1, 7, ?, 'auto', 'x', ?, ?, '', 1)",
                (chunk_key(1, position), ACCOUNT, address().chat_guid, state, START),
            )
        connection.execute("INSERT INTO tally VALUES ('replied', 1), ('outbox:sent', 1)")
        connection.execute("INSERT INTO mark VALUES ('floor', 1)")
    return path


def test_everything_is_still_there(path: Path) -> None:
    tables = ("source", "inbound", "outbox", "tally", "mark")
    with closing(sqlite3.connect(path)) as connection:
        before = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    with closing(connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for table, rows in before.items():
            added = (None, None, None) if table == "inbound" else ()
            rows += [("turn", 2)] if table == "mark" else []
            found = connection.execute(f"SELECT * FROM {table}").fetchall()
            assert found == [(*renamed(row), *added) for row in rows]


def renamed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """As it stands there now: what a group said without a mention is a kind of its own."""
    return tuple("context" if row[0] == 8 and value == "refused" else value for value in row)


def test_open_work_goes_on(path: Path, open_room: Open) -> None:
    room = open_room(path.name)
    assert [(told.seq, told.authority) for told in room.sessions.all(Admitted)] == [(2, "known")]
    room.replay("challenged", room.pairing)
    assert room.challenged == [6]
    access, sender, registry = Probe("access"), Probe("sender"), Probe("registry")
    room.replay("held", access, account=ACCOUNT, reason="pairing store unreadable")
    assert [told.seq for told in access.all(Recorded)] == [9, 10]
    room.replay("chunks", sender, account=ACCOUNT)
    assert [chunk.state for chunk in sender.all(Replayed)[0].items] == list(STATES[3:])
    room.replay("asked", registry, account=ACCOUNT, reason="+15550001111")
    assert [(asked.seq, asked.address.era) for asked in asked_of(registry)] == [(7, 1)]


def test_what_ends_from_now_on_has_its_time(path: Path, open_room: Open) -> None:
    room = open_room(path.name)
    now = room.stage.clock.wall()
    room.record(Settled(2, Absorbed("no reply")), Rejudged(9, message(9), Dropped("no mention")))
    found = room.rows("SELECT seq, settled_at, judged_at FROM inbound ORDER BY seq")
    times = {seq: tuple(rest) for seq, *rest in found}
    assert times == dict.fromkeys(range(1, 12), (None, None)) | {2: (now, None), 9: (now, now)}


def test_old_rows_were_judged_and_settled_when_they_came(path: Path) -> None:
    connect(path).close()
    with closing(connect_readonly(path)) as connection:
        told = [story(connection, str(seq)) for seq in range(1, 12)]
    assert [(one.judged_at, one.settled_at) for one in told if one is not None] == [
        (START, None if outcome is OPEN else START) for _, outcome in ROWS
    ]
    assert [one.authority for one in told if one is not None] == ["known"] * 5 + [""] * 6


def test_who_only_looks_is_told_how_it_is_brought_up_and_who_writes_brings_it_up(path: Path) -> None:
    with pytest.raises(JournalError, match=r"schema 2, this gateway reads \d+: start it once, `gateway run`"):
        connect_readonly(path)
    assert discard_held(path, (9, 8), wall=lambda: START + 5) == (9, -1)
    with closing(connect_readonly(path)) as connection:
        found = connection.execute("SELECT outcome, settled_at, judged_at FROM inbound WHERE seq IN (8, 9)").fetchall()
    assert found == [("dropped", None, None), ("dropped", START + 5, None)]


def asked_of(probe: Probe) -> list[Asked]:
    """What a registry was told of who asked."""
    return [asked for told in probe.all(Replayed) for asked in told.items]
