"""Tracked sends in doubt: imsg is asked for their GUID, and the same one is issued again."""

from __future__ import annotations

from typing import Any

import pytest

from actors.envelopes.control import Quiesce, Quiet
from actors.envelopes.facts import Deferred, Failed, Sent, Uncertain
from actors.envelopes.link import Answer
from actors.envelopes.outbound import chunk_key
from actors.outbound.doubts import EVIDENCE_SECONDS, HISTORY_AFTER
from actors.outbound.verdicts import RETRY_SECONDS
from tests.outbound.desk import (
    BRIDGE_DOWN,
    HOPELESS,
    INTERNAL,
    PENDING,
    SENT,
    STRICT,
    TRACKED,
    UNKNOWN_OUTCOME,
    USED,
    Desk,
    id_of,
    own,
    prepared,
)
from tests.support.actors import Probe
from tests.support.probes import KillableStage

K1, K2 = chunk_key(1, 0), chunk_key(2, 0)


def doubted(desk: Desk) -> Desk:
    """The first chunk of a reply of two is in doubt, and imsg has been asked for it."""
    desk.tell(prepared(1, "one", "two"))
    desk.answer(K1, error=UNKNOWN_OUTCOME)
    assert [call.params for call in desk.statuses] == [{"guid": id_of(K1)}]
    return desk


# uncertain: asking send_status


@pytest.mark.parametrize(
    "state",
    [
        SENT,
        {"send_state": "delivered", "status_fields": None},
        {"send_state": "pending", "status_fields": {"is_finished": False}},
    ],
)
def test_what_imsg_knows_of_was_sent(desk: Desk, state: dict[str, Any]) -> None:
    doubted(desk).status(state)
    assert [(fact.key, fact.guid) for fact in desk.of(Sent)] == [(K1, id_of(K1))]
    assert desk.texts == ["one", "two"]


def test_what_messages_could_not_deliver_has_failed_and_the_rest_goes_on(desk: Desk) -> None:
    doubted(desk).status({"send_state": "failed", "status_fields": {"error": 22}})
    assert desk.keys(Failed) == [K1]
    assert desk.texts == ["one", "two"]


# uncertain: re-issuing


@pytest.mark.parametrize("state", [PENDING, None, {}, {"send_state": 5}, {"send_state": "pending"}])
def test_where_imsg_knows_nothing_the_same_guid_is_issued_again(
    stage: KillableStage, desk: Desk, state: dict[str, Any] | None
) -> None:
    doubted(desk).status(state)
    stage.advance(RETRY_SECONDS[0] - 0.1)
    assert desk.texts == ["one"]
    stage.advance(0.2)
    assert desk.calls[0].params == desk.calls[1].params
    assert desk.keys(Uncertain) == [K1], "nothing is recorded of asking"
    desk.answer(K1)
    assert [(fact.key, fact.guid) for fact in desk.of(Sent)] == [(K1, id_of(K1))]
    assert desk.texts == ["one", "one", "two"]


def test_already_used_after_an_unknown_outcome_means_sent(stage: KillableStage, desk: Desk) -> None:
    doubted(desk).status(PENDING)
    stage.advance(RETRY_SECONDS[0])
    desk.answer(K1, error=USED)
    assert desk.keys(Sent) == [K1]


@pytest.mark.parametrize("error", [UNKNOWN_OUTCOME, BRIDGE_DOWN, INTERNAL])
def test_it_is_issued_five_times_at_most_and_asked_for_in_between(
    stage: KillableStage, desk: Desk, error: dict[str, Any]
) -> None:
    """A refusal now tells nothing about the request that nobody answered, so it never counts as not started."""
    doubted(desk)
    for pause in RETRY_SECONDS:
        desk.status(PENDING)
        stage.advance(pause)
        desk.answer(K1, error=error)
    desk.status(PENDING)
    stage.advance(24 * 3600.0)
    assert [call.params["attempt_id"] for call in desk.calls if call.params["text"] == "one"] == [id_of(K1)] * 5
    assert desk.of(Deferred) == []
    assert len(desk.statuses) == 5
    assert desk.texts == ["one"] * 5, "the rest of its reply waits"


def test_a_refusal_for_good_ends_the_issuing_but_not_the_doubt(stage: KillableStage, desk: Desk) -> None:
    doubted(desk).status(PENDING)
    stage.advance(RETRY_SECONDS[0])
    desk.answer(K1, error=HOPELESS)
    desk.status(PENDING)
    stage.advance(3600.0)
    assert desk.texts == ["one", "one"]
    assert desk.of(Failed) == []


