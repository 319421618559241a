"""``gateway explain --row`` and ``--from``: the verdict about messages that never came, as the gateway would judge."""

from __future__ import annotations

import os
from typing import Any

import pytest

from actors.envelopes.facts import Appended
from actors.envelopes.inbound import Dropped
from config import Places
from tests.control.conftest import Gateway
from tests.control.explain.desk import Desk
from tests.support.rows import ANN, BEN, OWN, admit, inbound

INTERFACE = {
    "decision", "reason", "configKey", "flip", "rules", "session", "agent", "replyTarget", "wasMentioned",
    "commandAuthorized",
}  # fmt: skip


@pytest.fixture
def desk(places: Places) -> Desk:
    """A desk with a config that lists Ann."""
    one = Desk(places)
    one.configure()
    return one


def test_someone_on_the_list_is_admitted(desk: Desk, cli: Gateway) -> None:
    said = cli("explain", "--from", ANN, "--json")
    assert (said.code, said.err) == (0, "")
    told = said.json
    assert told.keys() >= INTERFACE
    assert {key: told[key] for key in INTERFACE - {"rules"}} == {
        "decision": "admit",
        "reason": None,
        "configKey": "channels.imessage.allowFrom",
        "flip": None,
        "session": "agent:main:main",
        "agent": "main",
        "replyTarget": f"imessage:{ANN}",
        "wasMentioned": True,
        "commandAuthorized": True,
    }
    assert told["rules"][0] == {"rule": "payload", "result": "pass"}
    assert told["rules"][-1]["result"].startswith("admit")
    assert (told["account"], told["sender"], told["isGroup"]) == ("default", ANN, False)
    assert told["message"]["text"] == "hello"


def test_a_refusal_names_its_rule_its_key_and_what_would_flip_it(desk: Desk, cli: Gateway) -> None:
    told = cli("explain", "--from", BEN, "--json").json
    assert (told["decision"], told["reason"]) == ("drop", "dmPolicy blocked")
    assert told["configKey"] == "channels.imessage.allowFrom"
    assert BEN in told["flip"]
    assert told["replyTarget"] is None
    assert told["session"] == "agent:main:main"
    assert [one["result"] for one in told["rules"][:-1]] == ["pass"] * (len(told["rules"]) - 1)
    assert "dmPolicy blocked" in told["rules"][-1]["result"]


def test_doing_what_the_hint_says_flips_the_verdict(desk: Desk, cli: Gateway) -> None:
    desk.configure(allowFrom=[ANN, BEN])
    assert cli("explain", "--from", BEN, "--json").json["decision"] == "admit"


def test_a_stranger_is_challenged_until_approved(desk: Desk, cli: Gateway) -> None:
    desk.configure(dmPolicy="pairing", allowFrom=[])
    told = cli("explain", "--from", "+1 (555) 444-5555", "--json").json
    assert (told["decision"], told["reason"]) == ("challenge", "pairing required")
    assert (told["sender"], told["replyTarget"]) == (BEN, f"imessage:{BEN}")
    desk.approve(BEN)
    assert cli("explain", "--from", BEN, "--json").json["decision"] == "admit"


def test_pairing_files_that_cannot_be_read_hold_the_message_and_are_named(desk: Desk, cli: Gateway) -> None:
    desk.configure(dmPolicy="pairing", allowFrom=[])
    desk.approve()
    (desk.places.credentials / "imessage-default-allowFrom.json").write_text("{")
    told = cli("explain", "--from", BEN, "--json").json
    assert (told["decision"], told["reason"]) == ("hold", "pairing store unreadable")
    assert "imessage-default-allowFrom.json" in " ".join(told["notes"])


def test_a_group_by_its_flag_or_by_its_key(desk: Desk, cli: Gateway) -> None:
    desk.configure(groups={"42": {"requireMention": False}, "*": {}})
    by_flag = cli("explain", "--from", ANN, "--chat-id", "7", "--group", "--json").json
    assert (by_flag["isGroup"], by_flag["session"]) == (True, "agent:main:imessage:group:7")
    by_key = cli("explain", "--from", ANN, "--chat-id", "42", "--json").json
    assert (by_key["isGroup"], by_key["session"], by_key["replyTarget"]) == (
        True,
        "agent:main:imessage:group:42",
        "chat_id:42",
    )
    direct = cli("explain", "--from", ANN, "--chat-id", "8", "--json").json
    assert (direct["isGroup"], direct["replyTarget"]) == (False, "chat_id:8")


def test_a_group_without_a_chat_id_is_refused_as_the_gateway_refuses_it(desk: Desk, cli: Gateway) -> None:
    told = cli("explain", "--from", ANN, "--group", "--json").json
    assert (told["decision"], told["reason"]) == ("drop", "group without chat_id")


