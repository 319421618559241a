"""The operator's orders: what is sent again, settled or given up, and what is left alone."""

from __future__ import annotations

import pytest

from actors.envelopes.facts import Attempted, Discarded, Failed, Requeued, Sent, Uncertain
from actors.envelopes.outbound import Chunk, chunk_key
from actors.outbound.doubts import EVIDENCE_SECONDS
from actors.outbound.verdicts import RETRY_SECONDS
from tests.outbound.desk import (
    HOPELESS,
    NOT_STARTED,
    PENDING,
    TRACKED,
    UNKNOWN_OUTCOME,
    USED,
    Desk,
    chunks,
    id_of,
    left,
    prepared,
)
from tests.support.probes import KillableStage

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)


def ignored(stage: KillableStage, key: int) -> bool:
    """Whether an order for this chunk was ignored, with a line in the log."""
    return any(f"chunk {key}" in text and "ignored" in text for _, text in stage.logged)


def parked(stage: KillableStage) -> Desk:
    """The first chunk of a reply of two is parked, a later reply is out."""
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"), prepared(2, "later"))
    desk.late(K1)
    stage.advance(EVIDENCE_SECONDS)
    desk.answer(K2)
    assert desk.texts == ["one", "later"]
    return desk


# retry


def test_retry_of_a_dead_letter_sends_it_behind_what_waits_in_its_chat(stage: KillableStage) -> None:
    (dead,) = chunks(1, "one")
    desk = Desk(stage)
    desk.tell(prepared(2, "two"), prepared(3, "three"))
    desk.order(K1, "retry", left(dead, "failed"))
    assert desk.keys(Requeued) == [K1]
    for key in (K2, K3, K1):
        desk.answer(key)
    assert desk.texts == ["two", "three", "one"]
    assert desk.keys(Sent) == [K2, K3, K1]


def test_retry_of_a_dead_letter_begins_with_all_its_tries(stage: KillableStage) -> None:
    dead = Chunk(K1, chunks(1, "one")[0].address, "one", tries=4)
    desk = Desk(stage)
    desk.order(K1, "retry", left(dead, "failed"))
    for pause in RETRY_SECONDS:
        desk.answer(K1, error=NOT_STARTED)
        stage.advance(pause)
    assert desk.texts == ["one"] * 5


def test_retry_told_twice_sends_once(stage: KillableStage) -> None:
    """The second was given before it was seen that the first had worked."""
    dead = left(chunks(1, "one")[0], "failed")
    desk = Desk(stage, slow=True)
    desk.order(K1, "retry", dead)
    desk.order(K1, "retry", dead)
    desk.slow = False
    desk.commit()
    stage.settle()
    desk.order(K1, "retry", dead)
    assert desk.texts == ["one"]
    assert desk.keys(Requeued) == [K1]
    assert ignored(stage, K1)


def test_retry_of_what_is_no_dead_letter_any_more_sends_nothing(stage: KillableStage) -> None:
    """The order was given on an old reading of the journal, which knows better."""
    desk = Desk(stage, judge=lambda fact: -1 if type(fact) is Requeued else 0)
    desk.order(K1, "retry", left(chunks(1, "one")[0], "failed"))
    assert desk.calls == []
    assert ignored(stage, K1)
    desk.order(K1, "retry", left(chunks(1, "one")[0], "failed"))
    assert desk.calls == []


def test_a_dead_letter_is_sent_only_when_the_journal_has_it_in_its_queue_again(stage: KillableStage) -> None:
    desk = Desk(stage, slow=True)
    desk.order(K1, "retry", left(chunks(1, "one")[0], "failed"))
    assert desk.calls == []


def test_an_order_for_a_chunk_that_is_not_known_yet_is_left_alone(stage: KillableStage) -> None:
    """The outbox is on its way from the journal: what it holds is not known."""
    desk = Desk(stage, left(chunks(1, "one")[0], "queued"), forgetful=True)
    desk.order(K1, "discard", left(chunks(1, "one")[0], "queued"))
    desk.remember()
    assert desk.texts == ["one"]
    assert ignored(stage, K1)


def test_what_failed_again_may_be_sent_again(stage: KillableStage) -> None:
    dead = left(chunks(1, "one")[0], "failed")
    desk = Desk(stage)
    desk.order(K1, "retry", dead)
    desk.answer(K1, error=HOPELESS)
    desk.order(K1, "retry", dead)
    assert desk.texts == ["one", "one"]


def test_retry_of_an_uncertain_chunk_sends_it_in_its_old_place(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"), prepared(2, "later"))
    desk.late(K1)
    desk.order(K1, "retry")
    assert desk.texts == ["one", "one"]
    assert desk.keys(Attempted) == [K1]
    desk.answer(K1)
    desk.answer(K1 + 1)
    assert desk.texts == ["one", "one", "two", "later"]


def test_retry_of_a_parked_chunk_sends_it_and_then_the_rest_of_its_reply(stage: KillableStage) -> None:
    desk = parked(stage)
    desk.order(K1, "retry")
    desk.answer(K1)
    assert desk.texts == ["one", "later", "one", "two"]


def test_retry_of_an_uncertain_tracked_chunk_carries_the_same_guid(stage: KillableStage) -> None:
    desk = Desk(stage, able=TRACKED)
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error=UNKNOWN_OUTCOME)
    desk.order(K1, "retry")
    assert [call.params["attempt_id"] for call in desk.calls] == [id_of(K1)] * 2


