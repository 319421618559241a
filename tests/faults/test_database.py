"""The Messages database is restored, rebuilt or replaced under the gateway: nothing answered is answered again.

New messages are answered, in the chats they came from, whatever number those have now; and an answer that was waiting
goes to its own chat or to nobody.
"""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from actors.simulator import database_faults
from actors.simulator.messages_db import NewMessage
from tests.faults.cases import Build, Cases
from tests.faults.people import PATIENT, Person, ann_of, crowd, gate, numbered, open_gate, town_of, wait_sent, write
from tests.faults.town import ANN, BEN, Town, wait_for

PLAIN = ("0.9", "0.15")
BEFORE = numbered(30, "before")
AFTER = numbered(6, "after")

case = Cases()


class Guid(NamedTuple):
    """A message that was answered."""

    text: str
    guid: str
    handle: str


def _answered(town: Town) -> list[Guid]:
    """A gateway that runs and is well, with a history."""
    town.settle_in(**PATIENT)
    people = crowd(town, 5)
    rows = write(town, people, BEFORE)
    wait_sent(town, len(BEFORE))
    wait_for("all echoes", lambda: sum(town.outcomes().values()) == 2 * len(BEFORE))
    town.probe()
    return [
        Guid(text, row.guid, people[number % 5].handle)
        for number, (text, row) in enumerate(zip(BEFORE, rows, strict=True))
    ]


def _down(town: Town, down: bool) -> None:
    if down:
        assert town.stop() == 0


def _go_on(town: Town, down: bool) -> None:
    """The gateway looks at its database (anew)."""
    if down:
        # A replaced database is something the operator has to know of: the account reads, and is not "ok".
        town.start(ready=False)
        town.wait_reads()
    town.probe()


def _reopen(town: Town) -> None:
    """The people write into the file that stands there now."""
    if town._db is not None:
        town._db.close()
        town._db = None


def _all_once(town: Town) -> None:
    """Everything before and after was answered once, as the journal knows."""
    wait_for(
        "the new ones to be answered",
        lambda: {f"echo: {text}" for text in AFTER} <= set(town.sent()),
        60,
    )
    wait_for("all to be over", town.all_answered)
    texts = town.journal("SELECT text, count(*) FROM outbox WHERE state = 'sent' GROUP BY text HAVING count(*) > 1")
    assert texts == []
    assert town.journal("SELECT count(*) FROM outbox") == [(len(BEFORE) + len(AFTER),)]
    for handle in {person.handle for person in crowd(town, 5)}:
        bubbles = town.sent(town.chat(handle))
        assert len(set(bubbles)) == len(bubbles)


def _write_after(town: Town, history: list[Guid]) -> None:
    """New messages, and some old ones that are written once more, as after a synchronisation."""
    people = crowd(town, 5)
    for old in history[:5]:
        there = town.db.connection.execute("SELECT 1 FROM message WHERE guid = ?", (old.guid,)).fetchone()
        if there is None:
            town.db.insert(NewMessage(town.chat(old.handle), old.text, old.handle, guid=old.guid))
    write(town, people, AFTER)


def _all_well_after(town: Town, history: list[Guid], down: bool) -> None:
    """People go on writing: each is answered once, in the chat it came from."""
    _write_after(town, history)
    _go_on(town, down)
    _all_once(town)
    for number, text in enumerate(AFTER):
        assert f"echo: {text}" in town.sent(crowd(town, 5)[number % 5].chat)
    assert town.stop() == 0


def _goes_back(build: Build, mode: str, down: bool) -> None:
    town = town_of(build, mode)
    history = _answered(town)
    _down(town, down)
    database_faults.rewind(town.db, 2)
    _all_well_after(town, history, down)


@case(*PLAIN)
def goes_back_while_it_is_watched(build: Build, mode: str) -> None:
    """Rows are gone and their numbers given out again: the new ones are answered."""
    _goes_back(build, mode, down=False)


@case(*PLAIN)
def goes_back_while_nobody_watches(build: Build, mode: str) -> None:
    """The same while the gateway is down."""
    _goes_back(build, mode, down=True)


def _is_replaced(build: Build, mode: str, down: bool) -> None:
    town = town_of(build, mode)
    history = _answered(town)
    before = {person.handle: person.chat for person in crowd(town, 5)}
    _down(town, down)
    database_faults.swap(town.db_path, town.db_path, 10)
    _reopen(town)
    after = {person.handle: person.chat for person in crowd(town, 5)}
    assert all(before[handle] != after[handle] for handle in before)
    _all_well_after(town, history, down)