def test_the_text_decides_about_mentions_and_empty_bodies(desk: Desk, cli: Gateway) -> None:
    desk.configure(blocks={"messages": {"groupChat": {"mentionPatterns": ["\\bpat\\b"]}}})
    words = ("explain", "--from", ANN, "--chat-id", "42", "--group", "--json")
    assert cli(*words).json["reason"] == "no mention"
    mentioned = cli(*words, "--text", "pat, hello").json
    assert (mentioned["decision"], mentioned["wasMentioned"]) == ("admit", True)
    assert cli("explain", "--from", ANN, "--text", " ", "--json").json["reason"] == "empty body"


def test_a_chat_the_journal_has_seen_lends_its_names(desk: Desk, cli: Gateway) -> None:
    desk.configure(groupPolicy="allowlist", groupAllowFrom=["chat_guid:iMessage;+;trip"])
    trip: dict[str, Any] = {
        "chat_guid": "iMessage;+;trip",
        "chat_identifier": "trip",
        "is_group": True,
        "chat_name": "Trip",
    }
    desk.live(Appended(inbound(1, 42, **trip), Dropped("no mention")), Appended(inbound(2, 7), admit()))
    told = cli("explain", "--from", BEN, "--chat-id", "42", "--json").json
    assert (told["decision"], told["isGroup"], told["message"]["chatName"]) == ("admit", True, "Trip")
    direct = cli("explain", "--from", f"imessage:{ANN}", "--json").json
    assert (direct["replyTarget"], direct["notes"]) == ("chat_id:7", [])


def test_a_message_to_oneself_is_from_us(desk: Desk, cli: Gateway) -> None:
    own: dict[str, Any] = {"sender": OWN, "chat_identifier": OWN, "destination_caller_id": OWN, "is_from_me": True}
    desk.live(Appended(inbound(1, 9, chat_guid=f"iMessage;-;{OWN}", **own), Dropped("from me")))
    told = cli("explain", "--from", OWN, "--json").json
    assert (told["decision"], told["reason"], told["message"]["isFromMe"]) == ("drop", "from me", True)
    desk.configure(allowFrom=[OWN])
    assert cli("explain", "--from", OWN, "--json").json["decision"] == "admit"


def test_each_account_judges_by_its_own_rules(desk: Desk, cli: Gateway) -> None:
    accounts = {"home": {"allowFrom": [BEN], "dbPath": "/home.db"}, "off": {"enabled": False}}
    desk.configure(accounts=accounts, defaultAccount="home")
    assert cli("explain", "--from", BEN, "--json").json["account"] == "home"
    assert cli("explain", "--from", BEN, "--account", "HOME", "--json").json["decision"] == "admit"
    off = cli("explain", "--from", ANN, "--account", "off", "--json").json
    assert (off["decision"], "does not run" in off["notes"][-1]) == ("admit", True)
    unknown = cli("explain", "--from", BEN, "--account", "nobody")
    assert unknown.code == 1
    assert "home" in unknown.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("last", "--from", ANN), 2),
        (("--row", "-", "--from", ANN), 2),
        (("last", "--text", "hi"), 2),
        (("last", "--at", "2026-01-01"), 2),
        (("last", "--account", "home"), 2),
        (("--row", "-", "--group"), 2),
        (("--row", "-", "--chat-id", "4"), 2),
        (("--from", ANN, "--chat-id", "0"), 2),
        (("--from", ANN, "--chat-id", "x"), 2),
        (("--from", ANN, "--at", "tomorrow"), 2),
        (("--row", "/nowhere/row.json"), 1),
        (("--row", "/"), 1),
        (("--row", os.devnull), 1),
    ],
)
def test_wrong_words_and_files_are_named(desk: Desk, cli: Gateway, words: tuple[str, ...], code: int) -> None:
    said = cli("explain", *words, "--json")
    assert (said.code, said.out) == (code, "")
    assert said.err


def test_an_invalid_config_judges_nothing(desk: Desk, cli: Gateway) -> None:
    desk.configure(dmPolicy="everyone")
    said = cli("explain", "--from", ANN)
    assert (said.code, said.out) == (78, "")
    assert "channels.imessage.dmPolicy" in said.err


def test_a_config_without_the_channel_judges_nothing(desk: Desk, cli: Gateway) -> None:
    desk.places.config.write_text("{}")
    said = cli("explain", "--from", ANN)
    assert said.code == 1
    assert "channels.imessage" in said.err


def test_a_journal_that_cannot_be_read_is_a_note(desk: Desk, cli: Gateway) -> None:
    desk.places.gateway.mkdir(parents=True)
    desk.places.journal.write_text("no database at all, but long enough to be read as one " * 20)
    told = cli("explain", "--from", ANN, "--json").json
    assert told["decision"] == "admit"
    assert "judged without the journal" in told["notes"][0]


def test_nothing_is_written(desk: Desk, cli: Gateway) -> None:
    before = sorted(desk.places.state.rglob("*"))
    cli("explain", "--from", BEN, "--json")
    assert sorted(desk.places.state.rglob("*")) == before
