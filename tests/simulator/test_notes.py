"""The chat with oneself, and own rows that Messages corrects later: what every version of imsg tells of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actors.simulator.behaviour import DEFAULT_OWN_ADDRESS
from actors.simulator.messages_db import MessagesDb
from tests.simulator.harness import ANNA, DIRECT, Rpc, imsg

VERSIONS = ("0.5", "0.6", "0.9", "0.15")
MAIL = "me@example.org"
ATTEMPT = "0f8fad5b-d9cb-469f-a165-70867728950e"


def written(path: Path, *words: str) -> list[dict[str, Any]]:
    """The rows `note` prints."""
    done = imsg("note", *words, "--db", str(path))
    assert done.returncode == 0, done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def watched(path: Path, version: str, *flags: str) -> Rpc:
    """An imsg whose watch runs."""
    rpc = Rpc(path, "--imsg-version", version, *flags)
    rpc.request("watch.subscribe", "w", **({} if version == "0.5" else {"debounce_ms": 0}))
    rpc.answer("w")
    return rpc


def history(rpc: Rpc, chat_id: int) -> list[tuple[str, bool, str]]:
    """Text, is_from_me and GUID of a chat's messages, oldest first."""
    rpc.request("messages.history", "h", chat_id=chat_id)
    found = rpc.answer("h")["result"]["messages"]
    return [(one["text"], one["is_from_me"], one["guid"]) for one in found][::-1]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("address", [DEFAULT_OWN_ADDRESS, MAIL])
def test_a_note_is_told_twice_and_every_address_in_it_is_the_own_one(path: Path, version: str, address: str) -> None:
    with watched(path, version) as rpc:
        rows = written(path, "--text", "milk", "--own-address", address)
        heard = [rpc.message() for _ in range(2)]
    assert [(one["id"], one["guid"], one["chat_id"], one["is_from_me"]) for one in heard] == [
        (row["id"], row["guid"], row["chat_id"], row["is_from_me"]) for row in rows
    ]
    assert [row["is_from_me"] for row in rows] == [True, False]
    assert heard[0]["guid"] != heard[1]["guid"]
    for one in heard:
        assert {one["sender"], one["chat_identifier"], one["destination_caller_id"]} == {address}
        assert (one["text"], one["created_at"], one["is_group"]) == ("milk", heard[0]["created_at"], False)


@pytest.mark.parametrize(("twin", "marks"), [("first", [False, True]), ("second", [True, False]), ("none", [True])])
def test_the_twin_of_a_note_may_stand_first_or_be_missing(path: Path, twin: str, marks: list[bool]) -> None:
    moment = "2026-05-16T12:34:56.789Z"
    rows = written(path, "--text", "milk", "--twin", twin, "--at", moment)
    assert [row["is_from_me"] for row in rows] == marks
    with Rpc(path) as rpc:
        assert history(rpc, rows[0]["chat_id"]) == [("milk", row["is_from_me"], row["guid"]) for row in rows]


def test_many_notes_go_into_one_chat(path: Path) -> None:
    rows = written(path, "--text", "note", "--count", "3")
    assert len({row["chat_id"] for row in rows}) == 1
    assert [row["is_from_me"] for row in rows] == [True, False] * 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "--text is required: see imsg note --help"),
        (["--text", "x", "--twin", "third"], "--twin: 'third' is none of first, second, none"),
        (["--text", "x", "--count", "0"], "--count: 0 is below 1"),
    ],
)
def test_a_note_that_makes_no_sense_is_refused(path: Path, words: list[str], told: str) -> None:
    done = imsg("note", *words, "--db", str(path))
    assert (done.returncode, done.stdout) == (1, f"Error: {told}\n")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_sent_to_the_own_address_comes_back_with_another_guid(path: Path, version: str) -> None:
    (chat_id,) = {row["chat_id"] for row in written(path, "--text", "milk")}
    with watched(path, version) as rpc:
        rpc.request("send", "s", chat_id=chat_id, text="echo: milk")
        mine, back = rpc.message(), rpc.message()
    assert [(one["text"], one["is_from_me"]) for one in (mine, back)] == [("echo: milk", True), ("echo: milk", False)]
    assert mine["guid"] != back["guid"]
    for one in (mine, back):
        assert {one["sender"], one["chat_identifier"], one["destination_caller_id"]} == {DEFAULT_OWN_ADDRESS}


def test_a_tracked_send_to_the_own_address_keeps_its_guid_and_has_a_twin_that_comes_later(path: Path) -> None:
    (chat_id,) = {row["chat_id"] for row in written(path, "--text", "milk")}
    with watched(path, "0.15", "--bridge", "true", "--twin-ms", "50") as rpc:
        rpc.request("send.tracked", "s", chat_id=chat_id, text="echo: milk", attempt_id=ATTEMPT)
        assert (first := rpc.message())["guid"] == ATTEMPT
        second = rpc.message()
    assert [first["is_from_me"], second["is_from_me"]] == [True, False]
    assert first["text"] == second["text"]
    assert second["destination_caller_id"] == DEFAULT_OWN_ADDRESS


@pytest.mark.parametrize("version", VERSIONS)
def test_an_own_row_may_pass_for_the_peers_until_it_is_corrected(path: Path, version: str) -> None:
    """The watch tells of it once, as it was; where imsg looks for the own row, its answer waits for that."""
    with watched(path, version, "--flip-ms", "300") as rpc:
        rpc.request("send", "s", chat_id=DIRECT, text="x")
        lines = [rpc.line(), rpc.line()]
        told = next(line["params"]["message"] for line in lines if line.get("method") == "message")
        answer = next(line["result"] for line in lines if line.get("id") == "s")
        assert (told["is_from_me"], told["sender"]) == (False, ANNA)
        while not (newest := history(rpc, DIRECT)[-1])[1]:
            pass
    assert newest == ("x", True, told["guid"])
    assert answer.get("guid", told["guid"]) == told["guid"]


def test_what_comes_afterwards_of_a_database_that_is_gone_is_told_and_harms_nobody(path: Path, tmp_path: Path) -> None:
    with Rpc(path, "--imsg-version", "0.15", "--bridge", "true", "--flip-ms", "50") as rpc:
        assert "error" not in rpc.call("send", chat_id=DIRECT, text="x", transport="bridge")
        path.rename(tmp_path / "elsewhere.db")
        assert rpc.end() == 0
    assert not path.exists()


def test_notes_are_written_by_whoever_holds_the_database(db: MessagesDb) -> None:
    mine, back = db.note("milk")
    (only,) = db.note("eggs", twin="none")
    assert mine.chat_id == back.chat_id == only.chat_id == db.direct_chat(DEFAULT_OWN_ADDRESS)
    dates = [date for (date,) in db.connection.execute("SELECT date FROM message ORDER BY ROWID DESC LIMIT 3")]
    assert dates[1] == dates[2]
