"""Who else runs ``imsg rpc`` on our Messages database, whatever started it: told by the command lines of all processes.

In: our own child and its database. Out: texts for the operator. It is a hint, not a verdict: a program may call itself
anything. All processes are looked at, which takes a while: for threads, never for actors.
"""

import os
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from config.sources import STANDARD

_RPC = re.compile(r"(?:\S*/)?imsg\S*\s+rpc\b(.*)")
_DATABASE = re.compile(r"--db[ =](\S+)")


class _Process(NamedTuple):
    pid: int
    parent: int
    name: str
    words: tuple[str, ...]


class _Reading(NamedTuple):
    """A database by its path on the computer that is reached by ``way``; an empty way stays here."""

    way: str
    path: str


def others(pid_of_ours: int | None, db_path: str | None) -> list[str]:
    """Who else runs ``imsg rpc`` on the same database, a text for each: process and parent. Blocks: for threads.

    ``pid_of_ours`` is our own child; its family and ours are left out. A child that reaches its Mac by ssh is compared
    with other ssh commands only: those that take the same way.
    """
    alive = _alive()
    lines = {pid: list(_line(pid, alive)) for pid in alive}
    mine = {pid for pid, line in lines.items() if os.getpid() in line or pid_of_ours in line}
    found = {pid: reading for pid, one in alive.items() if (reading := _reading(one.words))}
    away = {found[pid] for pid in mine if pid_of_ours in lines[pid] and pid in found and found[pid].way}
    wanted = away or {_Reading("", _real(db_path or STANDARD))}
    # A wrapper that waits for the one it started is no second reader.
    starters = {alive[pid].parent for pid in found}
    return [
        _introduce(alive[pid], alive)
        for pid, reading in found.items()
        if reading in wanted and pid not in mine and pid not in starters
    ]


def _alive() -> dict[int, _Process]:
    import psutil  # late: 15 ms, and only this look needs it

    found = (process.info for process in psutil.process_iter(["pid", "ppid", "name", "cmdline"]))
    return {
        one["pid"]: _Process(one["pid"], one["ppid"] or 0, one["name"] or "", tuple(one["cmdline"] or ()))
        for one in found
    }


def _line(pid: int, alive: Mapping[int, _Process]) -> Iterator[int]:
    """A process and its ancestors."""
    seen: set[int] = set()
    while pid in alive and pid not in seen:
        seen.add(pid)
        yield pid
        pid = alive[pid].parent


def _reading(words: tuple[str, ...]) -> _Reading | None:
    """What an ``imsg rpc`` command line reads, None when it is none."""
    if words and Path(words[0]).name == "ssh":
        text = " ".join(("ssh", *words[1:]))
        found = _RPC.search(text)
        named = _DATABASE.search(found[1]) if found else None
        return _Reading(text[: found.start()], named[1] if named else "") if found else None
    for index, (word, after) in enumerate(pairwise(words)):
        name = Path(word).name
        if after == "rpc" and (name == "imsg" or name.startswith("imsg-")):
            return _Reading("", _real(_option(words[index + 2 :])))
    return None


def _option(words: tuple[str, ...]) -> str:
    """What ``--db`` says, else what imsg reads without it."""
    joined = [word.removeprefix("--db=") for word in words if word.startswith("--db=")]
    return next(iter([*joined, *(after for word, after in pairwise(words) if word == "--db")]), STANDARD)


def _real(path: str) -> str:
    return os.path.realpath(Path(path).expanduser())


def _introduce(process: _Process, alive: Mapping[int, _Process]) -> str:
    parent = alive.get(process.parent)
    by = f"{parent.name} (process {parent.pid})" if parent else f"process {process.parent}"
    return f"imsg rpc (process {process.pid}) reads the same database, started by {by}"
