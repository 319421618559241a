"""The sender after a restart of the gateway: what the outbox held, and what proves it."""

from __future__ import annotations

from msgspec.structs import replace

from actors.envelopes.control import Listen, Replay, Replayed, Spoken
from actors.envelopes.facts import Deferred, Sent, Uncertain
from actors.envelopes.link import Answer
from actors.envelopes.outbound import chunk_key
from actors.outbound.doubts import EVIDENCE_SECONDS, HISTORY_AFTER
from actors.outbound.leftovers import OLD_SECONDS
from actors.outbound.verdicts import RETRY_SECONDS
from tests.outbound.desk import NOT_STARTED, TRACKED, Desk, chunks, id_of, left, own, prepared
from tests.support.probes import KillableStage

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)


def test_a_reply_that_an_earlier_gateway_queued_is_not_queued_again(stage: KillableStage) -> None:
    (chunk,) = chunks(1, "one")
    desk = Desk(stage, left(chunk, "queued"))
    desk.tell(prepared(1, "one"))
    assert desk.texts == ["one"]


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
    attempt = stage.clock.wall() - OLD_SECONDS
    desk = Desk(stage, left(first, "uncertain", attempt), left(second, "queued"), left(later, "queued"))
    assert desk.texts == ["later"]
    desk.answer(K2)
    desk.tell(own("one", attempt + 1))
    assert desk.texts == ["later", "two"]


def test_a_chunk_left_uncertain_is_looked_for_whoever_is_ready_first(stage: KillableStage) -> None:
    """The watch may run already when the sender starts again: it is looked for all the same."""
    (first,) = chunks(1, "one")
    desk = Desk(stage, left(first, "uncertain", stage.clock.wall() - OLD_SECONDS), forgetful=True)
    desk.remember()
    stage.advance(HISTORY_AFTER)
    assert [lookup.tag for lookup in desk.lookups if lookup.tag.key == K1]


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


def test_a_deferred_chunk_does_not_wait_for_a_clock_that_was_set_back(stage: KillableStage) -> None:
    (first,) = chunks(1, "one")
    desk = Desk(stage, left(first, "deferred", None, stage.clock.wall() + 86_400))
    stage.advance(RETRY_SECONDS[-1] + 0.5)
    assert desk.texts == ["one"]


def test_new_replies_stand_behind_what_was_left(stage: KillableStage) -> None:
    (first,) = chunks(1, "one")
    desk = Desk(stage, left(first, "queued"), ready=False)
    desk.tell(prepared(2, "two"))
    desk.subscribe()
    desk.answer(K1)
    assert desk.texts == ["one", "two"]


def test_the_window_begins_with_the_first_watch(stage: KillableStage) -> None:
    """However long imsg is away: evidence can only come while it is there."""
    (first,), (later,) = chunks(1, "one"), chunks(2, "later")
    desk = Desk(stage, left(first, "attempted", 1.0), left(later, "queued"), ready=False)
    stage.advance(24 * 3600.0)
    desk.subscribe()
    stage.advance(EVIDENCE_SECONDS - 0.1)
    assert desk.texts == []
    stage.advance(0.2)
    assert desk.texts == ["later"]


def test_own_rows_that_are_caught_up_before_the_watch_runs_count(stage: KillableStage) -> None:
    first, second = chunks(1, "one", "two")
    desk = Desk(stage, left(first, "attempted", 1_800_000_000.0), left(second, "queued"), ready=False)
    desk.tell(own("one", 1_800_000_000.5))
    assert desk.keys(Sent) == [K1]
    desk.subscribe()
    assert desk.texts == ["two"]


