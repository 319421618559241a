"""Who was revoked: noted before they are out, kept until they are approved, and bounded by number alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.pairing import approval, guard
from actors.pairing.approval import Approved
from actors.pairing.files import StoreUnreadableError
from actors.pairing.guard import DAY, Mark, Record, approved, are_shut_out, challenged, denied, forget, shut_out
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.store import PairingStore

NOW = 1_767_225_600.0
ANN, BEN = "+15552223333", "+15554445555"


class House:
    """The files; each look is that of a new process."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "gateway" / "pairing-guard.json"
        self.store = PairingStore(folder / "credentials")
        self.owners = OwnerFile(folder / "gateway" / "owners.json")

    @property
    def guard(self) -> PairingGuard:
        return PairingGuard(self.path)

    def revoke(self, handle: str = ANN, account: str = "default") -> approval.Revoked:
        """The command line."""
        return approval.revoke(self.store, self.owners, account, handle, self.guard, NOW)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_whoever_is_revoked_is_noted_in_that_account(house: House) -> None:
    house.store.admit("default", [ANN], NOW)
    house.store.admit("work", [ANN], NOW)
    assert house.revoke() == (True, False, "")
    assert house.guard.are_shut_out("default") == {ANN}
    assert house.guard.are_shut_out("work") == frozenset()
    assert json.loads(house.path.read_bytes())["revoked"] == [
        {"account": "default", "id": ANN, "at": "2026-01-01T00:00:00.000Z"}
    ]


def test_whoever_was_not_in_is_not_noted(house: House) -> None:
    assert house.revoke() == (False, False, "")
    assert house.guard.are_shut_out("default") == frozenset()


def test_an_owner_who_was_taken_out_by_hand_is_noted(house: House) -> None:
    house.owners.claim(ANN, "default", NOW)
    assert house.revoke().was_owner
    assert house.guard.are_shut_out("default") == {ANN}


def test_a_kill_in_the_middle_leaves_nobody_out_and_unnoted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.store.admit("default", [ANN], NOW)

    def ends(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(house.store, "_remove", ends)
    with pytest.raises(KeyboardInterrupt):
        house.revoke()
    assert house.guard.are_shut_out("default") == {ANN}


def test_an_approval_ends_it(house: House) -> None:
    house.store.admit("default", [ANN, BEN], NOW)
    house.revoke(ANN)
    house.revoke(BEN)
    code, _ = house.store.challenge("default", ANN, NOW, {})
    assert isinstance(approval.approve(house.store, house.guard, house.owners, False, None, code, NOW), Approved)
    assert house.guard.are_shut_out("default") == {BEN}


def test_a_guard_that_cannot_be_used_keeps_nobody_in_and_is_told(house: House) -> None:
    house.store.admit("default", [ANN], NOW)
    house.path.parent.mkdir()
    house.path.write_text("{")
    done = house.revoke()
    assert done.was_in
    assert str(house.path) in done.unmarked
    assert house.store.allowed("default") == frozenset()
    with pytest.raises(StoreUnreadableError):
        house.guard.are_shut_out("default")


def test_time_does_not_end_it_and_repeats_count_once() -> None:
    record = shut_out(shut_out(Record(), "default", ANN, NOW), "default", ANN, NOW + 1)
    assert record.revocations == (Mark("default", ANN, NOW + 1),)
    record = challenged(record, Mark("default", BEN, NOW + 400 * DAY, "CODE"))
    record = denied(record, "default", BEN, NOW + 800 * DAY)
    assert are_shut_out(record, "default") == {ANN}
    assert are_shut_out(approved(record, "work", ANN, NOW), "default") == {ANN}
    assert are_shut_out(approved(record, "default", ANN, NOW), "default") == frozenset()
    assert are_shut_out(forget(record, "default", ANN), "default") == frozenset()
    assert forget(record, "default", "kim@x.com") is record


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_KEPT", 3)
    record = Record()
    for number in range(5):
        record = shut_out(record, "default", f"p{number}@x.com", NOW + number)
    assert are_shut_out(record, "default") == {"p2@x.com", "p3@x.com", "p4@x.com"}
