"""Sends that imsg does not answer: the operator hears of it, and nothing is started in a child that is to be ended."""

from __future__ import annotations

import pytest

from actors.envelopes.link import Stalled
from actors.envelopes.outbound import chunk_key
from actors.outbound.doubts import EVIDENCE_SECONDS
from actors.outbound.flights import GRACE_SECONDS, OVERDUE_SECONDS
from actors.outbound.sender import OutboundSender
from tests.outbound.desk import INTERNAL, TRACKED, Desk, own, prepared
from tests.support.probes import KillableStage

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)


def stalls(desk: Desk) -> list[Stalled]:
    """What the caller was told about its child."""
    return desk.caller.all(Stalled)


def test_after_a_deadline_nothing_is_started_until_there_is_another_child(stage: KillableStage) -> None:
    desk = Desk(stage, able=TRACKED)
    desk.tell(prepared(1, "one"), prepared(2, "two", chat=8))
    desk.late(K1, replaced=False)
    desk.epoch -= 1
    desk.subscribe()
    desk.tell(prepared(3, "three", chat=9))
    stage.advance(EVIDENCE_SECONDS / 2)
    assert desk.texts == ["one"]
    assert (desk.statuses, desk.lookups) == ([], []), "nor asked about"
    desk.disconnect()
    desk.subscribe()
    assert desk.texts == ["one", "two"]
    assert len(desk.statuses) == 1


def test_a_deadline_of_another_account_counts_too(stage: KillableStage) -> None:
    """Accounts share the child of their database."""
    desk = Desk(stage)
    desk.tell(Stalled(desk.epoch, "send"), prepared(1, "one"))
    assert desk.texts == []
    desk.disconnect()
    desk.subscribe()
    assert desk.texts == ["one"]


@pytest.mark.parametrize(("epoch", "why"), [(1, "messages.history"), (0, "send")])
def test_what_does_not_end_this_child_stops_nothing(stage: KillableStage, epoch: int, why: str) -> None:
    desk = Desk(stage)
    desk.tell(Stalled(epoch, why), prepared(1, "one"))
    assert desk.texts == ["one"]


def test_the_deadline_of_a_guid_issued_again_ends_the_child_as_well(stage: KillableStage) -> None:
    desk = Desk(stage, able=TRACKED)
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error=INTERNAL)
    desk.status(None)
    stage.advance(5.0)
    assert desk.texts == ["one", "one"]
    desk.late(K1, replaced=False)
    desk.tell(prepared(2, "two", chat=8))
    assert desk.texts == ["one", "one"]


def test_a_child_that_is_not_ended_is_told_of_again_and_again(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.late(K1, replaced=False)
    assert stalls(desk) == [], "the caller knows"
    stage.advance(3 * EVIDENCE_SECONDS)
    assert [told.epoch for told in stalls(desk)] == [desk.epoch] * 3
    desk.disconnect()
    stage.advance(3 * EVIDENCE_SECONDS)
    assert len(stalls(desk)) == 3


def test_windows_stand_still_while_the_child_is_to_be_ended(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "later"))
    desk.late(K1, replaced=False)
    stage.advance(EVIDENCE_SECONDS)
    desk.disconnect()
    desk.subscribe()
    stage.advance(EVIDENCE_SECONDS - 1)
    assert desk.texts == ["one"]
    stage.advance(1.0)
    assert desk.texts == ["one", "later"]


def test_a_send_without_an_answer_degrades_the_link(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    stage.advance(OVERDUE_SECONDS - GRACE_SECONDS)
    assert desk.health.state == "ok"
    stage.advance(GRACE_SECONDS)
    problem = desk.health.problem
    assert problem is not None
    assert (problem.code, problem.reason) == ("sends-fail", "imsg has not answered a send for 30 s")
    assert "Automation" in problem.remedy
    stage.advance(60.0)
    assert desk.health.reason == "imsg has not answered a send for 90 s"
    desk.answer(K1)
    assert desk.health.state == "ok"
    stage.advance(60.0)
    assert desk.health.state == "ok"


def test_it_is_logged_once_for_each_send_that_waits(stage: KillableStage) -> None:
    desk = Desk(stage)
    for seq in (1, 2):
        desk.tell(prepared(seq, "one"))
        stage.advance(100.0)
        desk.answer(chunk_key(seq, 0))
        stage.advance(10.0)
    assert sum("has not answered a send for 30 s" in line for _, line in stage.logged) == 2


def test_sends_that_are_answered_one_by_one_are_not_late(stage: KillableStage) -> None:
    """What stands behind others in the pipe is waited for from their answers on."""
    desk = Desk(stage)
    desk.warm()
    desk.tell(*(prepared(seq, f"{seq}", chat=seq) for seq in range(1, 6)))
    assert len(desk.calls) == 5
    for seq in range(1, 6):
        stage.advance(20.0)
        desk.answer(chunk_key(seq, 0))
        assert desk.health.state == "ok"


def test_an_imsg_that_hesitates_gets_nothing_more_behind_it(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.warm()
    desk.tell(prepared(1, "one"))
    stage.advance(GRACE_SECONDS)
    desk.tell(prepared(2, "two", chat=8))
    assert desk.texts == ["one"]
    desk.answer(K1)
    assert desk.texts == ["one", "two"]


def test_nothing_is_kept_when_nothing_is_under_way(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"), own("else", stage.clock.wall()))
    desk.answer(K1)
    stage.advance(2 * GRACE_SECONDS)
    sender = desk.ref._actor_weakref()
    assert isinstance(sender, OutboundSender)
    assert len(sender._flights._rows) == 0
    assert sender._vigil._ticking is False
