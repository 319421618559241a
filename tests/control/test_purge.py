"""``gateway purge``: what it shows, asks, forgets and leaves, and when it refuses."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from actors.control.cli import consent, purge
from actors.control.lock import InstanceLock
from actors.journal import purge as journal_purge
from config import Places
from tests.control.builders import JournalOnDisk
from tests.control.conftest import Gateway
from tests.control.pairing_support import ALICE, BOB, allowed, ask, configure, let_in, waiting
from tests.support.rows import ANN

CANARY = "CANARY of Ann"


@pytest.fixture
def held(journal: JournalOnDisk) -> JournalOnDisk:
    """Ann's message in chat 42 is held, and one of chat 7 is answered."""
    journal.held(1, text=CANARY)
    journal.chunk(2, "sent", "hello you", at=1.0, chat=7)
    return journal


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A person sits at the terminal and types this."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    return lambda text: monkeypatch.setattr(sys, "stdin", Terminal(text))


def content(places: Places) -> bytes:
    return b"".join(path.read_bytes() for path in places.gateway.glob("journal.db*"))


def test_a_chat_is_forgotten_and_what_remembers_it_is_named(cli: Gateway, held: JournalOnDisk, places: Places) -> None:
    places.log_file.parent.mkdir(parents=True)
    places.log_file.write_text(f'{{"chat": "iMessage;-;{ANN}"}}\n{{"other": 1}}\n')
    configure(places, {"allowFrom": [ANN]})
    said = cli("purge", "--chat", "42", "--yes")
    assert (said.code, said.err) == (0, "")
    assert "forgotten: 1 message and 0 answers; given up: 1 held" in said.out
    assert f"left: {places.log_file} (1 line; the log is not rewritten" in said.out
    assert f"left: {places.config} (1 line; the config" in said.out
    assert "Messages on the Mac" in said.out
    assert CANARY.encode() not in content(places)
    assert cli("held", "list", "--json").json == {"held": []}
    assert cli("purge", "--chat", "42", "--yes").out.startswith("the journal has nothing of them\n")


def test_as_json(cli: Gateway, held: JournalOnDisk, places: Places) -> None:
    said = cli("purge", "--handle", ANN, "--yes", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.json == {
        "dryRun": False,
        "messages": 1,
        "answers": 0,
        "givenUp": {"open": 0, "held": 1, "unsent": 0},
        "pairing": [],
        "rewritten": True,
        "remains": {"mentions": 0, "files": [], "elsewhere": list(purge.ELSEWHERE)},
    }


def test_a_dry_run_changes_nothing_and_a_gateway_may_run(cli: Gateway, held: JournalOnDisk, places: Places) -> None:
    before = places.journal.read_bytes()
    with InstanceLock(places.lock):
        said = cli("purge", "--handle", "(555) 222-3333", "--dry-run", "--json")
        assert (said.code, said.json["messages"], said.json["rewritten"]) == (0, 1, False)
        assert "1 message and 0 answers" in cli("purge", "--chat", "42", "--dry-run").out
    assert places.journal.read_bytes() == before


def test_a_running_gateway_must_be_stopped_first(cli: Gateway, held: JournalOnDisk, places: Places) -> None:
    with InstanceLock(places.lock):
        said = cli("purge", "--chat", "42", "--yes")
    assert (said.code, said.out) == (75, "")
    assert "stop it, do this again, then start it" in said.err
    assert CANARY.encode() in content(places)


@pytest.mark.parametrize(
    ("typed", "goes"), [("yes\n", True), (" YES \n", True), ("y\n", False), ("\n", False), ("", False)]
)
def test_it_asks_on_a_terminal(
    cli: Gateway, held: JournalOnDisk, places: Places, answering: Callable[[str], None], typed: str, goes: bool
) -> None:
    answering(typed)
    said = cli("purge", "--chat", "42")
    assert said.code == (0 if goes else 1)
    assert said.out.startswith("found: 1 message and 0 answers; given up: 1 held\n")
    assert "Nothing brings it back." in said.err
    assert (CANARY.encode() in content(places)) is not goes


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_where_nobody_can_be_asked_it_takes_yes(cli: Gateway, held: JournalOnDisk, words: tuple[str, ...]) -> None:
    said = cli("purge", "--chat", "42", *words)
    assert said.code == 2
    assert "--yes" in said.err
    assert consent.YES == "yes"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "one of the arguments --chat --handle is required"),
        (("--chat", "1", "--handle", ANN), "not allowed with"),
        (("--chat", "somebody"), "'somebody' is no chat"),
        (("--chat", "0"), "'0' is no chat"),
        (("--handle", "!"), "'!' is no handle"),
        (("--chat", "1", "--pairing"), "--pairing needs --handle"),
        (("--chat", "1", "--account", "!"), "names no account"),
    ],
)
def test_wrong_usage(cli: Gateway, words: tuple[str, ...], part: str) -> None:
    said = cli("purge", *words)
    assert (said.code, said.out) == (2, "")
    assert part in said.err


