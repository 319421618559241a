"""Asking a running gateway over its control socket: one request, one reply, one deadline for both."""

import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actors.control.lock import holder
from actors.control.peer import UnknownPeerError, peer_uid, trusted
from actors.control.place import find
from config import Places

LARGEST = 64 * 1024 * 1024
"""Bytes of a reply that are still taken."""


PAUSE = 0.05
"""Seconds before knocking again where too many wait at the door."""


class NotRunningError(Exception):
    """No gateway listens for this state folder. Exit code 3."""

    def __init__(self, places: Places) -> None:
        super().__init__(f"no gateway is running with the state folder {places.state}; start one with: gateway run")


class NotAnsweringError(NotRunningError):
    """One runs, and has no control socket (yet); ``pid`` is None when that is not known. ``reason`` and ``remedy``."""

    def __init__(self, places: Places, pid: int | None) -> None:
        super().__init__(places)
        self.pid = pid
        self.reason = (
            f"a gateway runs ({f'pid {pid}' if pid else 'its pid is not known'}) but does not answer on its control "
            "socket: it is starting, or waits for its state folder or journal"
        )
        self.remedy = "see `gateway logs`"

    def __str__(self) -> str:
        return f"{self.reason}; {self.remedy}"


class ControlError(Exception):
    """A gateway listens and does not serve the request: refused, too slow, or not ours."""


def request(places: Places, payload: Mapping[str, Any], timeout: float = 5.0) -> dict[str, Any]:
    """The reply to ``payload``. ``timeout`` in seconds, for all of it.

    Raises ``NotRunningError`` (``NotAnsweringError`` where a gateway holds the instance lock all the same), and
    ``ControlError`` also for a reply that says ``error``.
    """
    deadline = time.monotonic() + timeout
    for path in find(places):
        connection = _connect(path, deadline)
        if connection is None:
            continue
        with connection:
            try:
                reply = _exchange(connection, payload, deadline)
            except TimeoutError as error:
                raise ControlError(_hangs(places, path, timeout)) from error
            except OSError as error:
                raise ControlError(f"the gateway broke off at {path}: {error.strerror or error}") from error
        return _checked(reply, path)
    if (running := holder(places.lock)) is not None:
        raise NotAnsweringError(places, running.pid)
    raise NotRunningError(places)


def _hangs(places: Places, path: Path, timeout: float) -> str:
    """A gateway that took the request and does not answer: stopped by a signal, or stuck."""
    running = holder(places.lock)
    pid = running.pid if running is not None and running.pid else None
    number = pid or "PID"
    who = f"pid {pid}" if pid else "its pid is not known"
    return (
        f"the gateway ({who}) did not answer within {timeout:g} s at {path}: "
        f"it is suspended, or stuck. `kill -CONT {number}` continues one that was suspended; if that does not help, "
        f"`kill -9 {number}`, then start it again with `gateway run`: nothing is lost"
    )


def _connect(path: Path, deadline: float) -> socket.socket | None:
    """A connection to whoever listens at ``path``, None when nobody does."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _reach(connection, path, deadline)
        own = os.geteuid()
        if own != 0 and not trusted(peer_uid(connection), own):
            raise ControlError(f"somebody else listens at {path}: that is not this user's gateway")
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        connection.close()
        return None
    except TimeoutError as error:
        connection.close()
        raise ControlError(f"the gateway at {path} serves too many clients: try again") from error
    except (OSError, UnknownPeerError) as error:
        connection.close()
        raise ControlError(f"cannot reach the gateway at {path}: {error}") from error
    except ControlError:
        connection.close()
        raise
    return connection


def _reach(connection: socket.socket, path: Path, deadline: float) -> None:
    while True:
        connection.settimeout(_left(deadline))
        try:
            connection.connect(os.fspath(path))
        except BlockingIOError:
            # Linux says so at once when too many wait to be accepted, where macOS refuses.
            time.sleep(PAUSE)
        else:
            return


def _exchange(connection: socket.socket, payload: Mapping[str, Any], deadline: float) -> bytes:
    connection.settimeout(_left(deadline))
    connection.sendall(json.dumps(payload).encode("ascii") + b"\n")
    reply = bytearray()
    while b"\n" not in reply[-65536:] and len(reply) <= LARGEST:
        connection.settimeout(_left(deadline))
        part = connection.recv(65536)
        if not part:
            break
        reply += part
    return bytes(reply.partition(b"\n")[0])


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _checked(line: bytes, path: Path) -> dict[str, Any]:
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError) as error:
        said = "hung up without an answer" if not line else "gave an answer that is not JSON"
        raise ControlError(f"the gateway at {path} {said}; it may serve too many clients: try again") from error
    if not isinstance(reply, dict):
        raise ControlError(f"the gateway at {path} gave an answer of another kind")
    if isinstance(refusal := reply.get("error"), str):
        raise ControlError(refusal)
    return reply
