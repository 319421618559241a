"""Why a change of the config did not happen, in words for a person."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from config.problems import Problem

Code = Literal[
    "absent", "ambiguous", "busy", "conflict", "invalid", "io", "marker", "path", "read-only", "shrink", "unreadable"
]

_REMEDIES = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room: the quota is used up",
    errno.EFBIG: "the system allows no file of this size",
    errno.EACCES: "give this user the right to write in that folder",
    errno.EPERM: "give this user the right to write in that folder",
    errno.EROFS: "the file system is read-only: mount it for writing, or name another file with --config",
    errno.EBUSY: "the file is mounted by itself: mount its folder instead, so that it can be replaced",
    errno.ELOOP: "follow the link by hand and name its target",
}


class WriteRefusedError(Exception):
    """Nothing was written. `code` is for programs, `problems` are all reasons when the result would not load."""

    def __init__(self, code: Code, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.code: Code = code
        self.problems = tuple(problems)


def unreadable(file: Path, problems: Sequence[Problem]) -> WriteRefusedError:
    """The config as it is cannot be read, so nothing can be changed in it."""
    return WriteRefusedError("unreadable", f"{file} cannot be read: mend it first", problems)


def invalid(file: Path, problems: Sequence[Problem]) -> WriteRefusedError:
    """The config would not load with this change."""
    return WriteRefusedError("invalid", f"{file} would not be valid, so nothing was written", problems)


def not_writable(file: Path, error: OSError) -> WriteRefusedError:
    """The system refused; the file is as it was."""
    why = error.strerror or str(error)
    remedy = _REMEDIES.get(error.errno or 0)
    return WriteRefusedError("io", f"{file} was not changed: {why}" + (f"; {remedy}" if remedy else ""))
