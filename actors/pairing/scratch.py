"""A private folder for what an import copies: gone when it is left, or at the next import where a kill came first.

In: the gateway's folder. Out: ``import-*.tmp`` in it, 0700. Whoever is at work in one holds an ``flock`` on it, which
the kernel drops with the process: what nobody holds was left behind, and only what an import makes is removed of it.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

PREFIX, SUFFIX = "import-", ".tmp"
COPY = "copy.sqlite"
LOGS = ("-wal", "-journal")
"""What a database may have beside it and needs to be understood."""

_FILES = (COPY, *(COPY + ending for ending in (*LOGS, "-shm")))


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """A new folder in ``parent``, which is made where it is missing. Raises ``OSError``."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as whole:
        # One import at a time tidies up and begins: a new folder is never taken for one that was left.
        with _held(parent):
            _clear(parent)
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=parent))
            whole.callback(_remove, folder)
            whole.enter_context(_held(folder))
        yield folder


def _clear(parent: Path) -> None:
    for left in parent.glob(f"{PREFIX}*{SUFFIX}"):
        # What is no folder, or one that an import is at, stays.
        with suppress(OSError), _held(left, os.O_NOFOLLOW, fcntl.LOCK_NB):
            _remove(left)


@contextmanager
def _held(folder: Path, how: int = 0, lock: int = 0) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | how)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | lock)
        yield
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    """Take away what an import made. What stays all the same is tried again at the next one."""
    with suppress(OSError):
        for name in _FILES:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
