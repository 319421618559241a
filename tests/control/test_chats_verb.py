"""``gateway chats`` over a gateway that asks its live children."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from actors.control import operations
from actors.control.chat_lists import MOST
from actors.control.client import ControlError, request
from actors.control.inbox import Done, Question
from actors.control.view import AccountView
from actors.envelopes.facts import Appended
from actors.envelopes.link import Answer
from actors.rpc.capabilities import from_initialize
from actors.rpc.health import LinkHealth, Problem
from config import Places
from tests.control.builders import JournalOnDisk, Told, account, gateway
from tests.control.conftest import Gateway, Serve
from tests.control.explain.desk import Desk
from tests.support.rows import ANN, BEN, OWN, admit, inbound

CHATS = [
    {"id": 42, "guid": "iMessage;+;chat1", "identifier": "chat1", "name": "Fam\x1bily", "participants": [ANN, BEN]},
    {"id": 7, "guid": f"iMessage;-;{ANN}", "identifier": ANN, "name": "", "service": "iMessage", "is_group": False},
]
ECHO = 'agents: {list: [{id: "main", runtime: {type: "echo"}}]}'


def configure(places: Places, channel: str = f'allowFrom: ["{ANN}"]') -> None:
    """Write a config with this channel block and the echo agent, long ago."""
    places.state.mkdir(parents=True, exist_ok=True)
    places.config.write_text(f"{{channels: {{imessage: {{{channel}}}}}, {ECHO}}}")
    os.utime(places.config, (1.0, 1.0))


def answers(**answer: Any) -> Told:
    """Children that answer so to everything, from a thread of their own."""
    told = Told()
    values = {"result": None, "error": None, **answer}

    def on_call(_: str, done: Done) -> None:
        threading.Thread(target=done, args=(Answer(None, **values),)).start()

    told.on_call = on_call
    return told


@pytest.fixture(autouse=True)
def one_journal(journal: JournalOnDisk) -> JournalOnDisk:
    """The gateway of these tests has a journal."""
    return journal


def test_a_running_gateway_asks_its_child(cli: Gateway, serve: Serve, places: Places) -> None:
    configure(places)
    told = answers(result={"chats": [*CHATS, {"id": None}, "nonsense"]})
    serve(gateway(told=told))
    said = cli("chats", "--limit", "5", "--json")
    assert (said.code, said.err) == (0, "")
    assert told.called == [("default", Question("chats.list", {"limit": 5}, 10.0, 12.0))]
    group, direct = said.json["chats"]
    assert said.json["accounts"] == [{"id": "default", "where": "gateway"}]
    assert (group["id"], group["isGroup"], group["session"]) == (42, True, "agent:main:imessage:group:42")
    assert (direct["id"], direct["participants"], direct["policy"]["decision"]) == (7, [ANN], "admit")
    assert [one["decision"] for one in group["policy"]["speakers"]] == ["admit", "drop"]


def test_people_see_ids_names_and_what_becomes_of_a_message(
    cli: Gateway, serve: Serve, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.control.tables.WIDE", 80)
    configure(places)
    stranger = {"id": 9, "guid": f"iMessage;-;{BEN}", "identifier": BEN, "contact_name": "Ben", "is_group": False}
    serve(gateway(told=answers(result={"chats": [*CHATS, stranger]})))
    said = cli("chats")
    assert (said.code, said.err) == (0, "")
    assert max(map(len, said.out.splitlines()[:5])) <= 80
    for words in (
        "Fam\\x1bily",
        "admit 1 of 2",
        f"Ben ({BEN})",
        f"42: only {ANN} may speak",
        "challenge in 9: pairing required (channels.imessage.dmPolicy)",
        f'approve the pairing request of "{BEN}"',
        'groups: {"42": {}}, or "chat_id:42" in allowFrom or groupAllowFrom',
    ):
        assert words in said.out
    assert [line.split()[0] for line in said.out.splitlines()[2:5]] == ["42", "7", "9"]
    assert "account" not in said.out


def test_an_empty_messages_has_no_chats(cli: Gateway, serve: Serve, places: Places) -> None:
    configure(places)
    serve(gateway(told=answers(result={"chats": []})))
    assert (cli("chats", "--json").json["chats"], cli("chats").out) == ([], "imsg lists no conversations\n")


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ({"error": {"code": -32002, "message": "Database unavailable", "data": {"detail": "denied"}}}, None, "denied"),
        ({"error": {"code": -32603, "data": "authorization denied (code: 14)"}}, "no-disk-access", "Full Disk Access"),
        ({"lost": True, "started": False}, "exited", "imsg ended before it answered"),
        ({"late": True}, "hanging", "does not answer (chats.list)"),
        ({"result": {"value": None}}, "no-rpc", "without a list of chats"),
    ],
)
def test_a_child_that_lists_nothing_says_why_and_what_helps(
    cli: Gateway, serve: Serve, places: Places, answer: dict[str, Any], code: str | None, words: str
) -> None:
    configure(places)
    serve(gateway(told=answers(**answer)))
    said = cli("chats", "--json")
    assert (said.code, said.json["chats"]) == (1, [])
    [one] = said.json["accounts"]
    assert one["error"]["code"] == (code or "database-unreadable")
    assert words in one["error"]["reason"]
    shown = cli("chats")
    assert (shown.code, shown.out) == (1, "")
    assert words in shown.err
    assert "remedy: " in shown.err


def test_a_child_that_is_down_is_not_asked(cli: Gateway, serve: Serve, places: Places) -> None:
    configure(places)
    told = Told()
    serve(gateway(account(state="down"), told=told))
    said = cli("chats")
    assert (said.code, told.called) == (1, [])
    assert "account default could not be asked: down reason\n  remedy: do\n" in said.err


def test_a_child_nobody_can_ask_just_now_is_told(cli: Gateway, serve: Serve, places: Places) -> None:
    configure(places)
    told = Told()
    told.alive = False
    serve(gateway(told=told))
    said = cli("chats")
    assert (said.code, "just now" in said.err, "gateway logs" in said.err) == (1, True, True)


def test_a_child_that_ends_meanwhile_tells_by_its_health(cli: Gateway, serve: Serve, places: Places) -> None:
    configure(places)
    told, health = Told(), LinkHealth(None)

    def ends(_: str, done: Done) -> None:
        health.reading = Problem("no-disk-access", "no access", "give it access")
        done(Answer(None, None, None, lost=True))

    told.on_call = ends
    serve(gateway(AccountView("default", None, True, 1, "imsg", health), told=told))
    assert cli("chats", "--json").json["accounts"][0]["error"] == {
        "code": "no-disk-access",
        "reason": "no access",
        "remedy": "give it access",
    }


def test_a_send_that_is_in_the_way_is_told(
    cli: Gateway, serve: Serve, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "GRACE_SECONDS", 0.05)
    configure(places)
    told, health = Told(), LinkHealth(None, busy=1)
    told.on_call = lambda _, done: done(None)
    serve(gateway(AccountView("default", None, True, 1, "imsg", health, patience=0.05), told=told))
    said = cli("chats")
    assert (said.code, "imsg is at a send" in said.err) == (1, True)
    assert "whether Messages may be controlled" in said.err
    health.capabilities = from_initialize({"version": "0.15.9"})
    assert "does not answer (chats.list)" in cli("chats").err, "reads have a lane of their own"


def test_without_any_call_back_the_wait_ends_all_the_same(
    cli: Gateway, serve: Serve, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "GRACE_SECONDS", 0.05)
    configure(places)
    serve(gateway(AccountView("default", None, True, 1, "imsg", LinkHealth(None), patience=0.05)))
    assert cli("chats", "--json").json["accounts"][0]["error"]["code"] == "hanging"


def test_one_account_that_fails_stands_beside_those_that_answered(cli: Gateway, serve: Serve, places: Places) -> None:
    configure(places, f'allowFrom: ["{ANN}"], accounts: {{work: {{dbPath: "/w"}}, gone: {{enabled: false}}}}')
    accounts = account("default", "down"), account("work"), account("new"), account("off", "down", enabled=False)
    told = answers(result={"chats": CHATS[:1]})
    serve(gateway(*accounts, told=told))
    said = cli("chats", "--json")
    assert (said.code, [name for name, _ in told.called]) == (0, ["work", "new"])
    assert [(one["id"], "error" in one) for one in said.json["accounts"]] == [
        ("default", True),
        ("work", False),
        ("new", False),
    ]
    work, new = said.json["chats"]
    assert (work["account"], work["policy"]["decision"]) == ("work", "admit")
    assert (new["account"], new["policy"]) == ("new", None), "the config does not know it"
    shown = cli("chats")
    assert "account default could not be asked: down reason" in shown.out
    assert f"work 42: only {ANN} may speak" in shown.out


def test_one_account_can_be_asked_alone(cli: Gateway, serve: Serve, places: Places) -> None:
    configure(places, 'accounts: {work: {dbPath: "/w"}, off: {enabled: false}}')
    told = answers(result={"chats": []})
    serve(gateway(account(), account("work"), account("off", "down", enabled=False), told=told))
    assert (cli("chats", "--account", "Work").code, [name for name, _ in told.called]) == (0, ["work"])
    assert cli("chats", "--account", "off", "--json").json["accounts"][0]["error"]["reason"] == "down reason"
    unknown = cli("chats", "--account", "wrok")
    assert (unknown.code, "There are: " in unknown.err, "work" in unknown.err) == (1, True, True)
    with pytest.raises(ControlError, match="gateway channels list"):
        request(places, {"do": "chats", "account": "wrok", "limit": 5})


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", str(MOST + 1), "9" * 30, "\u0663"])
def test_a_limit_is_a_number_from_1(cli: Gateway, limit: str) -> None:
    said = cli("chats", f"--limit={limit}")
    assert (said.code, said.out) == (2, "")
    assert "from 1 to 5000" in said.err


def test_the_gateway_checks_what_it_is_asked(serve: Serve, places: Places) -> None:
    serve(gateway())
    for limit in (0, MOST + 1, -5):
        with pytest.raises(ControlError, match="from 1 to 5000"):
            request(places, {"do": "chats", "account": None, "limit": limit})
    for wrong in ({"limit": "5"}, {"account": 5}, {"account": None}):
        with pytest.raises(ControlError, match="unknown request"):
            request(places, {"do": "chats", **wrong})


def test_without_an_enabled_account_there_is_nobody_to_ask(cli: Gateway, serve: Serve, places: Places) -> None:
    configure(places, "enabled: false")
    asked = cli("chats", "--json")
    serve(gateway(account("default", "down", enabled=False)))
    for said in (asked, cli("chats", "--json")):
        assert (said.code, said.json) == (1, {"chats": [], "accounts": []})
        assert "gateway channels list" in said.err


def test_a_config_that_is_not_valid_ends_with_78(cli: Gateway, places: Places) -> None:
    configure(places, "cliPth: 1")
    said = cli("chats")
    assert (said.code, said.out) == (78, "")
    assert "gateway config validate" in said.err


def test_a_config_the_gateway_does_not_go_by_is_remarked_upon(cli: Gateway, serve: Serve, places: Places) -> None:
    configure(places)
    serve(gateway(told=answers(result={"chats": []})))
    assert cli("chats", "--json").err == ""
    places.config.write_text("// mine\n" + places.config.read_text())
    said = cli("chats", "--json")
    assert (said.code, "does not go by the config file as it is now" in said.err) == (0, True)


def test_the_chat_with_oneself_is_known_by_the_journal(
    cli: Gateway, serve: Serve, places: Places, journal: JournalOnDisk
) -> None:
    configure(places, 'dbPath: "/db"')
    serve(gateway(told=answers(result={"chats": [{**CHATS[1], "guid": f"iMessage;-;{OWN}", "identifier": OWN}]})))
    assert cli("chats", "--json").json["chats"][0]["policy"]["decision"] == "challenge"
    journal.run("UPDATE source SET identity = '/db'")
    Desk(places).live(Appended(inbound(destination_caller_id=OWN), admit()))
    policy = cli("chats", "--json").json["chats"][0]["policy"]
    assert (policy["decision"], policy["reason"]) == ("drop", "from me")
    assert OWN in policy["flip"]
    places.journal.write_text("no database " * 100)
    said = cli("chats", "--json")
    assert (said.code, said.json["chats"][0]["policy"]["decision"]) == (0, "challenge")
    assert "judged without the journal" in said.err


def test_an_unreadable_pairing_store_is_remarked_upon(cli: Gateway, serve: Serve, places: Places) -> None:
    configure(places, "")
    places.credentials.mkdir(parents=True)
    (places.credentials / "imessage-allowFrom.json").write_text("{")
    serve(gateway(told=answers(result={"chats": CHATS[1:]})))
    said = cli("chats", "--json")
    assert said.json["chats"][0]["policy"]["reason"] == "pairing store unreadable"
    assert "imessage-allowFrom.json" in said.err
