"""``pairing list``, and the words all pairing verbs share."""

from __future__ import annotations

import threading

import pytest

from config import Places
from tests.control.builders import gateway
from tests.control.conftest import Gateway, Serve
from tests.control.pairing_support import ALICE, BOB, allowed, ask, configure, let_in, waiting


def test_requests_and_the_people_let_in_are_listed(cli: Gateway, places: Places) -> None:
    code = ask(places, sender="Alice [red]\x1b")
    let_in(places, BOB, "work")
    said = cli("pairing", "list", "--json")
    assert said.code == 0
    assert said.json["channel"] == "imessage"
    (found,) = said.json["requests"]
    assert (found["id"], found["code"]) == (ALICE, code)
    assert found["createdAt"].endswith("Z")
    assert found["meta"]["accountId"] == "default"
    assert said.json["approved"] == [{"id": BOB, "account": "work", "owner": False}]
    shown = cli("pairing", "list").out
    assert code in shown
    assert "Alice [red]\\x1b" in shown
    assert BOB in shown
    assert "gateway pairing revoke HANDLE" in shown


def test_without_requests_one_line_names_the_channel(cli: Gateway) -> None:
    assert cli("pairing", "list").out == "no pending pairing requests for imessage\n"
    nothing = {"channel": "imessage", "requests": [], "approved": []}
    assert cli("pairing", "list", "imessage", "--json").json == nothing


def test_account_picks_its_requests_and_its_people(cli: Gateway, places: Places) -> None:
    ask(places)
    let_in(places, BOB, "work")
    ask(places, "carol@example.com", "work")
    everybody = cli("pairing", "list", "--json").json
    assert len(everybody["requests"]) == 2
    work = cli("pairing", "list", "--account", "Work", "--json").json
    assert [one["id"] for one in work["requests"]] == ["carol@example.com"]
    assert [one["id"] for one in work["approved"]] == [BOB]
    assert cli("pairing", "list", "--account", "default", "--json").json["approved"] == []


def test_the_owner_is_marked(cli: Gateway, places: Places) -> None:
    """Whoever was let in first, as long as the config names nobody else."""
    assert cli("pairing", "approve", ask(places)).code == 0
    assert cli("pairing", "list", "--json").json["approved"][0]["owner"] is True
    configure(places, commands={"ownerAllowFrom": [BOB]})
    assert cli("pairing", "list", "--json").json["approved"][0]["owner"] is False
    configure(places, commands={"ownerAllowFrom": ["+1 (555) 000-1111"]})
    assert cli("pairing", "list", "--json").json["approved"][0]["owner"] is True


@pytest.mark.parametrize(
    "words",
    [
        ("approve", "imessage", "ABCDEFGH", "more"),
        ("approve", "telegram", "ABCDEFGH"),
        ("approve", "ABCDEFGH", "--channel", "telegram"),
        ("approve", "telegram", "ABCDEFGH", "--channel", "imessage"),
        ("approve", "imessage"),
        ("approve", " "),
        ("approve", "ABCDEFGH", "--account", " "),
        ("list", "telegram"),
        ("list", "imessage", "more"),
        ("list", "--account", ""),
        ("revoke", "imessage"),
        ("revoke", "chat_id:7"),
        ("revoke", "*"),
        ("revoke", ALICE, "--account", " "),
        ("deny", "imessage"),
        ("deny", "telegram", ALICE),
        ("deny", "ABCDEFGH", "--account", ""),
        ("import", "--account", " "),
    ],
)
def test_what_names_nothing_is_wrong_usage(cli: Gateway, words: tuple[str, ...]) -> None:
    said = cli("pairing", *words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("gateway: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("verb", ["list", "approve", "revoke", "deny", "import"])
def test_every_verb_explains_itself(cli: Gateway, verb: str) -> None:
    said = cli("pairing", verb, "--help")
    assert (said.code, said.err) == (0, "")
    assert f"usage: gateway pairing {verb}" in said.out


def test_a_running_gateway_is_told_of_every_change(cli: Gateway, places: Places, serve: Serve) -> None:
    poked = threading.Event()
    serve(gateway(poke={"pairing-changed": poked.set}))
    code, other = ask(places), ask(places, BOB)
    for words in (("approve", code), ("revoke", ALICE), ("deny", other)):
        assert cli("pairing", *words).code == 0
        assert poked.is_set(), words
        poked.clear()


def test_a_gateway_that_cannot_be_told_is_only_a_remark(cli: Gateway, places: Places, serve: Serve) -> None:
    serve(gateway())
    said = cli("pairing", "approve", ask(places))
    assert said.code == 0
    assert "could not be told" in said.err
    assert allowed(places) == {ALICE}


def test_a_store_that_cannot_be_read_is_not_empty(cli: Gateway, places: Places) -> None:
    pending = places.credentials / "imessage-pairing.json"
    pending.parent.mkdir(parents=True)
    pending.write_text("{broken")
    for words in (("list", "--json"), ("approve", "ABCDEFGH"), ("deny", "ABCDEFGH")):
        said = cli("pairing", *words)
        assert (said.code, said.out) == (1, "")
        assert str(pending) in said.err
    assert pending.read_text() == "{broken"


def test_files_that_belong_to_no_account_are_passed_over(cli: Gateway, places: Places) -> None:
    let_in(places, BOB, "work")
    for name in ("imessage- -allowFrom.json", "imessage--allowFrom.json", "telegram-work-allowFrom.json"):
        (places.credentials / name).write_text('{"version": 1, "allowFrom": ["+15550009999"]}')
    assert [one["id"] for one in cli("pairing", "list", "--json").json["approved"]] == [BOB]


def test_an_approval_file_that_cannot_be_read_is_not_empty(cli: Gateway, places: Places) -> None:
    let_in(places, BOB, "work")
    file = places.credentials / "imessage-work-allowFrom.json"
    file.write_text("[]")
    for words in (("list",), ("revoke", BOB)):
        said = cli("pairing", *words)
        assert (said.code, said.out) == (1, "")
        assert str(file) in said.err
    assert waiting(places) == []
