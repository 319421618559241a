"""The last five contents of a config file, beside it: `<file>.bak` is the newest, then `.bak.1` to `.bak.4`.

They hold what the file held, secrets too, so each is 0600 whatever the file was. A backup appears whole or not at all;
a writer that dies while the ring turns leaves a gap, never half a file.
"""

from __future__ import annotations

import glob
import re
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from config.drafts import draft, put, status, sweep

KEPT = 5
_NUMBER = re.compile(r"\.bak\.(\d{1,2})")
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Backup:
    """One earlier content. `number` counts from 1, the newest; `time` (epoch seconds) is when it was put aside."""

    number: int
    path: Path
    size: int
    time: float


def ring(file: Path) -> tuple[Path, ...]:
    """Where the backups of a file are, the newest first."""
    return tuple(file.with_name(f"{file.name}.bak{'' if number == 0 else f'.{number}'}") for number in range(KEPT))


def listed(file: Path) -> list[Backup]:
    """The backups there are, the newest first; a gap in the ring leaves its number out. Raises nothing."""
    found: list[Backup] = []
    for number, path in enumerate(ring(file), 1):
        with suppress(OSError):
            seen = path.stat()
            found.append(Backup(number, path, seen.st_size, seen.st_mtime))
    return found


def keep(file: Path, content: bytes) -> Path:
    """Put `content`, which `file` holds now, at the head of the ring; the oldest falls out. Returns its path.

    Nothing turns when the newest backup already is this content: a writer that died after its backup leaves that.
    Backups belong to whom the file belongs to. Raises `OSError`.
    """
    paths = ring(file)
    newest = paths[0]
    sweep(newest)
    with suppress(FileNotFoundError):
        if sha256(newest.read_bytes()).digest() == sha256(content).digest():
            newest.chmod(_PRIVATE)
            return newest
    new = draft(newest, content, status(file))
    try:
        for older, younger in zip(reversed(paths), reversed(paths[:-1]), strict=False):
            with suppress(FileNotFoundError):
                younger.replace(older)
                older.chmod(_PRIVATE)
        put(new, newest)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _prune(file)
    return newest


def _prune(file: Path) -> None:
    """Remove what stands past the end of the ring, as versions with longer rings left it; names with more digits
    are somebody's own."""
    with suppress(OSError):
        for path in file.parent.glob(f"{glob.escape(file.name)}.bak.*"):
            found = _NUMBER.fullmatch(path.name.removeprefix(file.name))
            if found is not None and int(found[1]) >= KEPT:
                path.unlink(missing_ok=True)
