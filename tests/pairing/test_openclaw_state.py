"""OpenClaw's own database: read with what its log holds, and never touched."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from actors.pairing import openclaw_state
from actors.pairing.files import StoreUnreadableError

ANN, BEN = "+15552223333", "+15554445555"
SCHEMA = """
CREATE TABLE channel_pairing_requests (
  channel_key TEXT NOT NULL, account_id TEXT NOT NULL, request_id TEXT NOT NULL, code TEXT NOT NULL,
  created_at TEXT NOT NULL, last_seen_at TEXT NOT NULL, meta_json TEXT,
  PRIMARY KEY (channel_key, account_id, request_id)) STRICT;
CREATE TABLE channel_pairing_allow_entries (
  channel_key TEXT NOT NULL, account_id TEXT NOT NULL, entry TEXT NOT NULL, sort_order INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, PRIMARY KEY (channel_key, account_id, entry)) STRICT;
"""
WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.executescript(sys.argv[2])
connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
connection.execute("PRAGMA wal_autocheckpoint = 0")
insert = "INSERT INTO channel_pairing_allow_entries VALUES ('imessage', 'default', ?, 0, 0)"
connection.execute(insert, (sys.argv[3],))
print("written", flush=True)
for line in sys.stdin:
    for number in range(40):
        connection.execute(insert, (f"p{line.strip()}{number}@x.com",))
        if number % 8 == 0:
            connection.execute("PRAGMA wal_checkpoint(RESTART)")
    print("more", flush=True)
"""


@contextmanager
def writer(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process has the database open and keeps its latest commit in the log."""
    command = [sys.executable, "-c", WRITER, str(path), SCHEMA, ANN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "written\n"
            yield child
        finally:
            child.kill()


def picture(folder: Path) -> dict[str, tuple[object, ...]]:
    """Every file in ``folder``: what it holds, when it changed, which one it is."""
    return {
        each.name: (each.read_bytes(), each.stat().st_mtime_ns, each.stat().st_ctime_ns, each.stat().st_ino)
        for each in folder.iterdir()
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state" / "openclaw.sqlite"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where copies are made."""
    return tmp_path / "gateway"


@pytest.fixture
def filled(path: Path) -> Callable[..., Path]:
    """Makes a database of (account, entry) and requests, as OpenClaw leaves it when it ends."""

    def fill(*entries: tuple[str, str], pending: int = 0, channel: str = "imessage") -> Path:
        schema = "" if path.exists() else SCHEMA
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(schema)
            for order, (account, entry) in enumerate(entries):
                approval = (channel, account, entry, order, 0)
                connection.execute("INSERT INTO channel_pairing_allow_entries VALUES (?, ?, ?, ?, ?)", approval)
            for number in range(pending):
                row = (channel, "default", f"p{number}@x.com", "ABCDEFGH", "", "")
                connection.execute("INSERT INTO channel_pairing_requests VALUES (?, ?, ?, ?, ?, ?, NULL)", row)
        return path

    return fill


@pytest.mark.parametrize("mode", [0o700, 0o500])
def test_what_stands_in_the_log_is_seen_and_nothing_changes(path: Path, mode: int, scratch: Path) -> None:
    with writer(path):
        assert ANN.encode() not in path.read_bytes()
        path.parent.chmod(mode)
        before = picture(path.parent)
        assert openclaw_state.read(path, scratch).entries == (("default", ANN),)
        assert picture(path.parent) == before
        assert set(before) == {"openclaw.sqlite", "openclaw.sqlite-wal", "openclaw.sqlite-shm"}
    path.parent.chmod(0o700)


def test_a_killed_writer_leaves_a_log_that_is_read_and_left(path: Path, scratch: Path) -> None:
    with writer(path) as child:
        child.kill()
        child.wait()
    path.with_name(path.name + "-shm").unlink()
    before = picture(path.parent)
    assert openclaw_state.read(path, scratch).entries == (("default", ANN),)
    assert picture(path.parent) == before


def test_nothing_appears_beside_a_database_nobody_has_open(filled: Callable[..., Path], scratch: Path) -> None:
    path = filled(("default", ANN))
    before = picture(path.parent)
    assert set(before) == {"openclaw.sqlite"}
    assert openclaw_state.read(path, scratch).entries == (("default", ANN),)
    assert picture(path.parent) == before


def test_a_writer_that_goes_on_is_seen_as_of_one_moment(path: Path, scratch: Path) -> None:
    """Its log begins anew all the time; every commit seen so far is there, in the order of the commits."""
    with writer(path) as child:
        assert child.stdin is not None and child.stdout is not None
        for round_ in range(6):
            child.stdin.write(f"{round_}-\n")
            child.stdin.flush()
            entries = [handle for _, handle in openclaw_state.read(path, scratch).entries]
            assert child.stdout.readline() == "more\n"
            assert entries.count(ANN) == 1
            assert len(entries) == len(set(entries)) >= 1 + 40 * round_
        assert len(openclaw_state.read(path, scratch).entries) == 241


def test_people_by_account_and_what_is_no_person(filled: Callable[..., Path], scratch: Path) -> None:
    filled(("default", ANN), channel="whatsapp", pending=2)
    path = filled(
        ("default", "imessage:+1 (555) 222-3333"),
        ("default", ANN),
        (" Work ", "Kim@X.com"),
        ("default", BEN),
        ("default", "*"),
        ("default", "chat_id:7"),
        ("default", "accessGroup:family"),
        ("default", " "),
        ("default", "+1555\u200b2223333"),
        pending=2,
    )
    imported = openclaw_state.read(path, scratch)
    assert imported.entries == (("work", "kim@x.com"), ("default", ANN), ("default", BEN))
    skipped = {entry: why for account, entry, why in imported.skipped if account == "default"}
    assert list(skipped) == ["*", "chat_id:7", "accessGroup:family", " ", "+1555\u200b2223333"]
    assert "wildcard" in skipped["*"]
    assert "chat" in skipped["chat_id:7"]
    assert "access group" in skipped["accessGroup:family"]
    assert "U+200B" in skipped["+1555\u200b2223333"]
    assert imported.pending == 2


def test_an_empty_state_is_empty(filled: Callable[..., Path], scratch: Path) -> None:
    assert openclaw_state.read(filled(), scratch) == ((), (), 0, {})


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0" + bytes(4000)])
def test_what_is_no_state_of_openclaw_is_not_an_empty_one(path: Path, content: bytes | None, scratch: Path) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreUnreadableError) as caught:
        openclaw_state.read(path, scratch)
    assert caught.value.path == path
    assert picture(path.parent).keys() == ({path.name} if content is not None else set())


def test_what_is_no_file_is_refused(path: Path, scratch: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(StoreUnreadableError):
        openclaw_state.read(path, scratch)


def test_a_database_that_never_rests_is_given_up(
    filled: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> None:
    path, looks = filled(("default", ANN)), iter(range(1000))
    monkeypatch.setattr(openclaw_state, "_generation", lambda _: (next(looks),))
    with pytest.raises(StoreUnreadableError, match="stop OpenClaw"):
        openclaw_state.read(path, scratch)
    assert next(looks) == 2 * openclaw_state.TRIES
