"""The sender: each chunk at most once, in order per chat, and what happens when imsg does not say."""

from __future__ import annotations

from typing import Any, cast

import pytest
from msgspec.structs import replace

from actors.envelopes.control import (
    Answer,
    Disconnected,
    Listen,
    OwnRow,
    Quiesce,
    Quiet,
    Recorded,
    Replay,
    Spoken,
)
from actors.envelopes.facts import Appended, Deferred, Failed, Queued, Sent, Uncertain
from actors.envelopes.inbound import Absorbed, Dropped
from actors.envelopes.outbound import Prepared, chunk_key
from actors.outbound.doubts import EVIDENCE_SECONDS, HISTORY_AFTER
from actors.outbound.verdicts import RETRY_SECONDS
from tests.outbound.desk import ACCEPTED, HOPELESS, INTERNAL, NOT_STARTED, Desk, chunks, left, prepared
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import inbound

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)
GUID = str(ACCEPTED["guid"])


def own(text: str, at: float, chat: int = 7, guid: str = "B0") -> OwnRow:
    """A row of ours that came back on the watch."""
    return OwnRow(chat, text, guid, at)


# Attempts and their order on disk


def test_a_free_lane_queues_settles_and_attempts_in_one_fact(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    (queued,) = desk.of(Queued)
    assert queued.attempt == K1
    assert [chunk.text for chunk in queued.chunks] == ["one", "two"]
    assert queued.settles[0][0] == 1
    assert desk.texts == ["one"]


def test_i4_nothing_is_written_before_its_attempt_is_on_disk(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.warm()
    desk.slow = True
    desk.tell(prepared(1, "one"), prepared(2, "two", chat=8))
    assert desk.calls == []
    desk.commit()
    stage.settle()
    assert desk.texts == ["one", "two"]
    assert desk.attempts == [K1, K2]


def test_i4_holds_for_every_later_chunk(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.slow = True
    desk.answer(K1)
    assert desk.texts == ["one"]
    desk.commit()
    stage.settle()
    assert desk.texts == ["one", "two"]


def test_the_request_names_the_chat_and_nothing_else(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    (call,) = desk.calls
    assert call.params == {"chat_id": 7, "text": "one", "service": "auto", "transport": "applescript"}
    assert call.patience == 180.0


def test_a_reply_without_chunks_only_settles(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(Prepared((), ((1, Absorbed("no reply")),)))
    (queued,) = desk.of(Queued)
    assert (queued.chunks, queued.attempt) == ((), 0)
    assert desk.calls == []


def test_the_same_reply_twice_is_queued_and_sent_once(stage: KillableStage) -> None:
    """After a restart of the sessions a row may be answered again while its first answer is on the way."""
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"), prepared(1, "one", "two"))
    desk.answer(K1)
    desk.tell(prepared(1, "one", "two"))
    desk.answer(K1 + 1)
    desk.tell(prepared(1, "one", "two"))
    assert desk.texts == ["one", "two"]
    assert len(desk.of(Queued)) == 1


def test_a_confirmation_that_comes_twice_sends_once(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.tell(Recorded(0, desk.of(Queued)[0]))
    assert desk.texts == ["one"]


def test_a_reply_that_an_earlier_gateway_queued_is_not_queued_again(stage: KillableStage) -> None:
    (chunk,) = chunks(1, "one")
    desk = Desk(stage, left(chunk, "queued"))
    desk.tell(prepared(1, "one"))
    assert desk.texts == ["one"]


# Order


def test_the_chunks_of_a_reply_go_one_after_the_other(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two", "three"))
    for position in range(3):
        assert desk.texts == ["one", "two", "three"][: position + 1]
        desk.answer(K1 + position)
    assert [fact.key for fact in desk.of(Sent)] == [K1, K1 + 1, K1 + 2]


def test_replies_of_a_chat_go_one_after_the_other_and_chats_side_by_side(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.warm()
    desk.tell(prepared(1, "a"), prepared(2, "b"), prepared(3, "c"), prepared(4, "d", chat=8))
    assert desk.texts == ["a", "d"]
    desk.answer(K1)
    desk.answer(K2)
    assert desk.texts == ["a", "d", "b", "c"]


def test_a_failed_chunk_does_not_stop_the_rest_of_its_reply(stage: KillableStage) -> None:
    """Chunk 2 of 3 is hopeless: it becomes a dead letter, 3 goes out, 1 is never sent again."""
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two", "three"))
    desk.answer(K1)
    desk.answer(K1 + 1, error=HOPELESS)
    desk.answer(K1 + 2)
    assert desk.texts == ["one", "two", "three"]
    assert [fact.key for fact in desk.of(Failed)] == [K1 + 1]
    assert [fact.key for fact in desk.of(Sent)] == [K1, K1 + 2]


# What provably did not start


def test_what_did_not_start_is_tried_five_times_with_growing_pauses_and_then_fails(
    stage: KillableStage,
) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "two"))
    for number, pause in enumerate(RETRY_SECONDS, start=1):
        desk.answer(K1, error=NOT_STARTED)
        deferred = desk.of(Deferred)[-1]
        assert (deferred.key, deferred.tries) == (K1, number)
        assert deferred.until == stage.clock.wall() + pause
        stage.advance(pause - 0.1)
        assert desk.texts == ["one"] * number, "too early"
        stage.advance(0.2)
        assert desk.texts == ["one"] * (number + 1)
    desk.answer(K1, error=NOT_STARTED)
    assert [fact.key for fact in desk.of(Failed)] == [K1]
    assert desk.texts == ["one"] * 5 + ["two"]
    assert len(desk.attempts) == 6


def test_the_chat_waits_for_a_deferred_chunk_and_other_chats_do_not(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "two"))
    desk.answer(K1, error=NOT_STARTED)
    desk.tell(prepared(3, "three", chat=8))
    assert desk.texts == ["one", "three"]
    desk.answer(K3)
    stage.advance(5.0)
    assert desk.texts == ["one", "three", "one"]
    desk.answer(K1)
    assert desk.texts == ["one", "three", "one", "two"]


def test_a_child_that_was_away_costs_no_try(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    for epoch in range(20):
        desk.tell(Disconnected(epoch, "gone"))
        desk.lose(desk.calls[-1].tag, started=False)
        assert desk.of(Deferred)[-1].tries == 0
        desk.subscribe()
    assert desk.texts == ["one"] * 21
    assert desk.of(Failed) == []
    desk.answer(K1)
    assert [fact.key for fact in desk.of(Sent)] == [K1]


def test_nothing_is_sent_while_the_child_is_away(stage: KillableStage) -> None:
    desk = Desk(stage, ready=False)
    desk.tell(prepared(1, "one"))
    assert desk.calls == []
    assert desk.of(Queued)[0].attempt == 0
    desk.subscribe()
    assert desk.texts == ["one"]
    desk.answer(K1)
    desk.tell(Disconnected(1, "gone"), prepared(2, "two"))
    assert desk.texts == ["one"]


# What may have gone out


@pytest.mark.parametrize("how", ["lost", "late", "error", "not ok"])
def test_i5_no_answer_means_uncertain_and_never_again(stage: KillableStage, how: str) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    match how:
        case "lost":
            desk.lose(K1)
        case "late":
            desk.late(K1)
        case "error":
            desk.answer(K1, error=INTERNAL)
        case "not ok":
            desk.answer(K1, {"ok": False})
    assert [fact.key for fact in desk.of(Uncertain)] == [K1]
    desk.tell(Disconnected(1, "gone"))
    desk.subscribe()
    stage.advance(3 * 24 * 3600.0)
    assert desk.texts == ["one"]


def test_i5_its_own_row_on_the_watch_proves_it(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.late(K1)
    desk.tell(own("one", stage.clock.wall()))
    assert [(fact.key, fact.guid) for fact in desk.of(Sent)] == [(K1, "B0")]
    assert desk.texts == ["one", "two"]


def test_i5_its_own_journaled_row_proves_it(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.lose(K1)
    row = replace(inbound(9, text="one", is_from_me=True), sent_at=stage.clock.wall() + 1)
    desk.tell(Recorded(9, Appended(row, Dropped("from me"))))
    assert [fact.key for fact in desk.of(Sent)] == [K1]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(OwnRow(8, "one", "B0", 1_800_001_001.0), id="another chat"),
        pytest.param(OwnRow(7, "One", "B0", 1_800_001_001.0), id="another text"),
        pytest.param(OwnRow(7, "one", "B0", 1_800_000_999.9), id="from before the attempt"),
        pytest.param(OwnRow(7, "one", "B0", None), id="without a date"),
    ],
)
def test_i5_other_rows_prove_nothing(stage: KillableStage, row: OwnRow) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.late(K1)
    desk.tell(row)
    assert desk.of(Sent) == []


def test_i5_the_guid_of_another_send_proves_nothing(stage: KillableStage) -> None:
    """Two answers of the same text: the row of the one that was confirmed is no proof of the other."""
    desk = Desk(stage)
    desk.tell(prepared(1, "ok"))
    desk.answer(K1)
    desk.tell(prepared(2, "ok"))
    desk.late(K2)
    desk.tell(own("ok", stage.clock.wall(), guid=GUID.lower()))
    assert [fact.key for fact in desk.of(Sent)] == [K1]


def test_i5_a_row_proves_one_chunk_only(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "ok"), prepared(2, "ok"))
    desk.late(K1)
    stage.advance(EVIDENCE_SECONDS)
    desk.late(K2)
    desk.tell(own("ok", stage.clock.wall()), own("ok", stage.clock.wall()))
    assert [fact.key for fact in desk.of(Sent)] == [K1]
    desk.tell(own("ok", stage.clock.wall(), guid="B1"))
    assert [fact.key for fact in desk.of(Sent)] == [K1, K2]


def test_i5_the_history_of_the_chat_is_looked_up_and_proves_it(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.late(K1)
    assert desk.lookups == []
    stage.advance(HISTORY_AFTER)
    (lookup,) = desk.lookups
    assert lookup.params["chat_id"] == 7
    messages = [
        {"guid": "C3", "text": "one", "is_from_me": False, "created_at": "2027-01-15T08:16:41Z"},
        {"guid": "C2", "text": "one", "is_from_me": True, "created_at": "2027-01-15T08:16:41.000Z"},
        {"guid": "C1", "text": "one", "is_from_me": True, "created_at": "2027-01-14T00:00:00Z"},
    ]
    desk.tell(Answer(lookup.tag, {"messages": messages}, None))
    assert [(fact.key, fact.guid) for fact in desk.of(Sent)] == [(K1, "C2")]
    assert desk.texts == ["one", "two"]


@pytest.mark.parametrize(
    "result",
    [
        None,
        {},
        {"messages": None},
        {"messages": [1, None, "x"]},
        {"messages": [{"is_from_me": True}]},
        {"messages": [{"is_from_me": True, "text": 1, "guid": 2, "created_at": 3}]},
        {"messages": [{"is_from_me": True, "text": "one", "guid": "C", "created_at": 3}]},
        {"messages": [{"is_from_me": 1, "text": "one", "guid": "C", "created_at": "2027-01-15T08:16:41Z"}]},
    ],
)
def test_i5_a_history_that_says_nothing_proves_nothing(
    stage: KillableStage, result: dict[str, object] | None
) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.late(K1)
    stage.advance(HISTORY_AFTER)
    desk.tell(Answer(desk.lookups[0].tag, result, None))
    assert desk.of(Sent) == []
    assert stage.errors() == []


def test_i5_a_late_answer_proves_it(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.late(K1)
    desk.answer(K1)
    assert [(fact.key, fact.guid) for fact in desk.of(Sent)] == [(K1, GUID)]
    assert desk.texts == ["one", "two"]


def test_i5_evidence_that_comes_twice_counts_once(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two", "three"))
    desk.late(K1)
    desk.tell(own("one", stage.clock.wall()))
    desk.answer(K1)
    desk.tell(own("one", stage.clock.wall(), guid="B7"))
    assert len(desk.of(Sent)) == 1
    assert desk.texts == ["one", "two"]


def test_an_uncertain_chunk_holds_its_chat_for_the_evidence_window_only(stage: KillableStage) -> None:
    """After it the rest of its own reply stays behind, later replies go on."""
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"), prepared(2, "later"), prepared(3, "elsewhere", chat=8))
    desk.late(K1)
    desk.answer(K3)
    assert desk.texts == ["one", "elsewhere"]
    stage.advance(EVIDENCE_SECONDS - 1)
    assert desk.texts == ["one", "elsewhere"]
    stage.advance(1.0)
    assert desk.texts == ["one", "elsewhere", "later"]
    assert any("not sent again" in line for line in stage.errors()), "the owner is told"
    desk.answer(K2)
    assert "two" not in desk.texts


def test_evidence_after_the_window_still_counts_and_the_rest_follows(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"), prepared(2, "later"))
    desk.late(K1)
    attempt = stage.clock.wall()
    stage.advance(EVIDENCE_SECONDS + 10)
    desk.answer(K2)
    desk.tell(own("one", attempt + 0.5))
    assert desk.texts == ["one", "later", "two"]


def test_a_chunk_in_doubt_does_not_stop_its_lane_for_good(stage: KillableStage) -> None:
    """Doubt after doubt in one chat: each is parked in its turn."""
    desk = Desk(stage)
    desk.tell(prepared(1, "a"), prepared(2, "b"), prepared(3, "c"))
    for key in (K1, K2, K3):
        desk.late(key)
        stage.advance(EVIDENCE_SECONDS)
    assert desk.texts == ["a", "b", "c"]
    assert [fact.key for fact in desk.of(Uncertain)] == [K1, K2, K3]


# After a restart


def test_it_asks_for_what_the_outbox_holds_and_waits_for_the_watch(stage: KillableStage) -> None:
    (chunk,) = chunks(1, "one")
    desk = Desk(stage, left(chunk, "queued"), ready=False)
    (replay,) = desk.journal.all(Replay)
    assert (replay.what, replay.account) == ("chunks", "default")
    assert len(desk.caller.all(Listen)) == 1
    assert desk.calls == []
    desk.subscribe()
    assert desk.texts == ["one"]


def test_a_chunk_left_attempted_becomes_uncertain_and_is_looked_for(stage: KillableStage) -> None:
    first, second = chunks(1, "one", "two")
    (later,) = chunks(2, "later")
    attempt = stage.clock.wall() - 30
    desk = Desk(stage, left(first, "attempted", attempt), left(second, "queued"), left(later, "queued"))
    assert [fact.key for fact in desk.of(Uncertain)] == [K1]
    assert desk.texts == []
    stage.advance(HISTORY_AFTER)
    row = {"guid": "C", "text": "one", "is_from_me": True, "created_at": "2027-01-15T08:16:11Z"}
    desk.tell(Answer(desk.lookups[-1].tag, {"messages": [row]}, None))
    assert desk.texts == ["two"]
    desk.answer(K1 + 1)
    assert desk.texts == ["two", "later"]


def test_a_chunk_left_attempted_is_parked_after_the_window(stage: KillableStage) -> None:
    first, second = chunks(1, "one", "two")
    (later,) = chunks(2, "later")
    desk = Desk(stage, left(first, "attempted", 1.0), left(second, "queued"), left(later, "queued"))
    stage.advance(EVIDENCE_SECONDS)
    assert desk.texts == ["later"]


def test_a_chunk_left_uncertain_keeps_only_the_rest_of_its_reply_behind(stage: KillableStage) -> None:
    first, second = chunks(1, "one", "two")
    (later,) = chunks(2, "later")
    attempt = stage.clock.wall() - 300
    desk = Desk(stage, left(first, "uncertain", attempt), left(second, "queued"), left(later, "queued"))
    assert desk.texts == ["later"]
    desk.answer(K2)
    desk.tell(own("one", attempt + 1))
    assert desk.texts == ["later", "two"]


def test_a_chunk_left_uncertain_is_looked_for_whoever_is_ready_first(stage: KillableStage) -> None:
    """The watch may run already when the sender starts again: it is looked for all the same."""
    (first,) = chunks(1, "one")
    desk = Desk(stage, left(first, "uncertain", stage.clock.wall() - 300), forgetful=True)
    desk.remember()
    stage.advance(HISTORY_AFTER)
    assert [lookup.tag for lookup in desk.lookups if lookup.tag == ("history", K1)]


def test_a_chunk_left_deferred_waits_for_its_time_and_holds_its_chat(stage: KillableStage) -> None:
    first = replace(chunks(1, "one")[0], tries=2)
    (later,) = chunks(2, "later")
    (other,) = chunks(3, "other", chat=8)
    until = stage.clock.wall() + 40
    desk = Desk(stage, left(first, "deferred", None, until), left(later, "queued"), left(other, "queued"))
    assert desk.texts == ["other"]
    desk.answer(K3)
    stage.advance(39.0)
    assert desk.texts == ["other"]
    stage.advance(1.5)
    assert desk.texts == ["other", "one"]
    desk.answer(K1, error=NOT_STARTED)
    assert desk.of(Deferred)[-1].tries == 3, "tries of the last run count"


def test_a_deferred_chunk_whose_time_came_while_down_goes_at_once(stage: KillableStage) -> None:
    (first,) = chunks(1, "one")
    desk = Desk(stage, left(first, "deferred", None, stage.clock.wall() - 1))
    assert desk.texts == ["one"]


def test_new_replies_stand_behind_what_was_left(stage: KillableStage) -> None:
    (first,) = chunks(1, "one")
    desk = Desk(stage, left(first, "queued"), ready=False)
    desk.tell(prepared(2, "two"))
    desk.subscribe()
    desk.answer(K1)
    assert desk.texts == ["one", "two"]


# Pace, echo memory, shutdown


def test_one_request_at_a_time_until_imsg_shows_that_it_is_quick(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(*(prepared(seq, f"{seq}", chat=seq) for seq in range(1, 200)))
    assert len(desk.calls) == 1
    for _ in range(60):
        desk.answer(desk.calls[len(desk.of(Sent))].tag)
    deep = len(desk.calls) - len(desk.of(Sent))
    assert 60 < deep <= 128


def test_a_slow_imsg_gets_one_request_at_a_time_again(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(*(prepared(seq, f"{seq}", chat=seq) for seq in range(1, 200)))
    for _ in range(60):
        desk.answer(desk.calls[len(desk.of(Sent))].tag)
    before = len(desk.calls)
    while len(desk.calls) == before:
        desk.tell(Answer(desk.calls[len(desk.of(Sent))].tag, ACCEPTED, None, seconds=2.0))
        assert len(desk.of(Sent)) < 199
    assert len(desk.calls) - len(desk.of(Sent)) == 1


def test_the_echo_memory_hears_of_the_attempt_and_of_the_guid(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    attempt = stage.clock.wall()
    (said,) = desk.listener.all(Spoken)
    assert said == Spoken(7, 1, "one", "", attempt, open=True)
    stage.advance(2.0)
    desk.answer(K1)
    assert desk.listener.all(Spoken)[1:] == [Spoken(7, 1, "one", GUID, attempt + 2.0)]


def test_a_send_that_fails_shows_in_the_health_until_one_goes_out(stage: KillableStage) -> None:
    """Reading may be well all the same: degraded, with the remedy for a missing permission."""
    desk = Desk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "two", chat=8))
    refused = {"code": -32603, "message": "Internal error", "data": "Not authorized to send Apple events to Messages."}
    desk.answer(K1, error=refused)
    assert desk.health.state == "degraded"
    assert "Not authorized" in desk.health.reason
    assert "Automation" in desk.health.remedy
    desk.answer(desk.calls[-1].tag)
    assert (desk.health.state, desk.health.reason) == ("ok", "")
    assert "Not authorized" in desk.health.last_error


def test_the_echo_memory_hears_before_imsg_does(stage: KillableStage) -> None:
    order: list[str] = []
    desk = Desk(stage)
    desk.listener = Probe("listener", lambda _: order.append("spoken"))
    desk.tell(Listen(desk.listener.ref))
    desk.on_call = lambda _: order.append("call")
    desk.tell(prepared(1, "one"))
    assert order == ["spoken", "call"]


def test_at_shutdown_it_finishes_what_is_under_way_and_starts_nothing(stage: KillableStage) -> None:
    desk, supervisor = Desk(stage), Probe("supervisor")
    desk.tell(prepared(1, "one", "two"), Quiesce(supervisor.ref), prepared(2, "three", chat=8))
    assert supervisor.all(Quiet) == []
    desk.answer(K1)
    assert len(supervisor.all(Quiet)) == 1
    assert desk.texts == ["one"]
    assert desk.of(Queued)[-1].attempt == 0, "what comes late is queued for the next run"


def test_at_shutdown_an_attempt_on_its_way_to_disk_counts_as_under_way(stage: KillableStage) -> None:
    desk, supervisor = Desk(stage, slow=True), Probe("supervisor")
    desk.tell(prepared(1, "one"), Quiesce(supervisor.ref))
    assert supervisor.all(Quiet) == []
    desk.commit()
    stage.settle()
    desk.answer(K1)
    assert len(supervisor.all(Quiet)) == 1


def test_an_idle_sender_is_quiet_at_once(stage: KillableStage) -> None:
    desk, supervisor = Desk(stage), Probe("supervisor")
    desk.tell(Quiesce(supervisor.ref))
    assert [quiet.name for quiet in supervisor.all(Quiet)] == ["sender:default"]


def test_answers_to_nothing_are_ignored(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.answer(K1)
    desk.late(K2)
    desk.tell(Answer(("history", K3), {"messages": []}, None))
    desk.tell(prepared(1, "one"))
    desk.answer(K1)
    desk.answer(K1)
    assert [fact.key for fact in desk.of(Sent)] == [K1]
    assert stage.errors() == []


def test_a_message_that_breaks_the_sender_ends_it_for_its_successor(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(replace(OwnRow(7, "one", "B0", 1.0), guid=cast(str, None)), prepared(1, "one"))
    desk.tell(Recorded(0, Queued((), (), cast(int, []), 0.0)))
    assert len(stage.deaths.told) == 1
    assert not desk.ref.is_alive()


def test_the_region_of_the_account_goes_on_the_wire(stage: KillableStage) -> None:
    desk = Desk(stage, region="DE")
    desk.tell(prepared(1, "one"))
    assert desk.calls[0].params["region"] == "DE"


@pytest.mark.parametrize("error", [HOPELESS, NOT_STARTED])
def test_a_send_that_ended_badly_is_no_echo_for_ever(stage: KillableStage, error: dict[str, Any]) -> None:
    """The person may say the same words later; only what is under way or just ended can come back."""
    desk = Desk(stage)
    desk.tell(prepared(1, "hi"))
    desk.answer(K1, error=error)
    assert [said.open for said in desk.listener.all(Spoken)] == [True, False]


def test_i5_the_row_of_a_later_reply_with_the_same_words_proves_no_older_chunk(stage: KillableStage) -> None:
    """The first "OK" stays in doubt; the second one's own row is the second one's."""
    desk = Desk(stage)
    desk.tell(prepared(1, "OK"))
    desk.late(K1)
    stage.advance(EVIDENCE_SECONDS)
    desk.tell(prepared(2, "OK"))
    desk.tell(own("OK", stage.clock.wall() + 1, guid="B2"))
    desk.answer(K2)
    assert [fact.key for fact in desk.of(Sent)] == [K2]
