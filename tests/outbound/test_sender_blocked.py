"""A blocked lane of imsg: all sends wait, what is open is settled, then a new child is asked for."""

from __future__ import annotations

from actors.envelopes.facts import Deferred, Failed, Sent, Uncertain
from actors.envelopes.link import Stalled
from actors.envelopes.outbound import chunk_key
from actors.outbound.doubts import EVIDENCE_SECONDS
from actors.outbound.link import BLOCKED as WORDS
from tests.outbound.desk import BLOCKED, PENDING, STRICT, STUCK, TRACKED, Desk, id_of, own, prepared
from tests.support.probes import KillableStage

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)


def blocked(stage: KillableStage) -> Desk:
    """Chunk 1 is still in flight in imsg, 2 was refused behind it, 3 came later."""
    desk = Desk(stage, able=STRICT)
    desk.warm()
    desk.tell(prepared(1, "one"), prepared(2, "two", chat=8))
    desk.answer(K1, error=STUCK)
    desk.answer(K2, error=BLOCKED)
    desk.tell(prepared(3, "three", chat=9))
    return desk


def stalls(desk: Desk) -> list[Stalled]:
    """What the caller was told about its child."""
    return desk.caller.all(Stalled)


def test_nothing_is_sent_while_the_lane_is_blocked_and_the_operator_sees_it(stage: KillableStage) -> None:
    desk = blocked(stage)
    assert desk.texts == ["one", "two"]
    assert desk.keys(Uncertain) == [K1]
    assert desk.health.problem is not None
    assert desk.health.problem.code == "sends-blocked"
    assert desk.health.state == "degraded"


def test_evidence_settles_what_is_open_and_then_a_new_child_is_asked_for(stage: KillableStage) -> None:
    desk = blocked(stage)
    assert stalls(desk) == []
    desk.tell(own("one", stage.clock.wall()))
    assert desk.keys(Sent) == [K1]
    assert stalls(desk) == [Stalled(desk.epoch, WORDS)]
    assert desk.texts == ["one", "two"], "not with this child"


def test_the_end_of_the_window_settles_it_too(stage: KillableStage) -> None:
    desk = blocked(stage)
    stage.advance(EVIDENCE_SECONDS - 1)
    assert stalls(desk) == []
    stage.advance(1.0)
    assert len(stalls(desk)) == 1


def test_what_was_refused_goes_again_with_the_new_child_and_costs_no_try(stage: KillableStage) -> None:
    desk = blocked(stage)
    desk.tell(own("one", stage.clock.wall()))
    assert [(fact.key, fact.tries) for fact in desk.of(Deferred)] == [(K2, 0)]
    desk.disconnect()
    desk.subscribe()
    desk.answer(K2)
    desk.answer(K3)
    assert sorted(desk.texts[2:]) == ["three", "two"]
    assert desk.health.state == "ok"
    assert desk.of(Failed) == []


def test_a_lane_that_was_blocked_before_is_reported_at_once(stage: KillableStage) -> None:
    """An earlier gateway's send, or another program's: nothing of ours is open."""
    desk = Desk(stage, able=STRICT)
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error=BLOCKED)
    assert len(stalls(desk)) == 1
    desk.disconnect()
    desk.subscribe()
    assert desk.texts == ["one", "one"]


def test_sends_under_way_are_waited_for(stage: KillableStage) -> None:
    desk = Desk(stage, able=STRICT)
    desk.warm()
    desk.tell(prepared(1, "one"), prepared(2, "two", chat=8))
    desk.answer(K1, error=BLOCKED)
    assert stalls(desk) == []
    desk.answer(K2, error=BLOCKED)
    assert len(stalls(desk)) == 1


def test_it_is_said_again_as_long_as_the_same_child_is_there(stage: KillableStage) -> None:
    desk = blocked(stage)
    desk.tell(own("one", stage.clock.wall()))
    stage.advance(3 * EVIDENCE_SECONDS)
    assert len(stalls(desk)) == 4
    desk.disconnect()
    desk.subscribe()
    stage.advance(3 * EVIDENCE_SECONDS)
    assert len(stalls(desk)) == 4


def test_another_watch_of_the_same_child_changes_nothing(stage: KillableStage) -> None:
    desk = blocked(stage)
    desk.epoch -= 1
    desk.subscribe()
    assert desk.texts == ["one", "two"]
    assert desk.health.state == "degraded"


def test_a_tracked_chunk_is_asked_for_but_not_issued_into_a_blocked_lane(stage: KillableStage) -> None:
    desk = Desk(stage, able=TRACKED)
    desk.tell(prepared(1, "one"))
    desk.answer(K1, error=STUCK)
    desk.status(PENDING)
    stage.advance(EVIDENCE_SECONDS)
    assert desk.texts == ["one"]
    assert len(stalls(desk)) == 1
    desk.disconnect()
    desk.subscribe()
    stage.advance(1.0)
    desk.status(PENDING)
    stage.advance(5.0)
    assert [call.params["attempt_id"] for call in desk.calls] == [id_of(K1)] * 2


def test_a_reissue_that_finds_the_lane_blocked_blocks_it_for_all(stage: KillableStage) -> None:
    desk = Desk(stage, able=TRACKED)
    desk.tell(prepared(1, "one"))
    desk.late(K1)
    desk.status(PENDING)
    stage.advance(5.0)
    desk.answer(K1, error=BLOCKED)
    desk.tell(prepared(2, "two", chat=8))
    assert desk.texts == ["one", "one"]
    assert desk.health.problem is not None
    assert desk.health.problem.code == "sends-blocked"
