"""Who may not speak any more gets nothing of what waits in the outbox: what of it is found, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors.access.reasons import REVOKED
from actors.envelopes.control import Forfeited, Reconfigure, Record, Recorded, Review
from actors.envelopes.facts import Attempted, Discarded, Fact, Sent
from actors.envelopes.inbound import Admit, Challenge, Dropped, Inbound, Verdict
from actors.envelopes.outbound import chunk_key
from actors.journal.active import PER_CHAT
from actors.journal.actor import JournalView
from actors.journal.replays import PAGE
from tests.journal.conftest import Open
from tests.journal.desk import Room, control, disk_error, later, message, queued
from tests.journal.test_orders import WAYS, brought_to
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, ANN, BEN, START, admit

KEY = chunk_key(1, 0)
GONE = Dropped(REVOKED)


def everybody(_row: Inbound) -> Dropped:
    """Nobody may speak any more."""
    return GONE


def ben(row: Inbound) -> Dropped | None:
    """Ben may not."""
    return GONE if row.sender == BEN else None


def review(room: Room, refused: Callable[[Inbound], Any] = everybody) -> list[Forfeited]:
    """What comes of a review."""
    access = Probe("access")
    room.tell(Review(refused, access.ref))
    room.stage.advance(1.0)
    return access.all(Forfeited)


def answered(room: Room, number: int, *texts: str, verdict: Verdict | None = None, **keys: Any) -> None:
    """Message ``number`` came and was answered; the answer waits."""
    room.append(message(number, **keys), verdict)
    room.record(queued(room.ledger.next_seq - 1, *texts or ("text",)))


@pytest.mark.parametrize("state", WAYS)
def test_only_what_was_never_handed_over_or_did_not_start_is_found(room: Room, state: str) -> None:
    brought_to(room, state)
    waits = state in ("queued", "deferred")
    assert review(room) == ([Forfeited(ACCOUNT, (KEY,))] if waits else [])
    room.record(Discarded(KEY, REVOKED, START + 60))
    assert room.sender.all(Recorded)[-1].seq == (0 if waits else -1)
    after = "discarded" if waits else state
    assert (room.states(), +room.ledger.outbox) == ({KEY: after}, {after: 1})
    if waits:
        assert room.rows("SELECT why, ended_at FROM outbox") == [(REVOKED, START + 60)]
    assert review(room) == []


def test_only_answers_to_those_who_may_not_speak_any_more(room: Room) -> None:
    answered(room, 1, "one", "two")
    answered(room, 2, "three", "four", sender=BEN)
    room.record(Attempted(chunk_key(2, 0), START))
    assert review(room, ben) == [Forfeited(ACCOUNT, (chunk_key(2, 1),))]
    assert review(room, lambda _: None) == []


@pytest.mark.parametrize(
    ("verdict", "found"), [(admit(), True), (control(), True), (Challenge(ANN, "channels.imessage.dmPolicy"), False)]
)
def test_answers_to_messages_and_commands_and_no_pairing_codes(room: Room, verdict: Verdict, found: bool) -> None:
    answered(room, 1, verdict=verdict)
    room.record(later(1, "welcome"))
    keys = (KEY, chunk_key(1, 4000))
    assert review(room) == ([Forfeited(ACCOUNT, keys)] if found else [])


def test_each_account_s_apart(room: Room) -> None:
    for number in (1, 2, 3):
        answered(room, number)
    room.connection.execute("UPDATE outbox SET account = 'work' WHERE key = ?", (chunk_key(2, 0),))
    found = review(room)
    assert sorted((one.account, one.keys) for one in found) == [
        (ACCOUNT, (KEY, chunk_key(3, 0))),
        ("work", (chunk_key(2, 0),)),
    ]


def test_a_row_that_cannot_be_read_back_is_left_alone(room: Room) -> None:
    for number in (1, 2, 3):
        answered(room, number)
    room.connection.execute("UPDATE inbound SET body = NULL WHERE seq = 1")
    room.connection.execute("UPDATE inbound SET body = x'00' WHERE seq = 2")
    assert review(room) == [Forfeited(ACCOUNT, (chunk_key(3, 0),))]
    assert set(room.outcomes().values()) == {"replied"}
    assert room.stage.errors() == []


def test_what_is_pending_comes_first(room: Room) -> None:
    room.append(message(1))
    access = Probe("access")
    room.tell(Record(queued(1, "text")), Review(everybody, access.ref))
    assert access.told == [Forfeited(ACCOUNT, (KEY,))]
    access = Probe("access")
    room.tell(Record(Attempted(KEY, START)), Review(everybody, access.ref))
    assert access.told == []


def test_many_are_looked_through_a_page_at_a_time_and_each_row_is_read_once(room: Room) -> None:
    count = 2 * PAGE + 5
    for number in range(1, count + 1):
        room.append(message(number, chat=number))
        room.record(queued(number, "one", "two"))
    looked: list[int] = []

    def refused(row: Inbound) -> Dropped:
        looked.append(row.rowid)
        return GONE

    found = review(room, refused)
    assert looked == list(range(1, count + 1))
    assert [len(one.keys) for one in found] == [2 * PAGE, 2 * PAGE, 10]
    assert [key for one in found for key in one.keys] == [
        chunk_key(number, position) for number in range(1, count + 1) for position in (0, 1)
    ]


def test_what_changed_between_two_pages_counts_as_it_is(room: Room) -> None:
    count = PAGE + 2
    for number in range(1, count + 1):
        answered(room, number, chat=number)
    access, last = Probe("access"), chunk_key(count, 0)
    room.tell(Review(everybody, access.ref))
    room.record(Attempted(last, START))
    room.stage.advance(1.0)
    assert access.all(Forfeited)[-1].keys == (chunk_key(count - 1, 0),)


def test_a_later_one_takes_the_place_of_an_earlier(room: Room) -> None:
    """Whoever was let in again meanwhile gets their answer."""
    for number in range(1, PAGE + 3):
        answered(room, number, chat=number)
    first, second = Probe("first"), Probe("second")
    room.tell(Review(everybody, first.ref), Review(lambda _: None, second.ref))
    room.stage.advance(1.0)
    assert [len(one.keys) for one in first.all(Forfeited)] == [PAGE]
    assert second.told == []


def test_where_nothing_waits_it_costs_one_look(room: Room) -> None:
    answered(room, 1)
    room.record(Attempted(KEY, START), Sent(KEY, "G", START))
    reads: list[str] = []
    room.connection.before = lambda _, sql: reads.append(sql)
    assert review(room) == []
    assert len(reads) == 1


@pytest.mark.parametrize("fails", range(4))
def test_a_disk_that_refuses_is_asked_again(room: Room, fails: int) -> None:
    for number in range(1, PAGE + 2):
        answered(room, number, chat=number)
    reads: list[str] = []

    def before(_number: int, sql: str) -> None:
        if sql.startswith("SELECT"):
            reads.append(sql)
            if len(reads) == fails + 1:
                raise disk_error()

    room.connection.before = before
    access = Probe("access")
    room.tell(Review(everybody, access.ref))
    room.stage.advance(5.0)
    assert [len(one.keys) for one in access.all(Forfeited)] == [PAGE, 1]


def test_after_a_restart_too_whatever_lies_below_is_settled(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    for number in (1, 2):
        answered(room, number)
    room.record(Attempted(KEY, START), Sent(KEY, "G", START))
    room.ref.stop(block=False)
    stage.settle()
    room = open_room()
    assert room.ledger.floor == 2
    assert review(room) == [Forfeited(ACCOUNT, (chunk_key(2, 0),))]


def test_orders_in_one_group_see_what_the_facts_before_them_did(room: Room) -> None:
    room.append(message(1))
    facts: list[Fact] = [queued(1, "a", "b"), Attempted(KEY, START)]
    facts += [Discarded(chunk_key(1, position), REVOKED, START) for position in (0, 1, 1, 2)]
    room.record(*facts)
    assert [told.seq for told in room.sender.all(Recorded)[-4:]] == [-1, 0, -1, -1]
    assert +room.ledger.outbox == {"attempted": 1, "discarded": 1}


def test_an_answer_that_is_revoked_frees_its_place(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, PER_CHAT + 5)))
    room.record(queued(1, "one", "two"), Attempted(KEY, START), Sent(KEY, "G", START))
    assert len(room.admitted) == PER_CHAT
    room.record(Discarded(chunk_key(1, 1), REVOKED, START))
    assert len(room.admitted) == PER_CHAT + 1


# Answers that wait for a database which is not read


def full(open_room: Open) -> Room:
    """A chat whose window is full, and messages that wait behind it."""
    room = open_room(sources={ACCOUNT: 1})
    verdict: Admit = admit()
    room.tell(*(room.appended(message(n), verdict) for n in range(1, PER_CHAT + 5)))
    assert len(room.admitted) == PER_CHAT
    return room


def test_they_hold_no_place_when_they_come(open_room: Open) -> None:
    room = full(open_room)
    room.tell(Reconfigure(JournalView({ACCOUNT: 2}, None)))
    room.record(queued(1, "one"), queued(2, "two"))
    assert len(room.admitted) == PER_CHAT + 2


def test_nor_when_their_database_is_not_read_any_more(open_room: Open) -> None:
    room = full(open_room)
    room.record(queued(1, "one"), queued(2, "two"))
    assert len(room.admitted) == PER_CHAT
    room.tell(Reconfigure(JournalView({ACCOUNT: 2}, None)))
    room.replay("resumed", room.sessions)
    assert len(room.admitted) == PER_CHAT + 2
    room.tell(Reconfigure(JournalView({ACCOUNT: 1}, None)))
    room.record(Attempted(KEY, START), Sent(KEY, "G", START))
    assert len(room.admitted) == PER_CHAT + 2
