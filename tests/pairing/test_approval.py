"""Letting in by code: wrong codes are counted, burn and lock; the first one in owns; who is out is out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.pairing import approval
from actors.pairing.approval import Approved, Refused
from actors.pairing.codes import ALPHABET, LIFETIME
from actors.pairing.files import StoreUnreadableError
from actors.pairing.guard import DENIED, LOCK_SECONDS, MOST_GUESSES, MOST_STRIKES
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.store import PairingStore

NOW = 1_767_225_600.0
ANN, BEN = "+15552223333", "+15554445555"
WRONG = "AAAAAAAA"


class Desk:
    """One process after the other at the same files: each call is a new process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def store(self) -> PairingStore:
        return PairingStore(self.folder / "credentials")

    @property
    def guard(self) -> PairingGuard:
        return PairingGuard(self.folder / "gateway" / "pairing-guard.json")

    @property
    def owners(self) -> OwnerFile:
        return OwnerFile(self.folder / "gateway" / "owners.json")

    def asks(self, handle: str = ANN, account: str = "default", at: float = NOW) -> str:
        """Somebody is given a code."""
        code, created = self.store.challenge(account, handle, at, {})
        assert created
        return code

    def approve(
        self, code: str, at: float = NOW, account: str | None = None, config_owners: bool = False
    ) -> Approved | Refused:
        """The command line."""
        return approval.approve(self.store, self.guard, self.owners, config_owners, account, code, at)

    def refuse(self, code: str = WRONG, at: float = NOW, account: str | None = None) -> Refused:
        """The command line, in vain."""
        refused = self.approve(code, at, account)
        assert isinstance(refused, Refused)
        return refused


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_first_one_in_owns_the_gateway(desk: Desk) -> None:
    first, second = desk.approve(desk.asks(ANN, "work").lower()), desk.approve(desk.asks(BEN))
    assert isinstance(first, Approved) and isinstance(second, Approved)
    assert (first.request.id, first.request.account, first.is_owner) == (ANN, "work", True)
    assert (second.request.id, second.is_owner) == (BEN, False)
    assert desk.store.allowed("work") == {ANN}
    assert desk.owners.read() == {ANN}


def test_owners_of_the_config_leave_no_room_for_another(desk: Desk) -> None:
    approved = desk.approve(desk.asks(), config_owners=True)
    assert isinstance(approved, Approved) and not approved.is_owner
    assert not desk.owners.path.exists()


def test_a_wrong_code_lets_in_nobody_and_is_counted(desk: Desk) -> None:
    code = desk.asks()
    refused = desk.refuse()
    assert (refused.locked_until, refused.burnt) == (None, ())
    assert "no pending pairing request" in refused.why
    assert isinstance(desk.approve(code), Approved)
    assert len(json.loads(desk.guard.path.read_bytes())["wrongGuesses"]) == 1


def test_the_fifth_wrong_code_burns_the_requests_it_was_tried_on(desk: Desk) -> None:
    code, other = desk.asks(ANN, "work"), desk.asks(BEN, "home")
    for _ in range(MOST_STRIKES - 1):
        assert desk.refuse(account="work").burnt == ()
    (burnt,) = desk.refuse(account="work").burnt
    assert (burnt.id, burnt.code) == (ANN, code)
    assert desk.refuse(code).burnt == ()
    assert desk.store.allowed("work") == frozenset()
    assert isinstance(desk.approve(other), Approved)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("end", [Killed(), StoreUnreadableError(Path("x"), "is busy")])
