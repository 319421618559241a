"""A JSON file that other processes change too: read at the price of a look, changed under its lock, never guessed.

In: a path, the key of its list, and how its object is understood. Out: what it holds. ``seen`` reads again only when
the file changed, so that a flood costs one ``stat`` a message. Whoever changes it holds ``exclusive`` for the while,
reads with ``read`` and writes the whole object. What cannot be read is ``StoreUnreadableError``, not empty.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from actors.pairing.files import REPAIR, StoreUnreadableError, private_folder, read_object, stamp, write_object
from config.lockfile import BusyError, Waits, as_openclaw, locked

SETTLED_NS = 100_000_000
"""A file that changed less long ago may change again under the same stamp: file systems tell time in ticks."""

T = TypeVar("T")


class Document(Generic[T]):
    """One file. ``parse`` makes a value of its object (``{key: []}`` when there is none) or raises ``ValueError(why)``.

    ``wall`` (unix seconds), ``sleep`` and ``waits`` (None: as OpenClaw does) only serve the lock; ``remedy`` is what to
    do about a damaged file. Every method may raise ``StoreUnreadableError``.
    """

    def __init__(
        self,
        path: Path,
        key: str,
        parse: Callable[[dict[str, Any]], T],
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        waits: Waits | None = None,
        remedy: str = REPAIR,
    ) -> None:
        self.path = path
        self._key = key
        self._parse = parse
        self._wall = wall
        self._sleep = sleep
        self._waits = waits
        self._remedy = remedy
        self._seen: tuple[tuple[int, ...], T] | None = None

    def content(self) -> dict[str, Any]:
        """The whole object as the file has it now, keys of other programs included."""
        return read_object(self.path, self._key, self._remedy) or {self._key: []}

    def read(self) -> T:
        """What the file holds now."""
        try:
            return self._parse(self.content())
        except ValueError as error:
            raise StoreUnreadableError(self.path, f"{error}: {self._remedy}") from error

    def seen(self) -> T:
        """What the file holds; the very same value as long as the file stays as it was. Any thread may ask."""
        now, seen = stamp(self.path), self._seen
        if seen is not None and seen[0] == now:
            return seen[1]
        value = self.read()
        self._seen = (now, value) if abs(time.time_ns() - now[1]) > SETTLED_NS else None
        return value

    def write(self, content: dict[str, Any]) -> None:
        """Put ``content`` in its place, 0600, whole or not at all. The caller is in ``exclusive``."""
        try:
            write_object(self.path, content)
        except OSError as error:
            raise StoreUnreadableError(self.path, f"cannot be written: {error.strerror or error}") from error

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else who respects the lock changes the file meanwhile. Not to be entered twice."""
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            private_folder(self.path.parent)
            with locked(lock, waits=self._waits or as_openclaw(self._sleep), wall=self._wall):
                yield
        except BusyError as busy:
            why = f"is locked by {busy.holder}: try again, or remove {lock} if that is not running"
            raise StoreUnreadableError(self.path, why) from busy
        except OSError as error:
            raise StoreUnreadableError(self.path, f"cannot be locked: {error.strerror or error}") from error
