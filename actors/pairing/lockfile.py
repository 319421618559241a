"""A lock file beside a file that other programs change too.

The lock is ``<file>.lock``, created exclusively, as OpenClaw does it, so either program keeps the other out. Its owner
here also holds an ``flock`` on it: the kernel drops that the instant the owner dies, and then the next one takes the
file over at once. A lock of a program that takes no ``flock`` counts as left behind after 30 s without a change. Older
OpenClaw makes a directory of that name, touched every few seconds; it cannot make one where our file is.
"""

import errno
import fcntl
import json
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

TRIES = 11
FIRST_DELAY, LONGEST_DELAY = 0.1, 10.0
"""Seconds between tries: doubled each time, and randomised up to twice that."""
STALE = 30.0
"""Seconds after which a lock without ``flock`` was left behind."""

Waits = Callable[[Path], Iterator[object]]
"""How to wait for a lock somebody has: one item for each further try, after a pause; the end when it is given up."""

_MARK = "flock"
_RANDOM = random.SystemRandom()


class BusyError(Exception):
    """Somebody else kept the lock all the while. ``holder`` says who, as far as the lock file tells."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"locked by {holder}")
        self.holder = holder


@contextmanager
def locked(
    path: Path, wall: Callable[[], float], sleep: Callable[[float], None], waits: Waits | None = None
) -> Iterator[None]:
    """Hold ``path`` (the lock file itself) for the block. Raises ``BusyError`` after the last try, ``OSError``.

    Without ``waits`` the tries are those of OpenClaw, ``TRIES`` in about 50 s.
    """
    descriptor = _acquire(path, wall, waits(path) if waits is not None else _backing_off(sleep))
    try:
        yield
    finally:
        if _is_at(descriptor, path):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path, wall: Callable[[], float], tries: Iterator[object]) -> int:
    for _ in chain(("at once",), tries):
        descriptor = _create(path, wall)
        if descriptor is None:
            descriptor = _take_over(path, wall)
        if descriptor is not None:
            return descriptor
    raise BusyError(holder(path))


def _backing_off(sleep: Callable[[float], None]) -> Iterator[object]:
    delay = FIRST_DELAY
    for number in range(1, TRIES):
        sleep(min(delay * _RANDOM.uniform(1, 2), LONGEST_DELAY))
        delay *= 2
        yield number


def _create(path: Path, wall: Callable[[], float]) -> int | None:
    """The lock when nobody has it: signed and held before it appears, so that a kill leaves no unsigned one."""
    draft, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        fcntl.flock(draft, fcntl.LOCK_EX)
        _sign(draft, wall)
        os.link(name, path)
    except FileExistsError:
        os.close(draft)
        return None
    except OSError:
        os.close(draft)
        return _create_unsigned(path, wall)
    finally:
        Path(name).unlink(missing_ok=True)
    return draft


def _create_unsigned(path: Path, wall: Callable[[], float]) -> int | None:
    """The same on file systems without hard links."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return None
    return _own(descriptor, path, wall)


def _take_over(path: Path, wall: Callable[[], float]) -> int | None:
    """The lock when its owner is dead: ours by the free ``flock``, another program's by age."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        return _create(path, wall) if _remove_directory(path, wall) else None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        left_behind = _marked(descriptor) or wall() - os.fstat(descriptor).st_mtime > STALE
        mine = left_behind and _is_at(descriptor, path)
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


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether ``path`` still is the file we hold."""
    with suppress(FileNotFoundError):
        ours, there = os.fstat(descriptor), path.lstat()
        return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)
    return False


def _marked(descriptor: int) -> bool:
    try:
        content = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        return False
    return isinstance(content, dict) and content.get(_MARK) is True


def holder(path: Path) -> str:
    """Who has the lock ``path``, as far as it tells."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        content = None
    pid = content.get("pid") if isinstance(content, dict) else None
    return f"process {pid}" if isinstance(pid, int) else "another program"
