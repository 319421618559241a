"""``outbox list``."""

from __future__ import annotations

import pytest

from actors.control.cli import outbox
from actors.journal.schema import connect
from config import Places
from tests.control.builders import JournalOnDisk
from tests.control.conftest import Gateway


def test_chunks_are_listed_in_order_with_their_states(cli: Gateway, journal: JournalOnDisk) -> None:
    sent = journal.chunk(1, "sent", "one", at=1_700_000_000.0)
    failed = journal.chunk(2, "failed", "two", why="no such chat")
    queued = journal.chunk(3, "queued", "three\n\x1b")
    said = cli("outbox", "list", "--json")
    assert (said.code, said.err) == (0, "")
    assert [one["key"] for one in said.json["chunks"]] == [sent, failed, queued]
    assert said.json["chunks"][0] == {
        "key": sent,
        "state": "sent",
        "chatId": 42,
        "chatGuid": "iMessage;-;+15550001111",
        "text": "one",
        "attemptedAt": "2023-11-14T22:13:20.000Z",
        "why": None,
    }
    assert said.json["chunks"][1]["why"] == "no such chat"


@pytest.mark.parametrize("state", outbox.STATES)
def test_a_state_picks_its_chunks_whatever_the_floor(cli: Gateway, journal: JournalOnDisk, state: str) -> None:
    ended = state not in outbox.OPEN
    for seq, each in enumerate((state, *outbox.STATES), start=1 if ended else 5):
        journal.chunk(seq, each)
    journal.floor(5)
    chunks = cli("outbox", "list", "--state", state, "--json").json["chunks"]
    assert len(chunks) == 2
    assert {one["state"] for one in chunks} == {state}


def test_people_see_a_table_without_controls(cli: Gateway, journal: JournalOnDisk) -> None:
    key = journal.chunk(1, "uncertain", "[bold]x[/bold]\n\x1b[31m" + "y" * 500, why="timeout")
    said = cli("outbox", "list")
    assert str(key) in said.out
    assert "[bold]x[/bold]\\n\\x1b[31m" in said.out
    assert "\x1b" not in said.out
    assert "y" * 100 not in said.out


def test_failed_tries_are_shown_where_there_were_some(cli: Gateway, journal: JournalOnDisk) -> None:
    key = journal.chunk(1, "sent")
    assert "tries" not in cli("outbox", "show", str(key)).out
    assert cli("outbox", "show", str(key), "--json").json["tries"] == 0
    journal.run("UPDATE outbox SET tries = 2")
    assert "failed tries: 2" in cli("outbox", "show", str(key)).out


def test_an_empty_outbox_says_so(cli: Gateway, journal: JournalOnDisk) -> None:
    assert cli("outbox", "list").out == "the outbox is empty\n"
    assert cli("outbox", "list", "--state", "failed").out == "no chunks in state failed\n"
    assert cli("outbox", "list", "--json").json == {"chunks": []}


def test_people_are_told_of_what_is_not_shown(
    cli: Gateway, journal: JournalOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SHOWN", 2)
    for seq in (1, 2, 3):
        journal.chunk(seq, "sent", f"text {seq}")
    said = cli("outbox", "list")
    assert "text 1" not in said.out
    assert "text 3" in said.out
    assert "1 older chunks are not shown" in said.err


def test_without_a_journal_the_folder_is_named(cli: Gateway, places: Places) -> None:
    said = cli("outbox", "list", "--json")
    assert (said.code, said.out) == (1, "")
    assert str(places.journal) in said.err
    assert not places.gateway.exists()


def test_it_is_read_beside_a_writer(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.chunk(1, "sent")
    writer = connect(journal.path)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE outbox SET state = 'failed'")
    try:
        assert cli("outbox", "list", "--json").json["chunks"][0]["state"] == "sent"
    finally:
        writer.execute("ROLLBACK")
        writer.close()
