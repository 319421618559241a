"""The control file as it stands: re-read when it changes, so that faults come and go while a process runs.

In: a path that may not exist yet and the inline object, whose keys the file overrides. Out: the current
`Weather`, and counts that begin anew with every change. A change is a new modification time, size or inode; a
look costs one `stat`. A file that turns bad while the process runs is reported on stderr and the weather stays.

Safe for all threads of the process.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from actors.simulator.behaviour import BehaviourError
from actors.simulator.faulty_weather import Weather, parse_object, read_weather

LOOK_S = 0.01
# A held process outlives its parent only so long: a fault must not leave processes behind for good.
ORPHAN_S = 60.0


class Control:
    """The weather of this process."""

    def __init__(self, inline: Mapping[str, Any], path: Path | None) -> None:
        """Read both at once. Raises BehaviourError."""
        self._inline = inline
        self._path = path
        self._lock = Lock()
        self._seen = self._stamp()
        self._counts: Counter[str] = Counter()
        self._weather = self._load()

    def now(self) -> Weather:
        """What goes wrong just now."""
        with self._lock:
            self._look()
            return self._weather

    def counted(self, key: str, upto: int | None = None, every: int = 1) -> bool:
        """Count one occasion of `key` since the last change: whether it is an `every`-th, `upto` times at most."""
        with self._lock:
            self._look()
            self._counts[key] += 1
            turn, rest = divmod(self._counts[key], every)
            return rest == 0 and (upto is None or turn <= upto)

    def hold_while(self, wanted: Callable[[Weather], bool]) -> None:
        """Block the calling thread as long as `wanted` holds; an orphan ends the process after a while."""
        parent = os.getppid()
        orphaned: float | None = None
        while wanted(self.now()):
            if orphaned is None and os.getppid() != parent:
                orphaned = time.monotonic()
            if orphaned is not None and time.monotonic() - orphaned > ORPHAN_S:
                os._exit(1)
            time.sleep(LOOK_S)

    def _look(self) -> None:
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        if stamp is not None and stamp[1] == 0:
            # Emptied, so about to be written: what was true stays true until there is something to read.
            return
        try:
            self._weather = self._load()
        except BehaviourError as error:
            print(f"imsg-sim: {error}", file=sys.stderr, flush=True)
        else:
            self._counts.clear()

    def _load(self) -> Weather:
        where, value = "--fault", dict(self._inline)
        read_weather(value, where)
        if self._path is not None and self._seen is not None and self._seen[1]:
            where = str(self._path)
            value |= parse_object(self._text(self._path), where)
        return read_weather(value, where)

    def _text(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise BehaviourError(f"{path}: {error.strerror or error}") from error

    def _stamp(self) -> tuple[int, int, int] | None:
        if self._path is None:
            return None
        try:
            state = self._path.stat()
        except OSError:
            return None
        return state.st_mtime_ns, state.st_size, state.st_ino
