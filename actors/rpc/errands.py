"""Questions to imsg's command line, asked beside the running child: never in the way of the watch.

Each runs on a thread of its own and comes back as a ``Tick`` to the reader.
"""

import threading
from collections.abc import Callable
from typing import Any

from actors.envelopes.control import Ref, Tick
from actors.rpc import program
from actors.runtime.clock import Clock

PATIENCE = 10.0
FORGET_SECONDS = 600.0


class Errands:
    """For one reader. A version is asked for at most every ten minutes: a child may come and go more often."""

    def __init__(self, cli: str, me: Ref, clock: Clock) -> None:
        self._cli = cli
        self._me = me
        self._clock = clock
        self._asked_at: float | None = None

    def version(self, epoch: int) -> None:
        """``Tick("version", (epoch, text))`` follows; the text is empty when the program does not say."""
        now = self._clock.monotonic()
        if self._asked_at is None or now - self._asked_at > FORGET_SECONDS:
            self._asked_at = now
            self._run("version", epoch, lambda: program.version_of(self._cli, PATIENCE))

    def speaks_rpc(self, epoch: int) -> None:
        """``Tick("speaks", (epoch, answer))`` follows: whether the program has an ``rpc``; None: cannot be told."""
        self._run("speaks", epoch, lambda: program.speaks_rpc(self._cli, PATIENCE))

    def _run(self, name: str, epoch: int, ask: Callable[[], Any]) -> None:
        def run() -> None:
            self._clock.after(0.0, self._me, Tick(name, (epoch, ask())))

        threading.Thread(target=run, name=f"imsg-{name}", daemon=True).start()
