"""Held rows: released in order and a page at a time, discarded, judged again, and never answered twice."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from actors.envelopes.control import Discard, Record, Recorded, Tick
from actors.envelopes.facts import Rejudged, Sent, Settled
from actors.envelopes.inbound import Challenge, Challenged, Corrupt, Dropped, Held, Verdict
from actors.envelopes.outbound import chunk_key
from actors.journal.active import PER_CHAT
from actors.journal.replays import PAGE
from actors.normalizer.normalize import nameless
from tests.journal.conftest import Open
from tests.journal.desk import Room, disk_error, message, queued
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, START, admit

STALE = Held("missed too long ago", "channels.imessage.recovery.replayHours")
NO_AGENT = Held("no agent")


def holding(room: Room, count: int, held: Held = STALE) -> None:
    """Rows 1 to ``count`` are held."""
    room.tell(*(room.appended(message(n, chat=1 + n % 9), held) for n in range(1, count + 1)))


def judging(room: Room, verdict: Verdict) -> Probe:
    """An access controller that judges everything alike."""

    def judge(told: Any) -> None:
        room.ref.tell(Record(Rejudged(told.seq, told.fact, verdict), room.sessions.ref))

    return Probe("access", judge)


def seqs(probe: Probe) -> list[int]:
    """The numbers of the rows it was told."""
    return [told.seq for told in probe.all(Recorded)]


# Release


def test_those_asked_for_are_told_in_their_order_whatever_order_they_were_asked_in(room: Room) -> None:
    holding(room, 6)
    room.append(message(7))
    access = Probe("access")
    room.replay("held", access, seqs=(5, 2, 7, 99, 2, 4))
    assert access.all(Recorded) == [Recorded(n, message(n, chat=1 + n % 9)) for n in (2, 4, 5)]


def test_nothing_is_released_that_nobody_named(room: Room) -> None:
    holding(room, 3)
    access = Probe("access")
    room.replay("held", access)
    room.replay("held", access, account=ACCOUNT)
    room.replay("held", access, seqs=(1, 2), reason="another")
    room.replay("held", access, seqs=(1, 2), account="another")
    assert access.told == []
    room.replay("held", access, reason=STALE.reason)
    assert seqs(access) == [1, 2, 3]


def test_rows_of_another_database_or_account_stay_held(open_room: Open, stage: KillableStage) -> None:
    room = open_room(sources={ACCOUNT: 1})
    holding(room, 2)
    room.append(message(3, account="gone"), STALE)
    room.append(message(4, source=2), STALE)
    access = Probe("access")
    room.replay("held", access, seqs=(1, 2, 3, 4))
    assert seqs(access) == [1, 2]
    assert set(room.outcomes().values()) == {"held"}


def test_what_is_released_is_answered_through_the_gate_in_order(room: Room, stage: KillableStage) -> None:
    room.tell(*(room.appended(message(n), STALE) for n in range(1, 31)))
    access = judging(room, admit())
    room.replay("held", access, seqs=tuple(range(30, 0, -1)))
    assert room.admitted == list(range(1, PER_CHAT + 1))
    room.record(*(queued(n, "x") for n in (1, 2)), *(Sent(chunk_key(n, 0), "G", START) for n in (1, 2)))
    assert room.admitted == list(range(1, PER_CHAT + 3))
    assert room.ledger.counts["replied"] == 2
    assert room.ledger.counts[STALE.reason] == 0


def test_a_row_whose_agent_failed_is_answered_when_it_is_released(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1))
    room.record(Settled(1, Held("agent failed: exited with code 3")))
    room.replay("held", judging(room, admit()), seqs=(1,))
    assert room.admitted == [1, 1]
    room.record(Settled(1, Held("agent failed: timed out after 5 s")))
    assert room.outcomes() == {1: "held"}
    stage.kill()
    room = open_room()
    assert room.admitted == []
    room.replay("held", judging(room, admit()), seqs=(1,))
    assert room.admitted == [1]
    room.record(queued(1, "x"), Sent(chunk_key(1, 0), "G", START))
    assert (room.outcomes(), room.states()) == ({1: "replied"}, {chunk_key(1, 0): "sent"})
    assert +room.ledger.counts == {"replied": 1}


# Pages


@pytest.mark.parametrize("count", [PAGE - 1, PAGE, PAGE + 1, 3 * PAGE + 5])
def test_many_are_read_a_page_at_a_time(room: Room, stage: KillableStage, count: int) -> None:
    holding(room, count)
    most: list[int] = []
    read = room.store.rows_that_are

    def counted(outcome: str | None, numbers: Any) -> Any:
        most.append(len(numbers))
        return read(outcome, numbers)

    setattr(room.store, read.__name__, counted)
    access = Probe("access")
    room.replay("held", access, reason=STALE.reason)
    assert len(access.told) == min(PAGE, count), "the next page waits until this one is handled"
    for _ in range(count // PAGE + 1):
        stage.advance(0.0)
    assert seqs(access) == list(range(1, count + 1))
    assert max(most) <= PAGE
    assert [told for _, told in stage.clock.timers if told != Tick("prune")] == []


def test_new_rows_pass_between_pages_and_rows_settled_meanwhile_are_left_out(room: Room, stage: KillableStage) -> None:
    holding(room, 2 * PAGE)
    access = Probe("access")
    room.replay("held", access, reason=STALE.reason)
    room.append(message(1000))
    assert room.admitted == [2 * PAGE + 1]
    room.tell(Discard((PAGE + 1, PAGE + 2)))
    stage.advance(0.0)
    assert seqs(access) == [*range(1, PAGE + 1), *range(PAGE + 3, 2 * PAGE + 1)]


def test_challenges_come_again_a_page_at_a_time(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    stranger = Challenge("+15550001111", "k")
    room.tell(*(room.appended(message(n), stranger) for n in range(1, PAGE + 11)))
    stage.kill()
    room = open_room()
    room.replay("challenged", room.pairing)
    room.append(message(500), stranger)
    assert [told.replayed for told in room.pairing.all(Challenged)] == [True] * PAGE + [False]
    room.record(Settled(PAGE + 1, Dropped("pairing pending")))
    stage.advance(0.0)
    assert room.challenged == [*range(1, PAGE + 1), PAGE + 11, *range(PAGE + 2, PAGE + 11)]


def test_a_page_the_disk_refuses_comes_as_soon_as_it_can(room: Room, stage: KillableStage) -> None:
    holding(room, 2 * PAGE)
    access = Probe("access")
    room.replay("held", access, reason=STALE.reason)
    left = [3]

    def refuse(_: int, sql: str) -> None:
        if "outcome IS ?" in sql and left[0]:
            left[0] -= 1
            raise disk_error()

    room.connection.before = refuse
    stage.advance(0.0)
    assert (len(access.told), room.ledger.trouble != "") == (PAGE, True)
    stage.advance(5.0)
    assert seqs(access) == list(range(1, 2 * PAGE + 1))


# Judged again


def test_a_row_held_for_the_very_same_reason_is_left_alone_and_nobody_is_told(room: Room) -> None:
    holding(room, 1)
    before = room.rows("SELECT * FROM inbound")
    told = room.told()
    row = message(1, text="something else")
    room.tell(Record(Rejudged(1, row, Held(STALE.reason, "another key")), room.sender.ref))
    assert (room.rows("SELECT * FROM inbound"), room.told()) == (before, told)
    assert room.ledger.counts == {STALE.reason: 1}


def test_a_row_may_be_held_for_another_reason_then(room: Room, open_room: Open, stage: KillableStage) -> None:
    holding(room, 1)
    room.tell(Record(Rejudged(1, message(1), NO_AGENT), room.sender.ref))
    assert room.rows("SELECT outcome, reason FROM inbound") == [("held", "no agent")]
    assert room.sender.all(Recorded)[-1] == Recorded(1, Rejudged(1, message(1), NO_AGENT))
    assert +room.ledger.counts == {"no agent": 1}
    stage.kill()
    assert +open_room().ledger.counts == {"no agent": 1}


def test_a_verdict_without_the_row_leaves_what_is_stored_of_it(room: Room) -> None:
    holding(room, 2)
    before = room.rows("SELECT body, chat_id FROM inbound ORDER BY seq")
    blank = nameless(ACCOUNT, 1, b"", START)
    room.record(Rejudged(1, blank, Dropped("x")), Rejudged(2, message(2, chat=99), Corrupt("a bug")))
    assert room.rows("SELECT body, chat_id FROM inbound ORDER BY seq") == before
    assert room.outcomes() == {1: "dropped", 2: "corrupt"}


@pytest.mark.parametrize("body", [None, b"{"])
def test_a_released_row_that_cannot_be_read_back_is_corrupt_and_keeps_its_bytes(room: Room, body: bytes | None) -> None:
    holding(room, 3)
    with sqlite3.connect(room.path) as connection:
        connection.execute("UPDATE inbound SET body = ? WHERE seq = 2", (body,))
    connection.close()
    access = Probe("access")
    room.replay("held", access, seqs=(1, 2, 3))
    assert seqs(access) == [1, 3]
    assert room.rows("SELECT outcome, body, chat_id FROM inbound WHERE seq = 2") == [("corrupt", body, 3)]


# Discard


def test_discarded_rows_end_as_dropped_and_only_held_ones_do(room: Room, open_room: Open, stage: KillableStage) -> None:
    holding(room, 3)
    room.append(message(4))
    room.append(message(5), Dropped("no mention"))
    bodies = room.rows("SELECT body, chat_id FROM inbound ORDER BY seq")
    room.tell(Discard((3, 1, 4, 5, 99, 3)))
    assert room.outcomes() == {1: "dropped", 2: "held", 3: "dropped", 4: None, 5: "dropped"}
    assert room.rows("SELECT reason, config_key FROM inbound WHERE seq = 1") == [("discarded", "")]
    assert room.rows("SELECT body, chat_id FROM inbound ORDER BY seq") == bodies
    expected = {STALE.reason: 1, "discarded": 2, "no mention": 1}
    assert +room.ledger.counts == expected
    access = Probe("access")
    room.replay("held", access, seqs=(1, 2, 3))
    assert seqs(access) == [2]
    stage.kill()
    assert +open_room().ledger.counts == expected


def test_what_is_discarded_while_the_disk_fails_is_discarded_later(room: Room, stage: KillableStage) -> None:
    holding(room, 2)
    room.connection.before = lambda _, sql: (_ for _ in ()).throw(disk_error()) if sql == "COMMIT" else None
    room.tell(Discard((1,)))
    assert (room.outcomes(), room.ledger.waiting) == ({1: "held", 2: "held"}, 1)
    room.connection.before = None
    stage.advance(1.0)
    assert room.outcomes() == {1: "dropped", 2: "held"}


def test_old_rows_that_end_do_not_make_the_next_start_look_far_back(room: Room, stage: KillableStage) -> None:
    holding(room, 2)
    room.ledger.raise_floor(room.store)
    assert room.ledger.floor == 3
    room.tell(Discard((1,)))
    assert (room.ledger.floor, room.store.mark("floor")) == (3, 3)
    room.record(Rejudged(2, message(2), admit()))
    assert (room.ledger.floor, room.store.mark("floor")) == (2, 2)
