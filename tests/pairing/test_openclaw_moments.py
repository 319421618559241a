"""An import of a database that changes meanwhile, or lies elsewhere: it is that of one moment, logs and all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from actors.pairing import openclaw_state

TABLES = """
CREATE TABLE channel_pairing_allow_entries (channel_key, account_id, entry, sort_order, updated_at);
CREATE TABLE channel_pairing_requests (channel_key, account_id, request_id, code, created_at, last_seen_at, meta_json);
"""
PEOPLE = 400
"""Enough for several pages."""


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where copies are made."""
    return tmp_path / "gateway"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database without a write-ahead log, made long ago, in which everybody is called ``old``."""
    path = tmp_path / "openclaw" / "openclaw.sqlite"
    path.parent.mkdir()
    with opened(path) as connection:
        connection.executescript(TABLES)
        rows = (("imessage", "default", f"old{number:03}@x.com", number) for number in range(PEOPLE))
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO channel_pairing_allow_entries VALUES (?, ?, ?, ?, 0)", rows)
        connection.execute("COMMIT")
    os.utime(path, ns=(1, 1))
    return path


@contextmanager
def opened(path: Path, mode: str = "DELETE") -> Iterator[sqlite3.Connection]:
    """The database as OpenClaw has it open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode.lower(),)
        yield connection


def rename(connection: sqlite3.Connection) -> None:
    """Everybody is called ``new``: every page changes, and none comes or goes."""
    connection.execute("UPDATE channel_pairing_allow_entries SET entry = replace(entry, 'old', 'new')")


def names(path: Path, scratch: Path) -> set[str]:
    """What people are called there."""
    people = openclaw_state.read(path, scratch).entries
    assert len(people) == PEOPLE
    return {handle[:3] for _, handle in people}


Copy = Callable[[Path, Path], None]


def test_a_commit_in_the_middle_of_the_copy_is_not_torn(
    path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the pages from before a commit and half from after it are nothing anybody wrote."""
    real: Copy = openclaw_state._copy_file
    torn: list[bytes] = []

    def copy_file(there: Path, copy: Path) -> None:
        real(there, copy)
        if there == path and not torn:
            with opened(path) as connection:
                rename(connection)
            half = path.stat().st_size // 2
            torn.append(copy.read_bytes()[:half] + path.read_bytes()[half:])
            copy.write_bytes(torn[0])

    monkeypatch.setattr(openclaw_state, "_copy_file", copy_file)
    assert names(path, scratch) == {"new"}
    assert b"old" in torn[0] and b"new" in torn[0]


def test_a_journal_that_goes_when_its_turn_comes_is_no_error(
    path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Copy = openclaw_state._copy_file
    journal = path.with_name(path.name + "-journal")
    gone: list[Path] = []

    with opened(path) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        rename(connection)
        assert journal.exists()

        def copy_file(there: Path, copy: Path) -> None:
            if there == journal and not gone:
                connection.execute("COMMIT")
                gone.append(journal)
                assert not journal.exists()
            real(there, copy)

        monkeypatch.setattr(openclaw_state, "_copy_file", copy_file)
        assert names(path, scratch) == {"new"}
    assert gone


def test_a_transaction_that_is_under_way_has_not_happened(path: Path, scratch: Path) -> None:
    """Some of its pages are in the database already; the journal has what was there before."""
    with opened(path) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        rename(connection)
        assert b"new" in path.read_bytes()
        assert names(path, scratch) == {"old"}
        connection.execute("ROLLBACK")


@pytest.mark.parametrize("whole_folder", [False, True])
@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_the_logs_of_a_linked_database_lie_beside_the_database(
    path: Path, scratch: Path, tmp_path: Path, mode: str, whole_folder: bool
) -> None:
    link = tmp_path / "link"
    link.symlink_to(path.parent if whole_folder else path)
    with opened(path, mode) as connection:
        connection.execute("PRAGMA cache_size = 1")
        if mode == "DELETE":
            connection.execute("BEGIN")
        rename(connection)
        seen = names(link / path.name if whole_folder else link, scratch)
    assert seen == ({"new"} if mode == "WAL" else {"old"})
