"""The pairing files: OpenClaw's layout, kept whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from actors.pairing.codes import LIFETIME
from actors.pairing.store import PairingStore
from tests.pairing.shelf import content, never, put

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
ANN, BEN = "+15552223333", "+15554445555"


@pytest.fixture
def store(tmp_path: Path) -> PairingStore:
    return PairingStore(tmp_path / "credentials", sleep=never)


def test_no_files_mean_nobody(store: PairingStore) -> None:
    assert store.allowed("default") == frozenset()
    assert store.requests(now=NOW) == ()
    assert store.approve(None, "ABCDEFGH", NOW) is None
    assert not list(store.folder.glob("*"))


def test_a_challenge_is_stored_as_openclaw_stores_it(store: PairingStore) -> None:
    code, created = store.challenge("default", ANN, NOW, {"sender": ANN, "chatId": "7"})
    assert created
    assert content(store, "imessage-pairing.json") == {
        "version": 1,
        "requests": [
            {
                "id": ANN,
                "code": code,
                "createdAt": "2026-01-01T00:00:00.000Z",
                "lastSeenAt": "2026-01-01T00:00:00.000Z",
                "meta": {"sender": ANN, "chatId": "7", "accountId": "default"},
            }
        ],
    }
    assert store.challenge("default", ANN, NOW + 5, {}) == (code, False)
    assert content(store, "imessage-pairing.json")["requests"][0]["lastSeenAt"] == "2026-01-01T00:00:05.000Z"
    assert [path.name for path in store.folder.iterdir()] == ["imessage-pairing.json"]


def test_the_fourth_stranger_is_not_stored(store: PairingStore) -> None:
    for index in range(3):
        store.challenge("default", f"p{index}@x.com", NOW, {})
    before = store.pending_file.read_bytes()
    assert store.challenge("default", "p3@x.com", NOW, {}) == ("", False)
    assert store.pending_file.read_bytes() == before
    assert store.challenge("work", "p3@x.com", NOW, {})[1]


def test_an_approval_counts_for_its_account_and_the_request_goes(store: PairingStore) -> None:
    code, _ = store.challenge("work", ANN, NOW, {})
    other, _ = store.challenge("home", BEN, NOW, {})
    assert store.approve("home", code, NOW) is None
    request = store.approve("work", f" {code.lower()} ", NOW + 1)
    assert request is not None
    assert (request.id, request.account) == (ANN, "work")
    assert store.allowed("work") == {ANN}
    assert store.allowed("home") == store.allowed("default") == frozenset()
    assert [waiting.code for waiting in store.requests(now=NOW)] == [other]
    assert content(store, "imessage-work-allowFrom.json") == {"version": 1, "allowFrom": [ANN]}
    assert not (store.folder / "imessage-allowFrom.json").exists()


def test_the_default_account_is_readable_by_old_and_new(store: PairingStore) -> None:
    code, _ = store.challenge("default", ANN, NOW, {})
    assert store.approve(None, code, NOW)
    assert content(store, "imessage-allowFrom.json") == content(store, "imessage-default-allowFrom.json")
    put(store, "imessage-allowFrom.json", {"version": 1, "allowFrom": [BEN]})
    assert store.allowed("default") == {ANN, BEN}
    assert store.allowed("work") == frozenset()


def test_approving_twice_lists_once(store: PairingStore) -> None:
    put(store, "imessage-work-allowFrom.json", {"version": 1, "allowFrom": ["imessage:+1 (555) 222-3333"]})
    code, _ = store.challenge("work", ANN, NOW, {})
    assert store.approve(None, code, NOW)
    assert content(store, "imessage-work-allowFrom.json")["allowFrom"] == ["imessage:+1 (555) 222-3333"]


def test_an_expired_request_is_neither_listed_nor_approved(store: PairingStore) -> None:
    code, _ = store.challenge("default", ANN, NOW, {})
    later = NOW + LIFETIME + 1
    assert store.requests(now=later) == ()
    assert store.approve(None, code, later) is None
    assert store.challenge("default", ANN, later, {})[1]


def test_requests_are_listed_oldest_first_and_by_account(store: PairingStore) -> None:
    store.challenge("work", ANN, NOW + 10, {})
    store.challenge("home", BEN, NOW, {})
    assert [waiting.id for waiting in store.requests(now=NOW + 10)] == [BEN, ANN]
    assert [waiting.id for waiting in store.requests("work", now=NOW + 10)] == [ANN]


def test_a_request_without_account_is_one_of_the_default_account(store: PairingStore) -> None:
    put(
        store,
        "imessage-pairing.json",
        {"version": 1, "requests": [{"id": ANN, "code": "ABCDEFGH", "createdAt": "2026-01-01T00:00:00Z"}]},
    )
    assert [waiting.id for waiting in store.requests("default", now=NOW)] == [ANN]
    assert store.approve("default", "abcdefgh", NOW)
    assert store.allowed("default") == {ANN}


@pytest.mark.parametrize("created", [None, "", "yesterday", 5, "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-23:59"])
def test_a_request_without_a_creation_time_has_expired(store: PairingStore, created: Any) -> None:
    put(
        store, "imessage-pairing.json", {"version": 1, "requests": [{"id": ANN, "code": "A" * 8, "createdAt": created}]}
    )
    assert store.requests(now=NOW) == ()
    assert store.approve(None, "A" * 8, NOW) is None


def test_keys_of_other_programs_survive(store: PairingStore) -> None:
    old = {
        "id": BEN,
        "code": "ABCDEFGH",
        "createdAt": "2026-01-01T01:00:00.5+01:00",
        "note": 1,
        "meta": {"n": 2, "a": "b"},
    }
    put(store, "imessage-pairing.json", {"version": 1, "requests": [old], "extra": {"x": [1]}})
    put(
        store,
        "imessage-work-allowFrom.json",
        {"version": 1, "allowFrom": ["kim@x.com", "*", "chat_id:7"], "by": "hand"},
    )
    code, _ = store.challenge("work", ANN, NOW, {})
    stored = content(store, "imessage-pairing.json")
    assert stored["extra"] == {"x": [1]}
    assert stored["requests"][0] == old
    store.approve("work", code, NOW)
    assert content(store, "imessage-work-allowFrom.json") == {
        "version": 1,
        "allowFrom": ["kim@x.com", "*", "chat_id:7", ANN],
        "by": "hand",
    }


def test_wildcards_and_chats_in_the_files_count_for_nothing(store: PairingStore) -> None:
    put(store, "imessage-work-allowFrom.json", {"version": 1, "allowFrom": ["*", "", "chat_id:7", "Kim@X.com"]})
    assert store.allowed("work") == {"kim@x.com"}
    for text in ("*", "", "chat_id:7", "+1555\u200b2223333"):
        with pytest.raises(ValueError, match="is no handle"):
            store.challenge("work", text, NOW, {})


def test_an_account_cannot_leave_the_folder(store: PairingStore) -> None:
    for account in ("../../x", "a/b", "a\\b", "..", "C:x"):
        assert all(path.parent == store.folder for path in store.allow_files(account))
    assert store.allow_files(" Work ") == (store.folder / "imessage-work-allowFrom.json",)
    with pytest.raises(ValueError, match="blank account"):
        store.allow_files(" ")


def test_files_are_private_whatever_the_umask(store: PairingStore) -> None:
    store.folder.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        code, _ = store.challenge("default", ANN, NOW, {})
        store.approve(None, code, NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in store.folder.iterdir()} == {0o600}


def test_a_linked_file_stays_linked(store: PairingStore, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.json"
    real.write_text('{"version": 1, "requests": []}')
    store.folder.mkdir()
    store.pending_file.symlink_to(real)
    store.challenge("default", ANN, NOW, {})
    assert store.pending_file.is_symlink()
    assert ANN in real.read_text()
