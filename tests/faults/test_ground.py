"""A Messages database that went back, or is another one, where nothing but its rows tells.

Its file keeps its name on the file system (a backup copied over it, another Mac), and so many new rows came that the
newest is above the cursor. Nobody's message is lost, and no answer goes to somebody else's chat.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from actors.simulator import database_faults
from actors.simulator.dates import apple_ns
from actors.simulator.messages_db import MessagesDb, NewMessage
from tests.faults.cases import Build, Cases
from tests.faults.people import PATIENT, crowd, gate, numbered, open_gate, town_of, wait_sent, write
from tests.faults.town import ANN, BEN, Town, wait_for

BEFORE, AFTER = numbered(20, "before"), numbered(60, "after")

case = Cases()


def _answered(town: Town) -> None:
    town.settle_in(**PATIENT)
    write(town, crowd(town, 4), BEFORE)
    wait_sent(town, len(BEFORE))
    wait_for("all echoes", lambda: sum(town.outcomes().values()) == 2 * len(BEFORE))
    town.probe()


def _all_answered(town: Town) -> None:
    wanted = {f"echo: {text}" for text in AFTER}
    wait_for("all new ones to be answered", lambda: wanted <= set(town.sent()), 120)
    query = "SELECT text, count(*) FROM outbox WHERE state = 'sent' GROUP BY text HAVING count(*) > 1"
    assert town.journal(query) == []
    people = crowd(town, 4)
    for number, text in enumerate(AFTER):
        assert f"echo: {text}" in town.sent(people[number % 4].chat)


@case("0.5", "0.9", "0.15")
def went_back_and_filled_up_while_nobody_watched(build: Build, mode: str) -> None:
    """A restored backup, and then more new messages than it had lost."""
    town = town_of(build, mode)
    _answered(town)
    assert town.stop() == 0
    database_faults.rewind(town.db, 10)
    write(town, crowd(town, 4), AFTER)
    town.start(ready=False)
    town.wait_reads()
    _all_answered(town)
    assert town.stop() == 0


@case("0.9", "0.15")
def went_back_and_filled_up_between_two_looks(build: Build, mode: str) -> None:
    """The same while the gateway runs: the next look finds out."""
    town = town_of(build, mode)
    _answered(town)
    with town.db.transaction():
        database_faults.rewind(town.db, 10)
    write(town, crowd(town, 4), AFTER)
    town.probe()
    wait_for("the next look", lambda: town.journal("SELECT 1 FROM source WHERE era > 0"), 90)
    _all_answered(town)
    assert town.stop() == 0


def _copied_over(town: Town) -> None:
    """Another database, in the very same file."""
    other = town.folder / "other.db"
    with closing(MessagesDb.open(other)) as db:
        for handle in ("+15550008801", "+15550008802", BEN, ANN):
            long_ago = apple_ns(time.time_ns()) - 20 * 3600 * 1_000_000_000
            db.insert(NewMessage(db.direct_chat(handle), f"an old word of {handle}", handle, date=long_ago))
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    town.db.close()
    town._db = None
    for ending in ("-wal", "-shm"):
        town.db_path.with_name(town.db_path.name + ending).unlink(missing_ok=True)
    with other.open("rb") as source, town.db_path.open("r+b") as target:
        shutil.copyfileobj(source, target)
        target.truncate()


@case("0.5", "0.9", "0.15", "0.15 bridge")
def was_copied_over_while_an_answer_waited(build: Build, mode: str) -> None:
    """The answer goes to its own chat, whatever number that has now, or to nobody."""
    town = town_of(build, mode)
    town.settle_in(agents=gate(town), **PATIENT)
    town.writes("one", ANN)
    wait_for("the message to be admitted", lambda: town.outcomes()["open"] == 1)
    town.kill()
    _copied_over(town)
    open_gate(town)
    town.start(ready=False)
    town.wait_reads()
    wait_for("the answer", lambda: not town.journal("SELECT 1 FROM outbox WHERE state IN ('queued', 'attempted')"), 60)
    for handle in ("+15550008801", "+15550008802", BEN):
        assert town.sent(town.chat(handle)) == []
    assert town.stop() == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", case.names())
def test_a_database_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