@case(*PLAIN)
def is_replaced_while_it_is_watched(build: Build, mode: str) -> None:
    """Another file, other numbers for chats and rows, known messages in another order."""
    _is_replaced(build, mode, down=False)


@case(*PLAIN)
def is_replaced_while_nobody_watches(build: Build, mode: str) -> None:
    """The same while the gateway is down."""
    _is_replaced(build, mode, down=True)


def _answer_waits(build: Build, mode: str, down: bool) -> None:
    town = town_of(build, mode)
    town.settle_in(agents=gate(town), groupPolicy="open", **PATIENT)
    group = town.db.group_chat("Trip", [ANN, BEN])
    guid = town.db.connection.execute("SELECT guid FROM chat WHERE ROWID = ?", (group,)).fetchone()[0]
    town.writes("to myself")
    town.db.incoming(group, BEN, "to all")
    wait_for("both to be admitted", lambda: town.outcomes()["open"] == 2)
    if down:
        town.kill()
    database_faults.swap(town.db_path, town.db_path, 0)
    _reopen(town)
    _go_on(town, down)
    wait_for("the new database to be known", lambda: town.journal("SELECT 1 FROM source WHERE era = 1"))
    open_gate(town)
    wait_for("both answers", lambda: len(town.sent()) == 2)
    [(now,)] = town.db.connection.execute("SELECT ROWID FROM chat WHERE guid = ?", (guid,)).fetchall()
    assert now != group
    assert town.sent(now) == town.sent(ann_of(town).chat) == ["echo: through the gate"]
    assert town.stop() == 0


@case(*PLAIN, "0.15 bridge")
def is_replaced_before_an_answer(build: Build, mode: str) -> None:
    """The answers go to the chats they belong to, by GUID."""
    _answer_waits(build, mode, down=False)


@case(*PLAIN, "0.15 bridge")
def is_replaced_before_an_answer_while_nobody_watches(build: Build, mode: str) -> None:
    """The same while the gateway is down."""
    _answer_waits(build, mode, down=True)


@case(*PLAIN, "0.15 bridge")
def is_replaced_at_the_very_moment_of_an_answer(build: Build, mode: str) -> None:
    """Nobody has looked at the database since: the answer goes to its own chat all the same."""
    town = town_of(build, mode)
    town.settle_in(agents=gate(town), **PATIENT)
    for handle in (BEN, "+15550008883", "+15550008884"):
        town.chat(handle)
    town.writes("one")
    wait_for("the message to be admitted", lambda: town.outcomes()["open"] == 1)
    database_faults.swap(town.db_path, town.db_path, 10)
    open_gate(town)
    wait_for("the answer", lambda: town.journal("SELECT 1 FROM outbox WHERE state = 'sent'"), 90)
    _reopen(town)
    others = [chat for (chat,) in town.db.connection.execute("SELECT ROWID FROM chat") if chat != ann_of(town).chat]
    assert [town.sent(chat) for chat in others] == [[]] * len(others)
    assert town.stop() == 0


@case(*PLAIN, "0.15 bridge")
def has_lost_the_chat_of_an_answer(build: Build, mode: str) -> None:
    """The chat is gone and its number is somebody else's: nobody gets the answer, and the operator sees it."""
    town = town_of(build, mode)
    town.settle_in(agents=gate(town), **PATIENT)
    chat = town.writes("one").chat_id
    wait_for("the message to be admitted", lambda: town.outcomes()["open"] == 1)
    database_faults.swap(town.db_path, None, 0)
    _reopen(town)
    strangers = [Person(handle, town.chat(handle)) for handle in ("+15550008881", "+15550008882")]
    assert chat in {person.chat for person in strangers}
    town.db.incoming(strangers[0].chat, strangers[0].handle, "hello from the new one")
    town.probe()
    wait_for("the new database to be known", lambda: town.journal("SELECT 1 FROM source WHERE era = 1"))
    open_gate(town)
    wait_for(
        "the answer to come to nothing",
        lambda: town.journal("SELECT 1 FROM outbox WHERE era = 0 AND state IN ('failed', 'deferred', 'uncertain')"),
    )
    wait_for("the new message to be answered", lambda: town.sent(strangers[0].chat))
    assert [town.sent(person.chat) for person in strangers] == [["echo: through the gate"], []]
    assert town.stop() == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", case.names())
def test_a_database_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
