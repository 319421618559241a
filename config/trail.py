"""Where a path leads, link by link: everything that must stay as it is for the path to mean the same file.

Looks at the file system with `readlink` alone; raises nothing, whatever is missing or goes round in circles.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

MAX_LINKS = 40
"""Links on the way to one file; the system follows no more either."""


def trails(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The paths as they are named, every link on the way to them (a folder may be one), and the files they mean.

    A link in the root folder is left out: those are the system's own (`/tmp` of macOS). What is not there counts, too.
    """
    return tuple(dict.fromkeys(step for path in paths for step in (path, *_trail(path))))


def _trail(path: Path) -> Iterator[Path]:
    here, rest, links = Path(path.root), list(_names(path)), 0
    while rest:
        name = rest.pop(0)
        if name == os.pardir:
            here = here.parent
            continue
        step = here / name
        target = _target(step)
        if target is None or links == MAX_LINKS:
            here = step
            continue
        links += 1
        if step.parent != Path(step.root):
            yield step
        here, rest = (Path(target.root) if target.is_absolute() else here), [*_names(target), *rest]
    yield here


def _target(path: Path) -> Path | None:
    """What a link holds; None for anything else."""
    try:
        return path.readlink()
    except (OSError, ValueError):
        return None


def _names(path: Path) -> tuple[str, ...]:
    return path.parts[1:] if path.is_absolute() else path.parts
