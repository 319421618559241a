"""Deadlines in the lanes of imsg 0.14 and later: what is stuck in one holds nothing up in another."""

import pytest

from actors.envelopes.control import Listen
from actors.envelopes.link import Answer, Capable, Connected, Stalled
from actors.rpc.caller import TICK_SECONDS
from actors.rpc.capabilities import before_strict, from_initialize
from tests.rpc.calling import PATIENCE, Desk, Pipe
from tests.support.actors import Probe, Stage

SEND = 180.0
NEW = from_initialize({"version": "0.15.9"})


@pytest.fixture
def desk(stage: Stage) -> Desk:
    """A caller over an imsg of today."""
    one = Desk(stage)
    stage.tell(one.ref, Capable(1, NEW))
    return one


def send(desk: Desk, tag: str = "send") -> None:
    desk.stage.tell(desk.ref, desk.call(tag, SEND))


def ask(desk: Desk, tag: str, method: str = "chats.list") -> None:
    desk.stage.tell(desk.ref, desk.call(tag, method=method))


def late(desk: Desk) -> list[str]:
    return [answer.tag for answer in desk.asker.all(Answer) if answer.late]


@pytest.mark.parametrize("method", ["chats.list", "watch.subscribe"])
def test_a_stuck_send_does_not_delay_other_deadlines(desk: Desk, method: str) -> None:
    send(desk)
    ask(desk, "other", method)
    desk.stage.advance(PATIENCE + TICK_SECONDS)
    assert late(desk) == ["other"]
    desk.stage.advance(SEND)
    assert late(desk) == ["other", "send"]


def test_reads_that_are_answered_do_not_extend_the_deadline_of_a_send(desk: Desk) -> None:
    send(desk)
    for number in range(2, 40):
        ask(desk, f"read {number}")
        desk.stage.advance(5.0)
        desk.answer(number)
    assert late(desk) == ["send"]


def test_a_send_waits_for_the_sends_before_it_and_for_nothing_else(desk: Desk) -> None:
    send(desk, "first")
    send(desk, "second")
    ask(desk, "read")
    desk.answer(3)
    desk.stage.advance(SEND - 5)
    desk.answer(1)
    desk.stage.advance(SEND - 5)
    assert late(desk) == []
    desk.answer(2)
    first, second = (answer.seconds for answer in desk.answers()[1:])
    assert (first, second) == pytest.approx((SEND - 5, SEND - 5))


def test_before_that_there_is_one_lane_for_all(desk: Desk) -> None:
    desk.stage.tell(desk.ref, Capable(1, before_strict("0.13.4")))
    send(desk)
    ask(desk, "read")
    desk.stage.advance(SEND - 5)
    assert late(desk) == []
    desk.answer(1)
    desk.stage.advance(PATIENCE - 1)
    assert late(desk) == []
    desk.stage.advance(1 + TICK_SECONDS)
    assert late(desk) == ["read"]


def test_a_new_child_is_an_unknown_one(desk: Desk) -> None:
    desk.stage.tell(desk.ref, Connected(2, Pipe()), Capable(1, NEW))
    send(desk)
    ask(desk, "read")
    desk.stage.advance(2 * PATIENCE)
    assert late(desk) == []


def test_every_lane_tells_what_was_not_answered_in_it(desk: Desk) -> None:
    ask(desk, "read")
    ask(desk, "control", "watch.unsubscribe")
    ask(desk, "behind", "status")
    desk.stage.tell(desk.ref, desk.call("send"))
    desk.stage.advance(PATIENCE + TICK_SECONDS)
    assert sorted(late(desk)) == ["control", "read", "send"]
    desk.stage.advance(PATIENCE)
    assert late(desk)[-1] == "behind"


def test_who_found_a_read_unanswered_names_it(desk: Desk) -> None:
    listener = Probe("listener")
    desk.stage.tell(desk.ref, Listen(listener.ref))
    ask(desk, "read")
    desk.stage.advance(PATIENCE + TICK_SECONDS)
    assert listener.told == [Stalled(1, "chats.list")]