@pytest.mark.parametrize("restarted", [False, True])
def test_what_messages_gave_up_goes_out_without_its_guid_when_the_operator_insists(
    stage: KillableStage, restarted: bool
) -> None:
    """Its GUID is used up for ever, and that it did not go out is known."""
    (dead,) = chunks(1, "one")
    if restarted:
        desk = Desk(stage, left(dead, "queued", 1.0, guid=id_of(K1)), able=TRACKED)
    else:
        desk = Desk(stage, able=TRACKED)
        desk.order(K1, "retry", left(dead, "failed", guid=id_of(K1)))
    desk.answer(K1, error=USED)
    assert [call.method for call in desk.calls] == ["send.tracked"]
    desk.status({"send_state": "failed"})
    assert [call.method for call in desk.calls] == ["send.tracked", "send"]
    desk.answer(K1)
    assert desk.keys(Sent) == [K1]
    assert desk.of(Failed) == []


def test_the_operators_insisting_does_not_send_what_may_have_gone_out(stage: KillableStage) -> None:
    desk = Desk(stage, able=TRACKED)
    desk.order(K1, "retry", left(chunks(1, "one")[0], "failed", guid=id_of(K1)))
    desk.answer(K1, error=USED)
    desk.status(PENDING)
    stage.advance(3600.0)
    assert len(desk.calls) == 1
    assert desk.keys(Uncertain) == [K1]


# sent, failed


def test_an_uncertain_chunk_the_operator_saw_is_sent(stage: KillableStage) -> None:
    desk = parked(stage)
    desk.order(K1, "sent")
    assert desk.keys(Sent) == [K2, K1]
    assert desk.texts == ["one", "later", "two"]


def test_an_uncertain_chunk_the_operator_misses_has_failed_and_its_reply_goes_on(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.late(K1)
    desk.order(K1, "failed")
    assert desk.keys(Failed) == [K1]
    assert desk.texts == ["one", "two"]
    desk.order(K1, "retry", left(chunks(1, "one")[0], "failed"))
    desk.answer(K1 + 1)
    assert desk.texts == ["one", "two", "one"]


# discard


def test_discard_takes_a_queued_chunk_out_of_its_reply(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two", "three"))
    desk.order(K1 + 1, "discard")
    desk.answer(K1)
    assert desk.keys(Discarded) == [K1 + 1]
    assert desk.texts == ["one", "three"]


def test_discard_of_a_deferred_chunk_lets_its_chat_go_on_at_once(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.answer(K1, error=NOT_STARTED)
    desk.order(K1, "discard")
    assert desk.texts == ["one", "two"]
    stage.advance(RETRY_SECONDS[0])
    assert desk.texts == ["one", "two"]


def test_discard_of_an_uncertain_chunk_lets_its_reply_go_on(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.late(K1)
    desk.order(K1, "discard")
    assert desk.keys(Discarded) == [K1]
    assert desk.texts == ["one", "two"]
    desk.answer(K1 + 1)
    stage.advance(3600.0)
    assert desk.texts == ["one", "two"]


def test_discard_of_a_chunk_behind_a_parked_one_only_takes_that(stage: KillableStage) -> None:
    desk = parked(stage)
    desk.order(K1 + 1, "discard")
    desk.order(K1, "sent")
    assert desk.keys(Discarded) == [K1 + 1]
    assert desk.texts == ["one", "later"]


def test_discard_of_a_dead_letter_needs_no_more_than_the_fact(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.order(K1, "discard", left(chunks(1, "one")[0], "failed"))
    assert desk.keys(Discarded) == [K1]


def test_discard_takes_back_a_retry_that_is_on_its_way_to_disk(stage: KillableStage) -> None:
    dead = left(chunks(1, "one")[0], "failed")
    desk = Desk(stage, slow=True)
    desk.order(K1, "retry", dead)
    desk.order(K1, "discard", dead)
    desk.slow = False
    desk.commit()
    stage.settle()
    assert desk.keys(Discarded) == [K1]
    assert desk.calls == []


def test_discard_leaves_a_chunk_alone_that_is_on_its_way(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.order(K1, "discard")
    assert desk.of(Discarded) == []
    assert ignored(stage, K1)
    desk.answer(K1)
    assert desk.texts == ["one", "two"]


@pytest.mark.parametrize("what", ["sent", "failed", "retry", "discard", "burn"])
def test_what_nobody_knows_is_left_alone(stage: KillableStage, what: str) -> None:
    desk = Desk(stage)
    desk.order(K1, what)
    assert (desk.calls, desk.facts) == ([], [])
    assert ignored(stage, K1)


@pytest.mark.parametrize("what", ["sent", "failed", "burn"])
def test_only_what_is_in_doubt_can_be_settled(stage: KillableStage, what: str) -> None:
    desk = Desk(stage)
    desk.order(K1, what, left(chunks(1, "one")[0], "failed"))
    assert (desk.calls, desk.facts) == ([], [])
    assert ignored(stage, K1)


@pytest.mark.parametrize("what", ["sent", "failed", "retry"])
def test_what_waits_for_its_turn_is_left_in_its_place(stage: KillableStage, what: str) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    before = len(desk.facts)
    desk.order(K1 + 1, what)
    assert len(desk.facts) == before
    desk.answer(K1)
    assert desk.texts == ["one", "two"]
