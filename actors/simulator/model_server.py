"""A server for models on this computer that speaks OpenAI's chat completions, and fails on demand.

``POST <url>/chat/completions`` gets what the script says (``model_script``), as one JSON object or, with ``stream``,
as server-sent events; without a script, or at its end, an echo. ``GET <url>/models`` lists one model. What was asked
stays in ``requests``. It listens on 127.0.0.1 only, has a thread for each connection, and is gone after ``close``.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from actors.simulator.model_connection import Connection
from actors.simulator.model_script import Body, Step, echo

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Asked:
    """One request: its body, its headers by their names in lower case, and when it came (monotonic seconds)."""

    body: Body
    headers: dict[str, str]
    at: float


class ModelServer:
    """Runs from ``start`` (or ``with``) to ``close``. ``reply`` answers what the script does not."""

    def __init__(self, script: Iterable[Step] = (), reply: Callable[[Body], Step] = echo, port: int = 0) -> None:
        self._script = deque(script)
        self._reply = reply
        self._changed = threading.Condition()
        self._requests: list[Asked] = []
        self._gone = 0
        self._server = _Server((HOST, port), self._take, self._hung_up)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="model-server")

    @property
    def url(self) -> str:
        """What a ``baseUrl`` says."""
        return f"http://{HOST}:{self._server.server_address[1]}/v1"

    @property
    def requests(self) -> list[Asked]:
        """What was asked so far."""
        with self._changed:
            return list(self._requests)

    def add(self, *steps: Step) -> None:
        """More of the script."""
        with self._changed:
            self._script.extend(steps)

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Asked]:
        """The requests, once there are so many. TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, seconds):
                raise TimeoutError(f"{len(self._requests)} of {count} requests came within {seconds} s")
            return list(self._requests)

    def wait_for_hang_ups(self, count: int, seconds: float = 10.0) -> None:
        """Return once so many clients went away in the middle of an answer. TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._gone >= count, seconds):
                raise TimeoutError(f"{self._gone} of {count} clients went away within {seconds} s")

    def _take(self, body: Body, headers: dict[str, str]) -> Step:
        """Note a request; what is done about it."""
        with self._changed:
            self._requests.append(Asked(body, headers, time.monotonic()))
            self._changed.notify_all()
            if self._script:
                return self._script.popleft()
        return self._reply(body)

    def _hung_up(self) -> None:
        """A client went away in the middle of an answer."""
        with self._changed:
            self._gone += 1
            self._changed.notify_all()

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def close(self) -> None:
        """End all connections and the threads."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    """The listening end. Knows the open connections, so that it can end them; their threads are waited for."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], take: Callable[[Body, dict[str, str]], Step], hung_up: Callable[[], None]
    ) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, lambda *of: Connection(*of, take=take, hung_up=hung_up))

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is no error of ours."""

    def server_close(self) -> None:
        with self._lock:
            for one in self._open:
                with suppress(OSError):  # it has just ended by itself
                    one.shutdown(socket.SHUT_RDWR)
        super().server_close()
