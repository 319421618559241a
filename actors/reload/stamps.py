"""What a look at some files gives: equal as long as nobody wrote, replaced, linked or removed one of them."""

from collections.abc import Iterable
from pathlib import Path

Stamp = tuple[int, ...]
"""Device, inode, size, times of change in nanoseconds, of the link and of the file; empty for no file."""


def stamps(paths: Iterable[Path]) -> tuple[tuple[Path, Stamp], ...]:
    """One look. What cannot be looked at counts as not there."""
    return tuple((path, _stamp(path)) for path in sorted(set(paths)))


def _stamp(path: Path) -> Stamp:
    try:
        link, file = path.lstat(), path.stat()
    except (OSError, ValueError):
        return ()
    return (link.st_ino, link.st_mtime_ns, file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns)