def test_a_number_of_several_accounts_must_be_told_apart(cli: Gateway, held: JournalOnDisk) -> None:
    held.run("INSERT INTO source (id, identity) VALUES (2, 'other')")
    held.held(3, text="of work")
    held.run("UPDATE inbound SET source = 2, account = 'work' WHERE seq = 3")
    said = cli("purge", "--chat", "42", "--yes")
    assert said.code == 2
    assert "(default, work): say --account A" in said.err
    assert cli("purge", "--chat", "42", "--account", "work", "--yes", "--json").json["messages"] == 1
    assert [one["seq"] for one in cli("held", "list", "--json").json["held"]] == [1]


def test_pairing_goes_only_when_asked_for(cli: Gateway, places: Places) -> None:
    ask(places, ALICE)
    let_in(places, ALICE, "work")
    ask(places, BOB)
    said = cli("purge", "--handle", ALICE, "--yes")
    assert said.code == 0
    assert f"left alone: the pairing request of {ALICE} (account default); --pairing takes that too" in said.out
    assert f"left alone: the approval by pairing of {ALICE} (account work)" in said.out
    assert "imessage-pairing.json (1 line; who asked" in said.out
    assert waiting(places) == [ALICE, BOB]
    said = cli("purge", "--handle", ALICE, "--yes", "--pairing")
    assert said.code == 0
    assert f"forgotten: the pairing request of {ALICE} (account default)" in said.out
    assert (waiting(places), allowed(places, "work")) == ([BOB], frozenset())
    assert "imessage-" not in said.out


def test_pairing_files_that_cannot_be_read_are_named(cli: Gateway, places: Places) -> None:
    ask(places, ALICE)
    (places.credentials / "imessage-pairing.json").write_text("{")
    said = cli("purge", "--handle", ALICE, "--yes")
    assert said.code == 1
    assert "imessage-pairing.json" in said.err


def test_without_a_journal_there_is_nothing(cli: Gateway, places: Places) -> None:
    said = cli("purge", "--chat", "42", "--yes")
    assert said.code == 0
    assert said.out.startswith("the journal has nothing of them\n")
    assert not places.gateway.exists()


def test_files_of_messages_are_named(cli: Gateway, held: JournalOnDisk, places: Places) -> None:
    (places.media / "a").mkdir(parents=True)
    (places.media / "a" / "photo.heic").write_bytes(b"x")
    assert f"left: {places.media} (1 file; files are not kept by chat)" in cli("purge", "--chat", "42", "--yes").out


def test_a_file_that_cannot_be_written_anew_is_said(
    cli: Gateway, held: JournalOnDisk, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = journal_purge.finish
    monkeypatch.setattr(journal_purge, "finish", lambda path: "the disk is full")
    said = cli("purge", "--chat", "42", "--yes", "--json")
    assert (said.code, said.json["rewritten"]) == (1, False)
    assert "the disk is full. Do this again" in said.err
    monkeypatch.setattr(journal_purge, "finish", finish)
    said = cli("purge", "--chat", "42", "--yes")
    assert said.code == 0
    assert "an earlier purge has its last step to do" in said.out
    assert CANARY.encode() not in content(places)
