"""What provably did not start: tried again after a pause, or given up; and what the operator sees of it."""

from __future__ import annotations

from typing import Any

import pytest

from actors.envelopes.control import Spoken
from actors.envelopes.facts import Deferred, Failed, Sent
from actors.envelopes.outbound import chunk_key
from actors.outbound.report import problem
from actors.outbound.verdicts import DATABASE_SECONDS, RETRY_SECONDS
from tests.outbound.desk import HOPELESS, NO_DATABASE, NOT_STARTED, STRICT, Desk, prepared
from tests.support.probes import KillableStage

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)


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
    for _ in range(20):
        desk.disconnect()
        desk.lose(K1, started=False)
        assert desk.of(Deferred)[-1].tries == 0
        desk.subscribe()
    assert desk.texts == ["one"] * 21
    assert desk.of(Failed) == []
    desk.answer(K1)
    assert [fact.key for fact in desk.of(Sent)] == [K1]


def test_a_send_that_fails_shows_in_the_health_until_one_goes_out(stage: KillableStage) -> None:
    """Reading may be well all the same: degraded, with the remedy for a missing permission."""
    desk = Desk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "two", chat=8))
    refused = {"code": -32603, "message": "Internal error", "data": "Not authorized to send Apple events to Messages."}
    desk.answer(K1, error=refused)
    assert desk.health.state == "degraded"
    assert "Not authorized" in desk.health.reason
    assert "Automation" in desk.health.remedy
    assert desk.health.problem is not None
    assert desk.health.problem.code == "no-automation"
    desk.answer(desk.calls[-1].tag.chunk.key)
    assert (desk.health.state, desk.health.reason) == ("ok", "")
    assert "Not authorized" in desk.health.last_error


@pytest.mark.parametrize("error", [HOPELESS, NOT_STARTED])
def test_a_send_that_ended_badly_is_no_echo_for_ever(stage: KillableStage, error: dict[str, Any]) -> None:
    """The person may say the same words later; only what is under way or just ended can come back."""
    desk = Desk(stage)
    desk.tell(prepared(1, "hi"))
    desk.answer(K1, error=error)
    assert [said.open for said in desk.listener.all(Spoken)] == [True, False]


def test_a_database_that_is_away_costs_no_try(stage: KillableStage) -> None:
    desk = Desk(stage, able=STRICT)
    desk.tell(prepared(1, "one"))
    for number in range(1, 8):
        desk.answer(K1, error=NO_DATABASE)
        assert desk.of(Deferred)[-1].tries == 0
        assert desk.texts == ["one"] * number
        stage.advance(DATABASE_SECONDS)
        assert desk.texts == ["one"] * (number + 1)
    desk.answer(K1)
    assert desk.keys(Sent) == [K1]


def test_a_send_goes_again_as_soon_as_a_watch_shows_the_database(stage: KillableStage) -> None:
    desk = Desk(stage, able=STRICT)
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error=NO_DATABASE)
    desk.subscribe()
    assert desk.texts == ["one", "one"]
    stage.advance(DATABASE_SECONDS)
    assert desk.texts == ["one", "one"], "its old pause starts nothing"


def test_the_end_of_an_old_pause_does_not_shorten_a_new_one(stage: KillableStage) -> None:
    desk = Desk(stage, able=STRICT)
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error=NO_DATABASE)
    desk.subscribe()
    desk.answer(K1, error=NOT_STARTED)
    desk.answer(K1, error=NOT_STARTED)
    stage.advance(4.9)
    assert desk.texts == ["one", "one"]
    stage.advance(0.2)
    assert desk.texts == ["one"] * 3


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("imsg error -32603: AppleScript failed: Not authorized to send Apple events", "no-automation"),
        ("Messages automation failed with AppleScript error -1743.", "no-automation"),
        ("not authorised", "no-automation"),
        ("imsg error -32000: busy", "sends-fail"),
    ],
)
def test_the_health_says_what_kind_of_trouble_it_is(why: str, code: str) -> None:
    found = problem(why)
    assert found.code == code
    assert why in found.reason
    assert found.remedy
