"""Waiting for what other processes do: look, and give up after a deadline with what was waited for."""

import time
from collections.abc import Callable
from threading import Event
from typing import Any


def wait_for(
    what: str, condition: Callable[[], Any], seconds: float = 30.0, every: float = 0.01, at_last: float = 0.0
) -> Any:
    """The first true value of ``condition``; AssertionError naming ``what`` after so many ``seconds``.

    It is looked at ``every`` so many seconds, and less often the longer it takes: up to ``at_last``.
    """
    begun, pause = time.monotonic(), Event()
    while not (value := condition()):
        waited = time.monotonic() - begun
        assert waited < seconds, f"waited {seconds:g} s for: {what}"
        pause.wait(max(every, min(at_last, waited / 10)))
    return value
