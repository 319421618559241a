"""``pairing approve``: who gets in, who becomes the owner, what is said when it does not work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.pairing.owners import OwnerFile
from config import Places
from tests.control.conftest import Gateway
from tests.control.pairing_support import ALICE, BOB, allowed, ask, configure, waiting

FORMS = [
    ("CODE",),
    ("imessage", "CODE"),
    ("imsg", "CODE"),
    ("iMessage", "code"),
    ("--channel", "imessage", "CODE"),
    ("CODE", "--channel", "imsg"),
    ("imessage", "CODE", "--channel", "imessage"),
    (" code ",),
]


@pytest.mark.parametrize("form", FORMS)
def test_every_way_to_write_it_approves(cli: Gateway, places: Places, form: tuple[str, ...]) -> None:
    code = ask(places)
    words = [word.replace("CODE", code).replace("code", code.lower()) for word in form]
    said = cli("pairing", "approve", *words)
    assert said.code == 0
    assert f"approved imessage {ALICE} (account default)" in said.out
    assert allowed(places) == {ALICE}
    assert waiting(places) == []


def test_json_names_the_files(cli: Gateway, places: Places) -> None:
    said = cli("pairing", "approve", ask(places), "--json")
    assert (said.json["channel"], said.json["id"], said.json["account"]) == ("imessage", ALICE, "default")
    assert json.loads(Path(said.json["store"]).read_text())["allowFrom"] == [ALICE]
    assert said.json["store"] == said.json["files"][0]
    assert said.json["notified"] is None


def test_approve_in_another_account_finds_nothing(cli: Gateway, places: Places) -> None:
    code = ask(places)
    said = cli("pairing", "approve", code, "--account", "work")
    assert (said.code, said.out) == (1, "")
    assert f"no pending pairing request for code {code} in account work" in said.err
    assert cli("pairing", "approve", code, "--account", "default").code == 0


def test_an_unknown_code_is_an_error_that_names_the_store(cli: Gateway, places: Places) -> None:
    said = cli("pairing", "approve", "ZZZZ\x1bZZZ", "--json")
    assert (said.code, said.out) == (1, "")
    assert str(places.credentials / "imessage-pairing.json") in said.err
    assert "gateway pairing list" in said.err
    assert "\x1b" not in said.err


def owners(places: Places) -> frozenset[str]:
    return OwnerFile(places.gateway / "owners.json").read()


def test_the_first_one_let_in_becomes_the_owner_and_is_told_how_to_stay_it(cli: Gateway, places: Places) -> None:
    first = cli("pairing", "approve", ask(places))
    assert "owner" in first.out
    assert "commands.ownerAllowFrom" in first.out
    assert str(places.config) in first.out
    second = cli("pairing", "approve", ask(places, BOB), "--json")
    assert second.json["owner"] is False
    assert owners(places) == {ALICE}


def test_an_owner_named_in_the_config_stays_the_only_one(cli: Gateway, places: Places) -> None:
    configure(places, commands={"ownerAllowFrom": ["+15550009999"]})
    said = cli("pairing", "approve", ask(places))
    assert "owner" not in said.out
    assert owners(places) == frozenset()


def test_a_config_that_cannot_be_read_makes_no_owner(cli: Gateway, places: Places) -> None:
    """It may name one."""
    configure(places)
    places.config.write_text("{broken")
    said = cli("pairing", "approve", ask(places), "--json")
    assert (said.code, said.json["owner"]) == (0, False)
    assert "gateway config validate" in said.err
    assert owners(places) == frozenset()
    assert allowed(places) == {ALICE}


def test_an_approval_that_counts_for_nothing_is_remarked_upon(cli: Gateway, places: Places) -> None:
    """The pairing store counts only under ``dmPolicy: pairing``; an account nobody configured answers nobody."""
    configure(places, {"dmPolicy": "allowlist", "allowFrom": [BOB]})
    said = cli("pairing", "approve", ask(places))
    assert said.code == 0
    assert "channels.imessage.dmPolicy" in said.err
    said = cli("pairing", "approve", ask(places, BOB, "work"))
    assert said.code == 0
    assert "no account work" in said.err


def test_five_wrong_codes_end_the_requests_they_were_tried_on(cli: Gateway, places: Places) -> None:
    code = ask(places)
    wrong = ["ABCDEFGH", "ABCDEFGJ", "ABCDEFGK", "ABCDEFGL", "ABCDEFGM"]
    said = [cli("pairing", "approve", one) for one in wrong if one != code]
    assert {one.code for one in said} == {1}
    assert ALICE in said[-1].err
    assert cli("pairing", "approve", code).code == 1
    assert waiting(places) == []
    assert allowed(places) == frozenset()


def test_ten_wrong_codes_lock_approvals_and_the_right_one_waits_too(cli: Gateway, places: Places) -> None:
    for number in range(10):
        cli("pairing", "approve", f"ABCDEF{'23456789ZY'[number]}Z")
    said = cli("pairing", "approve", ask(places), "--json")
    assert (said.code, said.out) == (1, "")
    assert "locked until" in said.err
    assert "wrong codes" in said.err
    assert allowed(places) == frozenset()
    assert waiting(places) == [ALICE]
