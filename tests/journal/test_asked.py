"""Who asked for access last under a handle, and where an answer reaches them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Replay, Replayed
from actors.envelopes.facts import Rejudged, Settled
from actors.envelopes.inbound import Asked, Challenge, Challenged, Dropped, Held
from actors.journal.replays import MOST_ASKED
from tests.journal.conftest import Open
from tests.journal.desk import Room, disk_error, message
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, address, admit

BEN, EVE = "+15554445555", "eve@example.org"


def challenge(handle: str = BEN) -> Challenge:
    """The verdict about a stranger."""
    return Challenge(handle, "channels.imessage.dmPolicy")


def asked(room: Room, handle: str = BEN, account: str = ACCOUNT) -> tuple[Asked, ...]:
    """What the journal says of a handle."""
    probe = Probe("registry")
    room.replay("asked", probe, account=account, reason=handle)
    (told,) = probe.all(Replayed)
    assert told.what == "asked"
    return told.items


def test_the_newest_row_of_that_handle_is_told_with_its_address(room: Room) -> None:
    room.append(message(1, chat=1), challenge())
    room.append(message(2, chat=2), challenge())
    room.append(message(3, chat=3), challenge(EVE))
    room.append(message(4, chat=4))
    assert asked(room) == (Asked(2, BEN, address(2)),)
    assert asked(room, EVE) == (Asked(3, EVE, address(3)),)


def test_it_is_the_address_the_challenge_itself_went_to(room: Room) -> None:
    room.append(message(1, chat=5, chat_guid="SMS;-;+15554445555", era=3), challenge())
    (told,) = room.pairing.all(Challenged)
    assert asked(room)[0].address == told.address
    assert (told.address.service, told.address.era) == ("sms", 3)


@pytest.mark.parametrize("handle", ["", "+15550000000", "agent:main:main", "%", BEN.lower() + " "])
def test_nobody_else_is_found(room: Room, handle: str) -> None:
    room.append(message(1), challenge())
    room.append(message(2), admit())
    room.append(message(3), Dropped("no mention"))
    assert asked(room, handle) == ()


def test_an_open_one_and_an_ended_one_count_alike(room: Room) -> None:
    room.append(message(1), challenge())
    room.append(message(2), challenge())
    room.record(Settled(2, Dropped("pairing pending")))
    assert asked(room)[0].seq == 2


def test_who_was_judged_again_asks_as_the_last_verdict_says(room: Room) -> None:
    for number in (1, 2, 3):
        room.append(message(number), Held("pairing store unreadable"))
    assert asked(room) == ()
    room.record(Rejudged(2, message(2), challenge()), Rejudged(3, message(3), admit()))
    assert asked(room)[0].seq == 2


def test_accounts_and_databases_are_told_apart(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    other = room.store.source_number("/other.db")
    room.append(message(1), challenge())
    room.append(message(2, account="work"), challenge())
    for number in range(3, 4 + MOST_ASKED):
        room.append(message(number, source=other), challenge())
    assert asked(room)[0].seq == 3 + MOST_ASKED
    assert asked(room, account="work")[0].seq == 2
    stage.kill()
    room = open_room(sources={ACCOUNT: 1, "home": other})
    assert asked(room)[0].seq == 1
    assert asked(room, account="work") == ()
    assert asked(room, account="home") == ()


def test_a_row_that_cannot_be_read_any_more_gives_way_to_one_that_can(room: Room) -> None:
    for number in (1, 2, 3):
        room.append(message(number, chat=number), challenge())
    for seq, body in ((3, None), (2, b"{"), (1, None)):
        assert asked(room)[0].seq == seq
        with closing(sqlite3.connect(room.path)) as connection:
            connection.execute("UPDATE inbound SET body = ? WHERE seq = ?", (body, seq))
            connection.commit()
    assert asked(room) == ()
    assert room.stage.errors() == []


def test_rows_told_to_the_journal_before_are_counted(room: Room) -> None:
    probe = Probe("registry")
    room.tell(room.appended(message(1), challenge()), Replay("asked", probe.ref, account=ACCOUNT, reason=BEN))
    assert [one.seq for one in probe.all(Replayed)[0].items] == [1]


def test_a_disk_that_fails_is_asked_again(room: Room) -> None:
    room.append(message(1), challenge())
    failing: list[Any] = [disk_error()]

    def before(_number: int, _sql: str) -> None:
        if failing:
            raise failing.pop()

    room.connection.before = before
    probe = Probe("registry")
    room.replay("asked", probe, account=ACCOUNT, reason=BEN)
    assert probe.told == []
    room.stage.advance(1.0)
    assert probe.all(Replayed) == [Replayed("asked", (Asked(1, BEN, replace(address())),))]


def test_however_many_rows_there_are_few_are_looked_at(room: Room) -> None:
    room.append(message(1), challenge())
    with closing(sqlite3.connect(room.path)) as connection:
        connection.execute(
            "WITH RECURSIVE n (i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
            "INSERT INTO inbound (seq, source, guid, account, received_at, kind, session) "
            "SELECT i, 1, randomblob(16), 'default', 0, iif(i % 2, 'challenge', 'admit'), 'h' || i FROM n"
        )
        connection.commit()
    steps: list[None] = []
    room.connection.set_progress_handler(lambda: steps.append(None), 100)
    assert asked(room)[0].seq == 1
    assert len(steps) < 20
