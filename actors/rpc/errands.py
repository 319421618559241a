"""Questions to imsg's command line, asked beside the running child: never in the way of the watch.

Each runs on a thread of its own and comes back as a ``Tick`` to the reader.
"""

import threading
from collections.abc import Callable
from typing import Any

from loguru import logger

from actors.envelopes.control import Ref, Tick
from actors.rpc import neighbours, program
from actors.runtime.clock import Clock

PATIENCE = 10.0
FORGET_SECONDS = 600.0
SETTLE_SECONDS = 50.0
"""A gateway that just began has more to do than to look around."""
BOTH = "If it is a gateway too, both answer: stop one of them"
log = logger.bind(actor="reader")


class Errands:
    """For one reader. Nothing is asked more often than every ten minutes: a child may come and go more often."""

    def __init__(self, cli: str, me: Ref, clock: Clock) -> None:
        self._cli = cli
        self._me = me
        self._clock = clock
        self._asked_at: float | None = None
        self._look_at = 0.0
        self._told: set[str] = set()

    def version(self, epoch: int) -> None:
        """``Tick("version", (epoch, text))`` follows; the text is empty when the program does not say."""
        now = self._clock.monotonic()
        if self._asked_at is None or now - self._asked_at > FORGET_SECONDS:
            self._asked_at = now
            self._run("version", epoch, lambda: program.version_of(self._cli, PATIENCE))

    def others(self, pid: int | None, db_path: str | None) -> None:
        """Say who else reads this database, each one once; ``pid`` is our child. The first call only sets the time.

        Two that read one database both answer. A gateway makes a claim or has a lock; this finds any other.
        """
        now = self._clock.monotonic()
        first, due = not self._look_at, now >= self._look_at
        if first or due:
            self._look_at = now + (SETTLE_SECONDS if first else FORGET_SECONDS)
        if due and not first:
            look = threading.Thread(target=self._look, args=(pid, db_path), name="imsg-others", daemon=True)
            look.start()

    def _look(self, pid: int | None, db_path: str | None) -> None:
        for one in set(neighbours.others(pid, db_path)) - self._told:
            self._told.add(one)
            log.warning("{}. {}", one, BOTH)

    def speaks_rpc(self, epoch: int) -> None:
        """``Tick("speaks", (epoch, answer))`` follows: whether the program has an ``rpc``; None: cannot be told."""
        self._run("speaks", epoch, lambda: program.speaks_rpc(self._cli, PATIENCE))

    def _run(self, name: str, epoch: int, ask: Callable[[], Any]) -> None:
        def run() -> None:
            self._clock.after(0.0, self._me, Tick(name, (epoch, ask())))

        threading.Thread(target=run, name=f"imsg-{name}", daemon=True).start()
