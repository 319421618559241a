"""``pairing list`` and ``pairing approve``."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from actors.pairing.store import PairingStore
from config import Places
from tests.control.builders import gateway
from tests.control.conftest import Gateway, Serve

ALICE, BOB = "+15550001111", "bob@example.com"


@pytest.fixture
def store(places: Places) -> PairingStore:
    """The store the command line works on."""
    return PairingStore(places.credentials)


def ask(store: PairingStore, who: str = ALICE, account: str = "default") -> str:
    """``who`` asks for access; the code."""
    code, created = store.challenge(account, who, time.time(), {"sender": "Alice [red]\x1b"})
    assert created
    return code


def test_requests_are_listed(cli: Gateway, store: PairingStore) -> None:
    code = ask(store)
    said = cli("pairing", "list", "--json")
    assert said.code == 0
    assert said.json.keys() == {"channel", "requests"}
    assert said.json["channel"] == "imessage"
    (found,) = said.json["requests"]
    assert (found["id"], found["code"]) == (ALICE, code)
    assert found["createdAt"].endswith("Z")
    assert found["meta"]["accountId"] == "default"
    shown = cli("pairing", "list").out
    assert code in shown
    assert "Alice [red]\\x1b" in shown


def test_without_requests_one_line_names_the_channel(cli: Gateway) -> None:
    assert cli("pairing", "list").out == "no pending pairing requests for imessage\n"
    assert cli("pairing", "list", "imessage", "--json").json == {"channel": "imessage", "requests": []}


def test_account_picks_its_requests(cli: Gateway, store: PairingStore) -> None:
    ask(store)
    ask(store, BOB, "work")
    assert len(cli("pairing", "list", "--json").json["requests"]) == 2
    (found,) = cli("pairing", "list", "--account", "Work", "--json").json["requests"]
    assert found["id"] == BOB


FORMS = [
    ("CODE",),
    ("imessage", "CODE"),
    ("imsg", "CODE"),
    ("iMessage", "code"),
    ("--channel", "imessage", "CODE"),
    ("CODE", "--channel", "imsg"),
    ("imessage", "CODE", "--channel", "imessage"),
]


@pytest.mark.parametrize("form", FORMS)
def test_every_way_to_write_it_approves(cli: Gateway, store: PairingStore, form: tuple[str, ...]) -> None:
    code = ask(store)
    words = [{"CODE": code, "code": code.lower()}.get(word, word) for word in form]
    said = cli("pairing", "approve", *words)
    assert (said.code, said.err) == (0, "")
    assert f"approved imessage {ALICE} (account default)" in said.out
    assert store.allowed("default") == {ALICE}
    assert store.requests(now=time.time()) == ()


def test_json_names_the_files(cli: Gateway, store: PairingStore) -> None:
    said = cli("pairing", "approve", ask(store), "--json")
    assert said.json["id"] == ALICE
    assert said.json["account"] == "default"
    assert json.loads(Path(said.json["store"]).read_text())["allowFrom"] == [ALICE]


def test_approve_in_another_account_finds_nothing(cli: Gateway, store: PairingStore) -> None:
    code = ask(store)
    said = cli("pairing", "approve", code, "--account", "work")
    assert (said.code, said.out) == (1, "")
    assert f"no pending pairing request for code {code} in account work" in said.err
    assert cli("pairing", "approve", code, "--account", "default").code == 0


def test_an_unknown_code_is_an_error_that_names_the_store(cli: Gateway, store: PairingStore) -> None:
    said = cli("pairing", "approve", "ZZZZ\x1bZZZ", "--json")
    assert (said.code, said.out) == (1, "")
    assert str(store.pending_file) in said.err
    assert "\x1b" not in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("approve", "imessage", "ABCDEFGH", "more"),
        ("approve", "telegram", "ABCDEFGH"),
        ("approve", "ABCDEFGH", "--channel", "telegram"),
        ("approve", "imessage"),
        ("approve", "ABCDEFGH", "--account", " "),
        ("list", "telegram"),
        ("list", "imessage", "more"),
        ("list", "--account", ""),
    ],
)
def test_what_names_nothing_is_wrong_usage(cli: Gateway, words: tuple[str, ...]) -> None:
    said = cli("pairing", *words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("gateway: ")


def test_a_running_gateway_is_told(cli: Gateway, store: PairingStore, serve: Serve) -> None:
    poked = threading.Event()
    serve(gateway(poke={"pairing-changed": poked.set}))
    assert cli("pairing", "approve", ask(store)).code == 0
    assert poked.is_set()


def test_a_gateway_that_cannot_be_told_is_only_a_remark(cli: Gateway, store: PairingStore, serve: Serve) -> None:
    serve(gateway())
    said = cli("pairing", "approve", ask(store))
    assert said.code == 0
    assert "could not be told" in said.err
    assert store.allowed("default") == {ALICE}


def test_a_store_that_cannot_be_read_is_not_empty(cli: Gateway, store: PairingStore) -> None:
    store.folder.mkdir(parents=True)
    store.pending_file.write_text("{broken")
    for words in (("list", "--json"), ("approve", "ABCDEFGH")):
        said = cli("pairing", *words)
        assert (said.code, said.out) == (1, "")
        assert str(store.pending_file) in said.err
    assert store.pending_file.read_text() == "{broken"
