"""Control commands in the journal: on disk before anyone acts, past every queue, and told again until they end."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from actors.envelopes.control import Discard, Keep, Record
from actors.envelopes.facts import Rejudged, Sent, Settled
from actors.envelopes.inbound import Challenge, Commanded, Corrupt, Dropped, Held
from actors.envelopes.outbound import chunk_key
from actors.journal.active import PER_CHAT
from actors.journal.belongings import Chat, belongings
from actors.journal.purge import purge
from actors.journal.replays import PAGE
from actors.journal.retention import DAY
from actors.journal.schema import connect_readonly
from tests.journal.conftest import Open
from tests.journal.desk import Room, control, disk_error, message, queued, settled
from tests.support.probes import KillableStage
from tests.support.rows import ANN, BEN, START, address

KINDS = "SELECT seq, kind, outcome, session, agent, service, authority FROM inbound ORDER BY seq"


def test_the_desk_is_told_everything_it_needs(room: Room) -> None:
    row = message(1, text="/config show")
    room.append(row, control())
    assert room.desk.told == [Commanded(1, "agent:main:main", "main", address(), row, "owner", replayed=False)]
    assert room.rows(KINDS) == [(1, "command", None, "agent:main:main", "main", "auto", "owner")]
    assert (room.admitted, room.sender.told) == ([], [])


def test_it_is_answered_where_it_came_from(room: Room) -> None:
    row = message(1, chat_guid=f"SMS;-;{ANN}", era=3)
    room.append(row, control(service="sms"))
    (told,) = room.desk.all(Commanded)
    assert (told.address.service, told.address.era, told.address.chat_guid) == ("sms", 3, f"SMS;-;{ANN}")


def test_a_backlog_of_its_chat_does_not_keep_it_waiting(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, PER_CHAT + 10)))
    assert len(room.admitted) == PER_CHAT
    room.append(message(100), control())
    assert room.commanded == [(PER_CHAT + 10, False)]
    room.record(queued(PER_CHAT + 10, "done"), Sent(chunk_key(PER_CHAT + 10, 0), "G", START))
    assert len(room.admitted) == PER_CHAT, "it never had a place to free"


def test_i1_nobody_hears_of_it_before_it_is_on_disk(room: Room) -> None:
    failing = [disk_error()]

    def before(_number: int, sql: str) -> None:
        if sql == "COMMIT" and failing:
            raise failing.pop()

    room.connection.before = before
    room.append(message(1), control())
    assert room.commanded == []
    room.stage.advance(1.0)
    assert room.commanded == [(1, False)]


def test_the_same_command_again_is_not_carried_out_again(room: Room) -> None:
    room.tell(room.appended(message(1), control()), room.appended(message(1), control()))
    room.append(message(1), control())
    assert room.commanded == [(1, False)]


def test_one_that_was_held_is_told_once_it_is_judged_again_as_one_that_waited(room: Room) -> None:
    room.append(message(1), Held("stale backlog"))
    fact = Rejudged(1, message(1), control("authorised"))
    room.tell(Record(fact, room.desk.ref), Record(fact, room.desk.ref))
    assert room.commanded == [(1, True)]
    assert room.rows(KINDS) == [(1, "command", None, "agent:main:main", "main", "auto", "authorised")]


# After a crash


def test_an_open_one_is_told_again_once_at_each_start_until_it_ends(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    rows = [message(n, chat=n, text=f"/config show {n}") for n in range(1, 5)]
    room.tell(*(room.appended(row, control("authorised", "sms")) for row in rows))
    room.append(message(5))
    room.append(message(6), Challenge(ANN, "k"))
    room.record(queued(1, "answer"))
    open_ones = [2, 3, 4]
    for _ in range(3):
        stage.kill()
        room = open_room()
        assert room.commanded == [], "not before somebody asks"
        room.replay("commanded", room.desk)
        stage.advance(5.0)
        assert room.commanded == [(seq, True) for seq in open_ones]
        assert room.admitted == [5]
        told = room.desk.all(Commanded)[0]
        address_of = (told.address.chat_id, told.address.service)
        assert (told.row, *address_of, told.authority) == (rows[open_ones[0] - 1], open_ones[0], "sms", "authorised")
        room.record(settled(open_ones.pop(0)))
    stage.kill()
    room = open_room()
    room.replay("commanded", room.desk)
    assert room.desk.told == []


def test_what_ends_between_two_pages_is_not_told_again(open_room: Open, stage: KillableStage) -> None:
    room, count = open_room(), 2 * PAGE + 3
    room.tell(*(room.appended(message(n), control()) for n in range(1, count + 1)))
    stage.kill()
    room = open_room()
    room.replay("commanded", room.desk)
    assert len(room.desk.told) == PAGE
    room.record(settled(PAGE + 1), settled(PAGE + 2))
    room.append(message(1000), control())
    stage.advance(1.0)
    again = [seq for seq, replayed in room.commanded if replayed]
    assert again == [seq for seq in range(1, count + 1) if seq not in {PAGE + 1, PAGE + 2}]
    assert [seq for seq, replayed in room.commanded if not replayed] == [count + 1]


def test_an_open_one_is_found_however_much_came_after_it(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1), control())
    for number in range(2, 8):
        room.append(message(number), Dropped("no mention"))
    room.ref.stop(block=False)
    stage.settle()
    room = open_room()
    assert room.ledger.floor == 1
    assert room.store.lowest_open(0) == 1
    room.replay("commanded", room.desk)
    assert room.commanded == [(1, True)]


@pytest.mark.parametrize("body", [None, b"{"])
def test_one_that_cannot_be_read_back_ends_as_corrupt_and_the_others_come(
    open_room: Open, stage: KillableStage, body: bytes | None
) -> None:
    room = open_room()
    room.tell(*(room.appended(message(n), control()) for n in (1, 2)))
    with closing(sqlite3.connect(room.path)) as connection:
        connection.execute("UPDATE inbound SET body = ? WHERE seq = 1", (body,))
        connection.commit()
    stage.kill()
    room = open_room()
    room.replay("commanded", room.desk)
    assert room.commanded == [(2, True)]
    assert room.outcomes() == {1: "corrupt", 2: None}


# What else happens to rows


def test_it_ends_like_any_row(room: Room) -> None:
    room.tell(*(room.appended(message(n), control()) for n in (1, 2, 3)))
    room.record(queued(1, "answer"), Settled(2, Corrupt("a bug")), Settled(3, Held("account not configured")))
    room.tell(Discard((3,)))
    assert room.outcomes() == {1: "replied", 2: "corrupt", 3: "dropped"}
    assert +room.ledger.counts == {"replied": 1, "corrupt": 1, "discarded": 1}


def test_its_words_are_forgotten_when_it_has_ended_and_not_before(room: Room, stage: KillableStage) -> None:
    long_ago = START - 40 * DAY
    room.tell(*(room.appended(message(n, received_at=long_ago), control()) for n in (1, 2)))
    room.record(settled(1))
    room.connection.execute("UPDATE inbound SET settled_at = ? WHERE seq = 1", (long_ago,))
    room.tell(Keep(30, 365))
    stage.advance(1000.0)
    assert room.rows("SELECT seq FROM inbound WHERE body IS NOT NULL") == [(2,)]


def test_a_purge_takes_it_with_everything_that_names_its_sender(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1, chat=7), control())
    room.append(message(2, chat=8, sender=BEN, chat_guid=f"iMessage;-;{BEN}", chat_identifier=BEN), control())
    room.connection.execute("UPDATE inbound SET session = ?", (f"agent:main:imessage:direct:{ANN}",))
    stage.kill()
    with closing(connect_readonly(room.path)) as connection:
        found = belongings(connection, Chat(7))
    assert (found.rows, found.open, found.personal) == ((1,), (1,), (1,))
    purge(room.path, found)
    assert room.rows("SELECT seq, outcome, reason, session, body IS NULL FROM inbound WHERE seq = 1") == [
        (1, "dropped", "purged", None, 1)
    ]
    room = open_room()
    room.replay("commanded", room.desk)
    assert room.commanded == [(2, True)]
