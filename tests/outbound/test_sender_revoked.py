"""Answers to somebody who was shut out: what was not handed to imsg yet is given up, all else is left as it is."""

from __future__ import annotations

import pytest

from actors.envelopes.control import Spoken
from actors.envelopes.facts import Attempted, Deferred, Discarded, Requeued, Sent, Uncertain
from actors.envelopes.outbound import chunk_key
from actors.outbound.doubts import EVIDENCE_SECONDS
from tests.outbound.desk import NOT_STARTED, TRACKED, UNKNOWN_OUTCOME, Desk, chunks, left, prepared
from tests.outbound.world import over_a_disk
from tests.support.probes import KillableStage

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)


def given_up(desk: Desk) -> list[tuple[int, str]]:
    """Key and reason of the chunks on disk that are given up."""
    return [(fact.key, fact.why) for fact in desk.of(Discarded)]


def test_what_waits_is_given_up_and_what_stands_behind_it_moves_up(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "two"), prepared(3, "three"))
    desk.order(K2, "revoke")
    assert given_up(desk) == [(K2, "revoked")]
    desk.answer(K1)
    desk.answer(K3)
    assert desk.texts == ["one", "three"]
    assert desk.of(Discarded)[0].at == stage.clock.wall()


def test_the_rest_of_an_answer_goes_with_it(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one", "two", "three"))
    for key in (K1, K1 + 1, K1 + 2):
        desk.order(key, "revoke")
    desk.answer(K1)
    assert (desk.texts, desk.keys(Sent)) == (["one"], [K1])
    assert given_up(desk) == [(K1 + 1, "revoked"), (K1 + 2, "revoked")]


def test_without_a_link_too(stage: KillableStage) -> None:
    desk = over_a_disk(stage, ready=False)
    desk.tell(*(prepared(seq, str(seq)) for seq in (1, 2, 3)))
    for key in (K1, K3):
        desk.order(key, "revoke")
    desk.subscribe()
    assert desk.texts == ["2"]


def test_what_was_put_off_is_given_up_and_nobody_waits_for_its_time(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "two"))
    desk.answer(K1, error=NOT_STARTED)
    assert desk.keys(Deferred) == [K1]
    desk.order(K1, "revoke")
    assert desk.texts == ["one", "two"]
    stage.advance(3600.0)
    assert given_up(desk) == [(K1, "revoked")]
    assert desk.attempts == [K1, K2]


def test_what_waits_behind_a_parked_one_of_its_answer_is_given_up(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.late(K1)
    stage.advance(EVIDENCE_SECONDS)
    desk.order(K1, "revoke")
    desk.order(K1 + 1, "revoke")
    desk.order(K1, "sent")
    assert (desk.texts, given_up(desk)) == (["one"], [(K1 + 1, "revoked")])
    assert desk.keys(Sent) == [K1]


def test_what_is_under_way_or_in_doubt_is_left_alone_without_a_word(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "two", chat=8))
    desk.order(K1, "revoke")
    desk.answer(K1, error=UNKNOWN_OUTCOME)
    desk.order(K1, "revoke")
    desk.order(K2, "revoke")
    desk.answer(K2)
    desk.order(K2, "revoke")
    assert (given_up(desk), desk.keys(Uncertain), desk.keys(Sent)) == ([], [K1], [K2])
    assert not [text for _, text in stage.logged if "ignored" in text or "operator" in text]


def test_what_was_under_way_and_did_not_start_is_not_begun_again(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one"), prepared(2, "two"))
    desk.order(K1, "revoke")
    desk.answer(K1, error=NOT_STARTED)
    assert (given_up(desk), desk.texts) == ([(K1, "revoked")], ["one", "two"])
    assert desk.listener.all(Spoken)[1].at == float("-inf"), "no echo of it is expected"
    stage.advance(3600.0)
    assert desk.attempts == [K1, K2]


@pytest.mark.parametrize("able", [None, TRACKED])
def test_nor_where_the_config_changed_before_its_request_was_written(stage: KillableStage, able: object) -> None:
    desk = over_a_disk(stage, slow=True, **({"able": able} if able else {}))
    desk.tell(prepared(1, "one"))
    desk.order(K1, "revoke")
    desk.reconfigure(region="DE")
    desk.catch_up()
    assert (desk.calls, given_up(desk)) == ([], [(K1, "revoked")])


def test_a_word_from_before_counts_for_one_attempt_only(stage: KillableStage) -> None:
    """It went out, and the operator wants something else of that name sent again."""
    desk = over_a_disk(stage)
    desk.tell(prepared(1, "one"))
    desk.order(K1, "revoke")
    desk.late(K1)
    desk.order(K1, "failed")
    desk.order(K1, "retry", left(chunks(1, "one")[0], "failed"))
    desk.answer(K1, error=NOT_STARTED)
    stage.advance(10.0)
    assert (desk.texts, given_up(desk)) == (["one"] * 3, [])


def test_what_is_held_nowhere_here_is_left_to_the_journal(stage: KillableStage) -> None:
    """It may wait for a database that is not read now, or have ended a moment ago."""
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.answer(K1)
    for key in (K1, K2):
        desk.order(key, "revoke")
    assert given_up(desk) == [(K1, "revoked"), (K2, "revoked")]
    assert stage.errors() == []


def test_a_word_that_comes_before_it_is_known_what_waits_is_kept(stage: KillableStage) -> None:
    items = [left(chunk, "queued") for seq in (1, 2) for chunk in chunks(seq, str(seq))]
    desk = Desk(stage, *items, forgetful=True, ready=False)
    desk.order(K1, "revoke")
    assert desk.facts == []
    desk.remember()
    desk.subscribe()
    assert (desk.texts, given_up(desk), desk.keys(Attempted)) == (["2"], [(K1, "revoked")], [K2])


def test_what_the_operator_sends_again_just_then_is_given_up_too(stage: KillableStage) -> None:
    desk = Desk(stage, slow=True)
    desk.order(K1, "retry", left(chunks(1, "one")[0], "failed"))
    desk.order(K1, "revoke")
    desk.catch_up()
    assert [type(fact) for fact in desk.facts] == [Requeued, Discarded]
    assert desk.calls == []
