"""``pairing revoke``: out of the store, and honest about every other way in."""

from __future__ import annotations

import pytest

from actors.pairing.owners import OwnerFile
from config import Places
from tests.control.conftest import Gateway
from tests.control.pairing_support import ALICE, BOB, allowed, ask, configure, let_in

BOTH = {"accounts": {"default": {}, "work": {"region": "DE"}}}


@pytest.mark.parametrize("word", [ALICE, "(555) 000-1111", "imessage:+1 555 000 1111", " 555.000.1111 "])
def test_a_handle_may_be_written_as_people_write_it(cli: Gateway, places: Places, word: str) -> None:
    let_in(places)
    let_in(places, BOB)
    said = cli("pairing", "revoke", "imessage", word)
    assert (said.code, said.err) == (0, "")
    assert said.out == f"revoked imessage {ALICE} (account default)\n"
    assert allowed(places) == {BOB}


def test_national_numbers_are_those_of_the_accounts_region(cli: Gateway, places: Places) -> None:
    configure(places, BOTH)
    let_in(places, "+4915112345678", "work")
    said = cli("pairing", "revoke", "0151 12345678", "--json")
    assert said.json["revoked"] == [{"id": "+4915112345678", "account": "work"}]
    assert allowed(places, "work") == frozenset()


def test_every_account_that_has_them_unless_one_is_named(cli: Gateway, places: Places) -> None:
    """An account of which only a file is left counts too."""
    for account in ("default", "work", "gone"):
        let_in(places, BOB, account)
    assert cli("pairing", "revoke", "Bob@Example.com", "--account", "work", "--json").json["revoked"] == [
        {"id": BOB, "account": "work"}
    ]
    rest = cli("pairing", "revoke", BOB, "--json").json["revoked"]
    assert {one["account"] for one in rest} == {"default", "gone"}
    assert not any(allowed(places, account) for account in ("default", "work", "gone"))


def test_another_account_that_still_lets_them_in_is_named(cli: Gateway, places: Places) -> None:
    for account in ("default", "work"):
        let_in(places, BOB, account)
    said = cli("pairing", "revoke", BOB, "--account", "default")
    assert said.code == 0
    assert "they are still let into account work by pairing" in said.err
    assert allowed(places, "work") == {BOB}


def test_nobody_of_that_name_is_an_error(cli: Gateway, places: Places) -> None:
    let_in(places, BOB, "work")
    for words in ((ALICE,), (BOB, "--account", "default"), (ALICE, "--json")):
        said = cli("pairing", "revoke", *words)
        assert (said.code, said.out) == (1, "")
        assert words[0] in said.err
    assert allowed(places, "work") == {BOB}


def test_who_only_asks_is_to_be_denied(cli: Gateway, places: Places) -> None:
    ask(places)
    said = cli("pairing", "revoke", ALICE)
    assert said.code == 1
    assert "gateway pairing deny" in said.err


def test_whoever_the_config_still_admits_is_not_believed_shut_out(cli: Gateway, places: Places) -> None:
    configure(places, {"allowFrom": [BOB, "+1 555 000 1111"]})
    let_in(places)
    said = cli("pairing", "revoke", ALICE)
    assert said.code == 0
    assert "channels.imessage.allowFrom.1 (+1 555 000 1111)" in said.err
    assert str(places.config) in said.err
    let_in(places)
    still = cli("pairing", "revoke", ALICE, "--json").json["stillAdmitted"]
    assert {(one["path"], one["where"]) for one in still} == {
        ("channels.imessage.allowFrom.1", "direct messages"),
        ("channels.imessage.allowFrom.1", "groups"),
    }


def test_whoever_only_the_config_admits_is_an_error_that_says_where(cli: Gateway, places: Places) -> None:
    configure(places, {"allowFrom": [ALICE]})
    said = cli("pairing", "revoke", ALICE)
    assert (said.code, said.out) == (1, "")
    assert "channels.imessage.allowFrom.0" in said.err


def test_a_config_that_cannot_be_read_is_said_to_be_unknown(cli: Gateway, places: Places) -> None:
    configure(places)
    places.config.write_text("{broken")
    let_in(places)
    said = cli("pairing", "revoke", ALICE)
    assert said.code == 0
    assert "gateway config validate" in said.err


def owners(places: Places) -> frozenset[str]:
    return OwnerFile(places.gateway / "owners.json").read()


def test_an_owner_who_is_revoked_is_none_any_more(cli: Gateway, places: Places) -> None:
    cli("pairing", "approve", ask(places))
    assert owners(places) == {ALICE}
    said = cli("pairing", "revoke", ALICE)
    assert "they were the owner" in said.out
    assert "the next approval makes one" in said.out
    assert owners(places) == frozenset()


def test_an_owner_stays_one_when_another_account_was_meant(cli: Gateway, places: Places) -> None:
    cli("pairing", "approve", ask(places))
    assert cli("pairing", "revoke", ALICE, "--account", "work").code == 1
    assert owners(places) == {ALICE}


def test_an_owner_nobody_let_in_can_be_revoked(cli: Gateway, places: Places) -> None:
    """The approval was taken out of the file by hand: the ownership must not outlive it unseen."""
    cli("pairing", "approve", ask(places))
    for file in places.credentials.glob("*allowFrom.json"):
        file.unlink()
    said = cli("pairing", "revoke", ALICE, "--json")
    assert (said.code, said.json["wasOwner"], said.json["revoked"]) == (0, True, [])
    assert owners(places) == frozenset()


def test_where_it_cannot_be_noted_they_are_out_and_that_is_said(cli: Gateway, places: Places) -> None:
    let_in(places)
    places.gateway.mkdir()
    places.pairing_guard.write_text("{")
    said = cli("pairing", "revoke", ALICE)
    assert said.code == 0
    assert allowed(places) == frozenset()
    assert "gateway pairing import may let them in again" in said.err
    assert str(places.pairing_guard) in said.err
