"""How a pairing verb waits for the locks of other programs: not for long, and never in silence.

A person sits before it. The gateway waits as OpenClaw does, up to a minute, with nobody looking on.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from actors.control.cli.common import remark
from config.lockfile import holder

MOST = 15.0
"""Seconds one command waits for locks, all of them together."""
QUIET = 2.0
"""Seconds after which it says what it waits for."""
PAUSE = 0.2


class Patience:
    """The patience of one command, which every lock it has to wait for uses up (``config.lockfile.Waits``)."""

    def __init__(self, sleep: Callable[[float], None] | None = None) -> None:
        self._sleep = sleep or time.sleep
        self._waited = 0.0

    def __call__(self, lock: Path) -> Iterator[object]:
        """Try ``lock`` again and again until there is no patience left."""
        begun, is_said = self._waited, False
        while self._waited < MOST:
            self._sleep(PAUSE)
            self._waited = round(self._waited + PAUSE, 3)
            if not is_said and self._waited - begun >= QUIET:
                is_said = True
                until = datetime.now().astimezone() + timedelta(seconds=MOST - self._waited)
                remark(f"{lock} is held by {holder(lock)}: waiting for it until {until:%H:%M:%S}")
            yield lock
