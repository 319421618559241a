"""``pairing deny``: the request is gone, and there is no new code for a day."""

from __future__ import annotations

import time

import pytest

from actors.pairing.guard_file import PairingGuard
from config import Places
from tests.control.conftest import Gateway
from tests.control.pairing_support import ALICE, BOB, allowed, ask, let_in, waiting

DAY = 24 * 3600.0


def why_not(places: Places, who: str, after: float = 0.0, account: str = "default") -> str:
    """Why ``who`` gets no code so many seconds from now."""
    guard = PairingGuard(places.gateway / "pairing-guard.json", time.time, time.sleep)
    return guard.may_challenge(account, who, time.time() + after)


@pytest.mark.parametrize("word", ["CODE", "code", ALICE, "(555) 000-1111"])
def test_by_code_or_by_handle(cli: Gateway, places: Places, word: str) -> None:
    code = ask(places)
    ask(places, BOB)
    said = cli("pairing", "deny", "imsg", {"CODE": code, "code": code.lower()}.get(word, word))
    assert (said.code, said.err) == (0, "")
    assert f"denied imessage {ALICE} (account default)" in said.out
    assert "no new code for a day" in said.out
    assert waiting(places) == [BOB]
    assert why_not(places, ALICE, DAY - 60)
    assert not why_not(places, ALICE, DAY + 60)
    assert not why_not(places, BOB)
    assert cli("pairing", "approve", code).code == 1


def test_json_is_one_value(cli: Gateway, places: Places) -> None:
    code = ask(places)
    said = cli("pairing", "deny", code, "--json")
    assert said.json == {"channel": "imessage", "denied": [{"id": ALICE, "account": "default", "code": code}]}


def test_a_handle_is_denied_in_every_account_unless_one_is_named(cli: Gateway, places: Places) -> None:
    for account in ("default", "work", "other"):
        ask(places, BOB, account)
    assert len(cli("pairing", "deny", BOB, "--account", "work", "--json").json["denied"]) == 1
    assert len(cli("pairing", "deny", BOB, "--json").json["denied"]) == 2
    assert waiting(places) == []
    assert all(why_not(places, BOB, account=account) for account in ("default", "work", "other"))


def test_nobody_who_asks_is_an_error_and_nothing_is_remembered(cli: Gateway, places: Places) -> None:
    ask(places)
    for words in (("ABCDEFGH",), (BOB,), (ALICE, "--account", "work")):
        said = cli("pairing", "deny", *words)
        assert (said.code, said.out) == (1, "")
        assert f"no pending pairing request for {words[0]}" in said.err
    assert not why_not(places, BOB)
    assert waiting(places) == [ALICE]


def test_who_was_let_in_is_to_be_revoked(cli: Gateway, places: Places) -> None:
    let_in(places)
    said = cli("pairing", "deny", ALICE)
    assert said.code == 1
    assert "gateway pairing revoke" in said.err
    assert allowed(places) == {ALICE}


def test_a_denial_says_how_to_let_them_in_all_the_same(cli: Gateway, places: Places) -> None:
    ask(places)
    assert "add them to channels.imessage.allowFrom" in cli("pairing", "deny", ALICE).out
    said = cli("pairing", "approve", ALICE)
    assert said.code == 1
    assert "they were denied, and get no code for a day" in said.err
    assert "channels.imessage.allowFrom lets them in at once" in said.err
    assert "denied" not in cli("pairing", "approve", BOB).err


def test_a_revocation_takes_no_denial_back(cli: Gateway, places: Places) -> None:
    ask(places)
    cli("pairing", "deny", ALICE)
    cli("pairing", "revoke", ALICE)
    assert why_not(places, ALICE)
