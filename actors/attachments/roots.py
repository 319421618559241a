"""Attachment roots: the folders a file must lie in before its content is read for an agent (outbound 6.2, 6.3).

In: the path a message names, which its sender may have had a hand in, and an account's ``Roots``. Out: the bytes, or
``RefusedError`` that says why not. A path must lie under a root as it is written and as it is once every symbolic link
is followed; the file that was opened is asked where it lies, so nothing can be swapped in between. Only regular files
up to the size limit are read. ``lies_under`` alone is pure.
"""

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from config.account import Account
from config.safety import normalize_root, root_fault

ANY = "*"
_MIB = 1024 * 1024


class RefusedError(Exception):
    """The file is not read. The message names it and says why, for the operator."""


class Roots(NamedTuple):
    """``patterns`` are folders, absolute, in which ``*`` stands for one whole segment; ``most`` is bytes a file may
    have."""

    patterns: tuple[str, ...] = ()
    most: int = 0

    @classmethod
    def of(cls, account: Account) -> "Roots":
        """Those of an account: none where its files lie on another Mac (``remoteHost``)."""
        patterns = account.attachment_roots if account.remote_host is None else ()
        return cls(patterns, account.media_max_mb * _MIB)


def lies_under(path: str, patterns: Iterable[str]) -> bool:
    """Whether ``path`` lies inside a root, by its text alone; the root itself does not, nor does a relative path.

    Doubled slashes, dots and backslashes are put right first; case counts. Roots that cannot be ones are passed over.
    """
    if not path or "\0" in path:
        return False
    segments = normalize_root(path.replace("\\", "/")).split("/")
    if segments[0] or len(segments) < 2:
        return False
    return any(_fits(segments, normalize_root(one).split("/")) for one in patterns if root_fault(one) is None)


def read(path: str, roots: Roots) -> bytes:
    """The content of the file at ``path``. Raises ``RefusedError``. For threads that may block."""
    if not roots.patterns:
        raise RefusedError(f"{path!r} is not on this computer")
    if not lies_under(path, roots.patterns):
        raise RefusedError(f"{path!r} lies outside attachmentRoots")
    real = tuple(map(_resolved, roots.patterns))
    try:
        if not lies_under(os.path.realpath(path, strict=True), real):
            raise RefusedError(_leads_out(path))
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError) as error:
        raise RefusedError(f"{path!r} cannot be read: {_reason(error)}") from error
    try:
        return _read(descriptor, path, real, roots.most)
    except OSError as error:
        raise RefusedError(f"{path!r} cannot be read: {_reason(error)}") from error
    finally:
        os.close(descriptor)


def _read(descriptor: int, path: str, real: tuple[str, ...], most: int) -> bytes:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise RefusedError(f"{path!r} is no regular file")
    if not lies_under(_place(descriptor), real):
        raise RefusedError(_leads_out(path))
    data = bytearray()
    while len(data) <= most and (more := os.read(descriptor, min(_MIB, most + 1 - len(data)))):
        data += more
    if len(data) > most or found.st_size > most:
        raise RefusedError(f"{path!r} is larger than mediaMaxMb allows ({most // _MIB} MB)")
    return bytes(data)


def _place(descriptor: int) -> str:
    """Where the open file lies, as the system knows it: no link in it, and no other file by now."""
    if sys.platform == "darwin":
        import fcntl

        return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def _resolved(root: str) -> str:
    """A root with the links in its fixed beginning followed: the operator wrote ``/var``, the system ``/private/var``.

    Links behind a ``*`` are not followed: what stands there is not the operator's word.
    """
    fixed, star, rest = normalize_root(root).partition(f"/{ANY}")
    if star and not fixed:
        return star + rest
    return os.path.realpath(fixed) + star + rest


def _fits(path: list[str], root: list[str]) -> bool:
    if len(path) <= len(root):
        return False
    return all(wanted in (ANY, found) for found, wanted in zip(path, root, strict=False))


def _leads_out(path: str) -> str:
    return f"{path!r} leads out of attachmentRoots by a symbolic link"


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
