"""A lock beside a file that other programs change too: the config file, the files of pairing.

The lock is `<file>.lock`, created exclusively, as OpenClaw locks its files, so either program keeps the other out; it
is removed when the owner is done. The owner here also holds an `flock` on it: the kernel drops that the instant the
owner dies, and the next one takes the file over at once. A lock of a program that takes no `flock` counts as left
behind after `STALE` seconds without a change, one without any content after `UNSIGNED` seconds (its owner died between
two calls). Older OpenClaw makes a directory of that name, touched every few seconds; it cannot make one where our file
is, and one it left behind is removed.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

from config.drafts import sweep
from config.source import read

PATIENCE = 30.0
"""Seconds a held lock is tried again; a change holds it for a fraction of a second."""
PAUSE = 0.03
TRIES = 11
FIRST_DELAY, LONGEST_DELAY = 0.1, 10.0
"""Seconds between the tries of `as_openclaw`: doubled each time, and randomised up to twice that."""
STALE = 30.0
UNSIGNED = 2.0

Waits = Callable[[Path], Iterator[object]]
"""How to wait for a lock somebody has: one item for each further try, after a pause; the end when it is given up."""

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
def locked(
    path: Path,
    patience: float = PATIENCE,
    *,
    waits: Waits | None = None,
    wall: Callable[[], float] = time.time,
) -> Iterator[None]:
    """Hold `path` (the lock file itself) for the block. Raises `BusyError` after `patience` seconds, `OSError`.

    `waits` waits in another way than for some seconds; `wall` tells unix seconds.
    """
    descriptor = _acquire(path, waits(path) if waits is not None else _within(patience), wall)
    try:
        yield
    finally:
        if _is_at(descriptor, path):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def as_openclaw(sleep: Callable[[float], None] = time.sleep) -> Waits:
    """`TRIES` tries in about 50 s, as OpenClaw makes them."""

    def waits(_: Path) -> Iterator[object]:
        for number in range(TRIES - 1):
            sleep(min(FIRST_DELAY * 2**number * _RANDOM.uniform(1, 2), LONGEST_DELAY))
            yield number

    return waits


def holder(path: Path) -> str:
    """Who has the lock `path`, as far as it tells."""
    content = read(path)
    pid = _signed(content).get("pid") if isinstance(content, bytes) else None
    return f"process {pid}" if isinstance(pid, int) else "another program"


def _within(patience: float) -> Iterator[object]:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        time.sleep(PAUSE * _RANDOM.uniform(0.5, 1.5))
        yield deadline


def _acquire(path: Path, tries: Iterator[object], wall: Callable[[], float]) -> int:
    for _ in chain(("at once",), tries):
        descriptor = _create(path, wall)
        if descriptor is None:
            descriptor = _take_over(path, wall)
        if descriptor is not None:
            return descriptor
    raise BusyError(path, holder(path))


def _create(path: Path, wall: Callable[[], float]) -> int | None:
    """The lock when nobody has it: signed and held before it appears, so that a kill leaves no unsigned one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(draft, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _sign(descriptor, wall)
        os.link(draft, path)
    except FileExistsError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        return _create_unsigned(path, wall)
    finally:
        draft.unlink(missing_ok=True)
    sweep(path)
    return descriptor


def _create_unsigned(path: Path, wall: Callable[[], float]) -> int | None:
    """The same on file systems without hard links."""
    try:
        descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return None
    return _own(descriptor, path, wall)


def _take_over(path: Path, wall: Callable[[], float]) -> int | None:
    """The lock when its owner is dead; None when it is not, or when another one was quicker."""
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        return _create(path, wall) if _remove_directory(path, wall) else None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = _left_behind(descriptor, wall) and _is_at(descriptor, path)
    except BlockingIOError:
        mine = False
    except OSError:
        os.close(descriptor)
        raise
    if not mine:
        os.close(descriptor)
        return None
    return _own(descriptor, path, wall)


def _remove_directory(path: Path, wall: Callable[[], float]) -> bool:
    """Whether a lock directory that its owner left behind is gone. One with something in it is not ours to empty."""
    try:
        if wall() - path.lstat().st_mtime <= STALE:
            return False
        path.rmdir()
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ENOTEMPTY, errno.EEXIST}:
            return False
        raise
    return True


def _own(descriptor: int, path: Path, wall: Callable[[], float]) -> int | None:
    """Sign the lock file; None when another one got hold of it in between."""
    try:
        # Whoever looks at a fresh lock holds its flock for an instant: blocking here waits for no owner.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not _is_at(descriptor, path):
            os.close(descriptor)
            return None
        _sign(descriptor, wall)
    except OSError:
        path.unlink(missing_ok=True)
        os.close(descriptor)
        raise
    return descriptor


def _sign(descriptor: int, wall: Callable[[], float]) -> None:
    text = json.dumps({"pid": os.getpid(), "createdAt": round(wall() * 1000), _MARK: True})
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def _left_behind(descriptor: int, wall: Callable[[], float]) -> bool:
    """Whether the owner of a lock whose `flock` is free has gone."""
    content = os.pread(descriptor, 4096, 0)
    if _signed(content).get(_MARK) is True:
        return True
    age = wall() - os.fstat(descriptor).st_mtime
    return age > (STALE if content else UNSIGNED)


def _signed(content: bytes) -> dict[str, object]:
    with suppress(ValueError, RecursionError):
        found = json.loads(content)
        return found if isinstance(found, dict) else {}
    return {}


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether `path` still is the file we hold."""
    with suppress(FileNotFoundError):
        ours, there = os.fstat(descriptor), path.lstat()
        return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)
    return False
