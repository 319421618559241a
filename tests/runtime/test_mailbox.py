"""Mailboxes: no wake-up is missed, one worker at a time, first in first out per sender."""

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pykka import ActorDeadError, ThreadingFuture
from pykka._envelope import Envelope as PykkaEnvelope

from actors.envelopes.control import Ref
from actors.runtime.actor import Actor, Context
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.mailbox import Mailbox
from actors.runtime.pulse import Pulse
from tests.support.actors import DEADLINE, context, wait_until

SENDERS, EACH = 8, 4000


class Wakes:
    """Counts how often the owner is scheduled."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@given(st.lists(st.sampled_from(["put", "serve", "serve and rest"]), max_size=60))
def test_whoever_has_messages_is_scheduled_exactly_once(steps: list[str]) -> None:
    """Against a model: scheduled is owned; a rested owner with an empty mailbox is not."""
    mailbox, wakes = Mailbox(), Wakes()
    mailbox.open(wakes)
    owned, sent, got, expected = True, 0, 0, 1
    for step in steps:
        if step == "put":
            mailbox.put(sent)
            sent += 1
            if not owned:
                owned, expected = True, expected + 1
        elif owned and len(mailbox):
            assert mailbox.get() == got
            got += 1
        elif owned and step == "serve and rest":
            assert mailbox.rest()
            owned = False
        assert wakes.count == expected
        assert len(mailbox) == sent - got
        assert mailbox.empty() == (sent == got)


def test_what_is_put_before_it_opens_waits_for_the_opening() -> None:
    mailbox, wakes = Mailbox(), Wakes()
    mailbox.put("early")
    assert wakes.count == 0
    mailbox.open(wakes)
    assert wakes.count == 1
    assert mailbox.get() == "early"


def test_a_message_that_comes_just_before_the_rest_keeps_the_worker() -> None:
    mailbox, wakes = Mailbox(), Wakes()
    mailbox.open(wakes)
    mailbox.put("late")
    assert not mailbox.rest()
    assert wakes.count == 1
    assert mailbox.get() == "late"
    assert mailbox.rest()


class Interrupted(deque[Any]):
    """A queue that lets another thread in at the moment somebody looks whether it is empty."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile: list[Callable[[], None]] = [meanwhile]

    def __bool__(self) -> bool:
        if self._meanwhile:
            self._meanwhile.pop()()
        return len(self) > 0


def test_a_message_that_comes_while_the_worker_lies_down_has_one_owner_only() -> None:
    mailbox, wakes = Mailbox(), Wakes()
    mailbox.queue = Interrupted(lambda: mailbox.put("in between"))
    mailbox.open(wakes)
    left = mailbox.rest()
    # Either the worker stays or the sender wakes another one: never both, never neither.
    assert (wakes.count - 1) + (not left) == 1
    assert mailbox.get() == "in between"


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Hammered:
    """A bare owner that checks that it is served by one worker at a time; ``limit`` messages a turn."""

    def __init__(self, dispatcher: Dispatcher, expected: int, limit: int = 7) -> None:
        self.mailbox = Mailbox()
        self.got: list[tuple[int, int]] = []
        self.overlaps = 0
        self.done = threading.Event()
        self._busy = threading.Lock()
        self._dispatcher = dispatcher
        self._expected = expected
        self._limit = limit

    def run_batch(self) -> None:
        if not self._busy.acquire(blocking=False):
            self.overlaps += 1
            return
        for _ in range(self._limit):
            if self.mailbox.empty():
                break
            self.got.append(self.mailbox.get())
        if len(self.got) == self._expected:
            self.done.set()
        self._busy.release()
        if not self.mailbox.empty() or not self.mailbox.rest():
            self._dispatcher.schedule(self)


@pytest.mark.usefixtures("restless")
def test_many_threads_putting_lose_nothing_and_keep_each_senders_order() -> None:
    dispatcher = Dispatcher("hammered", threads=4)
    owner = Hammered(dispatcher, SENDERS * EACH)
    owner.mailbox.open(lambda: dispatcher.schedule(owner))

    def send(number: int) -> None:
        for count in range(EACH):
            owner.mailbox.put((number, count))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    try:
        assert owner.done.wait(DEADLINE), f"only {len(owner.got)} of {SENDERS * EACH} arrived"
    finally:
        for thread in threads:
            thread.join()
        dispatcher.stop()
    assert owner.overlaps == 0
    for number in range(SENDERS):
        assert [count for sender, count in owner.got if sender == number] == list(range(EACH))


class PingPong(Actor):
    """Tells its partner each number it gets, one higher, until ``last``."""

    def __init__(self, context: Context, last: int, over: threading.Event) -> None:
        super().__init__(context)
        self._last = last
        self._over = over

    def on_receive(self, message: Any) -> None:
        number, partner = message
        if number >= self._last:
            self._over.set()
        else:
            self.tell(partner, (number + 1, self.actor_ref))


@pytest.mark.parametrize("threads", [1, 3])
def test_actors_that_rest_between_all_their_messages_never_oversleep(threads: int) -> None:
    with context(threads=threads) as place:
        over = threading.Event()
        one: Ref = PingPong.start(place, 20_000, over)
        two: Ref = PingPong.start(place, 20_000, over)
        one.tell((0, two))
        assert over.wait(DEADLINE)


class Slow(Actor):
    """Notes whether two workers are ever inside at the same time."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.inside = threading.Lock()
        self.seen: SimpleQueue[tuple[int, bool]] = SimpleQueue()

    def on_receive(self, message: int) -> None:
        alone = self.inside.acquire(blocking=False)
        self.seen.put((message, alone))
        if alone:
            self.inside.release()


def _handled(pulse: Pulse, count: int) -> bool:
    # The count is brought up to date after each batch.
    return pulse.handled >= count


@pytest.mark.usefixtures("restless")
def test_an_actor_is_served_by_one_worker_at_a_time() -> None:
    with context(threads=4) as place:
        refs: list[Ref] = [Slow.start(place._replace(name=f"slow-{number}")) for number in range(3)]

        def send() -> None:
            for count in range(2000):
                for ref in refs:
                    Actor.tell(ref, count)

        threads = [threading.Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, ref in enumerate(refs):
            pulse = place.pulses.get(f"slow-{number}")
            assert pulse is not None
            wait_until(partial(_handled, pulse, 6000), what="6000 messages")
            seen: SimpleQueue[tuple[int, bool]] = ref.proxy().seen.get(timeout=DEADLINE)
            assert seen.qsize() == 6000
            assert all(seen.get()[1] for _ in range(6000))


def test_a_closed_mailbox_refuses_whoever_asked_or_asks() -> None:
    mailbox = Mailbox()
    mailbox.open(Wakes())
    before: ThreadingFuture[Any] = ThreadingFuture()
    after: ThreadingFuture[Any] = ThreadingFuture()
    mailbox.put("told")
    mailbox.put(PykkaEnvelope("asked", reply_to=before))
    mailbox.close()
    mailbox.put(PykkaEnvelope("asked too late", reply_to=after))
    mailbox.put("told too late")
    for future in (before, after):
        with pytest.raises(ActorDeadError):
            future.get(timeout=0)
    assert mailbox.empty()
