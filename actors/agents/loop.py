"""The one event loop model and ACP agents share, on a thread of its own that starts with the first turn of one.

In: coroutines, from any thread. Out: futures that any thread may wait for. Nothing that blocks may run on it.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def _running() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            # A daemon: it holds nothing that outlives the process, and must not keep it from ending.
            threading.Thread(target=_loop.run_forever, name="agents-loop", daemon=True).start()
        return _loop


def run(coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Run ``coroutine`` on the loop. Cancelling the future cancels it."""
    return asyncio.run_coroutine_threadsafe(coroutine, _running())


def call(callback: Callable[[], object]) -> None:
    """Call ``callback`` on the loop, soon."""
    _running().call_soon_threadsafe(callback)
