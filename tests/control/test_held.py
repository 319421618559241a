"""``held list|show|release|discard``, beside a gateway and without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors.control.cli import held, operating
from actors.control.lock import InstanceLock
from config import Places
from tests.control.builders import JournalOnDisk, Told, gateway
from tests.control.conftest import Gateway, Serve
from tests.support.rows import ANN, guid


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes come at once here, or never."""
    monkeypatch.setattr(operating, "PAUSE", 0.01)
    monkeypatch.setattr(operating, "QUIET", 0.1)
    monkeypatch.setattr(operating, "DEADLINE", 0.2)


def judging(journal: JournalOnDisk, became: dict[int, tuple[Any, ...]]) -> Callable[[tuple[int, ...]], None]:
    """What access and journal make of rows they are told to judge again: those that are not named stay as they are."""

    def judge(seqs: tuple[int, ...]) -> None:
        for seq in seqs:
            if seq in became:
                journal.judge(seq, *became[seq])

    return judge


OPEN = (None,)
GIVEN_UP = ("dropped", "discarded", "refused")


def test_held_messages_are_listed_with_all_that_is_known(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.row(1, "replied")
    journal.held(2, "stale backlog", text="old news")
    said = cli("held", "list", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.json == {
        "held": [
            {
                "seq": 2,
                "guid": guid(2),
                "reason": "stale backlog",
                "configKey": "channels.imessage.recovery",
                "account": "default",
                "chatId": 42,
                "sender": ANN,
                "text": "old news",
                "sentAt": "2027-01-15T08:00:00.000Z",
                "receivedAt": "2023-11-14T22:13:20.000Z",
            }
        ]
    }


@pytest.mark.parametrize(
    ("words", "seqs"),
    [
        ((), [1, 2, 3]),
        (("--reason", "no agent"), [2]),
        (("--reason", "agent failed"), [3]),
        (("--reason", "agent"), []),
        (("--chat", "42"), [1, 2]),
        (("--chat", "7", "--reason", "no agent"), []),
        (("--account", "default", "1", "3"), [1, 3]),
    ],
)
def test_a_list_may_be_narrowed(cli: Gateway, journal: JournalOnDisk, words: tuple[str, ...], seqs: list[int]) -> None:
    journal.held(1, "stale backlog")
    journal.held(2, "no agent")
    journal.held(3, "agent failed: exited with 3", chat=7)
    assert [one["seq"] for one in cli("held", "list", "--json", *words).json["held"]] == seqs


@pytest.mark.parametrize("words", [("list",), ("list", "--json"), ("release",), ("discard", "--json")])
def test_an_account_that_does_not_exist_is_named(
    cli: Gateway, journal: JournalOnDisk, places: Places, words: tuple[str, ...]
) -> None:
    assert cli("held", *words, "--account", "nope").code == 0, "without a config nobody knows"
    places.config.write_text("{channels: {imessage: {}}}")
    said = cli("held", *words, "--account", "nope")
    assert (said.code, said.out) == (1, "")
    assert "no account 'nope'. There are: default" in said.err
    assert cli("held", "list", "--account", "default").out == "nothing of that kind is held\n"
    journal.held(1)
    journal.run("UPDATE inbound SET account = 'nope'")
    assert len(cli("held", "list", "--account", "nope", "--json").json["held"]) == 1


def test_people_see_a_table_and_what_to_do_next(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.held(5, "stale backlog", text="evil\x1b[31m\nline")
    said = cli("held", "list")
    assert "stale backlog" in said.out
    assert "evil\\x1b[31m\\nline" in said.out
    assert "gateway held release" in said.out
    assert "gateway held discard" in said.out
    assert cli("held", "list", "--chat", "1").out == "nothing of that kind is held\n"


def test_people_are_told_of_what_is_not_shown(
    cli: Gateway, journal: JournalOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "SHOWN", 1)
    journal.held(1)
    journal.held(2, text="later")
    said = cli("held", "list")
    assert "1 newer ones are not shown" in said.err
    assert "later" not in said.out


def test_nothing_held_says_so(cli: Gateway, journal: JournalOnDisk) -> None:
    assert cli("held", "list").out == "nothing is held\n"
    assert cli("held", "release", "--all").out == "nothing of that kind is held\n"
    assert cli("held", "discard", "--all", "--json").json == {"results": []}


def test_one_is_shown_in_full(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.held(5, "no agent")
    said = cli("held", "show", "5")
    for words in ("reason: no agent", f"sender: {ANN}", "gateway held release 5"):
        assert words in said.out
    shown = cli("held", "show", "5", "6", "--json")
    assert (shown.code, shown.json["held"][0]["outcome"]) == (1, "held")
    assert "message 6: there is none" in shown.err


def test_a_message_whose_body_is_gone_is_listed_all_the_same(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.held(5)
    journal.run("UPDATE inbound SET body = NULL")
    [one] = cli("held", "list", "--json").json["held"]
    assert (one["seq"], one["sender"], one["text"], one["guid"]) == (5, None, "", None)
    assert "seq: 5" in cli("held", "show", "5").out


def test_release_without_words_asks_which(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.held(5)
    for verb in ("release", "retry", "discard"):
        said = cli("held", verb)
        assert (said.code, said.out) == (2, "")
        assert "--all" in said.err


def test_released_messages_are_told_by_what_became_of_them(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    told = Told()
    became: dict[int, tuple[Any, ...]] = {
        1: (None, None, "admit"),
        2: ("held", "no agent", "refused"),
        3: ("replied", None, "admit"),
        4: ("dropped", "not in allowFrom", "refused"),
        5: (None, None, "challenge"),
    }
    told.on_release = judging(journal, became)
    serve(gateway(told=told))
    for seq in became:
        journal.held(seq)
    said = cli("held", "release", "--all", "--json")
    assert told.released == [(1, 2, 3, 4, 5)]
    assert said.code == 1
    assert said.json["results"] == [
        {"seq": 1, "done": True, "outcome": "released", "why": None},
        {"seq": 2, "done": False, "outcome": "still held", "why": "no agent"},
        {"seq": 3, "done": True, "outcome": "released", "why": None},
        {"seq": 4, "done": False, "outcome": "dropped", "why": "not in allowFrom"},
        {"seq": 5, "done": True, "outcome": "offered a pairing code", "why": None},
    ]


def test_people_read_the_sum_and_which_were_not_done(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    told = Told()
    told.on_release = judging(journal, {1: ("replied",), 2: ("replied",)})
    serve(gateway(told=told))
    for seq, reason in ((1, "stale backlog"), (2, "stale backlog"), (3, "no agent")):
        journal.held(seq, reason)
    said = cli("held", "retry", "--all")
    assert (said.code, said.out) == (1, "released 2, still held 1 (no agent)\nnot done: 3\n")
    assert "gateway held show SEQ" in said.err


def test_all_done_ends_with_0(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    told = Told()
    told.on_release = judging(journal, dict.fromkeys(range(10), OPEN))
    serve(gateway(told=told))
    journal.held(9, "stale backlog")
    journal.held(10, "no agent")
    said = cli("held", "release", "--reason", "stale backlog")
    assert (said.code, said.out, said.err) == (0, "released 1\n", "")
    assert told.released == [(9,)]


def test_numbers_that_are_not_held_are_refused_and_the_others_done(
    cli: Gateway, serve: Serve, journal: JournalOnDisk
) -> None:
    told = Told()
    told.on_release = judging(journal, dict.fromkeys(range(10), OPEN))
    serve(gateway(told=told))
    journal.row(1, "replied")
    journal.held(2)
    said = cli("held", "release", "1", "2", "3")
    assert (said.code, said.out, told.released) == (1, "released 1\n", [(2,)])
    assert "message 1: it is not held: replied" in said.err
    assert "message 3: there is no such message" in said.err


def test_many_go_in_portions(
    cli: Gateway, serve: Serve, journal: JournalOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operating, "PORTION", 2)
    told = Told()
    told.on_discard = judging(journal, dict.fromkeys(range(10), GIVEN_UP))
    serve(gateway(told=told))
    for seq in range(1, 6):
        journal.held(seq)
    said = cli("held", "discard", "--all")
    assert (said.code, said.out) == (0, "discarded 5\n")
    assert told.discarded == [(1, 2), (3, 4), (5,)]


def test_a_portion_fits_into_a_request() -> None:
    from actors.control.requests import LONGEST

    assert operating.PORTION * len(", 9223372036854775807") < LONGEST - 100


def test_a_release_without_a_gateway_changes_nothing(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.held(1)
    said = cli("held", "release", "1")
    assert (said.code, said.out) == (3, "")
    assert "gateway run" in said.err
    assert len(cli("held", "list", "--json").json["held"]) == 1


def test_a_discard_without_a_gateway_is_written_from_here(cli: Gateway, journal: JournalOnDisk, places: Places) -> None:
    journal.held(1)
    journal.held(2)
    said = cli("held", "discard", "1")
    assert (said.code, said.out) == (0, "discarded 1\n")
    assert [one["seq"] for one in cli("held", "list", "--json").json["held"]] == [2]
    with InstanceLock(places.lock, 0.0):
        pass


def test_a_gateway_that_does_not_answer_is_not_written_behind(
    cli: Gateway, journal: JournalOnDisk, places: Places
) -> None:
    journal.held(1)
    with InstanceLock(places.lock):
        said = cli("held", "discard", "1")
    assert (said.code, said.out) == (1, "")
    assert "does not answer" in said.err


def test_without_a_journal_the_folder_is_named(cli: Gateway, places: Places) -> None:
    said = cli("held", "list")
    assert said.code == 1
    assert str(places.journal) in said.err
