"""The sender under a newer config: in place, with what the outbox holds; nothing goes out twice, nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Listen, Replay, Spoken
from actors.envelopes.facts import Deferred, Queued, Sent, Uncertain
from actors.envelopes.outbound import chunk_key
from actors.outbound.report import CHANGED
from tests.outbound.desk import ACCEPTED, TRACKED, Desk, chunks, id_of, left, own, place, prepared
from tests.outbound.world import later, over_a_disk
from tests.support.probes import KillableStage

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)


def test_what_came_while_it_rested_goes_out_once_and_before_what_comes_after(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one"))
    supervisor = desk.quiesce()
    desk.tell(prepared(2, "two"), prepared(3, "three", chat=8))
    assert supervisor.told == []
    desk.answer(K1)
    assert len(supervisor.told) == 1
    assert desk.texts == ["one"]
    desk.reconfigure()
    desk.tell(prepared(4, "four"))
    desk.answer(K2)
    desk.answer(K3)
    assert desk.texts == ["one", "two", "three", "four"]
    assert [fact.attempt for fact in desk.of(Queued)] == [K1, 0, 0, 0]


def test_it_asks_the_journal_and_the_caller_again_under_its_old_ref(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.quiesce()
    desk.reconfigure()
    assert [(replay.what, replay.then) for replay in desk.journal.all(Replay)] == [("chunks", desk.ref)] * 2
    assert [listen.reply_to for listen in desk.caller.all(Listen)] == [desk.ref] * 2


def test_sends_are_as_the_newer_config_says(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.quiesce()
    desk.reconfigure(transport="bridge", region="DE")
    desk.tell(prepared(1, "one"))
    assert [(call.params["transport"], call.params["region"]) for call in desk.calls] == [("bridge", "DE")]


def test_sends_carry_a_guid_only_where_the_newer_config_lets_them(stage: KillableStage) -> None:
    desk = over_a_disk(stage, able=TRACKED)
    desk.quiesce()
    desk.reconfigure(transport="applescript")
    desk.tell(prepared(1, "one"))
    assert [call.method for call in desk.calls] == ["send"]


def test_whoever_listened_before_goes_on_hearing(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.quiesce()
    desk.reconfigure()
    desk.tell(prepared(1, "one"))
    desk.answer(K1)
    assert [(said.text, said.open) for said in desk.listener.all(Spoken)] == [("one", True), ("one", False)]


def test_it_can_be_quiet_and_change_any_number_of_times(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    for seq in range(1, 4):
        supervisor = desk.quiesce()
        desk.tell(prepared(seq, str(seq)))
        assert len(supervisor.told) == 1
        desk.reconfigure()
        desk.answer(chunk_key(seq, 0))
    assert desk.texts == ["1", "2", "3"]
    assert desk.keys(Sent) == [K1, K2, K3]


def test_without_a_link_it_waits_for_one(stage: KillableStage) -> None:
    desk = over_a_disk(stage, ready=False)
    desk.quiesce()
    desk.tell(prepared(1, "one"))
    desk.reconfigure()
    assert desk.calls == []
    desk.subscribe()
    assert desk.texts == ["one"]


# What was under way


def test_an_unanswered_send_is_in_doubt_and_not_made_again(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "two"))
    desk.quiesce()
    desk.reconfigure()
    assert [(fact.key, fact.why) for fact in desk.of(Uncertain)] == [(K1, CHANGED)]
    stage.advance(24 * 3600.0)
    assert desk.texts == ["one", "two"]
    assert desk.listener.all(Spoken)[1].open, "its echo is known still"


@pytest.mark.parametrize("slow", [False, True])
def test_an_answer_that_comes_after_all_shows_that_it_went_out(stage: KillableStage, slow: bool) -> None:
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.quiesce()
    if slow:
        # Something is not on disk yet, so the answer comes before it is known what the outbox holds.
        desk.slow = True
        desk.tell(prepared(2, "later", chat=8))
    desk.reconfigure()
    desk.answer(K1)
    desk.catch_up()
    assert [(fact.key, fact.guid) for fact in desk.of(Sent)] == [(K1, ACCEPTED["guid"])]
    desk.answer(K2)
    assert sorted(desk.texts) == (["later", "one", "two"] if slow else ["one", "two"])


def test_an_attempt_on_its_way_to_disk_is_made_once_and_by_the_newer_config(stage: KillableStage) -> None:
    desk = over_a_disk(stage, slow=True)
    desk.tell(prepared(1, "one"), prepared(2, "two", chat=8))
    desk.reconfigure(region="DE")
    desk.catch_up()
    assert desk.keys(Deferred) == [K1]
    desk.answer(K1)
    assert [(call.params["text"], call.params["region"]) for call in desk.calls] == [("one", "DE"), ("two", "DE")]
    assert desk.of(Uncertain) == [], "nothing of it had started"
    assert [fact.tries for fact in desk.of(Deferred)] == [0]


def test_what_the_operator_sent_again_is_still_sent_anew_where_messages_gave_it_up(stage: KillableStage) -> None:
    desk = over_a_disk(stage, able=TRACKED)
    desk.tell(prepared(1, "one"))
    desk.lose(K1)
    desk.order(K1, "retry")
    desk.lose(K1)
    desk.reconfigure()
    desk.status({"send_state": "failed"})
    assert [call.method for call in desk.calls] == ["send.tracked", "send.tracked", "send"]


def test_what_is_to_be_sent_anew_is_so_under_the_newer_config_too(stage: KillableStage) -> None:
    desk = over_a_disk(stage, able=TRACKED)
    desk.tell(prepared(1, "one"))
    desk.lose(K1)
    desk.order(K1, "retry")
    desk.lose(K1)
    desk.quiesce()
    desk.status({"send_state": "failed"})
    desk.reconfigure()
    assert [call.method for call in desk.calls] == ["send.tracked", "send.tracked", "send"]


def test_a_chunk_in_doubt_stays_so_and_is_asked_about_anew(stage: KillableStage) -> None:
    desk = over_a_disk(stage, able=TRACKED)
    desk.tell(prepared(1, "one"))
    desk.lose(K1)
    desk.quiesce()
    desk.reconfigure()
    assert [call.params for call in desk.statuses] == [{"guid": id_of(K1)}] * 2
    assert desk.statuses[0].tag != desk.statuses[1].tag, "no answer to the first is taken for one to the second"
    desk.status({"send_state": "sent"})
    assert desk.keys(Sent) == [K1]


def test_the_row_that_proved_one_chunk_proves_no_other_one(stage: KillableStage) -> None:
    desk = over_a_disk(stage, echoes=())
    desk.tell(prepared(1, "OK"))
    desk.lose(K1)
    desk.tell(own("OK", stage.clock.wall(), guid="B1"))
    assert desk.keys(Sent) == [K1]
    desk.tell(prepared(2, "OK"))
    desk.lose(K2)
    desk.reconfigure()
    desk.tell(own("OK", stage.clock.wall(), guid="B1"))
    assert desk.keys(Sent) == [K1]


def test_a_row_that_is_answered_again_is_not_answered_twice(stage: KillableStage) -> None:
    """Its first answer went out under the older config."""
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one"))
    desk.answer(K1)
    desk.quiesce()
    desk.reconfigure()
    desk.tell(prepared(1, "one"))
    assert desk.texts == ["one"]
    assert len(desk.of(Queued)) == 1
    assert stage.errors() == []


# Another child


@pytest.mark.parametrize("changes", [{"child": "another"}, {"source": 2}])
def test_the_child_of_before_is_not_sent_over_where_another_one_is_meant(
    stage: KillableStage, changes: dict[str, Any]
) -> None:
    """It may read another database, in which the same number is another person's chat."""
    desk = over_a_disk(stage)
    desk.quiesce()
    desk.reconfigure(**changes)
    to = replace(place(), source=2) if "source" in changes else place()
    desk.tell(prepared(1, "one", to=to))
    desk.subscribe()  # the one of before may even begin another watch
    assert desk.calls == []
    desk.disconnect()
    assert desk.calls == []
    desk.subscribe()
    assert [call.params["chat_id"] for call in desk.calls] == [7]


def test_a_second_change_does_not_make_the_child_of_before_the_right_one(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.reconfigure(child="another")
    desk.reconfigure(region="DE")
    desk.tell(prepared(1, "one"))
    assert desk.calls == []
    desk.disconnect()
    desk.subscribe()
    assert desk.texts == ["one"]


def test_what_belongs_to_another_database_is_left_to_the_journal(stage: KillableStage) -> None:
    """The journal does not tell it, so it stays where it is."""
    told = [left(chunks(1, "one")[0], "queued")]
    desk = Desk(stage, ready=False, holds=lambda: tuple(told))
    told.clear()
    desk.reconfigure(source=2)
    desk.disconnect()
    desk.subscribe()
    assert desk.calls == []


# An account that goes away


def test_what_a_sender_is_told_that_goes_away_is_queued(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.quiesce()
    desk.tell(prepared(1, "one"), later(2, "two"))
    desk.ref.stop(block=False)
    stage.settle()
    assert [(fact.chunks[0].text, fact.attempt) for fact in desk.of(Queued)] == [("one", 0), ("two", 0)]
    assert desk.calls == []
