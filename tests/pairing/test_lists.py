"""Out again, never in, and in without a code: what revoking, denying, burning and importing do to the files."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from actors.pairing.codes import LIFETIME
from actors.pairing.document import SETTLED_NS
from actors.pairing.store import PairingStore, StoreUnreadableError
from tests.support.actors import wait_until

NOW = 1_767_225_600.0
ANN, BEN, KIM = "+15552223333", "+15554445555", "kim@x.com"


def _never(seconds: float) -> None:
    raise AssertionError("nobody holds the lock")


@pytest.fixture
def store(tmp_path: Path) -> PairingStore:
    return PairingStore(tmp_path / "credentials", sleep=_never)


def put(store: PairingStore, name: str, *entries: str) -> Path:
    store.folder.mkdir(exist_ok=True)
    path = store.folder / name
    path.write_text(json.dumps({"version": 1, "allowFrom": entries, "by": "hand"}))
    return path


def content(path: Path) -> Any:
    return json.loads(path.read_bytes())


def test_a_revoked_person_is_in_no_file_that_lets_them_in(store: PairingStore) -> None:
    files = [
        put(store, "imessage-default-allowFrom.json", ANN, "imessage:+1 (555) 222-3333", KIM, "*"),
        put(store, "imessage-allowFrom.json", BEN, ANN),
    ]
    other = put(store, "imessage-work-allowFrom.json", ANN)
    assert store.revoke("default", ANN)
    assert [content(path)["allowFrom"] for path in files] == [[KIM, "*"], [BEN]]
    assert content(files[0])["by"] == "hand"
    assert store.allowed("default") == {KIM, BEN}
    assert content(other)["allowFrom"] == [ANN]
    assert not store.revoke("default", ANN)
    assert not list(store.folder.glob("*.lock"))


def test_revoking_nobody_leaves_no_file(store: PairingStore) -> None:
    assert not store.revoke("default", ANN)
    assert not list(store.folder.glob("*"))


def test_a_list_that_cannot_be_read_is_not_written_over_by_a_revocation(store: PairingStore) -> None:
    put(store, "imessage-default-allowFrom.json", ANN)
    legacy = store.folder / "imessage-allowFrom.json"
    legacy.write_text("{")
    with pytest.raises(StoreUnreadableError):
        store.revoke("default", ANN)
    assert legacy.read_text() == "{"


@pytest.mark.parametrize("by", ["code", "handle"])
def test_a_denied_request_is_gone_and_nobody_is_in(store: PairingStore, by: str) -> None:
    code, _ = store.challenge("work", ANN, NOW, {})
    store.challenge("work", BEN, NOW, {})
    word = code.lower() if by == "code" else "imessage:+1 555 222 3333"
    assert store.find("work", word, NOW) == store.find(None, word, NOW) == (store.request_of("work", ANN, NOW),)
    assert store.deny("home", word, NOW) is None
    denied = store.deny(None, word, NOW)
    assert denied is not None
    assert (denied.id, denied.account) == (ANN, "work")
    assert [one.id for one in store.requests(now=NOW)] == [BEN]
    assert store.allowed("work") == frozenset()
    assert store.deny(None, word, NOW) is None


@pytest.mark.parametrize("word", ["", " ", "*", "chat_id:7", "ZZZZZZZZ", BEN])
def test_any_other_word_denies_nobody(store: PairingStore, word: str) -> None:
    store.challenge("work", ANN, NOW, {})
    assert store.deny(None, word, NOW) is None
    assert store.deny(None, ANN, NOW + LIFETIME + 1) is None


def test_burnt_codes_let_nobody_in(store: PairingStore) -> None:
    code, _ = store.challenge("work", ANN, NOW, {})
    other, _ = store.challenge("home", BEN, NOW, {})
    assert store.burn((), NOW) == ()
    assert [one.id for one in store.burn((code, "GONE"), NOW)] == [ANN]
    assert store.approve(None, code, NOW) is None
    assert [one.code for one in store.requests(now=NOW)] == [other]


def test_those_admitted_without_a_code_are_in_and_wait_no_more(store: PairingStore) -> None:
    put(store, "imessage-allowFrom.json", BEN)
    code, _ = store.challenge("default", ANN, NOW, {})
    kept, _ = store.challenge("work", ANN, NOW, {})
    assert store.admit("default", [ANN, BEN, KIM, ANN], NOW) == (ANN, KIM)
    assert store.allowed("default") == {ANN, BEN, KIM}
    assert content(store.folder / "imessage-default-allowFrom.json")["allowFrom"] == [ANN, BEN, KIM]
    assert content(store.folder / "imessage-allowFrom.json")["allowFrom"] == [BEN, ANN, KIM]
    assert store.approve(None, code, NOW) is None
    assert [one.code for one in store.requests(now=NOW)] == [kept]
    assert store.admit("default", [ANN, BEN], NOW) == ()


@pytest.mark.parametrize("entry", ["*", "", "chat_id:7", "accessGroup:friends"])
def test_an_import_lets_in_nobody_when_one_of_them_is_no_person(store: PairingStore, entry: str) -> None:
    with pytest.raises(ValueError, match="is no handle"):
        store.admit("default", [ANN, entry], NOW)
    assert store.allowed("default") == frozenset()


def test_what_an_approval_brings_about_comes_before_the_request_goes(store: PairingStore) -> None:
    """A failure in between costs nothing: the same code does the rest."""
    code, _ = store.challenge("default", ANN, NOW, {})

    def fail(request: object) -> None:
        assert store.is_allowed("default", ANN)
        raise StoreUnreadableError(store.folder / "owners.json", "is not valid JSON")

    with pytest.raises(StoreUnreadableError, match="owners"):
        store.approve(None, code, NOW, fail)
    done: list[object] = []
    request = store.approve(None, code, NOW, done.append)
    assert done == [request]
    assert store.requests(now=NOW) == ()


def test_looking_again_reads_nothing_while_the_files_stay(store: PairingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "imessage-work-allowFrom.json", ANN)
    store.pending_file.write_text('{"version": 1, "requests": []}')
    assert store.is_allowed("work", ANN)
    lists = _settled(store)
    monkeypatch.setattr("actors.pairing.document.read_object", lambda *_: pytest.fail("read again"))
    assert store.lists("work")[0] is lists[0]
    assert store.is_allowed("work", ANN)
    assert not store.is_allowed("work", BEN)
    assert store.request_of("work", BEN, NOW) is None
    monkeypatch.undo()
    put(store, "imessage-work-allowFrom.json", BEN)
    assert store.is_allowed("work", BEN)


def _settled(store: PairingStore) -> tuple[frozenset[str], ...]:
    """What the store says once the files are old enough to be believed."""
    paths = (store.pending_file, *store.allow_files("work"))
    wait_until(
        lambda: all(time.time_ns() - path.stat().st_ctime_ns > SETTLED_NS for path in paths), what="the files to settle"
    )
    store.requests(now=NOW)
    return store.lists("work")
