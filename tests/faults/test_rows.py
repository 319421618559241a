"""Rows that come twice, or that nobody could trust: one turn for each message, never an answer to the wrong chat."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.simulator import database_faults
from actors.simulator.messages_db import NewMessage, Stored
from tests.faults.cases import Build, Cases
from tests.faults.people import OTHER, PATIENT, prove_alive, sent_once, verb, write_journal
from tests.faults.town import ANN, BEN, VERSIONS, Town, wait_for

FOUR_HOURS = 4 * 3600
OPEN = {"groupPolicy": "open", **PATIENT}
LENIENT = ("0.5", "0.9")
"""These deliver a row before its chat is known; from 0.14 on it is waited for."""

case = Cases()


def _row(town: Town, **keys: Any) -> dict[str, Any]:
    """A message of Ann as imsg would send it, ``keys`` on top; ``...`` leaves one out."""
    row = {
        "id": 1,
        "guid": "D5A0C3A8-2B1D-4E5F-8A57-0123456789AB",
        "chat_id": town.chat(ANN),
        "chat_guid": f"iMessage;-;{ANN}",
        "chat_identifier": ANN,
        "sender": ANN,
        "is_from_me": False,
        "is_group": False,
        "participants": [ANN],
        "text": "trust me",
        "created_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **keys,
    }
    return {key: value for key, value in row.items() if value is not ...}


def _deliver(town: Town, rows: list[dict[str, Any]]) -> None:
    """imsg writes notifications with these rows."""
    lines = [{"jsonrpc": "2.0", "method": "message", "params": {"subscription": 1, "message": row}} for row in rows]
    town.weather(output=[{"text": json.dumps(line)} for line in lines])


def _written_again(town: Town, row: Stored, text: str) -> int:
    """Messages gives a message a new row: the same GUID, a new number. That number."""
    with town.db.transaction():
        town.db.connection.execute("DELETE FROM chat_message_join WHERE message_id = ?", (row.id,))
        town.db.connection.execute("DELETE FROM message WHERE ROWID = ?", (row.id,))
        return town.db.insert(NewMessage(row.chat_id, text, ANN, guid=row.guid)).id


@case(*VERSIONS)
def comes_twice(build: Build, version: str) -> None:
    """The same GUID again on the same watch, with the same words and with others."""
    town = build(version).settle_in(**PATIENT)
    row = town.writes("one")
    town.wait_answers("one")
    same = {"id": row.id, "guid": row.guid}
    _deliver(town, [_row(town, **same, text="one"), _row(town, **same, text="one, corrected")])
    prove_alive(town)
    assert town.sent(row.chat_id) == ["echo: one"]
    again = _written_again(town, row, "one, once more")
    wait_for("the watch to be past it", lambda: town.account()["cursor"] >= again)
    prove_alive(town, "still there?")
    assert town.sent(row.chat_id) == ["echo: one"]
    assert town.stop() == 0


@case("0.5", "0.15")
@case("0.9", soak=True)
def comes_again_after_a_restart(build: Build, version: str) -> None:
    """Live, then with the catch-up of the next gateway, after a stop, a kill and four hours."""
    town = build(version).settle_in(**PATIENT)
    row = town.writes("one")
    town.wait_answers("one")
    town.stop()
    number = _written_again(town, row, "one")
    town.start()
    prove_alive(town)
    town.kill()
    for column in ("received_at", "queued_at", "attempted_at", "ended_at"):
        table = "inbound" if column == "received_at" else "outbox"
        write_journal(town, f"UPDATE {table} SET {column} = {column} - ?", FOUR_HOURS)
    _written_again(town, row._replace(id=number), "one, hours later")
    town.start()
    prove_alive(town, "still there?")
    assert town.sent(row.chat_id) == ["echo: one"]
    assert town.stop() == 0


@case(*VERSIONS)
def stands_in_two_chats(build: Build, version: str) -> None:
    """It is delivered once for each, up to 0.13: one turn all the same."""
    town = build(version).settle_in(**OPEN)
    group = town.db.group_chat("Trip", [ANN, BEN])
    with town.db.transaction():
        row = town.writes("where are you?")
        database_faults.join_later(town.db, row.id, group)
    town.wait_answers("where are you?")
    prove_alive(town)
    assert sorted(town.sent()) == ["echo: are you there?", "echo: where are you?"]
    assert town.stop() == 0


BROKEN: dict[str, dict[str, Any]] = {
    "no GUID": {"guid": ...},
    "GUID null": {"guid": None},
    "GUID empty": {"guid": ""},
    "GUID a number": {"guid": 7},
    "no row id": {"id": ...},
    "row id 0": {"id": 0},
    "row id -1": {"id": -1},
    "row id 2^63": {"id": 2**63},
    "row id 1.5": {"id": 1.5},
    "row id text": {"id": "7"},
    "chat_id 1.5": {"chat_id": 1.5},
    "chat_id 2^63": {"chat_id": 2**63},
    "chat_id text": {"chat_id": "1"},
    "text a list": {"text": ["trust me"]},
}
NOWHERE = {"chat_guid": "", "chat_identifier": "", "participants": []}
UNANCHORED: dict[str, dict[str, Any]] = {
    "chat_id 0": {"chat_id": 0, **NOWHERE},
    "chat_id -3": {"chat_id": -3, **NOWHERE},
    "chat_id null": {"chat_id": None, **NOWHERE},
    "no chat_id": {"chat_id": ..., **NOWHERE},
}


@case("0.5", "0.15")
@case("0.9", soak=True)
def cannot_be_trusted(build: Build, version: str) -> None:
    """Set aside and listed, with what is wrong; the sender gets no answer, and everybody else does."""
    town = build(version).settle_in(**OPEN)
    group = {"chat_id": 0, "is_group": True, "guid": "A-GROUP-ROW", **NOWHERE}
    rows = [_row(town, **keys) for keys in BROKEN.values()]
    rows += [_row(town, guid=f"UNANCHORED-{number}", **keys) for number, keys in enumerate(UNANCHORED.values())]
    _deliver(town, [*rows, _row(town, **group)])
    wait_for("all of them to be judged", lambda: sum(town.outcomes().values()) >= len(rows) + 1)
    prove_alive(town)
    # Dropped are the group's row and our own answer.
    expected = {"corrupt": len(BROKEN), "held": len(UNANCHORED), "dropped": 2, "replied": 1}
    wait_for("all of them to be settled", lambda: town.outcomes() == expected)
    corrupt = verb(town, "dead", "list")["corrupt"]
    assert len(corrupt) == len(BROKEN)
    assert all(one["error"] and ANN in one["excerpt"] for one in corrupt)
    assert {one["reason"] for one in verb(town, "held", "list")["held"]} == {"no chat anchor"}
    town.weather()
    town.kill()
    town.start()
    town.write_and_wait("and now?")
    assert town.sent() == ["echo: are you there?", "echo: and now?"]
    assert town.stop() == 0


@case(*LENIENT)
def has_no_chat_yet(build: Build, version: str) -> None:
    """A group's message comes before its chat is known. It is answered there, and not to its sender."""
    town = build(version).settle_in(**OPEN)
    group = town.db.group_chat("Trip", [ANN, BEN])
    row = town.db.insert(NewMessage(None, "pizza?", ANN))
    wait_for("the row to be held", lambda: town.outcomes()["held"] == 1)
    database_faults.join_later(town.db, row.id, group)
    town.wait_answers("pizza?")
    assert town.sent(group) == ["echo: pizza?"]
    prove_alive(town)
    assert town.sent(town.chat(ANN)) == []
    assert town.stop() == 0


