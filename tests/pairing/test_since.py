"""Since when somebody is in: noted before they are, gone when they are out, and never ahead of the clock."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.pairing import approval, document
from actors.pairing.approval import Approved
from actors.pairing.files import StoreUnreadableError
from actors.pairing.guard import APPROVAL_KEPT, DAY, DENIED, FORGOTTEN, Mark, Record, approved, denied, forget, revoked
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore

NOW = 1_767_225_600.0
ANN, BEN, KIM = "+15552223333", "+15554445555", "kim@x.com"


class House:
    """The files, and what the gateway sees of them by a clock that is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.store = PairingStore(folder / "credentials")
        self.guard = PairingGuard(folder / "gateway" / "pairing-guard.json")
        self.owners = OwnerFile(folder / "gateway" / "owners.json")
        self.open()

    def open(self) -> None:
        """The gateway starts (again)."""
        self.book = Snapshots(self.store, self.owners, PairingGuard(self.guard.path), lambda: self.now)

    def let_in(self, handle: str = ANN, account: str = "default", at: float = NOW) -> None:
        """Somebody asks and is approved."""
        code, _ = self.store.challenge(account, handle, at, {})
        done = approval.approve(self.store, self.guard, self.owners, False, None, code, at)
        assert isinstance(done, Approved)

    def since(self, account: str = "default") -> dict[str, float]:
        """What the gateway sees now."""
        self.book.refresh(account)
        assert self.book.allowed(account).readable
        return dict(self.book.allowed(account).since)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """What a file says is believed as long as it stays, however young it is."""
    monkeypatch.setattr(document, "SETTLED_NS", -1)
    return House(tmp_path)


def test_whoever_is_let_in_is_so_from_that_moment_on(house: House) -> None:
    house.let_in(ANN)
    house.let_in(BEN, "work", NOW + 5)
    house.now = NOW + 60
    assert (house.since(), house.since("work")) == ({ANN: NOW}, {BEN: NOW + 5})
    content = json.loads(house.guard.path.read_bytes())
    assert content["approvals"][0] == {"account": "default", "id": ANN, "at": "2026-01-01T00:00:00.000Z"}


def test_nobody_is_in_before_it_is_known_since_when(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process may end in between: the moment is there then, and the code does the rest."""

    def ends(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(house.store, "_add", ends)
    with pytest.raises(KeyboardInterrupt):
        house.let_in()
    assert [mark.handle for mark in house.guard.seen().approvals] == [ANN]
    assert house.store.allowed("default") == frozenset()
    assert house.since() == {}
    monkeypatch.undo()
    code = house.store.requests(now=NOW)[0].code
    assert isinstance(approval.approve(house.store, house.guard, house.owners, False, None, code, NOW + 9), Approved)
    house.now = NOW + 60
    assert house.since() == {ANN: NOW + 9}


def test_where_it_cannot_be_noted_nobody_is_let_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreUnreadableError(house.guard.path, "cannot be written: No space left on device")

    monkeypatch.setattr(house.guard, "approved", full)
    with pytest.raises(StoreUnreadableError):
        house.let_in()
    assert house.store.allowed("default") == frozenset()


def test_one_who_is_revoked_was_never_let_in(house: House) -> None:
    house.let_in(ANN)
    house.let_in(BEN)
    assert approval.revoke(house.store, house.owners, "default", ANN, house.guard).was_in
    assert [mark.handle for mark in house.guard.seen().approvals] == [BEN]
    house.let_in(ANN, at=NOW + 100)
    house.now = NOW + 200
    assert house.since() == {ANN: NOW + 100, BEN: NOW}


def test_a_guard_nobody_can_read_keeps_nobody_in(house: House) -> None:
    """And shows the gateway that nothing is known, not that everybody was in from the beginning."""
    house.let_in()
    house.since()
    house.guard.path.write_text("{")
    house.book.refresh("default")
    assert not house.book.allowed("default").readable
    assert str(house.guard.path) in house.book.trouble
    assert approval.revoke(house.store, house.owners, "default", ANN, house.guard).was_in
    assert house.store.allowed("default") == frozenset()


def test_those_the_files_let_in_otherwise_have_no_moment(house: House) -> None:
    house.store.admit("default", [KIM], NOW)
    assert house.since() == {}
    assert house.book.allowed("default").handles == {KIM}


@pytest.mark.parametrize("back", [5.0, 3600.0, 10 * DAY])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_set_back_shuts_nobody_out(house: House, back: float, restarts: bool) -> None:
    """The moment is that of the first look then, and stays it however often the files are looked at."""
    house.let_in()
    assert house.since() == {ANN: NOW}
    house.now = NOW - back
    if restarts:
        house.open()
    assert house.since() == {ANN: NOW - back}
    house.now += 3
    house.guard.denied("default", BEN, house.now)
    house.store.admit("default", [KIM], house.now)
    assert house.since() == {ANN: NOW - back}


def test_a_look_at_files_that_stay_changes_nothing(house: House) -> None:
    house.let_in()
    house.since()
    assert not house.book.refresh("default")
    house.let_in(BEN, at=NOW)
    assert house.book.refresh("default")


def test_after_a_month_it_is_forgotten_and_not_before() -> None:
    record = approved(Record(), "default", ANN, NOW)
    for jump in (FORGOTTEN, APPROVAL_KEPT - 1, -APPROVAL_KEPT + 1):
        assert approved(record, "work", BEN, NOW + jump).approvals[0] == Mark("default", ANN, NOW)
    assert [mark.handle for mark in approved(record, "work", BEN, NOW + APPROVAL_KEPT).approvals] == [BEN]


def test_one_moment_for_each_person_and_account() -> None:
    record = approved(approved(Record(), "default", ANN, NOW), "work", ANN, NOW + 1)
    record = approved(record, "default", ANN, NOW + 2)
    assert [(mark.account, mark.at) for mark in record.approvals] == [("work", NOW + 1), ("default", NOW + 2)]
    assert [mark.account for mark in revoked(record, "default", ANN).approvals] == ["work"]
    assert revoked(record, "default", BEN) is record
    assert forget(record, "work", ANN).approvals == record.approvals[1:]


def test_an_approval_ends_a_denial_and_a_revocation_leaves_it(house: House) -> None:
    record = approved(denied(Record(), "default", ANN, NOW), "default", ANN, NOW)
    assert record.denials == ()
    house.guard.denied("default", ANN, NOW)
    house.guard.revoked("default", ANN)
    assert house.guard.may_challenge("default", ANN, NOW + 1) == DENIED
