"""The one way out: whole lines to stdout, in one piece each, whichever thread they come from.

In: encoded lines. Out: bytes on a file descriptor. A reader that does not read blocks the writing thread,
and with it everyone who has something to say: the same as imsg (imsg protocol 3).
"""

import os
from threading import Event, Lock


class LineWriter:
    """Serialises lines of several threads onto one descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = Lock()

    def write(self, lines: bytes, unless: Event | None = None) -> None:
        """Write complete lines at once; nothing when `unless` is set by the time it is their turn.

        That test stands inside the lock, so nothing of a stream follows the answer that ended it.
        """
        with self._lock:
            if unless is not None and unless.is_set():
                return
            view = memoryview(lines)
            while view:
                view = view[os.write(self._descriptor, view) :]
