"""What may be done with a chunk in each state, and what is said of it afterwards."""

from __future__ import annotations

import pytest

from actors.control import orders
from actors.control.orders import ChunkState
from actors.envelopes.facts import Discarded, Failed, Requeued, Sent

ALL = ("queued", "attempted", "deferred", "uncertain", "sent", "failed", "discarded")
MAY = {
    "sent": {"uncertain"},
    "failed": {"uncertain"},
    "retry": {"failed"},
    "discard": {"queued", "deferred", "uncertain", "failed"},
}


@pytest.mark.parametrize("what", MAY)
@pytest.mark.parametrize("state", ALL)
def test_an_order_that_makes_no_sense_is_refused_with_a_reason(what: str, state: str) -> None:
    why = orders.refusal(7, ChunkState(state), what)
    assert bool(why) == (state not in MAY[what])
    assert "{key}" not in why


def test_a_chunk_that_is_not_there_is_refused() -> None:
    assert "gateway outbox list" in orders.refusal(7, None, "retry")


def test_an_uncertain_chunk_goes_out_again_only_at_ones_own_risk() -> None:
    why = orders.refusal(7, ChunkState("uncertain"), "retry")
    assert "gateway outbox resolve 7 not-sent" in why
    assert "gets it twice" in why
    assert orders.refusal(7, ChunkState("uncertain"), "retry", even_if_twice=True) == ""


def test_what_was_being_sent_when_the_gateway_ended_is_uncertain() -> None:
    assert orders.left_behind(ChunkState("attempted", tries=2)) == ChunkState("uncertain", tries=2)
    assert orders.left_behind(ChunkState("failed")) == ChunkState("failed")


def test_each_order_has_its_fact() -> None:
    assert orders.fact(7, "sent", 9.0) == Sent(7, "", 9.0)
    assert orders.fact(7, "failed", 9.0) == Failed(7, orders.BY_HAND, 9.0)
    assert orders.fact(7, "retry", 9.0) == Requeued(7, 9.0)
    assert orders.fact(7, "discard", 9.0) == Discarded(7, orders.GIVEN_UP, 9.0)


FAILED = ChunkState("failed", "no such chat", 1.0, 1.0)


@pytest.mark.parametrize(
    ("now", "done", "settled", "said"),
    [
        (FAILED, False, False, "still failed"),
        (FAILED._replace(state="queued", why=None), True, False, "queued again"),
        (FAILED._replace(state="attempted", why=None, attempted_at=2.0), True, False, "queued again"),
        (FAILED._replace(state="deferred", attempted_at=2.0), True, True, "queued again"),
        (FAILED._replace(state="sent", attempted_at=2.0, ended_at=2.0), True, True, "sent"),
        (FAILED._replace(attempted_at=2.0, ended_at=2.0), False, True, "failed again"),
        (FAILED._replace(state="uncertain", attempted_at=2.0), False, True, "uncertain"),
    ],
)
def test_a_second_attempt_is_told_by_what_became_of_it(now: ChunkState, done: bool, settled: bool, said: str) -> None:
    assert orders.settled(FAILED, now, "retry") == settled
    assert orders.outcome(FAILED, now, "retry")[:2] == (done, said)


@pytest.mark.parametrize(("what", "state"), [("sent", "sent"), ("failed", "failed"), ("discard", "discarded")])
def test_the_others_are_done_when_the_state_is_there(what: str, state: str) -> None:
    doubt = ChunkState("uncertain")
    assert not orders.settled(doubt, doubt, what)
    assert not orders.outcome(doubt, doubt, what).done
    assert orders.settled(doubt, ChunkState(state), what)
    assert orders.outcome(doubt, ChunkState(state), what).done


@pytest.mark.parametrize(("what", "state"), [("discard", "sent"), ("failed", "sent"), ("sent", "discarded")])
def test_what_came_to_another_end_first_is_told_as_it_is(what: str, state: str) -> None:
    doubt, now = ChunkState("uncertain"), ChunkState(state)
    assert orders.settled(doubt, now, what)
    done, said, why = orders.outcome(doubt, now, what)
    assert (done, said) == (False, f"{state} meanwhile")
    assert why not in ("", orders.LATE)
