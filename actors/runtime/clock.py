"""The one clock: what time it is, and messages that come later.

One thread serves all timers of the process. Waiting is measured with the monotonic clock, so that a jump of
the wall clock or a night's sleep neither fires nor starves a deadline wrongly.
"""

import heapq
import itertools
import threading
import time
from typing import Any

from pykka import ActorDeadError

from actors.envelopes.control import Ref


class Clock:
    """Time and timers. ``stop`` drops all timers."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Ref, Any]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._running = True
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
        self._thread.start()

    def monotonic(self) -> float:
        """Seconds since some fixed point, never going back."""
        return time.monotonic()

    def wall(self) -> float:
        """Unix seconds."""
        return time.time()

    def after(self, seconds: float, ref: Ref, message: Any) -> None:
        """Tell ``ref`` the ``message`` in ``seconds``; nothing happens if it is dead by then."""
        entry = (time.monotonic() + seconds, next(self._number), ref, message)
        with self._changed:
            heapq.heappush(self._heap, entry)
            if self._heap[0] is entry:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._running and (not self._heap or self._heap[0][0] > time.monotonic()):
                    self._changed.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
                if not self._running:
                    return
                _, _, ref, message = heapq.heappop(self._heap)
            try:
                ref.tell(message)
            except ActorDeadError:
                continue

    def stop(self) -> None:
        """End the clock's thread."""
        with self._changed:
            self._running = False
            self._heap.clear()
            self._changed.notify()
        self._thread.join(2.0)
