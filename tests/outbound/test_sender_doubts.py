"""What may have gone out: uncertain, never sent again without evidence, and what counts as evidence."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Recorded
from actors.envelopes.facts import Appended, Sent, Uncertain
from actors.envelopes.inbound import Dropped
from actors.envelopes.link import Answer, OwnRow
from actors.envelopes.outbound import chunk_key
from actors.outbound.doubts import EVIDENCE_SECONDS, HISTORY_AFTER
from tests.outbound.desk import ACCEPTED, INTERNAL, Desk, own, prepared
from tests.support.probes import KillableStage
from tests.support.rows import inbound

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)
GUID = str(ACCEPTED["guid"])


@pytest.mark.parametrize("how", ["lost", "late", "error", "not ok", "no result", "null"])
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
        case "no result":
            desk.tell(Answer(desk.tag(K1), None, None))
        case "null":
            desk.answer(K1, {"value": None})
    assert [fact.key for fact in desk.of(Uncertain)] == [K1]
    desk.disconnect()
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
        pytest.param(own("one", 1_800_001_001.0, chat=8), id="another chat"),
        pytest.param(own("One", 1_800_001_001.0), id="another text"),
        pytest.param(own("one", 1_800_000_999.9), id="from before the attempt"),
        pytest.param(own("one", None), id="without a date"),
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
def test_i5_a_history_that_says_nothing_proves_nothing(stage: KillableStage, result: dict[str, object] | None) -> None:
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


def test_the_window_stands_still_while_the_link_is_gone(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "later"))
    desk.late(K1)
    stage.advance(EVIDENCE_SECONDS / 2)
    desk.disconnect()
    stage.advance(3600.0)
    desk.subscribe()
    stage.advance(EVIDENCE_SECONDS / 2 - 1)
    assert desk.texts == ["one"]
    stage.advance(1.5)
    assert desk.texts == ["one", "later"]


def test_a_second_watch_of_the_same_child_does_not_lengthen_the_window(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "later"))
    desk.late(K1)
    stage.advance(EVIDENCE_SECONDS / 2)
    desk.subscribe()
    stage.advance(EVIDENCE_SECONDS / 2)
    assert desk.texts == ["one", "later"]


def test_a_chunk_that_did_go_out_is_no_trouble_any_more(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.late(K1)
    assert desk.health.state == "degraded"
    desk.tell(own("one", stage.clock.wall()))
    assert desk.health.state == "ok"
