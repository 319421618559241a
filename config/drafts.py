"""Files that are replaced whole or not at all.

New content goes into a draft beside its target: a hidden file, 0600 or tighter, on disk before anything else happens.
`put` then renames it over the target in one step. A draft of a process that died is removed by `sweep`. Drafts belong
to whom the target belongs to, so that a command run as root leaves nothing its user cannot read.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path

_OLD = 3600.0
"""Seconds after which a draft is left behind, whoever made it: process ids come again."""


def status(path: Path) -> os.stat_result | None:
    """What the system says about the file behind `path`; None when there is none. Raises `OSError`."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def draft(target: Path, data: bytes, like: os.stat_result | None) -> Path:
    """A file beside `target` that holds `data`, synced; mode and owner as `like`, never looser than 0600.

    Without `like` it belongs to whom the folder belongs to. Nothing is left when it fails. Raises `OSError`.
    """
    path = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(6)}.tmp")
    mode = (stat.S_IMODE(like.st_mode) & 0o600) or 0o600 if like is not None else 0o600
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            _give(file.fileno(), like or target.parent.stat())
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def put(path: Path, target: Path) -> None:
    """Rename a draft over its target and make the name durable. Raises `OSError`; the target then is as it was."""
    path.replace(target)
    sync(target.parent)


def sync(folder: Path) -> None:
    """Make the names in `folder` durable. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_folder(folder: Path) -> None:
    """Create `folder` 0700 with its parents; one that exists stays as it is. New ones belong to their parent's owner.

    Raises `OSError`.
    """
    if folder.is_dir():
        return
    private_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        owner = folder.parent.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            os.chown(folder, owner.st_uid, owner.st_gid)


def sweep(target: Path) -> None:
    """Remove the drafts of `target` whose makers are gone."""
    name = re.compile(rf"\.{re.escape(target.name)}\.(\d+)\.[0-9a-f]+\.tmp")
    with suppress(OSError):
        for path in target.parent.iterdir():
            found = name.fullmatch(path.name)
            if found is not None and (not _lives(int(found[1])) or _age(path) > _OLD):
                path.unlink(missing_ok=True)


def _give(descriptor: int, like: os.stat_result) -> None:
    """Hand the file to the owner it should have; only root can, and only root has to."""
    if os.geteuid() == 0 and like.st_uid != 0:
        os.fchown(descriptor, like.st_uid, like.st_gid)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime
