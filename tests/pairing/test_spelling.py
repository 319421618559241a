"""The account of a request, as other programs spell it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.pairing.store import PairingStore

NOW = 1_767_225_600.0
ANN, BEN = "+15552223333", "+15554445555"


@pytest.fixture
def store(tmp_path: Path) -> PairingStore:
    return PairingStore(tmp_path / "credentials")


def spell(store: PairingStore, account: str) -> None:
    """Another program wrote the only request."""
    content = json.loads(store.pending_file.read_bytes())
    content["requests"][0]["meta"]["accountId"] = account
    store.pending_file.write_text(json.dumps(content))


@pytest.mark.parametrize("spelt", ["", " ", "Default", " default ", "DEFAULT"])
def test_an_account_is_the_same_however_it_is_spelt(store: PairingStore, spelt: str) -> None:
    """Another program's blank account is the default one, as a request without any is."""
    code, _ = store.challenge("default", ANN, NOW, {})
    spell(store, spelt)
    assert [request.id for request in store.requests("default", now=NOW)] == [ANN]
    other, _ = store.challenge("default", BEN, NOW, {})
    assert json.loads(store.pending_file.read_bytes())["requests"][0]["meta"]["accountId"] == spelt
    assert store.challenge("default", ANN, NOW + 10, {}) == (code, False)
    assert store.approve(None, code, NOW) is not None
    assert store.allowed("default") == {ANN}
    assert [request.code for request in store.requests(now=NOW)] == [other]


def test_an_account_with_a_name_nobody_can_use_as_one_is_read_as_the_config_reads_it(store: PairingStore) -> None:
    code, _ = store.challenge("my-work", ANN, NOW, {})
    spell(store, "My Work")
    assert store.approve("my-work", code, NOW) is not None
    assert store.allowed("my-work") == {ANN}
