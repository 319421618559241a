"""Actors under test without waiting in the dark: probes, a clock moved by hand, and places for actors to run.

Two ways to run an actor. ``context()`` gives real threads and the real clock: wait with a probe or ``wait_until``.
A ``Stage`` runs everything on the test's own thread, and time passes only in ``advance``: what was told before is
handled when ``settle`` or ``advance`` returns, so such tests are exact and wait for nothing.
"""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from pykka import ActorRegistry

from actors.envelopes.control import Ref
from actors.runtime.actor import Actor, Context
from actors.runtime.clock import Clock
from actors.runtime.dispatcher import Dispatcher, Runnable
from actors.runtime.pulse import Pulses

DEADLINE = 10.0
"""Seconds after which something a test waits for counts as not happening."""

POLL_SECONDS = 0.002

T = TypeVar("T")


def wait_until(predicate: Callable[[], object], seconds: float = DEADLINE, what: str = "it") -> None:
    """Poll until ``predicate`` holds; fails naming ``what`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not predicate():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.1f} s"
        pause.wait(POLL_SECONDS)


class Probe:
    """Stands in for an actor: records what it is told, and lets a test wait for a message.

    Give ``probe.ref`` wherever a ref is wanted. ``next`` takes messages in order; ``all`` shows every one.
    """

    def __init__(self, name: str = "probe", on_tell: Callable[[Any], None] | None = None) -> None:
        self.name = name
        self.actor_urn = f"urn:probe:{name}:{id(self)}"
        self.stopped = threading.Event()
        self._on_tell = on_tell
        self._told: list[Any] = []
        self._taken = 0
        self._changed = threading.Condition()

    @property
    def ref(self) -> Ref:
        """What the code under test holds."""
        return cast(Ref, self)

    @property
    def actor_inbox(self) -> "Probe":
        """The mailbox: ``Actor.tell`` puts straight into it."""
        return self

    def put(self, message: Any, /) -> None:
        """Be told ``message`` (any thread). ``on_tell`` is called first, on the teller's thread."""
        if self._on_tell is not None:
            self._on_tell(message)
        with self._changed:
            self._told.append(message)
            self._changed.notify_all()

    tell = put

    def is_alive(self) -> bool:
        """Whether nobody stopped it."""
        return not self.stopped.is_set()

    def stop(self, *, block: bool = True, timeout: float | None = None) -> None:
        """Be stopped."""
        self.stopped.set()

    @property
    def told(self) -> list[Any]:
        """Everything it was told so far, in order."""
        with self._changed:
            return list(self._told)

    def all(self, kind: type[T]) -> list[T]:
        """Everything of one type it was told so far, in order."""
        return [message for message in self.told if isinstance(message, kind)]

    def next(self, kind: type[T], where: Callable[[T], object] = lambda _: True, seconds: float = DEADLINE) -> T:
        """The next message of type ``kind`` for which ``where`` holds, passing over others; fails after ``seconds``."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                while self._taken < len(self._told):
                    message = self._told[self._taken]
                    self._taken += 1
                    if isinstance(message, kind) and where(message):
                        return message
                left = deadline - time.monotonic()
                assert left > 0, f"{self.name} was not told a {kind.__name__}; it was told {self._told[-10:]}"
                self._changed.wait(left)


@contextmanager
def context(name: str = "subject", threads: int = 1, supervisor: Ref | None = None) -> Iterator[Context]:
    """A place for actors with a dispatcher, clock and pulses of its own.

    At the end the actors born meanwhile are stopped, youngest first, then the threads.
    """
    dispatcher, clock = Dispatcher(name, threads), Clock()
    try:
        with _no_actors_left():
            yield Context(name, dispatcher, clock, Pulses(), supervisor)
    finally:
        clock.stop()
        dispatcher.stop()


@contextmanager
def _no_actors_left(settle: Callable[[], None] | None = None) -> Iterator[None]:
    before = {ref.actor_urn for ref in ActorRegistry.get_all()}
    try:
        yield
    finally:
        for ref in reversed(ActorRegistry.get_all()):
            if ref.actor_urn in before:
                continue
            if settle is None:
                ref.stop(block=True, timeout=DEADLINE)
            else:
                ref.stop(block=False)
                settle()


class HandClock(Clock):
    """A clock without a thread: time stands still until ``forward``. ``wall`` is ``monotonic`` plus ``epoch``."""

    def __init__(self, now: float = 1000.0, epoch: float = 1_800_000_000.0) -> None:
        self.now = now
        self.epoch = epoch
        self._timers: list[tuple[float, int, Ref, Any]] = []
        self._numbers = itertools.count()

    def monotonic(self) -> float:
        """Seconds, as set by hand."""
        return self.now

    def wall(self) -> float:
        """Unix seconds, as set by hand."""
        return self.epoch + self.now

    def after(self, seconds: float, ref: Ref, message: Any) -> None:
        """Remember a timer."""
        heapq.heappush(self._timers, (self.now + seconds, next(self._numbers), ref, message))

    @property
    def timers(self) -> list[tuple[float, Any]]:
        """``(seconds from now, message)`` of what is still to come, the soonest first."""
        return [(at - self.now, message) for at, _, _, message in sorted(self._timers, key=lambda entry: entry[:2])]

    def forward(self, until: float) -> bool:
        """Move to the next timer that is due by ``until`` and tell its message; False (and at ``until``) if none."""
        if not self._timers or self._timers[0][0] > until:
            self.now = until
            return False
        at, _, ref, message = heapq.heappop(self._timers)
        self.now = max(self.now, at)
        if ref.is_alive():
            ref.tell(message)
        return True

    def stop(self) -> None:
        """Drop all timers."""
        self._timers.clear()


class HandDispatcher(Dispatcher):
    """A dispatcher without threads: what is scheduled runs in ``run``, on the caller's thread, turn by turn."""

    def __init__(self, name: str = "hand") -> None:
        self.name = name
        self._turns: deque[Runnable] = deque()
        self.schedule = self._turns.append

    def run(self, most: int = 100_000) -> None:
        """Give turns until nobody has work; fails after ``most`` turns."""
        for _ in range(most):
            if not self._turns:
                return
            self._turns.popleft().run_batch()
        raise AssertionError(f"still busy after {most} turns")

    def stop(self, timeout: float = 0.0) -> None:
        """Drop what is scheduled."""
        self._turns.clear()


class Stage:
    """Actors on the test's own thread. ``context(name)`` makes a place on it; ``settle`` lets everybody finish."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.dispatcher = HandDispatcher()
        self.pulses = Pulses()

    def context(self, name: str = "subject", supervisor: Ref | None = None) -> Context:
        """A place on this stage."""
        return Context(name, self.dispatcher, self.clock, self.pulses, supervisor)

    def settle(self) -> None:
        """Run until every mailbox on the stage is empty."""
        self.dispatcher.run()

    def tell(self, ref: Ref, *messages: Any) -> None:
        """Tell messages in order, then settle: they share one batch, as in a busy mailbox."""
        for message in messages:
            Actor.tell(ref, message)
        self.settle()

    def advance(self, seconds: float) -> None:
        """Let time pass: every timer fires at its own moment, and what it causes is done before the next."""
        self.settle()
        until = self.clock.now + seconds
        while self.clock.forward(until):
            self.settle()


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage whose actors are stopped at the end, youngest first."""
    place = Stage()
    with _no_actors_left(place.settle):
        yield place
