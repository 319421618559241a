"""Finding imsg on this computer, and whether a program is one. Starts programs, each with a deadline."""

import os
import shutil
from collections.abc import Iterable
from typing import NamedTuple

from actors.rpc.program import inspect, speaks_rpc, version_of

HOMEBREW = ("/opt/homebrew/bin", "/usr/local/bin")
"""Where Homebrew links programs: on Macs with Apple's processors, and with Intel's."""
SECONDS = 3.0
"""How long ``--version`` and ``rpc --help`` may take, each."""


class Program(NamedTuple):
    """A program that was looked at: absolute path, version ("" when it tells none), and why it will not do."""

    path: str
    version: str = ""
    fault: str | None = None


def candidates(path: str, beside: Iterable[str] = HOMEBREW) -> list[str]:
    """Every imsg in the folders of a ``PATH`` and in ``beside``, one name for each program, best first."""
    folders = [folder for folder in path.split(os.pathsep) if folder.startswith(os.sep)]
    found: dict[str, str] = {}
    for folder in (*folders, *beside):
        program = shutil.which("imsg", path=folder)
        if program is not None:
            found.setdefault(os.path.realpath(program), program)
    return list(found.values())


def examine(cli: str, seconds: float = SECONDS) -> Program:
    """Whether ``cli`` is an imsg that speaks JSON-RPC. Blocks for at most twice ``seconds`` and a little more."""
    path, problem = inspect(cli)
    if problem is not None:
        return Program(path, fault=f"{problem.reason}; {problem.remedy}" if problem.remedy else problem.reason)
    speaks = speaks_rpc(path, seconds)
    if speaks is False:
        return Program(
            path, fault=f"{path} has no rpc subcommand: it is no imsg, or one without it (brew upgrade imsg)"
        )
    version = version_of(path, seconds)
    if speaks is None and not version:
        return Program(
            path,
            fault=f"{path} says neither its version nor what rpc is, within {seconds:g} s each: run `{path} rpc "
            "--help`, and look for a prompt on the screen",
        )
    return Program(path, version)
