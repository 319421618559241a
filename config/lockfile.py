"""A lock beside the config file, for programs that change it.

The lock is `<file>.lock`, created exclusively, as OpenClaw locks its files, so either program keeps the other out; it
is removed when the owner is done. The owner here also holds an `flock` on it: the kernel drops that the instant the
owner dies, and the next one takes the file over at once. A lock of a program that takes no `flock` counts as left
behind after `STALE` seconds, one without any content after `UNSIGNED` seconds (its owner died between two calls).
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 30.0
"""Seconds a held lock is tried again; a change holds it for a fraction of a second."""
PAUSE = 0.03
STALE = 30.0
UNSIGNED = 2.0

_MARK = "flock"
_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
_RANDOM = random.SystemRandom()


class BusyError(Exception):
    """Somebody else kept the lock all the while. `holder` says who, as far as the lock file tells."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(f"{path} is held by {holder}")
        self.path = path
        self.holder = holder


@contextmanager
def locked(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold `path` (the lock file itself) for the block. Raises `BusyError` after `patience` seconds, `OSError`."""
    descriptor = _acquire(path, patience)
    try:
        yield
    finally:
        if _is_at(descriptor, path):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path, patience: float) -> int:
    deadline = time.monotonic() + patience
    while True:
        descriptor = _create(path)
        if descriptor is None:
            descriptor = _take_over(path)
        if descriptor is not None:
            return descriptor
        if time.monotonic() >= deadline:
            raise BusyError(path, _holder(path))
        time.sleep(PAUSE * _RANDOM.uniform(0.5, 1.5))


def _create(path: Path) -> int | None:
    try:
        descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return None
    return _own(descriptor, path)


def _take_over(path: Path) -> int | None:
    """The lock when its owner is dead; None when it is not, or when another one was quicker."""
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = _left_behind(descriptor) and _is_at(descriptor, path)
    except BlockingIOError:
        mine = False
    except OSError:
        os.close(descriptor)
        raise
    if not mine:
        os.close(descriptor)
        return None
    return _own(descriptor, path)


def _own(descriptor: int, path: Path) -> int | None:
    """Sign the lock file; None when another one got hold of it in between."""
    try:
        # Whoever looks at a fresh lock holds its flock for an instant: blocking here waits for no owner.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not _is_at(descriptor, path):
            os.close(descriptor)
            return None
        text = json.dumps({"pid": os.getpid(), "createdAt": round(time.time() * 1000), _MARK: True})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
    except OSError:
        path.unlink(missing_ok=True)
        os.close(descriptor)
        raise
    return descriptor


def _left_behind(descriptor: int) -> bool:
    """Whether the owner of a lock whose `flock` is free has gone."""
    content = os.pread(descriptor, 4096, 0)
    if _signed(content).get(_MARK) is True:
        return True
    age = time.time() - os.fstat(descriptor).st_mtime
    return age > (STALE if content else UNSIGNED)


def _signed(content: bytes) -> dict[str, object]:
    with suppress(ValueError):
        found = json.loads(content)
        return found if isinstance(found, dict) else {}
    return {}


def _is_at(descriptor: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        ours, there = os.fstat(descriptor), path.lstat()
        return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)
    return False


def _holder(path: Path) -> str:
    content = b""
    with suppress(OSError):
        content = path.read_bytes()
    pid = _signed(content).get("pid")
    return f"process {pid}" if isinstance(pid, int) else "another program"
