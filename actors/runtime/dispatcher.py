"""A few threads that serve many actors.

A runnable that is scheduled gets one batch on one worker; it schedules itself again while it has work. With
one thread the actors of a dispatcher take turns, which costs no hand-over between threads under the GIL.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol


class Runnable(Protocol):
    """Something with work to do in batches."""

    def run_batch(self) -> None:
        """Do a bounded amount of work on the calling thread; never raises."""


class Dispatcher:
    """``threads`` daemon workers named after ``name``; they end when ``stop`` is called."""

    def __init__(self, name: str, threads: int = 1) -> None:
        self.name = name
        self._ready: SimpleQueue[Runnable | None] = SimpleQueue()
        self.schedule: Callable[[Runnable], None] = self._ready.put
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        get = self._ready.get
        while (runnable := get()) is not None:
            runnable.run_batch()

    def stop(self, timeout: float = 2.0) -> None:
        """End the workers after what they are doing; waits up to ``timeout`` seconds for each."""
        for _ in self._threads:
            self._ready.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout)
