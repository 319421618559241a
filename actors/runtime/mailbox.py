"""The inbox of a hosted actor: a queue that schedules its owner when it becomes non-empty.

``put`` may be called from any thread and never blocks. At any moment at most one worker serves a mailbox:
whoever turns ``resting`` off under the lock owns it until it rests again.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from pykka import ActorDeadError
from pykka._envelope import Envelope as PykkaEnvelope


class Mailbox:
    """A pykka inbox. Messages put before ``open`` wait; after it the first one wakes the owner."""

    __slots__ = ("_lock", "_resting", "_wake", "closed", "queue")

    def __init__(self) -> None:
        self.queue: deque[Any] = deque()
        self.closed = False
        """Set when the owner ended: what is put from then on is lost, as with any dead actor."""
        self._lock = threading.Lock()
        self._resting = False
        self._wake: Callable[[], None] | None = None

    def open(self, wake: Callable[[], None]) -> None:
        """Serve from now on: ``wake`` schedules the owner, and is called once at once."""
        self._wake = wake
        wake()

    def put(self, item: Any, /) -> None:
        """Add a message (any thread): a pykka envelope, or the bare message of a tell (a quarter of the price)."""
        self.queue.append(item)
        # A worker that rests clears the flag first and looks at the queue after, so no wake-up is missed.
        if self._resting:
            if self.claim() and self._wake is not None:
                self._wake()
        elif self.closed:
            self.refuse()

    def claim(self) -> bool:
        """Take the mailbox out of rest; True for exactly one caller."""
        with self._lock:
            if not self._resting:
                return False
            self._resting = False
            return True

    def rest(self) -> bool:
        """The worker leaves. False when something came in meanwhile: then the worker still owns the mailbox."""
        self._resting = True
        return not (self.queue and self.claim())

    def close(self) -> None:
        """The owner ended: who asked and is still waiting, or asks from now on, learns that it is dead."""
        self.closed = True
        self.refuse()

    def refuse(self) -> None:
        """Empty the queue of a dead owner (any thread)."""
        while self.queue:
            try:
                item = self.queue.popleft()
            except IndexError:
                return
            if type(item) is PykkaEnvelope and item.reply_to is not None:
                item.reply_to.set_exception((ActorDeadError, ActorDeadError("stopped before handling it"), None))

    def get(self) -> Any:
        """The next envelope; IndexError when empty (pykka's teardown asks ``empty`` first)."""
        return self.queue.popleft()

    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self.queue

    def __len__(self) -> int:
        return len(self.queue)
