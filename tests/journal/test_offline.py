"""Writing the journal while no gateway runs: the same facts, all of them or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from actors.envelopes.control import Replayed
from actors.envelopes.facts import Appended, Discarded, Fact, Failed, Requeued, Sent, Uncertain, Watched
from actors.envelopes.inbound import Held
from actors.envelopes.outbound import chunk_key
from actors.journal import offline
from actors.journal.offline import discard_held, write_offline
from actors.journal.schema import MIGRATIONS, VERSION, JournalError, NewerJournalError
from actors.journal.store import Store
from tests.journal.conftest import Open
from tests.journal.desk import Faulty, Room, dump, fail_at, message, queued
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, START, admit

KEYS = [chunk_key(1, position) for position in range(4)]
FACTS: Sequence[Fact] = (
    Requeued(KEYS[0], START),
    Discarded(KEYS[1], "given up", START),
    Sent(KEYS[2], "", START),
    Watched(1, START),
    Appended(message(9), admit()),
    Requeued(KEYS[3], START),
)


@pytest.fixture
def path(room: Room, stage: KillableStage) -> Path:
    """A journal nobody has open: two chunks failed, one is in doubt, one was sent; two rows are held."""
    room.append(message(1))
    room.record(queued(1, "a", "b", "c", "d"), Failed(KEYS[0], "x", START), Failed(KEYS[1], "x", START))
    room.record(Uncertain(KEYS[2], "late"), Sent(KEYS[3], "G", START))
    room.tell(*(room.appended(message(n), Held("no agent")) for n in (2, 3)))
    stage.kill()
    room.close()
    return room.path


def test_facts_are_stored_as_the_journal_would_and_found_by_the_next_gateway(path: Path, open_room: Open) -> None:
    assert write_offline(path, FACTS) == (0, 0, 0, 0, 4, -1)
    room, sender = open_room(path.name), Probe("sender")
    assert room.states() == dict(zip(KEYS, ("queued", "discarded", "sent", "sent"), strict=True))
    assert room.admitted == [4]
    room.replay("chunks", sender, account=ACCOUNT)
    assert [chunk.key for chunk in sender.all(Replayed)[0].items] == [KEYS[0]]
    assert +room.ledger.outbox == {"queued": 1, "discarded": 1, "sent": 2}
    assert room.store.source_state(1)[0] == 9


def test_held_rows_are_given_up(path: Path, open_room: Open) -> None:
    assert discard_held(path, (3, 1, 3)) == (3, -1, -1)
    room = open_room(path.name)
    assert room.outcomes() == {1: "replied", 2: "held", 3: "dropped"}
    assert +room.ledger.counts == {"replied": 1, "no agent": 1, "discarded": 1}
    assert room.rows("SELECT body FROM inbound WHERE seq = 3") == [(message(3).raw,)]


def test_nothing_to_write_changes_nothing(path: Path) -> None:
    before = dump(path)
    assert write_offline(path, ()) == ()
    assert dump(path) == before


@pytest.mark.parametrize("statement", range(24))
def test_a_disk_that_fails_at_any_statement_leaves_everything_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, statement: int
) -> None:
    before = dump(path)
    opened: list[Faulty] = []

    def connect(file: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(file, isolation_level=None, factory=Faulty)
        connection.before = fail_at(statement, sqlite3.OperationalError("database or disk is full"))
        opened.append(connection)
        return connection

    monkeypatch.setattr(offline, "connect", connect)
    try:
        write_offline(path, FACTS)
    except JournalError as error:
        assert f"cannot write the journal {path}: the disk is full" in str(error)
        assert dump(path) == before
    else:
        assert opened[0].count <= statement
        assert dump(path) != before
    opened[0].before = None
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_a_journal_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="has not run with this state folder"):
        discard_held(tmp_path / "journal.db", (1,))
    assert list(tmp_path.iterdir()) == []


def test_a_newer_journal_is_left_alone_and_an_older_one_brought_up(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = dump(path)
    with pytest.raises(NewerJournalError, match="Upgrade the gateway"):
        write_offline(path, FACTS)
    assert dump(path) == before
    older = tmp_path / "older.db"
    with closing(sqlite3.connect(older)) as connection:
        connection.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        connection.execute("INSERT INTO source (identity) VALUES ('/chat.db')")
        connection.commit()
    assert write_offline(older, (Watched(1, START),)) == (0,)
    with closing(sqlite3.connect(older)) as connection:
        assert Store(connection).source_state(1) == (None, None, None, 0, "", START)


def test_a_journal_in_use_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(file: Path) -> sqlite3.Connection:
        return sqlite3.connect(file, isolation_level=None, timeout=0.0)

    monkeypatch.setattr(offline, "connect", connect)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match=r"cannot use the journal .*locked"):
            write_offline(path, FACTS)
