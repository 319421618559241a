"""The journal's file: made, migrated, refused, explained."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from actors.journal import schema
from actors.journal.schema import (
    VERSION,
    JournalError,
    NewerJournalError,
    connect,
    connect_readonly,
    explain,
    migrate,
)
from tests.journal.desk import dump


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is to be."""
    return tmp_path / "journal.db"


def version(path: Path) -> int:
    """The schema's version on disk."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_one_is_private_durable_and_of_this_version(path: Path) -> None:
    with closing(connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA fullfsync").fetchone() == (1,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert version(path) == VERSION


def test_opening_it_again_changes_nothing(path: Path) -> None:
    connect(path).close()
    before = dump(path)
    connect(path).close()
    assert dump(path) == before


def test_a_newer_one_is_refused_with_what_to_do_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE future (x)")
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(NewerJournalError) as raised:
        connect(path)
    told = str(raised.value)
    assert str(path) in told
    assert f"schema {VERSION + 1}" in told
    assert "Upgrade the gateway" in told
    assert version(path) == VERSION + 1
    assert any("future" in line for line in dump(path))


STEPS = (
    *schema.MIGRATIONS,
    "ALTER TABLE source ADD COLUMN colour TEXT;",
    "CREATE TABLE later (x INTEGER);",
)


@pytest.fixture
def two_steps(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal of this version with a row in it, and a gateway that knows two versions more."""
    with closing(connect(path)) as connection:
        connection.execute("INSERT INTO source (identity) VALUES ('/chat.db')")
    monkeypatch.setattr(schema, "MIGRATIONS", STEPS)
    monkeypatch.setattr(schema, "VERSION", len(STEPS))


@pytest.mark.usefixtures("two_steps")
def test_an_older_one_is_brought_up_step_by_step_with_what_it_holds(path: Path) -> None:
    with closing(connect(path)) as connection:
        assert connection.execute("SELECT identity, colour FROM source").fetchall() == [("/chat.db", None)]
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)
    assert version(path) == len(STEPS)


@pytest.mark.usefixtures("two_steps")
def test_a_step_that_fails_leaves_the_version_before_it_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = (*STEPS[:-1], "CREATE TABLE half (x INTEGER); INSERT INTO nowhere VALUES (1);")
    monkeypatch.setattr(schema, "MIGRATIONS", bad)
    with pytest.raises(JournalError, match="nowhere"):
        connect(path)
    assert version(path) == len(STEPS) - 1
    assert not any("half" in line for line in dump(path))
    monkeypatch.setattr(schema, "MIGRATIONS", STEPS)
    connect(path).close()
    assert version(path) == len(STEPS)


@pytest.mark.usefixtures("two_steps")
def test_a_process_that_ends_in_a_step_leaves_the_version_before_it(path: Path, tmp_path: Path) -> None:
    """What the disk holds when the process ends between the step and its commit."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(STEPS[-2].rstrip(";"))
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        copy = tmp_path / "copy.db"
        copy.write_bytes(path.read_bytes())
        wal = path.with_name(path.name + "-wal")
        if wal.exists():
            copy.with_name(copy.name + "-wal").write_bytes(wal.read_bytes())
    assert version(copy) == VERSION
    connect(copy).close()
    assert version(copy) == len(STEPS)


def test_migrating_the_current_version_does_nothing(path: Path) -> None:
    with closing(connect(path)) as connection:
        before = connection.total_changes
        migrate(connection, path)
        assert connection.total_changes == before


def test_a_damaged_file_is_named_with_the_remedy_and_left_alone(path: Path) -> None:
    path.write_bytes(b"this is no database at all, whatever it is" * 100)
    before = path.read_bytes()
    with pytest.raises(JournalError) as raised:
        connect(path)
    assert str(path) in str(raised.value)
    assert "damaged" in str(raised.value)
    assert "Move it away" in str(raised.value)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="nowhere"):
        connect(tmp_path / "nowhere" / "journal.db")


def test_a_folder_in_its_place_is_named(path: Path) -> None:
    path.mkdir()
    with pytest.raises(JournalError, match=r"journal\.db"):
        connect(path)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            sqlite3.OperationalError("attempt to write a readonly database"),
            "Make the file and its folder writable",
        ),
        (PermissionError(13, "Permission denied"), "Make the file and its folder writable"),
        (OSError(30, "Read-only file system"), "Make the file and its folder writable"),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (OSError(28, "No space left on device"), "the disk is full"),
        (sqlite3.DatabaseError("database disk image is malformed"), "damaged"),
        (sqlite3.DatabaseError("file is not a database"), "damaged"),
        (sqlite3.OperationalError("disk I/O error"), "disk I/O error"),
    ],
)
def test_errors_name_the_file_and_the_remedy(error: Exception, words: str) -> None:
    told = explain(error, Path("/state/journal.db"))
    assert "/state/journal.db" in told
    assert words in told
    assert "\n" not in told


# Looking from outside


def test_a_reader_sees_what_is_committed_and_cannot_write(path: Path) -> None:
    with closing(connect(path)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO source (identity) VALUES ('a')")
        with closing(connect_readonly(path)) as reader:
            assert reader.execute("SELECT count(*) FROM source").fetchone() == (0,)
            writer.execute("COMMIT")
            assert reader.execute("SELECT count(*) FROM source").fetchone() == (1,)
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("DELETE FROM source")


def test_a_reader_without_a_journal_is_told_that_nothing_ran_yet(path: Path) -> None:
    with pytest.raises(JournalError, match="has not run"):
        connect_readonly(path)
    assert not path.exists()


def test_a_reader_refuses_another_version(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(JournalError, match=f"schema {VERSION + 1}"):
        connect_readonly(path)


def test_a_reader_of_an_older_version_is_told_how_it_is_brought_up(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(JournalError, match=r"schema 1, .* `gateway run` brings the journal up to date"):
        connect_readonly(path)


def test_a_reader_of_a_damaged_file_is_told(path: Path) -> None:
    path.write_bytes(b"junk" * 2000)
    with pytest.raises(JournalError, match="damaged"):
        connect_readonly(path)


def test_a_folder_name_with_odd_characters_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c#d%20'é"
    folder.mkdir()
    path = folder / "journal.db"
    connect(path).close()
    connect_readonly(path).close()
