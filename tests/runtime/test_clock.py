"""The one clock: messages come later, in order, and none after it is stopped."""

import time
from collections.abc import Iterator

import pytest
from pykka import ActorDeadError

from actors.envelopes.control import Tick
from actors.runtime.clock import Clock
from tests.support.actors import HandClock, Probe


@pytest.fixture
def clock() -> Iterator[Clock]:
    running = Clock()
    yield running
    running.stop()


def test_messages_come_in_the_order_of_their_moments_not_of_their_asking(clock: Clock) -> None:
    probe = Probe()
    for number in (5, 1, 4, 2, 3):
        clock.after(number / 50, probe.ref, Tick("n", number))
    assert [probe.next(Tick).subject for _ in range(5)] == [1, 2, 3, 4, 5]


def test_messages_of_one_moment_come_in_the_order_of_asking(clock: Clock) -> None:
    probe = Probe()
    for number in range(100):
        clock.after(0.0, probe.ref, Tick("n", number))
    assert [probe.next(Tick).subject for _ in range(100)] == list(range(100))


def test_nothing_comes_early(clock: Clock) -> None:
    probe, started = Probe(), time.monotonic()
    clock.after(0.05, probe.ref, Tick("due"))
    probe.next(Tick)
    assert time.monotonic() - started >= 0.05


def test_a_nearer_timer_wakes_a_clock_that_waits_for_a_far_one(clock: Clock) -> None:
    probe = Probe()
    clock.after(3600.0, probe.ref, Tick("far"))
    clock.after(0.01, probe.ref, Tick("near"))
    assert probe.next(Tick).what == "near"


def test_a_dead_receiver_costs_its_own_message_only(clock: Clock) -> None:
    def dead(_: object) -> None:
        raise ActorDeadError("gone")

    living = Probe()
    clock.after(0.0, Probe("dead", dead).ref, Tick("lost"))
    clock.after(0.01, living.ref, Tick("kept"))
    assert living.next(Tick).what == "kept"


def test_a_stopped_clock_tells_nothing_more() -> None:
    clock, probe, other = Clock(), Probe(), Clock()
    clock.after(0.02, probe.ref, Tick("before"))
    clock.stop()
    clock.after(0.0, probe.ref, Tick("after"))
    # Another clock shows that the moments of both are over.
    over = Probe()
    other.after(0.05, over.ref, Tick("over"))
    over.next(Tick)
    other.stop()
    assert probe.told == []
    clock.stop()


def test_the_clock_of_the_tests_keeps_the_same_order() -> None:
    clock, probe = HandClock(), Probe()
    for number in (3, 1, 2):
        clock.after(number, probe.ref, Tick("n", number))
    start = clock.monotonic()
    while clock.forward(start + 2.5):
        pass
    assert [tick.subject for tick in probe.all(Tick)] == [1, 2]
    assert clock.monotonic() == start + 2.5
    assert [message.subject for _, message in clock.timers] == [3]
