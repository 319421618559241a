"""Whether the watch is alive, from facts instead of silence: the newest row imsg knows against the newest delivered.

A quiet inbox is well. A row that imsg knows and the watch has not delivered by the second look, with nothing coming
in meanwhile, means a stalled watch: it is subscribed again, then the child is replaced; what is still missing after
that is a row the watch does not deliver by design, and is left alone. Pure: times and numbers are passed in.
"""

from collections import deque
from collections.abc import Mapping
from enum import Enum
from typing import Any

from actors.rpc.baseline import objects
from actors.runtime.backoff import Backoff

PULSE_SECONDS = 5.0
PROBE_SECONDS = 30.0
ASLEEP_SECONDS = 30.0
"""The wall clock ran ahead of the monotonic one by more than this: the machine slept, or its clock was set."""
PAUSED_SECONDS = 60.0
"""Between two pulses more than this went by: the process was stopped, or starved."""
UNSTEADY, UNSTEADY_SECONDS = 3, 60.0
"""So many ends in so many seconds are worth a word to the operator."""
STREAM_PAUSE = 1.0
"""Before a watch that ended by itself is begun again (seconds); when it ends again and again, up to 30."""


class Verdict(Enum):
    """What to do about the watch."""

    WELL = "well"
    WAIT = "wait"
    RESUBSCRIBE = "resubscribe"
    RESTART = "restart"
    UNSEEN = "unseen"


class Liveness:
    """The memory of one link's probes."""

    def __init__(self) -> None:
        self._era: int | None = None
        self._forget()

    def _forget(self) -> None:
        self._behind = self._delivered = self._stage = self._accepted = 0

    def judge(self, newest: int | None, delivered: int, waiting: int) -> Verdict:
        """``newest``: the newest row imsg tells (None: there is none), ``delivered``: the newest one on disk here,
        ``waiting``: rows between the pipe and the disk."""
        progress, self._delivered = delivered > self._delivered, max(delivered, self._delivered)
        if newest is None or newest <= max(delivered, self._accepted):
            self._behind = self._stage = 0
            return Verdict.WELL
        if waiting or progress or self._behind == 0:
            self._behind, self._stage = newest, 0
            return Verdict.WAIT
        self._stage += 1
        if self._stage == 1:
            return Verdict.RESUBSCRIBE
        if self._stage == 2:
            return Verdict.RESTART
        self._accepted, self._behind, self._stage = newest, 0, 0
        return Verdict.UNSEEN

    def over(self, era: int) -> None:
        """Rows are of this database from now on: numbers of another one mean nothing here."""
        if era != self._era:
            self._era = era
            self._forget()


_ANOTHER_WATCH = Backoff(first=STREAM_PAUSE, factor=2.0, cap=30.0, jitter=0.0)


class Endings:
    """How often something ended by itself lately; times in monotonic seconds."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=16)

    def another(self, now: float) -> tuple[int, float]:
        """It ended (again): how often within ``UNSTEADY_SECONDS``, and how long to wait before it begins anew."""
        self._times.append(now)
        times = sum(1 for at in self._times if now - at < UNSTEADY_SECONDS)
        return times, _ANOTHER_WATCH.delay(times - 1, 0.0)


class Heartbeat:
    """Both clocks side by side: a jump between two beats is a gap in the watch."""

    def __init__(self, wall: float, monotonic: float) -> None:
        self._wall = wall
        self._monotonic = monotonic

    def beat(self, wall: float, monotonic: float) -> tuple[float, float] | None:
        """``(since, seconds)`` of a stretch the process did not live through; None when all is normal."""
        before, passed, ran = self._wall, wall - self._wall, monotonic - self._monotonic
        self._wall, self._monotonic = wall, monotonic
        if passed - ran > ASLEEP_SECONDS:
            return before, passed
        return (before, ran) if ran > PAUSED_SECONDS else None


def first_chat(result: Mapping[str, Any] | None) -> int | None:
    """The chat with the latest activity in a ``chats.list`` answer."""
    chats = objects(result, "chats")
    number = chats[0].get("id") if chats else None
    return number if type(number) is int else None


def first_row(result: Mapping[str, Any] | None) -> int | None:
    """The newest row in a ``messages.history`` answer."""
    messages = objects(result, "messages")
    number = messages[0].get("id") if messages else None
    return number if type(number) is int else None
