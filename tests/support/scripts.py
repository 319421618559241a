"""Small programs written by tests, and what a test wants to know of processes."""

import os
import sys
import textwrap
from pathlib import Path

import psutil


def python_script(path: Path, text: str) -> str:
    """Write an executable Python program (isolated, so that it starts fast); returns its path."""
    # For the shell the second line starts Python; for Python it is text. A #! line cannot name a path with spaces.
    start = f'#!/bin/sh\n"exec" "{sys.executable}" "-IS" "$0" "$@"\n'
    return _program(path, start + textwrap.dedent(text))


def shell_script(path: Path, text: str) -> str:
    """Write an executable shell script; returns its path."""
    return _program(path, f"#!/bin/sh\n{textwrap.dedent(text)}")


def _program(path: Path, text: str) -> str:
    # Renamed into place: a file that is open for writing while another thread forks cannot be executed.
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.chmod(0o755)
    new.replace(path)
    return str(path)


def lives(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def open_descriptors() -> int:
    """How many file descriptors this process has open."""
    return len(os.listdir("/dev/fd"))