def test_of_two_left_in_doubt_in_a_chat_only_the_later_holds_it(stage: KillableStage) -> None:
    """The earlier one had been parked: the later one was attempted after it."""
    first, second = chunks(1, "one", "two")
    (other,), (later,) = chunks(2, "other"), chunks(3, "later")
    now = stage.clock.wall()
    desk = Desk(
        stage,
        left(first, "uncertain", now - 90),
        left(second, "queued"),
        left(other, "attempted", now - 20),
        left(later, "queued"),
    )
    desk.tell(own("other", now))
    assert desk.texts == ["later"]
    desk.answer(K3)
    desk.tell(own("one", now, guid="B1"))
    assert desk.texts == ["later", "two"]


def test_a_row_that_proved_a_later_reply_proves_no_older_one_after_a_restart(stage: KillableStage) -> None:
    (first,) = chunks(1, "OK")
    now = stage.clock.wall()
    said = Spoken(7, 1, "OK", "b2", now - 100, False)
    desk = Desk(stage, left(first, "uncertain", now - 900), echoes=(said,))
    desk.tell(own("OK", now - 100, guid="B2"))
    assert desk.of(Sent) == []
    desk.tell(own("OK", now - 800, guid="B1"))
    assert desk.keys(Sent) == [K1]


def test_rows_wait_until_it_is_known_which_of_them_are_proofs(stage: KillableStage) -> None:
    (first,) = chunks(1, "OK")
    now = stage.clock.wall()
    desk = Desk(stage, left(first, "uncertain", now - 900), echoes=None)
    desk.tell(own("OK", now - 100, guid="B2"), own("OK", now - 90, guid="B3"))
    assert desk.of(Sent) == []
    desk.tell(Replayed("echoes", (Spoken(7, 1, "OK", "B2", now - 100, False),)))
    assert [fact.guid for fact in desk.of(Sent)] == ["B3"]


def test_what_went_out_lately_is_only_asked_for_when_something_is_in_doubt(stage: KillableStage) -> None:
    desk = Desk(stage, left(chunks(1, "one")[0], "queued"))
    assert [replay.what for replay in desk.journal.all(Replay)] == ["chunks"]


def test_a_tracked_chunk_left_attempted_is_asked_for_and_issued_again(stage: KillableStage) -> None:
    (first,) = chunks(1, "one")
    desk = Desk(stage, left(first, "attempted", 1.0, guid=id_of(K1)), able=TRACKED)
    assert [call.params for call in desk.statuses] == [{"guid": id_of(K1)}]
    desk.status({"send_state": "pending", "status_fields": None})
    stage.advance(5.0)
    assert [(call.method, call.params["attempt_id"]) for call in desk.calls] == [("send.tracked", id_of(K1))]
    desk.answer(K1)
    assert [(fact.key, fact.guid) for fact in desk.of(Sent)] == [(K1, id_of(K1))]


def test_an_untracked_chunk_left_attempted_is_never_issued_by_a_link_that_tracks(stage: KillableStage) -> None:
    (first,) = chunks(1, "one")
    desk = Desk(stage, left(first, "attempted", 1.0), able=TRACKED)
    stage.advance(3600.0)
    assert desk.calls == []
    assert desk.statuses == []


def test_a_chunk_in_doubt_since_long_is_asked_for_but_not_issued_again(stage: KillableStage) -> None:
    (first,) = chunks(1, "one")
    desk = Desk(stage, left(first, "uncertain", stage.clock.wall() - 3600, guid=id_of(K1)), able=TRACKED)
    stage.advance(1.0)
    desk.status({"send_state": "pending", "status_fields": None})
    stage.advance(3600.0)
    assert desk.calls == []


def test_many_parked_chunks_are_asked_about_bit_by_bit(stage: KillableStage) -> None:
    """They must not fill the room that imsg has for requests."""
    old = stage.clock.wall() - 3600
    parked = [left(chunks(seq, "x", chat=seq)[0], "uncertain", old, guid=id_of(seq << 12)) for seq in range(1, 201)]
    desk = Desk(stage, *parked, able=TRACKED)
    assert len(desk.statuses) <= 1
    stage.advance(10.0)
    assert 40 < len(desk.statuses) < 60
    stage.advance(40.0)
    assert len({call.params["guid"] for call in desk.statuses}) == 200
