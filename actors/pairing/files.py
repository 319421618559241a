"""JSON files that hold what must not be lost: read strictly, replaced atomically.

In: paths and JSON objects. Out: the object, None when there is no such file, or ``StoreUnreadableError``. A file that
cannot be read is never taken for an empty one and never written over.
"""

import errno
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

LARGEST = 16 * 1024 * 1024
"""Bytes of a file that is still read."""
VERSION = 1
REPAIR = "repair it, or restore it from a backup"
"""What to do about a damaged file."""


class StoreUnreadableError(Exception):
    """A pairing file is there and cannot be used, or cannot be written: ``path`` and, in words, ``why``."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


def read_object(path: Path, key: str, remedy: str = REPAIR) -> dict[str, Any] | None:
    """The object in ``path``, which has a list under ``key``; None when there is no such file.

    Raises ``StoreUnreadableError`` for anything else; ``remedy`` is what to do about a damaged file.
    """
    try:
        content = _read(path)
    except FileNotFoundError as error:
        if link := _dangling(path):
            gone = f"leads to {os.path.realpath(path)}, which is not there"
            raise StoreUnreadableError(path, f"{gone}: bring that back, or remove the symlink {link}") from error
        return None
    except OSError as error:
        raise StoreUnreadableError(path, f"cannot be read: {error.strerror or error}") from error
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise StoreUnreadableError(path, f"is not valid JSON: {remedy}") from error
    if not isinstance(value, dict) or not isinstance(value.get(key), list):
        raise StoreUnreadableError(path, f'holds no list "{key}": {remedy}')
    version = value.get("version", VERSION)
    if version != VERSION:
        raise StoreUnreadableError(path, f"has version {version!r}; this gateway knows version {VERSION}")
    return value


def _dangling(path: Path) -> Path | None:
    """The symlink on the way to ``path``, which is not there, that leads nowhere; None when it is just missing."""
    for here in (path, *path.parents):
        if here.is_symlink():
            return here
        if here.parent.exists():
            return None
    return None


def _read(path: Path) -> bytes:
    # Without O_NONBLOCK a named pipe in this place would hold the reader for ever.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise StoreUnreadableError(path, "is no regular file")
        if found.st_size > LARGEST:
            raise StoreUnreadableError(path, f"is larger than {LARGEST} bytes")
        return file.read()


def write_object(path: Path, value: dict[str, Any]) -> None:
    """Put ``value`` in the place of ``path``, whole or not at all; 0600, on disk when this returns.

    The caller holds the file's lock, so what a killed writer left beside it is removed. Raises ``OSError``.
    """
    # Through a symlink: the name stays what the person made it, the file behind it changes.
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    for left in path.parent.iterdir():
        # As many dots: what is made for the lock beside it belongs to whoever wants that.
        is_draft = left.name.startswith(f".{path.name}.") and left.suffix == ".tmp"
        if is_draft and left.name.count(".") == temporary.name.count("."):
            left.unlink(missing_ok=True)
    text = json.dumps({"version": VERSION, **value}, indent=2) + "\n"
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_folder(folder: Path) -> None:
    """Create ``folder`` with its parents, or take from others what they may do in it: 0700. Raises ``OSError``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        folder.chmod(mode & 0o700)


def stamp(path: Path) -> tuple[int, ...]:
    """Changes whenever the file does: modification and change time (ns), size, inode; all 0 when there is none.

    One behind a symlink that leads nowhere may still be somewhere: it has a stamp of its own.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return (-1, errno.ENOENT, 0, 0) if _dangling(path) else (0, 0, 0, 0)
    except OSError as error:
        return (-1, error.errno or 0, 0, 0)
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
