"""Sends that imsg does not answer, and whose own rows come: they are out, whatever it says later."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Quiesce, Quiet, Recorded
from actors.envelopes.facts import Appended, Deferred, Failed, Sent, Uncertain
from actors.envelopes.inbound import Dropped
from actors.envelopes.link import Answer, Stalled
from actors.envelopes.outbound import chunk_key
from actors.outbound.doubts import EVIDENCE_SECONDS
from actors.outbound.flights import GRACE_SECONDS, OVERDUE_SECONDS
from actors.outbound.link import MUTE
from tests.outbound.desk import ACCEPTED, HOPELESS, INTERNAL, NOT_STARTED, TRACKED, Desk, id_of, own, prepared
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import inbound

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)


def stalls(desk: Desk) -> list[Stalled]:
    """What the caller was told about its child."""
    return desk.caller.all(Stalled)


def test_an_own_row_settles_a_send_that_is_not_answered(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.tell(own("one", stage.clock.wall()))
    assert desk.of(Sent) == [], "its answer is about to come"
    stage.advance(GRACE_SECONDS)
    assert [(fact.key, fact.guid) for fact in desk.of(Sent)] == [(K1, "B0")]


def test_an_own_row_that_comes_late_settles_it_at_once(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    stage.advance(GRACE_SECONDS)
    row = replace(inbound(9, text="one", is_from_me=True), sent_at=stage.clock.wall())
    desk.tell(Recorded(9, Appended(row, Dropped("from me"))))
    assert desk.keys(Sent) == [K1]


@pytest.mark.parametrize("how", ["accepted", "internal", "hopeless", "not started", "late", "lost"])
@pytest.mark.parametrize("settled", [True, False])
def test_what_imsg_says_after_the_own_row_changes_nothing(stage: KillableStage, how: str, settled: bool) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    tag = desk.tag(K1)
    desk.tell(own("one", stage.clock.wall()))
    if settled:
        stage.advance(GRACE_SECONDS)
    answers: dict[str, Answer] = {
        "accepted": Answer(tag, ACCEPTED, None),
        "late": Answer(tag, None, None, late=True),
        "lost": Answer(tag, None, None, lost=True),
    }
    errors: dict[str, dict[str, Any]] = {"internal": INTERNAL, "hopeless": HOPELESS, "not started": NOT_STARTED}
    desk.tell(answers[how] if how in answers else Answer(tag, None, errors[how]))
    stage.advance(700.0)
    assert desk.keys(Sent) == [K1]
    assert desk.of(Uncertain) + desk.of(Failed) + desk.of(Deferred) == []
    assert desk.texts == ["one"]
    assert desk.health.state == "ok"


def test_an_answer_in_time_leaves_the_row_alone(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.tell(own("one", stage.clock.wall()))
    desk.answer(K1)
    stage.advance(10 * GRACE_SECONDS)
    assert [(fact.key, fact.guid) for fact in desk.of(Sent)] == [(K1, str(ACCEPTED["guid"]))]


def test_a_row_proves_one_send_only(stage: KillableStage) -> None:
    """The second reply with the same words has no row of its own."""
    desk = Desk(stage)
    desk.tell(prepared(1, "OK"), prepared(2, "OK"))
    stage.advance(GRACE_SECONDS)
    desk.tell(own("OK", stage.clock.wall()))
    desk.answer(K1)
    assert desk.texts == ["OK", "OK"]
    desk.tell(own("OK", stage.clock.wall()))
    stage.advance(GRACE_SECONDS)
    assert desk.keys(Sent) == [K1]
    desk.tell(own("OK", stage.clock.wall(), guid="B2"))
    assert desk.keys(Sent) == [K1, K2]


def test_the_oldest_send_is_proved_first(stage: KillableStage) -> None:
    """One in doubt before one under way, as long as the row may be its own."""
    desk = Desk(stage)
    desk.tell(prepared(1, "OK"))
    desk.late(K1)
    before = stage.clock.wall()
    stage.advance(EVIDENCE_SECONDS)
    desk.tell(prepared(2, "OK"))
    stage.advance(GRACE_SECONDS)
    desk.tell(own("OK", before, guid="B1"))
    assert desk.keys(Sent) == [K1]
    desk.tell(own("OK", stage.clock.wall(), guid="B2"))
    assert desk.keys(Sent) == [K1, K2]


@pytest.mark.parametrize("row", [own("one", 1_800_001_001.0, chat=8), own("One", 1_800_001_001.0), own("one", 1.0)])
def test_other_rows_settle_nothing(stage: KillableStage, row: Any) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.tell(row)
    stage.advance(GRACE_SECONDS)
    desk.tell(row)
    assert desk.of(Sent) == []


def test_a_row_from_before_the_request_settles_nothing_whatever_its_date_says(stage: KillableStage) -> None:
    """The clock of the Mac may be ahead: it is the row of the first."""
    desk = Desk(stage)
    desk.tell(prepared(1, "OK", "OK"))
    desk.tell(own("OK", stage.clock.wall() + 5))
    stage.advance(0.5)
    desk.answer(K1)
    stage.advance(GRACE_SECONDS)
    assert desk.keys(Sent) == [K1]


def test_a_tracked_send_is_settled_by_the_row_with_its_guid_and_by_no_other(stage: KillableStage) -> None:
    desk = Desk(stage, able=TRACKED)
    desk.tell(prepared(1, "one"))
    desk.tell(own("one", stage.clock.wall()))
    stage.advance(GRACE_SECONDS)
    assert desk.of(Sent) == []
    desk.tell(own("one", stage.clock.wall(), guid=id_of(K1).upper()))
    assert desk.keys(Sent) == [K1]


def test_its_lane_goes_on_as_soon_as_imsg_answers_at_all(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.tell(own("one", stage.clock.wall()))
    stage.advance(GRACE_SECONDS)
    desk.tell(Answer(desk.tag(K1), None, INTERNAL))
    assert desk.texts == ["one", "two"]


def test_a_child_that_owes_only_answers_to_what_is_out_is_replaced(stage: KillableStage) -> None:
    """Nothing is at stake in it, and what waits would only be stuck behind."""
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"), prepared(2, "three", chat=8))
    desk.tell(own("one", stage.clock.wall()))
    stage.advance(OVERDUE_SECONDS - GRACE_SECONDS)
    assert desk.texts == ["one"], "it would stand behind the first"
    assert stalls(desk) == []
    stage.advance(GRACE_SECONDS)
    assert stalls(desk) == [Stalled(desk.epoch, MUTE)]
    desk.disconnect()
    desk.lose(K1)
    desk.subscribe()
    desk.answer(K2)
    desk.answer(K1 + 1)
    assert desk.texts == ["one", "three", "two"]
    assert sorted(desk.keys(Sent)) == [K1, K1 + 1, K2]
    assert desk.of(Uncertain) == []


def test_a_send_that_is_out_holds_up_no_shutdown(stage: KillableStage) -> None:
    desk, supervisor = Desk(stage), Probe("supervisor")
    desk.tell(prepared(1, "one"), own("one", stage.clock.wall()), Quiesce(supervisor.ref))
    assert supervisor.all(Quiet) == []
    stage.advance(GRACE_SECONDS)
    assert len(supervisor.all(Quiet)) == 1
