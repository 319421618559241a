"""The control socket: a unix stream socket only its owner can reach, one JSON request line, one JSON reply line.

In: a ``GatewayView`` and a path. Promises: the folder is 0700, the socket 0600, the other end's user is asked of the
kernel; nothing a client sends or leaves undone hurts anyone else: each has a thread of its own, at most ``MOST`` at
once, ``PATIENCE`` seconds to ask and as many to read, ``TAKEN`` bytes of what it sends. No TCP, no code from outside.
"""

import contextlib
import os
import selectors
import socket
import threading
import time
from pathlib import Path

from loguru import logger

from actors.control.peer import UnknownPeerError, peer_uid, trusted
from actors.control.place import occupy, vacate
from actors.control.reports import Now
from actors.control.requests import Requests
from actors.control.view import GatewayView

PATIENCE = 5.0
MOST = 16
TAKEN = 1024 * 1024
"""Bytes read from a client: enough that one who asks too much still hears so instead of a broken pipe."""

log = logger.bind(actor="control")


class ControlServer:
    """Serves ``view`` at ``path`` from ``start`` to ``stop``. The caller holds the instance lock.

    ``patience`` is in seconds.
    """

    def __init__(self, view: GatewayView, path: os.PathLike[str], patience: float = PATIENCE) -> None:
        self._places = view.places
        self._path = Path(path)
        self._patience = patience
        self._requests = Requests(view, lambda: Now(time.time(), time.monotonic()))
        self._free = threading.BoundedSemaphore(MOST)
        self._lock = threading.Lock()
        self._clients: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None

    def start(self) -> None:
        """Listen. Raises ``PlaceError`` when the socket cannot be put there."""
        self._listener = occupy(self._path, self._places)
        self._listener.setblocking(False)
        self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take the socket away and end every client; nothing happens when it does not listen."""
        if self._listener is None or self._wake is None or self._thread is None:
            return
        self._requests.close()
        self._wake[1].send(b"x")
        self._thread.join(self._patience)
        vacate(self._path, self._places, self._listener)
        self._listener = None
        for end in self._wake:
            end.close()
        with self._lock:
            clients, threads = list(self._clients), list(self._threads)
        for client in clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(self._patience)

    def clients(self) -> int:
        """How many are being served."""
        with self._lock:
            return len(self._clients)

    def _accept(self) -> None:
        assert self._listener is not None
        assert self._wake is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake[0], selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._wake[0] in ready:
                    return
                try:
                    client, _ = self._listener.accept()
                except BlockingIOError:
                    continue
                except OSError as error:
                    log.warning("cannot accept a control client: {}", error)
                    if self._pause():
                        return
                    continue
                self._admit(client)

    def _pause(self) -> bool:
        """Out of descriptors: wait a moment instead of spinning. True when it is time to stop."""
        assert self._wake is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake[0], selectors.EVENT_READ)
            return bool(selector.select(1.0))

    def _admit(self, client: socket.socket) -> None:
        if not self._free.acquire(blocking=False):
            client.close()
            return
        thread = threading.Thread(target=self._serve, args=(client,), name="control-client", daemon=True)
        with self._lock:
            self._clients.add(client)
            self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError as error:
            log.warning("cannot serve a control client: {}", error)
            self._leave(client, thread)

    def _serve(self, client: socket.socket) -> None:
        try:
            with logger.catch(message="a control request failed"):
                self._converse(client)
        finally:
            self._leave(client, threading.current_thread())

    def _leave(self, client: socket.socket, thread: threading.Thread) -> None:
        with self._lock:
            self._clients.discard(client)
            self._threads.discard(thread)
        client.close()
        self._free.release()

    def _converse(self, client: socket.socket) -> None:
        try:
            uid = peer_uid(client)
        except UnknownPeerError as error:
            log.warning("dropped a control client: the system does not say who it is: {}", error)
            return
        if not trusted(uid, os.geteuid()):
            log.warning("refused a control client of user {}", uid)
            return
        try:
            line = self._read_line(client)
            if line is not None:
                client.settimeout(self._patience)
                client.sendall(self._requests.answer(line))
        except OSError as error:
            log.debug("dropped a control client: {}", error or "it left")

    def _read_line(self, client: socket.socket) -> bytes | None:
        """One line, without its LF, cut after ``TAKEN``; None when the client takes longer than the patience."""
        deadline = time.monotonic() + self._patience
        data = bytearray()
        while b"\n" not in data and len(data) < TAKEN:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            client.settimeout(left)
            part = client.recv(65536)
            if not part:
                return None
            data += part
        return bytes(data.partition(b"\n")[0])