def test_the_chat_goes_on_after_the_window_and_issuing_goes_on_beside_it(stage: KillableStage, desk: Desk) -> None:
    doubted(desk)
    desk.tell(prepared(2, "later"))
    for pause in RETRY_SECONDS[:2]:
        desk.status(PENDING)
        stage.advance(pause)
        desk.answer(K1, error=UNKNOWN_OUTCOME)
    desk.status(PENDING)
    stage.advance(EVIDENCE_SECONDS - sum(RETRY_SECONDS[:2]))
    assert desk.texts == ["one", "one", "one", "later"]
    assert any("not known yet" in line for line in stage.errors())
    desk.answer(K2)
    stage.advance(RETRY_SECONDS[2])
    desk.answer(K1)
    assert desk.texts == ["one", "one", "one", "later", "one", "two"]


def test_a_lost_child_starts_the_questions_anew_and_no_old_pause_issues_beside_them(
    stage: KillableStage, desk: Desk
) -> None:
    doubted(desk).status(PENDING)
    desk.disconnect()
    desk.subscribe()
    assert len(desk.statuses) == 2
    stage.advance(RETRY_SECONDS[0])
    assert desk.texts == ["one"], "the new question is not answered yet"
    desk.status(PENDING)
    stage.advance(RETRY_SECONDS[0])
    assert desk.texts == ["one", "one"]


def test_a_reissue_that_reached_nobody_is_no_try(stage: KillableStage, desk: Desk) -> None:
    doubted(desk)
    for _ in range(9):
        desk.status(PENDING)
        stage.advance(RETRY_SECONDS[0])
        desk.disconnect()
        desk.lose(K1, started=False)
        desk.subscribe()
    assert len(desk.calls) == 10
    desk.status(SENT)
    assert desk.keys(Sent) == [K1]


def test_a_link_that_cannot_track_any_more_sends_nothing_a_second_time(stage: KillableStage, desk: Desk) -> None:
    """It can still be asked; the same words never go out another way while the first is unknown."""
    doubted(desk).status(PENDING)
    desk.disconnect()
    desk.subscribe(STRICT)
    desk.status(PENDING)
    stage.advance(3600.0)
    assert desk.texts == ["one"]
    desk.disconnect()
    desk.subscribe(TRACKED)
    stage.advance(1.0)
    desk.status(SENT)
    assert desk.keys(Sent) == [K1]
    assert desk.calls[-1].params["attempt_id"] == id_of(K1 + 1)


def test_a_late_answer_to_a_reissue_counts(stage: KillableStage, desk: Desk) -> None:
    doubted(desk).status(PENDING)
    stage.advance(RETRY_SECONDS[0])
    tag = desk.tag(K1)
    desk.tell(Answer(tag, None, None, late=True))
    desk.status(PENDING)
    desk.tell(Answer(tag, {"ok": True}, None))
    assert desk.keys(Sent) == [K1]


def test_an_old_answer_that_says_nothing_starts_nothing(stage: KillableStage, desk: Desk) -> None:
    doubted(desk)
    old = desk.statuses[0].tag
    desk.subscribe()
    desk.tell(Answer(old, PENDING, None))
    stage.advance(RETRY_SECONDS[0])
    assert desk.texts == ["one"]
    desk.tell(Answer(old, SENT, None))
    assert desk.keys(Sent) == [K1], "what it proves is true all the same"


# uncertain: own rows


def test_its_own_row_is_known_by_its_guid(desk: Desk) -> None:
    doubted(desk).tell(own("one", desk.stage.clock.wall() + 1, guid="someone-else"))
    assert desk.of(Sent) == []
    desk.tell(own("not the words we sent", None, guid=id_of(K1).upper()))
    assert desk.keys(Sent) == [K1]


def test_the_history_of_the_chat_shows_its_guid(stage: KillableStage, desk: Desk) -> None:
    doubted(desk).status(PENDING)
    stage.advance(HISTORY_AFTER)
    desk.history({"guid": id_of(K1).upper(), "text": "one", "is_from_me": True, "created_at": None})
    assert desk.keys(Sent) == [K1]


def test_at_shutdown_a_reissue_under_way_is_waited_for_and_none_begins(stage: KillableStage, desk: Desk) -> None:
    supervisor = Probe("supervisor")
    doubted(desk).status(PENDING)
    stage.advance(RETRY_SECONDS[0])
    desk.tell(Quiesce(supervisor.ref))
    assert supervisor.all(Quiet) == []
    desk.answer(K1, error=UNKNOWN_OUTCOME)
    assert len(supervisor.all(Quiet)) == 1
    desk.status(PENDING)
    stage.advance(3600.0)
    assert desk.texts == ["one", "one"]
