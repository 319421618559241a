"""Pairing files that are damaged, full or left half done: never taken for empty, never lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from actors.pairing import files
from actors.pairing.store import PairingStore, StoreUnreadableError
from tests.pairing.shelf import content, never, put

NOW = 1_767_225_600.0
ANN, BEN = "+15552223333", "+15554445555"


@pytest.fixture
def store(tmp_path: Path) -> PairingStore:
    return PairingStore(tmp_path / "credentials", sleep=never)


CORRUPT: list[Any] = [
    b"",
    b"{",
    b'{"version": 1, "allowFrom": [], "requests": [',
    b"\xff\xfe\xfa",
    b"[" * 100_000,
    b"null",
    [],
    {},
    {"version": 1, "allowFrom": None, "requests": None},
    {"version": 1, "allowFrom": {}, "requests": "x"},
    {"version": 2, "allowFrom": [], "requests": []},
    {"version": 1, "allowFrom": [5], "requests": ["x"]},
]


@pytest.mark.parametrize("broken", CORRUPT, ids=range(len(CORRUPT)))
def test_a_corrupt_file_is_not_an_empty_one(store: PairingStore, broken: Any) -> None:
    pending = put(store, "imessage-pairing.json", broken)
    allow = put(store, "imessage-work-allowFrom.json", broken)
    before = pending.read_bytes()
    for read in (
        lambda: store.requests(now=NOW),
        lambda: store.challenge("work", ANN, NOW, {}),
        lambda: store.approve("work", "ABCDEFGH", NOW),
    ):
        with pytest.raises(StoreUnreadableError) as caught:
            read()
        assert caught.value.path == pending
    with pytest.raises(StoreUnreadableError, match="imessage-work-allowFrom") as caught:
        store.allowed("work")
    assert caught.value.path == allow
    assert pending.read_bytes() == allow.read_bytes() == before
    assert not list(store.folder.glob("*.lock"))


def test_an_approval_into_a_corrupt_list_keeps_the_request(store: PairingStore) -> None:
    code, _ = store.challenge("work", ANN, NOW, {})
    allow = put(store, "imessage-work-allowFrom.json", b"{")
    with pytest.raises(StoreUnreadableError):
        store.approve("work", code, NOW)
    assert allow.read_bytes() == b"{"
    assert [waiting.code for waiting in store.requests(now=NOW)] == [code]


def test_what_is_no_file_is_unreadable_and_nobody_waits_for_it(store: PairingStore) -> None:
    (store.folder / "imessage-pairing.json").mkdir(parents=True)
    os.mkfifo(store.folder / "imessage-work-allowFrom.json")
    with pytest.raises(StoreUnreadableError):
        store.requests(now=NOW)
    with pytest.raises(StoreUnreadableError, match="no regular file"):
        store.allowed("work")
    (store.folder.parent / "file").touch()
    with pytest.raises(StoreUnreadableError):
        PairingStore(store.folder.parent / "file").allowed("work")


def test_a_file_of_any_size_is_refused_unread(store: PairingStore) -> None:
    os.truncate(put(store, "imessage-work-allowFrom.json", b""), files.LARGEST + 1)
    with pytest.raises(StoreUnreadableError, match="larger"):
        store.allowed("work")


def test_a_failed_write_leaves_everything_as_it_was(store: PairingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.challenge("default", ANN, NOW, {})
    before = store.pending_file.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnreadableError, match="No space left"):
        store.challenge("default", BEN, NOW, {})
    assert store.pending_file.read_bytes() == before
    assert [path.name for path in store.folder.iterdir()] == ["imessage-pairing.json"]


def test_a_crash_between_letting_in_and_removing_loses_nothing(
    store: PairingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _ = store.challenge("default", ANN, NOW, {})
    with monkeypatch.context() as patch:
        patch.setattr(store, "_write", lambda requests: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.approve(None, code, NOW)
    assert store.allowed("default") == {ANN}
    assert store.approve(None, code, NOW)
    assert content(store, "imessage-allowFrom.json")["allowFrom"] == [ANN]
    assert store.requests(now=NOW) == ()


def test_what_a_killed_writer_left_is_cleared_away(store: PairingStore) -> None:
    put(store, ".imessage-pairing.json.0123.tmp", b"{")
    put(store, ".imessage-allowFrom.json.0123.tmp", b"{")
    store.challenge("work", ANN, NOW, {})
    assert {path.name for path in store.folder.iterdir()} == {
        "imessage-pairing.json",
        ".imessage-allowFrom.json.0123.tmp",
    }
