"""Waiting for what other processes do: look, and give up after a deadline with what was waited for."""

import time
from collections.abc import Callable
from threading import Event
from typing import Any


def wait_for(what: str, condition: Callable[[], Any], seconds: float = 30.0, every: float = 0.01) -> Any:
    """The first true value of ``condition``, looked at ``every`` so many seconds; AssertionError naming ``what``."""
    deadline, pause = time.monotonic() + seconds, Event()
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s for: {what}"
        pause.wait(every)
    return value
