"""One gateway per state folder: a lock the kernel frees the instant its process dies.

In: the path of ``gateway.lock``. The lock is an ``flock`` on a descriptor no child inherits; what is written inside
(pid, start) is for people only and never decides anything. The file stays when the gateway ends.
"""

import fcntl
import os
import re
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

_PID = re.compile(rb"pid (\d+)")
PATIENCE = 0.5
"""Seconds a held lock is tried again: a child that a dying gateway was just starting lets go only at its exec."""
PAUSE = 0.02


class LockHeldError(Exception):
    """Another gateway runs on this state folder; ``pid`` is None when its file does not say. Exit code 75."""

    def __init__(self, path: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(f"a gateway already runs here: {who} holds {path}. Stop it, or set OPENCLAW_STATE_DIR.")
        self.path = path
        self.pid = pid


class Holder(NamedTuple):
    """Who holds a lock; ``pid`` is None when the file does not say."""

    pid: int | None


def holder(path: Path) -> Holder | None:
    """Who holds the lock at ``path`` now; None when nobody does, or when that cannot be found out.

    Nothing is made or changed. A shared lock is tried, for an instant: a gateway that starts just then has patience.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Holder(_pid(descriptor))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


class InstanceLock:
    """``with InstanceLock(path): ...``, or ``acquire`` and ``release``."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, within its patience. Raises ``LockHeldError``, ``OSError``."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + self._patience
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                if self._take(descriptor):
                    self._descriptor = descriptor
                    return
                holder = _pid(descriptor)
            except OSError:
                os.close(descriptor)
                raise
            os.close(descriptor)
            if time.monotonic() >= deadline:
                raise LockHeldError(self.path, holder)
            time.sleep(PAUSE)

    def _take(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if not _is_at(descriptor, self.path):
            return False  # replaced between open and lock: this one keeps nobody out
        _sign(descriptor)
        return True

    def release(self) -> None:
        """Let go; nothing happens when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


def _sign(descriptor: int) -> None:
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"pid {os.getpid()}\nstarted {started}\n".encode(), 0)


def _pid(descriptor: int) -> int | None:
    found = _PID.match(os.pread(descriptor, 64, 0))
    return int(found[1]) if found else None


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)
