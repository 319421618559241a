"""Very many messages at once: all of them answered in order, and whoever writes meanwhile does not wait for the end.

What iCloud delivers late, with old dates under new numbers, is held until the operator says what to do.
"""

from collections.abc import Callable

import pytest

from actors.simulator import database_faults
from tests.faults.cases import Build, Cases
from tests.faults.people import EVERYONE, Person, crowd, numbered, verb, wait_sent, write
from tests.faults.town import ANN, BEN, Town, wait_for

CHATS, EACH, IN_ONE = 50, 50, 1000
ALL = CHATS * EACH + IN_ONE

case = Cases()


@case("0.9", works=True)
@case("0.5", "0.15", soak=True)
def come_as_a_flood_are_answered_in_order_and_starve_nobody(build: Build, version: str) -> None:
    """1,000 messages in one chat, 50 in each of 50 others, and one in a new chat while they are being answered."""
    # Up to 0.13 imsg itself delivers a hundred at a time, so that the live one comes last: that is not at stake here.
    town = build(version, flags="--send-delay-ms 1 --poll-rows 4000")
    town.configure(EVERYONE)
    one, people = Person(ANN, town.chat(ANN)), crowd(town, CHATS)
    town.start()
    flood, few = numbered(IN_ONE, "one"), numbered(CHATS * EACH, "many")
    with town.db.transaction():
        write(town, [one], flood)
        write(town, people, few)
    wait_for("answers to begin", lambda: len(town.sent()) > 100)
    town.write_and_wait("live", BEN, seconds=60)
    order = wait_all(town)
    # Once it was in its turn, every chat got its share before the flood was over.
    assert order.index("echo: live") < ALL - 500
    assert town.sent(one.chat) == [f"echo: {text}" for text in flood]
    for number, person in enumerate(people):
        assert town.sent(person.chat) == [f"echo: {text}" for text in few[number::CHATS]]
    assert town.stop() == 0


def wait_all(town: Town) -> list[str]:
    """All answers, in the order they were sent."""
    wait_sent(town, ALL + 1, 90)
    return town.sent()


@case("0.9", "0.15", works=True)
@case("0.5", soak=True)
def are_flushed_by_icloud_are_held_released_and_discarded(build: Build, version: str) -> None:
    """Old dates, new numbers, while the gateway watches: held, listed, answered in order on command, or given up."""
    town = build(version, flags="--poll-rows 1000")
    town.configure(EVERYONE)
    ann, ben = Person(ANN, town.chat(ANN)), Person(BEN, town.chat(BEN))
    town.start()
    for person in (ann, ben):
        database_faults.backlog(town.db, person.chat, person.handle, 500, 24.0)
    wait_for("all to be held", lambda: town.outcomes()["held"] == 1000)
    town.write_and_wait("live", "+15550003333")
    listed = verb(town, "held", "list")["held"]
    assert [one["text"] for one in listed] == numbered_from_one(500) * 2
    assert {one["reason"] for one in listed} == {"stale backlog"}
    assert len(town.sent()) == 1
    discarded = verb(town, "held", "discard", "--chat", str(ben.chat))["results"]
    assert len(discarded) == 500
    released = verb(town, "held", "release", "--reason", "stale backlog")["results"]
    assert [one["seq"] for one in released] == [one["seq"] for one in listed if one["chatId"] == ann.chat]
    wait_sent(town, 501)
    assert town.sent(ann.chat) == [f"echo: {text}" for text in numbered_from_one(500)]
    assert town.sent(ben.chat) == []
    assert verb(town, "held", "list") == {"held": []}
    assert town.journal("SELECT count(*) FROM inbound WHERE reason = 'discarded'") == [(500,)]
    town.kill()
    town.start()
    town.write_and_wait("again", BEN)
    assert town.sent(ben.chat) == ["echo: again"]
    assert len(town.sent()) == 502
    assert town.stop() == 0


def numbered_from_one(count: int) -> list[str]:
    """The texts of a flush."""
    return [f"backlog {number + 1}" for number in range(count)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", case.names())
def test_messages_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
