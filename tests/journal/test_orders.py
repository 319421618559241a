"""What the operator decides about chunks: sent again or given up. Only what allows it is changed, all is counted."""

from __future__ import annotations

import pytest

from actors.envelopes.control import OpenChunk, Recorded, Replayed
from actors.envelopes.facts import Attempted, Deferred, Discarded, Fact, Failed, Requeued, Sent, Uncertain
from actors.envelopes.inbound import Dropped
from actors.envelopes.outbound import chunk_key
from actors.journal.active import PER_CHAT
from tests.journal.conftest import Open
from tests.journal.desk import Room, message, queued
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, START, address

KEY = chunk_key(1, 0)
WAYS: dict[str, list[Fact]] = {
    "queued": [],
    "attempted": [Attempted(KEY, START)],
    "deferred": [Deferred(KEY, START + 5, 3, "busy")],
    "uncertain": [Attempted(KEY, START), Uncertain(KEY, "late")],
    "failed": [Attempted(KEY, START), Failed(KEY, "never", START)],
    "sent": [Attempted(KEY, START), Sent(KEY, "G", START)],
    "discarded": [Discarded(KEY, "given up", START)],
}
RETRIED = ("attempted", "deferred", "uncertain", "failed")
GIVEN_UP = ("queued", "attempted", "deferred", "uncertain", "failed")


def brought_to(room: Room, state: str) -> None:
    """A reply of one chunk that is in ``state``."""
    room.append(message(1))
    room.record(queued(1, "text"), *WAYS[state])
    assert room.states() == {KEY: state}


@pytest.mark.parametrize("state", WAYS)
def test_a_chunk_that_may_be_sent_again_waits_like_a_new_one(
    room: Room, open_room: Open, stage: KillableStage, state: str
) -> None:
    brought_to(room, state)
    room.record(Requeued(KEY, START + 60))
    done = state in RETRIED
    after = "queued" if done else state
    assert room.sender.all(Recorded)[-1] == Recorded(0 if done else -1, Requeued(KEY, START + 60))
    assert room.states() == {KEY: after}
    assert +room.ledger.outbox == {after: 1}
    if done:
        assert room.rows("SELECT tries, until, why, ended_at FROM outbox") == [(0, None, None, None)]
    stage.kill()
    again = open_room()
    assert +again.ledger.outbox == {after: 1}
    sender = Probe("sender")
    again.replay("chunks", sender, account=ACCOUNT)
    found = [chunk.state for chunk in sender.all(Replayed)[0].items]
    assert found == ([after] if after in ("queued", "attempted", "deferred", "uncertain") else [])


@pytest.mark.parametrize("state", WAYS)
def test_a_chunk_that_is_given_up_is_neither_sent_nor_listed(
    room: Room, open_room: Open, stage: KillableStage, state: str
) -> None:
    brought_to(room, state)
    room.record(Discarded(KEY, "not wanted", START + 60))
    done = state in GIVEN_UP
    after = "discarded" if done else state
    assert room.sender.all(Recorded)[-1].seq == (0 if done else -1)
    assert room.states() == {KEY: after}
    assert +room.ledger.outbox == {after: 1}
    if done:
        assert room.rows("SELECT why, ended_at FROM outbox") == [("not wanted", START + 60)]
    assert room.store.lowest_chunk(0) is None
    stage.kill()
    again, sender = open_room(), Probe("sender")
    assert +again.ledger.outbox == {after: 1}
    assert dict(again.ledger.counts) == {"replied": 1}
    again.replay("chunks", sender, account=ACCOUNT)
    assert sender.all(Replayed)[0].items == ()


def test_orders_for_a_chunk_there_is_not_change_nothing(room: Room) -> None:
    room.record(Requeued(KEY, START), Discarded(KEY, "x", START))
    assert [told.seq for told in room.sender.all(Recorded)] == [-1, -1]
    assert (room.states(), +room.ledger.outbox) == ({}, {})


def test_orders_in_one_group_see_what_the_facts_before_them_did(room: Room) -> None:
    """However a failing disk piles them up."""
    room.append(message(1))
    room.record(
        queued(1, "text", attempt=True),
        Failed(KEY, "never", START),
        Requeued(KEY, START),
        Requeued(KEY, START),
        Attempted(KEY, START + 1),
        Failed(KEY, "never", START + 1),
        Discarded(KEY, "given up", START + 2),
        Discarded(KEY, "given up", START + 3),
        Requeued(KEY, START + 4),
    )
    assert [told.seq for told in room.sender.all(Recorded)] == [0, 0, 0, -1, 0, 0, 0, -1, -1]
    assert room.rows("SELECT state, why, ended_at FROM outbox") == [("discarded", "given up", START + 2)]
    assert +room.ledger.outbox == {"discarded": 1}
    assert room.store.tallies() == {"outbox:failed": 0, "outbox:discarded": 1, "replied": 1}


def test_a_dead_letter_that_is_sent_again_is_found_after_a_restart_however_old_it_is(
    open_room: Open, stage: KillableStage
) -> None:
    room = open_room()
    brought_to(room, "failed")
    for number in range(2, 6):
        room.append(message(number), Dropped("no mention"))
    room.ref.stop(block=False)
    stage.settle()
    room = open_room()
    assert room.ledger.floor == 6
    room.record(Requeued(KEY, START))
    assert room.ledger.floor == 1
    stage.kill()
    room, sender = open_room(), Probe("sender")
    room.replay("chunks", sender, account=ACCOUNT)
    assert sender.all(Replayed)[0].items == (OpenChunk(KEY, address(), "text", "queued", START, None, 0),)
    room.record(Attempted(KEY, START), Sent(KEY, "G", START + 9))
    assert +room.ledger.outbox == {"sent": 1}
    assert room.ledger.last_sent == {ACCOUNT: START + 9}


def test_a_chunk_that_is_sent_again_before_the_sender_asked_is_known_to_be_its_account_s(
    open_room: Open, stage: KillableStage
) -> None:
    room = open_room()
    brought_to(room, "failed")
    room.record(Requeued(KEY, START), Sent(KEY, "G", START + 9))
    assert room.ledger.last_sent == {ACCOUNT: START + 9}


def test_a_reply_whose_rest_is_given_up_frees_its_place(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 25)))
    room.record(queued(1, "one", "two"), Sent(KEY, "G", START))
    assert len(room.admitted) == PER_CHAT
    room.record(Discarded(chunk_key(1, 1), "given up", START))
    assert len(room.admitted) == PER_CHAT + 1


def test_chunks_of_an_account_that_does_not_run_are_named_at_the_start(
    room: Room, open_room: Open, stage: KillableStage
) -> None:
    brought_to(room, "uncertain")
    stage.kill()
    open_room(sources={"other": 2})
    assert ("WARNING", f"1 chunks of account {ACCOUNT}, which does not run, are kept; see `gateway outbox list`") in (
        stage.logged
    )
    stage.kill()
    stage.logged.clear()
    open_room(sources={ACCOUNT: 1})
    assert not [text for _, text in stage.logged if "which does not run" in text]
