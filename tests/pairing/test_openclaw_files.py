"""What an import copies: regular files of a sane size, for which there is room; and the copy is gone afterwards."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from actors.pairing import openclaw_state
from actors.pairing.files import StoreUnreadableError

ANN = "+15552223333"
TABLES = """
CREATE TABLE channel_pairing_allow_entries (channel_key, account_id, entry, sort_order, updated_at);
CREATE TABLE channel_pairing_requests (channel_key, account_id, request_id, code, created_at, last_seen_at, meta_json);
"""


class Room(NamedTuple):
    """What ``shutil.disk_usage`` says."""

    free: int


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where copies are made."""
    return tmp_path / "scratch"


@pytest.fixture
def filled(tmp_path: Path) -> Callable[..., Path]:
    """A database with rows of (account, entry), of whatever types."""

    def fill(*rows: tuple[Any, Any]) -> Path:
        path = tmp_path / "openclaw.sqlite"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executescript(TABLES)
            for order, row in enumerate(rows):
                insert = "INSERT INTO channel_pairing_allow_entries VALUES ('imessage', ?, ?, ?, 0)"
                connection.execute(insert, (*row, order))
        return path

    return fill


def refused(path: Path, scratch: Path) -> str:
    """Why ``path`` is not imported; nothing of it is left."""
    with pytest.raises(StoreUnreadableError) as caught:
        openclaw_state.read(path, scratch)
    assert list(scratch.iterdir()) == []
    return caught.value.why


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("what", ["device", "pipe", "folder"])
def test_what_is_no_regular_file_is_not_even_looked_into(
    tmp_path: Path, scratch: Path, what: str, linked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openclaw_state, "LARGEST", 100)
    path = tmp_path / "there"
    if what == "device":
        path = Path("/dev/zero")
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    if linked:
        (tmp_path / "link").symlink_to(path)
        path = tmp_path / "link"
    assert "no regular file" in refused(path, scratch)


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_nor_is_a_log_that_is_none(filled: Callable[..., Path], scratch: Path, ending: str) -> None:
    path = filled(("default", ANN))
    os.mkfifo(path.with_name(path.name + ending))
    assert "no regular file" in refused(path, scratch)


def test_what_is_too_large_is_not_copied(filled: Callable[..., Path], scratch: Path) -> None:
    path = filled(("default", ANN))
    os.truncate(path, openclaw_state.LARGEST + 1)
    assert "larger than" in refused(path, scratch)


def test_nor_is_what_there_is_no_room_for(
    filled: Callable[..., Path], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(("default", ANN))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Room(path.stat().st_size - 1))
    why = refused(path, scratch)
    assert str(scratch) in why
    assert "bytes left" in why


def test_a_file_that_grows_meanwhile_does_not_fill_the_disk(
    filled: Callable[..., Path], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its size was said to be."""
    path = filled(("default", ANN))
    real, size = openclaw_state._opened, path.stat().st_size

    def opened(there: Path) -> Any:
        file = real(there)
        if there == path:
            os.truncate(path, 3 * size)
        return file

    monkeypatch.setattr(openclaw_state, "_opened", opened)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Room(3 * size))
    monkeypatch.setattr(openclaw_state, "LARGEST", 2 * size)
    monkeypatch.setattr(openclaw_state, "PIECE", 512)
    assert "too large" in refused(path, scratch)


def test_a_symlink_to_a_database_is_that_database(filled: Callable[..., Path], tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "link").symlink_to(filled(("default", ANN)))
    assert openclaw_state.read(tmp_path / "link", scratch).entries == (("default", ANN),)


def test_the_copy_is_private_and_gone_whatever_ends_the_import(
    filled: Callable[..., Path], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(("default", ANN))

    def ends(_: Path, copy: Path, *__: object) -> None:
        assert copy.read_bytes() == path.read_bytes()
        assert copy.parent.parent == scratch
        assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        raise KeyboardInterrupt

    monkeypatch.setattr(openclaw_state, "_read_copy", ends)
    before = os.umask(0)
    try:
        with pytest.raises(KeyboardInterrupt):
            openclaw_state.read(path, scratch)
    finally:
        os.umask(before)
    assert list(scratch.iterdir()) == []


def test_where_no_copy_can_be_made_that_place_is_named(filled: Callable[..., Path], scratch: Path) -> None:
    path = filled(("default", ANN))
    scratch.write_text("a file")
    with pytest.raises(StoreUnreadableError, match=f"cannot be copied to {scratch}"):
        openclaw_state.read(path, scratch)


def test_what_is_no_text_is_nobody(filled: Callable[..., Path], scratch: Path) -> None:
    path = filled(
        ("default", None),
        ("default", b"+15552223333"),
        ("default", 15552223333),
        (None, ANN),
        (7, ANN),
        ("default", ANN),
    )
    imported = openclaw_state.read(path, scratch, lambda _: "US")
    assert imported.entries == (("default", ANN),)
    assert [why for _, _, why in imported.skipped] == [
        "its account is no text, but NULL",
        "its account is no text, but the number 7",
        "no text, but NULL",
        "no text, but a BLOB of 12 bytes",
        "no text, but the number 15552223333",
    ]
    assert all(isinstance(entry, str) for _, entry, _ in imported.skipped)


def test_a_text_that_is_no_utf8_is_nobody_and_keeps_nobody_out(filled: Callable[..., Path], scratch: Path) -> None:
    path = filled(("default", ANN))
    with closing(sqlite3.connect(path)) as connection, connection:
        odd = "CAST(x'4bff40782e636f' AS TEXT)"
        connection.execute(f"INSERT INTO channel_pairing_allow_entries VALUES ('imessage', 'default', {odd}, 9, 0)")
    imported = openclaw_state.read(path, scratch)
    assert imported.entries == (("default", ANN),)
    assert "U+DCFF" in imported.skipped[0][2]


def test_a_number_without_plus_is_of_the_region_of_its_account(filled: Callable[..., Path], scratch: Path) -> None:
    path = filled(("default", "15552223333"), ("default", "+1 (555) 444-5555"), ("work", "030 123456"), ("work", ANN))
    imported = openclaw_state.read(path, scratch, {"default": "US", "work": "DE"}.get)
    assert set(imported.entries) == {
        ("default", ANN),
        ("default", "+15554445555"),
        ("work", "+4930123456"),
        ("work", ANN),
    }
    assert imported.texts == {
        ("default", ANN): "15552223333",
        ("default", "+15554445555"): "+1 (555) 444-5555",
        ("work", "+4930123456"): "030 123456",
    }
