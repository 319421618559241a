"""The words of the pairing verbs: what their usage says, and what is said of words that do not fit."""

from __future__ import annotations

import time

import pytest

from actors.pairing.guard_file import PairingGuard
from config import Places
from tests.control.conftest import Gateway
from tests.control.pairing_support import ALICE, BOB, allowed, ask, configure, let_in, waiting


@pytest.mark.parametrize(
    ("verb", "words"),
    [("approve", "[imessage] CODE|HANDLE"), ("deny", "[imessage] CODE|HANDLE"), ("revoke", "[imessage] HANDLE")],
)
def test_the_usage_ends_with_the_one_thing_that_is_named(cli: Gateway, verb: str, words: str) -> None:
    said = cli("pairing", verb, "--help")
    (usage,) = [line for line in said.out.splitlines() if line.startswith("usage:")]
    assert usage == f"usage: gateway pairing {verb} [-h] " + usage.split("[-h] ")[1]
    assert usage.endswith(f"[--json] {words}")
    none = cli("pairing", verb)
    assert none.code == 2
    assert words in none.err


@pytest.mark.parametrize("verb", ["approve", "deny", "revoke"])
@pytest.mark.parametrize("words", [("AAAAAAAA", "BBBBBBBB"), ("imessage", "AAAAAAAA", "BBBBBBBB"), ("+1", "555", "2")])
def test_two_at_once_are_one_too_many(cli: Gateway, verb: str, words: tuple[str, ...]) -> None:
    said = cli("pairing", verb, *words)
    assert (said.code, said.out) == (2, "")
    assert "at a time" in said.err


@pytest.mark.parametrize("word", [ALICE, "(555) 000-1111"])
def test_a_handle_lets_in_its_person(cli: Gateway, places: Places, word: str) -> None:
    ask(places)
    ask(places, BOB)
    said = cli("pairing", "approve", "imessage", word, "--json")
    assert (said.code, said.json["id"]) == (0, ALICE)
    assert allowed(places) == {ALICE}
    assert waiting(places) == [BOB]


@pytest.mark.parametrize("word", [ALICE, "nobody@example.com", "ABC", "ABCDEFG0", "chat_id:7"])
def test_a_word_nobody_asks_by_is_an_error_and_no_guess(cli: Gateway, places: Places, word: str) -> None:
    ask(places, BOB)
    for _ in range(11):
        said = cli("pairing", "approve", word)
        assert (said.code, said.out) == (1, "")
        assert "gateway pairing list" in said.err
        assert "locked" not in said.err
    assert waiting(places) == [BOB]


def test_what_a_word_lacks_is_said(cli: Gateway, places: Places) -> None:
    assert "'ABC-DEFG' is no code (8 letters and digits)" in cli("pairing", "approve", "ABC-DEFG").err
    let_in(places)
    assert "they are in already" in cli("pairing", "approve", ALICE).err
    assert "no pending pairing request for bob@example.com" in cli("pairing", "approve", BOB).err


def test_one_who_asks_in_two_accounts_is_to_be_let_into_one(cli: Gateway, places: Places) -> None:
    ask(places, BOB, "default")
    ask(places, BOB, "work")
    said = cli("pairing", "approve", BOB)
    assert said.code == 2
    assert "--account" in said.err and "default, work" in said.err
    assert cli("pairing", "approve", BOB, "--account", "work").code == 0


@pytest.mark.parametrize("challenges", [1, 3])
def test_what_becomes_of_a_burnt_request_is_true(cli: Gateway, places: Places, challenges: int) -> None:
    """A new code comes with the next message, unless there were three today."""
    configure(places)
    ask(places)
    guard = PairingGuard(places.pairing_guard)
    for number in range(challenges):
        guard.challenged("default", ALICE, time.time(), f"C{number}", f"row {number}")
    said = [cli("pairing", "approve", f"ABCDEFG{letter}") for letter in "HJKLM"][-1]
    assert f"{ALICE} waited: their code counts no more" in said.err
    if challenges == 3:
        assert "get no new one" in said.err
        assert "channels.imessage.allowFrom" in said.err
        assert "when they write again" not in said.err
    else:
        assert "get a new one when they write again" in said.err


def test_entries_without_plus_are_listed_as_the_people_they_let_in(cli: Gateway, places: Places) -> None:
    places.credentials.mkdir(parents=True)
    (places.credentials / "imessage-default-allowFrom.json").write_text('{"version": 1, "allowFrom": ["5550001111"]}')
    assert [one["id"] for one in cli("pairing", "list", "--json").json["approved"]] == [ALICE]
    assert cli("pairing", "revoke", ALICE).code == 0
    assert allowed(places) == frozenset()
