"""What a sender is told before it knows what the outbox holds: it waits in its order, and is dealt with once."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Recorded, Replayed, Spoken
from actors.envelopes.facts import Appended, Queued, Sent
from actors.envelopes.inbound import Dropped
from actors.envelopes.link import Answer
from actors.envelopes.outbound import chunk_key
from actors.outbound.answers import MOST_CHUNKS
from actors.outbound.outbox import Outbox
from tests.outbound.desk import Desk, chunks, left, prepared
from tests.outbound.world import later, over_a_disk
from tests.support.probes import KillableStage
from tests.support.rows import inbound

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)


def test_what_is_told_meanwhile_stands_behind_what_is_there(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.quiesce()
    desk.tell(prepared(1, "one"))
    desk.slow = True
    desk.tell(prepared(2, "two"))
    desk.reconfigure()
    desk.tell(prepared(3, "three"), later(1, "four"))
    assert desk.texts == []
    desk.catch_up()
    for key in (K1, K2, K3, K1 + MOST_CHUNKS):
        desk.answer(key)
    assert desk.texts == ["one", "two", "three", "four"]


def test_a_later_answer_that_is_confirmed_meanwhile_goes_out_once(stage: KillableStage) -> None:
    desk = over_a_disk(stage, slow=True)
    desk.tell(later(1, "one"))
    desk.reconfigure()
    desk.catch_up()
    desk.answer(K1 + MOST_CHUNKS)
    assert desk.texts == ["one"]
    assert desk.keys(Sent) == [K1 + MOST_CHUNKS]


def test_of_two_changes_before_the_journal_answers_the_last_one_counts(stage: KillableStage) -> None:
    (chunk,) = chunks(1, "one")
    desk = Desk(stage, left(chunk, "queued"), forgetful=True)
    desk.reconfigure(region="DE")
    desk.reconfigure(region="FR")
    desk.tell(prepared(2, "two"))
    for _ in range(2):
        desk.remember()
        assert desk.calls == []
    desk.remember()
    desk.answer(K1)
    assert [(call.params["text"], call.params["region"]) for call in desk.calls] == [("one", "FR"), ("two", "FR")]


def test_an_order_waits_until_it_is_known_what_the_outbox_holds(stage: KillableStage) -> None:
    (chunk,) = chunks(1, "one")
    desk = Desk(stage, left(chunk, "queued"), ready=False, forgetful=True)
    desk.order(K1, "discard", left(chunk, "queued"))
    desk.remember()
    desk.subscribe()
    assert desk.calls == []


def test_what_breaks_it_while_it_takes_the_outbox_in_ends_it(
    stage: KillableStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken in twice, what is there would go out twice: a successor begins anew."""
    (chunk,) = chunks(1, "one")
    desk = Desk(stage, left(chunk, "queued"))
    desk.answer(K1)
    restore, times = Outbox.restore, [0, 1]

    def breaks(outbox: Outbox, items: Any) -> bool:
        known = restore(outbox, items)
        if times.pop():
            raise RuntimeError("a bug")
        return known

    with monkeypatch.context() as patched:
        patched.setattr(Outbox, "restore", breaks)
        desk.reconfigure()
    assert not desk.ref.is_alive()


def test_a_message_that_waited_and_breaks_it_once_is_taken_in_once(
    stage: KillableStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (chunk,) = chunks(1, "one")
    desk = Desk(stage, left(chunk, "queued"), forgetful=True)
    desk.tell(prepared(2, "two", chat=8), prepared(3, "three", chat=9))
    reopen, times = Outbox.reopen, [0, 1]

    def breaks(outbox: Outbox) -> None:
        if times.pop():
            raise RuntimeError("a bug")
        reopen(outbox)

    monkeypatch.setattr(Outbox, "reopen", breaks)
    desk.remember()
    for key in (K1, K2, K3):
        desk.answer(key)
    assert desk.texts == ["one", "two", "three"]
    assert stage.deaths.told == []


def test_an_own_row_that_comes_before_the_outbox_is_known_counts(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one"))
    desk.slow = True
    desk.tell(prepared(2, "two"))
    desk.reconfigure()
    row = replace(inbound(5, text="one", is_from_me=True), sent_at=stage.clock.wall())
    desk.tell(Recorded(5, Appended(row, Dropped("from me"))))
    desk.catch_up()
    assert desk.keys(Sent) == [K1]
    assert desk.texts == ["one", "two"]


def test_what_was_confirmed_for_an_attempt_of_before_starts_no_other_one(stage: KillableStage) -> None:
    """The newer attempt is written when that is on disk, not when the older one is."""
    desk = over_a_disk(stage, slow=True)
    desk.tell(prepared(1, "one"))
    desk.reconfigure()
    desk.commit()
    stage.settle()
    assert desk.calls == []
    desk.commit()
    stage.settle()
    assert desk.texts == ["one"]


def test_what_waits_when_a_sender_stops_is_queued(stage: KillableStage) -> None:
    desk = Desk(stage, forgetful=True)
    desk.tell(prepared(1, "one"), Answer("able", None, None), prepared(2, "two"))
    desk.ref.stop(block=False)
    stage.settle()
    assert [(fact.chunks[0].text, fact.attempt) for fact in desk.of(Queued)] == [("one", 0), ("two", 0)]


def test_a_stale_word_of_what_went_out_lately_does_no_harm(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.reconfigure()
    desk.tell(Replayed("echoes", (Spoken(7, 1, "x", "B9", 1.0),)), prepared(1, "one"))
    assert desk.texts == ["one"]