@case(*LENIENT)
def gets_its_chat_too_late(build: Build, version: str) -> None:
    """It was looked for in vain and waits for the operator; a new start looks again."""
    town = build(version).settle_in(**OPEN)
    group = town.db.group_chat("Trip", [ANN, BEN])
    row = town.db.insert(NewMessage(None, "pizza?", ANN))
    wait_for("the search to end", lambda: "in none of the newest chats" in town.words())
    assert [one["reason"] for one in verb(town, "held", "list")["held"]] == ["no chat anchor"]
    database_faults.join_later(town.db, row.id, group)
    town.kill()
    town.start()
    town.wait_answers("pizza?")
    assert town.sent(group) == ["echo: pizza?"]
    assert town.sent(town.chat(ANN)) == []
    assert town.stop() == 0


@case("0.15")
def is_waited_for_by_imsg(build: Build, version: str) -> None:
    """A strict imsg holds a row back until its chat is written."""
    town = build(version).settle_in(**OPEN, debounceMs=200)
    group = town.db.group_chat("Trip", [ANN, BEN])
    row = town.db.insert(NewMessage(None, "pizza?", ANN))
    moment = time.monotonic() + 0.6
    wait_for("some looks", lambda: time.monotonic() > moment)
    database_faults.join_later(town.db, row.id, group)
    town.wait_answers("pizza?")
    assert town.sent(group) == ["echo: pizza?"]
    assert town.sent(town.chat(ANN)) == []
    assert town.stop() == 0


@case(*LENIENT)
def comes_by_halves(build: Build, version: str) -> None:
    """No row says its chat: each is looked up, and answered once, in its chat, in order."""
    town = build(version).settle_in(**OPEN)
    group = town.db.group_chat("Trip", [ANN, BEN])
    chats = {ANN: town.chat(ANN), BEN: town.chat(BEN), OTHER: group}
    town.weather(watch="half-rows")
    with town.db.transaction():
        for number in range(10):
            for name, chat in chats.items():
                town.db.incoming(chat, ANN if chat == group else name, f"{chat} {number}")
    wait_for("all answers", lambda: len(town.sent()) == 30)
    for chat in chats.values():
        assert town.sent(chat) == [f"echo: {chat} {number}" for number in range(10)]
    sent_once(town)
    wait_for("nothing to be held", lambda: town.outcomes()["held"] == 0)
    assert town.stop() == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", case.names())
def test_a_row_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
