"""Who owns the gateway while the config names nobody."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from actors.access.allowed import Allowed
from actors.pairing.files import StoreUnreadableError
from actors.pairing.owners import OwnerFile
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore

NOW = 1_767_225_600.0
ANN, BEN = "+15552223333", "+15554445555"


@pytest.fixture
def owners(tmp_path: Path) -> OwnerFile:
    return OwnerFile(tmp_path / "gateway" / "owners.json")


def test_the_first_claim_counts(owners: OwnerFile) -> None:
    assert owners.read() == frozenset()
    assert owners.claim(ANN, "work", NOW)
    assert not owners.claim(BEN, "default", NOW)
    assert not owners.claim(ANN, "work", NOW)
    assert owners.read() == {ANN}
    assert json.loads(owners.path.read_bytes()) == {
        "version": 1,
        "owners": [{"id": ANN, "account": "work", "since": "2026-01-01T00:00:00.000Z"}],
    }
    assert stat.S_IMODE(owners.path.stat().st_mode) == 0o600


def test_a_dropped_owner_is_none_and_the_next_claim_counts(owners: OwnerFile) -> None:
    assert not owners.drop(ANN)
    assert not owners.path.exists()
    owners.claim(ANN, "work", NOW)
    assert not owners.drop(ANN, "default")
    assert owners.drop(ANN, "work")
    assert owners.read() == frozenset()
    assert owners.claim(BEN, "default", NOW)
    assert owners.drop(BEN)


def test_keys_of_other_versions_survive(owners: OwnerFile) -> None:
    owners.path.parent.mkdir()
    content = {"version": 1, "owners": [{"id": "Kim@X.com", "note": 1}, {"id": ANN}], "more": [1]}
    owners.path.write_text(json.dumps(content))
    assert owners.read() == {"kim@x.com", ANN}
    assert owners.drop(ANN)
    assert json.loads(owners.path.read_bytes()) == content | {"owners": [{"id": "Kim@X.com", "note": 1}]}


BROKEN: list[Any] = ["{", [], {"owners": None}, {"owners": ["x"]}, {"owners": [{"id": "*"}]}, {"owners": [{}]}]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_a_corrupt_file_names_nobody_and_nobody_can_claim(owners: OwnerFile, broken: Any) -> None:
    owners.path.parent.mkdir()
    owners.path.write_text(broken if isinstance(broken, str) else json.dumps(broken))
    before = owners.path.read_bytes()
    for ask in (owners.read, lambda: owners.claim(ANN, "work", NOW), lambda: owners.drop(ANN)):
        with pytest.raises(StoreUnreadableError):
            ask()
    assert owners.path.read_bytes() == before


class TestSnapshots:
    """What the access controller sees."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> PairingStore:
        return PairingStore(tmp_path / "credentials")

    def test_people_and_owners(self, store: PairingStore, owners: OwnerFile) -> None:
        book = Snapshots(store, owners)
        assert book.refresh("default")
        assert book.allowed("default") == Allowed()
        assert not book.refresh("default")
        store.admit("default", [ANN], NOW)
        assert book.refresh("default")
        owners.claim(ANN, "default", NOW)
        assert book.refresh("default")
        assert book.allowed("default") == Allowed(frozenset({ANN}), owners=frozenset({ANN}))
        owners.drop(ANN)
        assert book.refresh("default")
        store.revoke("default", ANN)
        assert book.refresh("default")
        assert book.allowed("default") == Allowed()

    def test_owners_of_the_config_are_not_looked_up_here(self, store: PairingStore, owners: OwnerFile) -> None:
        owners.claim(ANN, "default", NOW)
        book = Snapshots(store)
        book.refresh("default")
        assert book.allowed("default").owners == frozenset()

    def test_what_cannot_be_read_is_said_until_it_can(self, store: PairingStore, owners: OwnerFile) -> None:
        store.admit("default", [ANN], NOW)
        book = Snapshots(store, owners)
        book.refresh("default")
        owners.path.parent.mkdir()
        owners.path.write_text("{")
        assert book.refresh("default")
        assert book.allowed("default") == Allowed(frozenset(), readable=False)
        assert str(owners.path) in book.trouble
        assert not book.refresh("default")
        owners.path.unlink()
        assert book.refresh("default")
        assert book.allowed("default") == Allowed(frozenset({ANN}))
        assert book.trouble == ""
