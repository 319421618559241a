"""Messages that came while nobody watched: answered late, in order, once; or held, listed, and released on command."""

from collections.abc import Callable

import pytest

from tests.faults.cases import Build, Cases
from tests.faults.people import (
    EVERYONE,
    Person,
    assert_answered,
    crowd,
    numbered,
    verb,
    wait_sent,
    write,
    write_journal,
)
from tests.faults.town import Town, wait_for

THREE_DAYS = 3 * 86_400
QUICK_POLLS = "--poll-rows 1000"
"""Up to 0.13 the rest of a full poll waits for the next event or regular poll, and held rows cause no events."""

case = Cases()


def _been_there(build: Build, version: str, people: int, flags: str = "") -> tuple[Town, list[Person]]:
    """A gateway that has run over this database, and is down."""
    town = build(version, flags=flags)
    town.configure(EVERYONE)
    who = crowd(town, people)
    town.start()
    wait_for("a baseline", lambda: town.journal("SELECT cursor FROM source WHERE cursor IS NOT NULL"))
    assert town.stop() == 0
    return town, who


@case("0.5", "0.15", works=True)
@case("0.9", soak=True)
def were_missed_are_answered(build: Build, version: str) -> None:
    """A thousand: oldest first in every chat, each once."""
    town, people = _been_there(build, version, 10)
    texts = numbered(1000)
    write(town, people, texts)
    town.start()
    wait_sent(town, 1000)
    assert_answered(town, people, texts)
    assert verb(town, "held", "list") == {"held": []}
    assert town.stop() == 0


@case("0.5", "0.15", works=True)
@case("0.9", soak=True)
def were_missed_too_long_ago_wait_for_a_word(build: Build, version: str) -> None:
    """Dated while the gateway was down for three days."""
    _wait_for_a_word(build, version, "missed too long ago", "replayHours", THREE_DAYS)


@case("0.9", works=True)
def were_written_long_before_wait_for_a_word(build: Build, version: str) -> None:
    """Dated before the gateway was down, and new."""
    _wait_for_a_word(build, version, "stale backlog", "liveMinutes", 0)


def _wait_for_a_word(build: Build, version: str, reason: str, key: str, down: int) -> None:
    """Held and listed with the reason; released, they are answered in order, each once, and new ones meanwhile."""
    town, people = _been_there(build, version, 10, QUICK_POLLS)
    # As if it had been down that long: what is dated meanwhile was missed, what is older is only flushed late.
    write_journal(town, "UPDATE source SET watched = watched - ?", down)
    texts = numbered(1000, "old")
    rows = write(town, people, texts, 50.0)
    town.start()
    wait_for("all to be held", lambda: town.outcomes()["held"] == 1000, 60)
    listed = verb(town, "held", "list")["held"]
    assert [one["guid"] for one in listed] == [row.guid for row in rows]
    assert {(one["reason"], one["configKey"]) for one in listed} == {(reason, f"channels.imessage.recovery.{key}")}
    assert town.sent() == []
    town.write_and_wait("new", "+15550001111")
    released = verb(town, "held", "release", "--reason", reason)["results"]
    assert len(released) == 1000
    assert all(one["done"] for one in released)
    wait_sent(town, 1001)
    assert_answered(town, people, texts)
    assert verb(town, "held", "list") == {"held": []}
    assert town.stop() == 0


@case("0.5", "0.9", "0.15")
def were_there_before_the_first_run_are_not_answered(build: Build, version: str) -> None:
    """A thousand messages lie there when the gateway is set up: none of them is answered, the next ones are."""
    _first_run(build, version, 30.0, 0.01)


@case("0.9", "0.15")
def were_filled_in_by_icloud_before_the_first_run_are_not_answered(build: Build, version: str) -> None:
    """The same where the oldest stand last."""
    _first_run(build, version, 0.01, 30.0)


def _first_run(build: Build, version: str, *ages: float) -> None:
    town = build(version, flags=QUICK_POLLS)
    town.configure(EVERYONE)
    people = crowd(town, 10)
    for age in ages:
        write(town, people, numbered(500, f"{age} hours old"), age)
    town.start()
    wait_for("a baseline", lambda: town.journal("SELECT cursor FROM source WHERE cursor IS NOT NULL"))
    town.write_and_wait("first", people[3].handle)
    assert town.stop() == 0
    town.start()
    town.write_and_wait("second", people[4].handle)
    assert town.sent() == ["echo: first", "echo: second"]
    assert town.stop() == 0


@case("0.5", "0.9", soak=True)
def are_old_need_no_events_to_come_in(build: Build, version: str) -> None:
    """An old imsg delivers a hundred at a time; the rest is asked for until all are there."""
    town, people = _been_there(build, version, 10)
    write(town, people, numbered(1000, "old"), 50.0)
    town.start()
    wait_for("all to be held", lambda: town.outcomes()["held"] == 1000, 240)
    assert town.sent() == []
    assert town.stop() == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", case.names())
def test_messages_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
