"""The log file read from its end, and followed through rotation, truncation, deletion and late creation.

In: the path of the live file; rotated ones lie beside it as ``.1`` (newest), ``.2`` and so on. Out: complete lines as
bytes without their LF, oldest first, each once. A file is known by its inode, so a rename loses nothing.
"""

import os
from collections import deque
from pathlib import Path
from typing import IO

BLOCK = 64 * 1024
SIBLINGS = 9


def siblings(path: Path) -> list[Path]:
    """The live file and the names rotation gives it, newest first."""
    return [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, SIBLINGS + 1))]


def last_lines(file: IO[bytes], most: int) -> list[bytes]:
    """The last ``most`` complete lines of an open file; it stands behind them afterwards."""
    at = end = file.seek(0, os.SEEK_END)
    blocks: deque[bytes] = deque()
    breaks = 0
    while at > 0 and breaks <= most:
        size = min(BLOCK, at)
        at -= size
        file.seek(at)
        block = file.read(size)
        breaks += block.count(b"\n")
        blocks.appendleft(block)
    complete, _, partial = b"".join(blocks).rpartition(b"\n")
    file.seek(end - len(partial))
    lines = complete.split(b"\n") if complete else []
    return lines[-most:] if most > 0 else []


class Tail:
    """The newest lines at once (``start``), then whatever is written later (``poll``)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._rest = b""

    def start(self, most: int) -> list[bytes]:
        """The newest ``most`` lines, from rotated files too when the live one holds fewer. Raises ``OSError``."""
        self._open(self._path)
        lines = last_lines(self._file, most) if self._file is not None else []
        for path in siblings(self._path)[1:]:
            if len(lines) >= most:
                break
            try:
                with path.open("rb") as older:
                    lines = last_lines(older, most - len(lines)) + lines
            except FileNotFoundError:
                break
        return lines

    def poll(self) -> list[bytes]:
        """The complete lines written since the last call, over all files in between. Raises ``OSError``."""
        lines: list[bytes] = []
        if self._file is None and not self._open(self._path):
            return lines
        while True:
            # Looked up before reading: once renamed, a file may still grow, but its successor is not there yet.
            following = self._next()
            lines += self._read()
            if following is None:
                return lines
            if self._rest:
                lines.append(self._rest)
                self._rest = b""
            self.close()
            if not self._open(following):
                return lines

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, path: Path) -> bool:
        try:
            self._file = path.open("rb")
        except FileNotFoundError:
            return False
        return True

    def _next(self) -> Path | None:
        """The file that comes after ours: None while ours is the live one or nothing has replaced it."""
        assert self._file is not None
        ours = os.fstat(self._file.fileno())
        newer: Path | None = None
        # From the live name to older ones: a rotation going on moves our file the same way, never past us.
        for path in siblings(self._path):
            try:
                there = path.stat()
            except FileNotFoundError:
                continue
            if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
                return newer
            newer = path
        return self._path if newer is not None else None

    def _read(self) -> list[bytes]:
        file = self._file
        assert file is not None
        if os.fstat(file.fileno()).st_size < file.tell():
            # Cut short in place: what is there now is all new.
            file.seek(0)
            self._rest = b""
        data = self._rest + file.read()
        complete, found, self._rest = data.rpartition(b"\n")
        return complete.split(b"\n") if found else []
