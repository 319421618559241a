"""Tracked sends: every chunk bears a GUID of ours, on disk before the request; and what a used GUID means."""

from __future__ import annotations

from typing import Any

import pytest

from actors.envelopes.control import Listen, Spoken
from actors.envelopes.facts import Attempted, Deferred, Failed, Queued, Sent, Uncertain
from actors.envelopes.link import Answer
from actors.envelopes.outbound import chunk_key
from actors.outbound.verdicts import RETRY_SECONDS
from tests.outbound.desk import (
    BRIDGE_DOWN,
    PENDING,
    SENT,
    STRICT,
    TRACKED,
    USED,
    Desk,
    id_of,
    place,
    prepared,
)
from tests.support.actors import Probe
from tests.support.probes import KillableStage

K1, K2 = chunk_key(1, 0), chunk_key(2, 0)


# The request


def test_the_request_carries_our_guid_and_no_other_keys(desk: Desk) -> None:
    desk.tell(prepared(1, "one"))
    (call,) = desk.calls
    assert call.method == "send.tracked"
    assert call.params == {"chat_id": 7, "text": "one", "attempt_id": id_of(K1)}
    assert call.patience == 180.0


def test_a_service_is_named_only_where_it_is_not_auto(desk: Desk) -> None:
    sms = place()
    desk.tell(prepared(1, "one", to=type(sms)(sms.account, sms.source, sms.chat_id, sms.chat_guid, "sms")))
    assert desk.calls[0].params["service"] == "sms"


@pytest.mark.parametrize(
    ("transport", "able", "method", "wire"),
    [
        ("auto", TRACKED, "send.tracked", None),
        ("bridge", TRACKED, "send.tracked", None),
        ("applescript", TRACKED, "send", "applescript"),
        ("auto", STRICT, "send", "applescript"),
        ("bridge", STRICT, "send", "bridge"),
        ("applescript", STRICT, "send", "applescript"),
    ],
)
def test_which_way_a_chunk_goes(stage: KillableStage, transport: Any, able: Any, method: str, wire: str | None) -> None:
    desk = Desk(stage, transport=transport, able=able)
    desk.tell(prepared(1, "one"))
    (call,) = desk.calls
    assert (call.method, call.params.get("transport")) == (method, wire)
    allowed = {"chat_id", "text", "service", "transport", "region"} if wire else {"chat_id", "text", "attempt_id"}
    assert set(call.params) == allowed


def test_the_guid_is_on_disk_with_the_attempt_and_known_to_the_echo_memory_before_the_request(desk: Desk) -> None:
    order: list[Any] = []
    desk.listener = Probe("listener", order.append)
    desk.on_call = order.append
    desk.tell(Listen(desk.listener.ref))
    desk.tell(prepared(1, "one", "two"))
    assert desk.of(Queued)[0].guid == id_of(K1)
    desk.answer(K1)
    assert [(fact.key, fact.guid) for fact in desk.of(Attempted)] == [(K1 + 1, id_of(K1 + 1))]
    said = [one.guid for one in order if type(one) is Spoken and one.open]
    assert said == [id_of(K1), id_of(K1 + 1)]
    assert type(order[0]) is Spoken


def test_what_imsg_accepts_is_sent_with_our_guid(desk: Desk) -> None:
    desk.tell(prepared(1, "one"))
    desk.answer(K1, {"ok": True, "guid": id_of(K1), "attempt_id": id_of(K1)})
    assert [(fact.key, fact.guid) for fact in desk.of(Sent)] == [(K1, id_of(K1))]


# A used GUID without an unknown attempt


def test_already_used_after_a_plain_refusal_is_asked_about(stage: KillableStage, desk: Desk) -> None:
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error=BRIDGE_DOWN)
    stage.advance(RETRY_SECONDS[0])
    desk.answer(K1, error=USED)
    assert desk.keys(Uncertain) == [K1]
    desk.status(SENT)
    assert desk.keys(Sent) == [K1]


def test_already_used_and_unknown_is_parked_and_never_issued_again(stage: KillableStage, desk: Desk) -> None:
    desk.tell(prepared(1, "one"), prepared(2, "later"))
    desk.answer(K1, error=USED)
    desk.status(PENDING)
    stage.advance(3600.0)
    assert desk.texts == ["one", "later"]
    assert desk.keys(Uncertain) == [K1]


def test_already_used_and_failed_is_a_dead_letter(desk: Desk) -> None:
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error=USED)
    desk.status({"send_state": "failed"})
    assert desk.keys(Failed) == [K1]


# The bridge goes


def test_when_the_bridge_is_gone_what_did_not_start_goes_another_way(stage: KillableStage, desk: Desk) -> None:
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error=BRIDGE_DOWN)
    (question,) = desk.called("status")
    methods = sorted(STRICT.methods)
    desk.tell(Answer(question.tag, {"version": "0.15.9", "methods": methods, "bridge": {"ready": False}}, None))
    stage.advance(RETRY_SECONDS[0])
    assert [call.method for call in desk.calls] == ["send.tracked", "send"]
    assert [fact.guid for fact in desk.of(Attempted)] == [""], "and the disk knows that it carries no GUID"


@pytest.mark.parametrize("result", [None, {}, {"version": "0.15.9"}])
def test_an_answer_about_the_bridge_that_says_nothing_changes_nothing(
    stage: KillableStage, desk: Desk, result: dict[str, Any] | None
) -> None:
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error=BRIDGE_DOWN)
    desk.tell(Answer(desk.called("status")[0].tag, result, None))
    stage.advance(RETRY_SECONDS[0])
    assert [call.method for call in desk.calls] == ["send.tracked", "send.tracked"]


def test_a_child_of_another_imsg_that_knows_no_tracking_did_not_start_it(stage: KillableStage, desk: Desk) -> None:
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error={"code": -32601, "message": "Method not found", "data": "send.tracked"})
    assert desk.keys(Deferred) == [K1]
