"""Numbers without ``+`` in the files: they count, as numbers of their account's region, and go as such."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.pairing.store import PairingStore

NOW = 1_767_225_600.0
ANN, MAX = "+15552223333", "+4930123456"


@pytest.fixture
def store(tmp_path: Path) -> PairingStore:
    return PairingStore(tmp_path / "credentials", region_of={"default": "US", "work": "DE"}.get)


def put(store: PairingStore, name: str, *entries: str) -> Path:
    """Somebody wrote an allow file by hand."""
    store.folder.mkdir(exist_ok=True)
    path = store.folder / name
    path.write_text(json.dumps({"version": 1, "allowFrom": entries}))
    return path


@pytest.mark.parametrize("entry", ["15552223333", "5552223333", "(555) 222-3333", "tel:555-222-3333", ANN])
@pytest.mark.parametrize("name", ["imessage-default-allowFrom.json", "imessage-allowFrom.json"])
def test_an_entry_without_plus_lets_in_its_person(store: PairingStore, entry: str, name: str) -> None:
    path = put(store, name, entry, "72345")
    assert store.allowed("default") == {ANN, "72345"}
    assert store.admit("default", [ANN], NOW) == ()
    assert store.revoke("default", ANN)
    assert json.loads(path.read_bytes())["allowFrom"] == ["72345"]
    assert not store.is_allowed("default", ANN)


def test_it_is_a_number_of_its_own_account(store: PairingStore) -> None:
    put(store, "imessage-work-allowFrom.json", "030 123456")
    put(store, "imessage-other-allowFrom.json", "030 123456")
    assert store.allowed("work") == {MAX}
    assert store.allowed("other") == {"030123456"}


def test_a_request_without_plus_is_that_of_its_person(store: PairingStore) -> None:
    code, _ = store.challenge("default", ANN, NOW, {})
    content = json.loads(store.pending_file.read_bytes())
    content["requests"][0]["id"] = "555-222-3333"
    store.pending_file.write_text(json.dumps(content))
    assert store.challenge("default", ANN, NOW, {}) == (code, False)
    assert store.approve(None, code, NOW) is not None
    assert store.allowed("default") == {ANN}
