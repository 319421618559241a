"""Programs that pass for imsg, and a terminal for the questions of ``gateway setup``."""

from __future__ import annotations

import io
import os
import shlex
import sys
from pathlib import Path

import pytest

from actors.control.setup import programs
from tests.journeys.house import python
from tests.support.scripts import shell_script

HELP = 'case "$*" in "rpc --help") echo "Usage: imsg rpc";; --version) echo "imsg 0.9.0";; *) exit 3;; esac'
"""A program that says it is imsg and is none."""


class Terminal(io.StringIO):
    """Standard input of a person who typed these lines."""

    def isatty(self) -> bool:
        """It is."""
        return True


def type_in(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """A person answers the questions with these lines."""
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in lines)))


def simulator(folder: Path) -> str:
    """An imsg over a database in ``folder``; its path."""
    words = shlex.join(python("actors.simulator.cli", "main"))
    return shell_script(folder / "imsg", f'IMSG_SIM_DB="{folder}/chat.db" exec {words} "$@"\n')


def only_in(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    """imsg is looked for in these folders of the PATH, and not where Homebrew has it."""
    monkeypatch.setenv("PATH", os.pathsep.join((*map(str, folders), "/usr/bin", "/bin")))
    monkeypatch.setattr(programs, "HOMEBREW", ())
    monkeypatch.setattr(programs.candidates, "__defaults__", ((),))
