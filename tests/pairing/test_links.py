"""Pairing files behind symlinks: what leads nowhere is not empty, and is never written anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.access.reasons import STORE_UNREADABLE
from actors.envelopes.inbound import Held
from actors.pairing.files import StoreUnreadableError, read_object, stamp
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore
from tests.pairing.office import KEY, Office
from tests.support.rows import ACCOUNT, ANN

NOW = 1_767_225_600.0


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A disk that may be taken away."""
    volume = tmp_path / "volume"
    volume.mkdir()
    return volume


def linked(path: Path, target: Path) -> Path:
    """``path`` is a symlink to ``target``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return path


def test_an_approved_one_is_not_asked_again_while_the_volume_is_away(office: Office, volume: Path) -> None:
    name = f"imessage-{ACCOUNT}-allowFrom.json"
    (volume / name).write_text(json.dumps({"version": 1, "allowFrom": [ANN]}))
    linked(office.store.folder / name, volume / name)
    snapshots = Snapshots(office.store)
    snapshots.refresh(ACCOUNT)
    assert snapshots.allowed(ACCOUNT).handles == {ANN}
    away = volume.rename(volume.with_name("away"))
    snapshots.refresh(ACCOUNT)
    assert not snapshots.allowed(ACCOUNT).readable
    office.challenge(1)
    assert (office.replies, office.settled) == ([], [(1, Held(STORE_UNREADABLE, KEY))])
    away.rename(volume)
    snapshots.refresh(ACCOUNT)
    assert snapshots.allowed(ACCOUNT).handles == {ANN}


def test_an_empty_list_that_was_read_is_not_believed_once_a_link_stands_there(tmp_path: Path, volume: Path) -> None:
    store = PairingStore(tmp_path / "credentials")
    store.folder.mkdir()
    assert store.allowed(ACCOUNT) == frozenset()
    linked(store.allow_files(ACCOUNT)[0], volume / "away.json")
    with pytest.raises(StoreUnreadableError, match="not there"):
        store.allowed(ACCOUNT)


def test_nobody_becomes_the_owner_behind_a_link_that_leads_nowhere(tmp_path: Path, volume: Path) -> None:
    path = linked(tmp_path / "gateway" / "owners.json", volume / "owners.json")
    for ask in (OwnerFile(path).read, OwnerFile(path).seen, lambda: OwnerFile(path).claim(ANN, ACCOUNT, NOW)):
        with pytest.raises(StoreUnreadableError):
            ask()
    assert not list(volume.iterdir())
    assert path.is_symlink()


def test_a_guard_behind_a_link_that_leads_nowhere_has_forgotten_nothing(tmp_path: Path, volume: Path) -> None:
    guard = PairingGuard(linked(tmp_path / "gateway" / "guard.json", volume / "guard.json"))
    with pytest.raises(StoreUnreadableError):
        guard.may_challenge(ACCOUNT, ANN, NOW)
    with pytest.raises(StoreUnreadableError):
        guard.denied(ACCOUNT, ANN, NOW)
    assert not list(volume.iterdir())


def test_a_folder_behind_a_link_that_leads_nowhere_is_not_empty_either(tmp_path: Path, volume: Path) -> None:
    """The message names what is gone and the link that wants it."""
    link = linked(tmp_path / "state" / "credentials", volume / "credentials")
    with pytest.raises(StoreUnreadableError) as caught:
        PairingStore(link).allowed(ACCOUNT)
    assert str(link) in caught.value.why
    assert str(volume / "credentials") in caught.value.why
    with pytest.raises(StoreUnreadableError):
        PairingStore(link).challenge(ACCOUNT, ANN, NOW, {})
    with pytest.raises(StoreUnreadableError):
        PairingStore(link / "deeper").allowed(ACCOUNT)


def test_what_is_just_missing_is_empty(tmp_path: Path, volume: Path) -> None:
    link = linked(tmp_path / "credentials", volume)
    for path in (tmp_path / "none.json", tmp_path / "no" / "such" / "folder.json", link / "none.json"):
        assert read_object(path, "requests") is None
        assert stamp(path) == (0, 0, 0, 0)


def test_a_link_to_a_file_is_that_file(tmp_path: Path, volume: Path) -> None:
    """Written through, and still a link."""
    store = PairingStore(tmp_path / "credentials")
    (volume / "pending.json").write_text('{"version": 1, "requests": []}')
    linked(store.pending_file, volume / "pending.json")
    code, created = store.challenge(ACCOUNT, ANN, NOW, {})
    assert created
    assert store.pending_file.is_symlink()
    assert code in (volume / "pending.json").read_text()