def test_a_burnt_code_stays_burnt_whatever_kept_its_request(
    desk: Desk, end: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guess is on disk, and the request is still there."""

    def ends(*_: object) -> None:
        raise end

    code, other = desk.asks(ANN, "work"), desk.asks(BEN, "home")
    for _ in range(MOST_STRIKES - 1):
        desk.refuse(account="work")
    store, burn = desk.store, PairingStore.burn
    with monkeypatch.context() as patch:
        patch.setattr(store, "burn", lambda codes, now: ends() if codes else burn(store, codes, now))
        with pytest.raises(type(end)):
            approval.approve(store, desk.guard, desk.owners, False, "work", WRONG, NOW)
    assert [request.code for request in desk.store.requests("work", now=NOW)] == [code]
    refused = desk.refuse(code)
    assert [request.code for request in refused.burnt] == [code]
    assert desk.store.allowed("work") == frozenset()
    assert [request.code for request in desk.store.requests(now=NOW)] == [other]
    assert isinstance(desk.approve(other), Approved)


def test_the_tenth_wrong_code_locks_and_the_right_one_is_refused_too(desk: Desk) -> None:
    for number in range(MOST_GUESSES - 1):
        assert desk.refuse("AAAAAAA" + ALPHABET[number], NOW + number).locked_until is None
    code = desk.asks(at=NOW + 20)
    locked = desk.refuse(at=NOW + 20)
    assert locked.locked_until == NOW + 20 + LOCK_SECONDS
    assert "locked until" in locked.why
    assert "approve once more" in locked.why
    during = desk.refuse(code, NOW + 30)
    assert during.locked_until == locked.locked_until
    assert desk.store.allowed("default") == frozenset()
    assert isinstance(desk.approve(code, NOW + 20 + LOCK_SECONDS), Approved)


def test_guesses_during_a_lock_do_not_make_it_longer(desk: Desk) -> None:
    for _ in range(MOST_GUESSES):
        desk.refuse()
    for number in range(20):
        assert desk.refuse(at=NOW + number).locked_until == NOW + LOCK_SECONDS
    assert desk.refuse(at=NOW + LOCK_SECONDS).locked_until is None


def test_a_clock_set_back_opens_a_lock_for_good(desk: Desk) -> None:
    for _ in range(MOST_GUESSES):
        desk.refuse()
    code = desk.asks(at=NOW - 3000)
    assert isinstance(desk.approve(code, NOW - 3000), Approved)
    assert isinstance(desk.approve(desk.asks(BEN, at=NOW), NOW), Approved)


def test_an_expired_code_is_a_wrong_one(desk: Desk) -> None:
    assert "no pending" in desk.refuse(desk.asks(), NOW + LIFETIME + 1).why


@pytest.mark.parametrize("broken", ["guard", "owners"])
def test_nobody_is_let_in_on_a_guess(desk: Desk, broken: str) -> None:
    path = desk.guard.path if broken == "guard" else desk.owners.path
    path.parent.mkdir()
    path.write_text("{")
    code = desk.asks()
    with pytest.raises(StoreUnreadableError) as caught:
        desk.approve(code)
    assert caught.value.path == path
    assert desk.store.allowed("default") == frozenset()
    path.unlink()
    approved = desk.approve(code)
    assert isinstance(approved, Approved) and approved.is_owner


def test_a_denied_one_gets_no_code_until_they_are_let_in(desk: Desk) -> None:
    code = desk.asks()
    denied = approval.deny(desk.store, desk.guard, None, code, NOW)
    assert denied is not None
    assert denied.id == ANN
    assert approval.deny(desk.store, desk.guard, None, code, NOW) is None
    assert desk.guard.may_challenge("default", ANN, NOW + 60) == DENIED
    assert isinstance(desk.approve(desk.asks()), Approved)
    assert desk.guard.may_challenge("default", ANN, NOW + 60) == ""


def test_a_revoked_owner_owns_nothing_and_the_next_one_in_does(desk: Desk) -> None:
    desk.approve(desk.asks(ANN))
    desk.approve(desk.asks(BEN))
    assert approval.revoke(desk.store, desk.owners, "work", ANN) == (False, False, "")
    assert approval.revoke(desk.store, desk.owners, "default", ANN) == (True, True, "")
    assert approval.revoke(desk.store, desk.owners, "default", ANN) == (False, False, "")
    assert desk.store.allowed("default") == {BEN}
    assert desk.owners.read() == frozenset()
    assert approval.revoke(desk.store, desk.owners, "default", BEN) == (True, False, "")
    again = desk.approve(desk.asks(ANN))
    assert isinstance(again, Approved) and again.is_owner
