"""What the owner may type to let somebody in: a code is tried, a handle is looked up, anything else is no guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.pairing import approval
from actors.pairing.approval import Approved, Refused
from actors.pairing.codes import is_code
from actors.pairing.guard import MOST_GUESSES
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.store import PairingStore

NOW = 1_767_225_600.0
ANN, BEN = "+15552223333", "+15554445555"


class Desk:
    """The files, in a state where the account ``work`` is in Germany."""

    def __init__(self, folder: Path) -> None:
        self.store = PairingStore(folder / "credentials", region_of={"default": "US", "work": "DE"}.get)
        self.guard = PairingGuard(folder / "guard.json")
        self.owners = OwnerFile(folder / "owners.json")

    def approve(self, word: str, account: str | None = None) -> Approved | Refused:
        """The command line."""
        return approval.approve(self.store, self.guard, self.owners, False, account, word, NOW)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    "word", ["", " ", ANN, BEN, "kim@x.com", "ABCDEFG", "ABCDEFGHJ", "ABCD EFGH", "ABCDEFG0", "ABCDEFGÄ", "*", "-"]
)
def test_what_cannot_be_a_code_burns_and_locks_nothing(desk: Desk, word: str) -> None:
    code, _ = desk.store.challenge("work", "max@x.de", NOW, {})
    for _ in range(MOST_GUESSES + 1):
        refused = desk.approve(word)
        assert isinstance(refused, Refused)
        assert (refused.burnt, refused.locked_until) == ((), None)
    assert desk.guard.seen().guesses == ()
    assert isinstance(desk.approve(f" {code.lower()} "), Approved)


@pytest.mark.parametrize("word", ["ABCDEFGH", " abcdefgh\n", "23456789"])
def test_what_may_be_a_code_is_a_guess(desk: Desk, word: str) -> None:
    assert is_code(word)
    desk.store.challenge("work", ANN, NOW, {})
    assert isinstance(desk.approve(word), Refused)
    assert len(desk.guard.seen().guesses) == 1


@pytest.mark.parametrize("word", [ANN, "(555) 222-3333", "5552223333", "imessage:+1 555 222 3333"])
def test_a_handle_lets_in_whoever_asks_under_it(desk: Desk, word: str) -> None:
    desk.store.challenge("default", ANN, NOW, {})
    desk.store.challenge("default", BEN, NOW, {})
    done = desk.approve(word)
    assert isinstance(done, Approved)
    assert (done.request.id, done.is_owner) == (ANN, True)
    assert desk.store.allowed("default") == {ANN}
    assert [one.id for one in desk.store.requests(now=NOW)] == [BEN]
    assert isinstance(desk.approve(word), Refused)


def test_a_national_number_is_one_of_the_country_of_its_account(desk: Desk) -> None:
    desk.store.challenge("work", "+4930123456", NOW, {})
    assert isinstance(desk.approve("030 123456", "default"), Refused)
    done = desk.approve("030 123456")
    assert isinstance(done, Approved) and done.request.account == "work"


def test_a_number_that_might_be_a_code_is_that_of_a_person_who_asks(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.store = PairingStore(tmp_path / "credentials", region_of=lambda _: "DK")
    desk.store.challenge("default", "+4523456789", NOW, {})
    assert isinstance(desk.approve("23456789"), Approved)
    assert desk.guard.seen().guesses == ()


def test_one_who_asks_in_two_accounts_is_let_into_the_one_that_is_named(desk: Desk) -> None:
    for account in ("default", "work"):
        desk.store.challenge(account, "kim@x.com", NOW, {})
    refused = desk.approve("kim@x.com")
    assert isinstance(refused, Refused)
    assert [one.account for one in refused.several] == ["default", "work"]
    assert isinstance(desk.approve("kim@x.com", "work"), Approved)
    assert desk.store.allowed("default") == frozenset()
    assert desk.store.allowed("work") == {"kim@x.com"}


def test_while_approvals_are_locked_no_handle_lets_anybody_in(desk: Desk) -> None:
    for _ in range(MOST_GUESSES):
        desk.approve("AAAAAAAA")
    desk.store.challenge("default", ANN, NOW, {})
    refused = desk.approve(ANN)
    assert isinstance(refused, Refused) and refused.locked_until is not None
