"""An OpenClaw gateway on our Messages database, noticed by its lock files.

In: which database, and where such locks may lie. Out: a ``Problem`` that says who it is, and the way over and back. A
few small files and single processes are looked at, never all of them, so an actor may call this before each launch.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from actors.rpc.health import Problem
from config.openclaw import databases
from config.sources import HERE, Machine, apart

PLATFORM: str = sys.platform
BRANDS = {"openclaw": "ai.openclaw.gateway", "moltbot": "bot.molt.gateway", "clawdbot": "com.clawdbot.gateway"}
"""The names OpenClaw went by: of its command, of the folder of its locks; and the label of its LaunchAgent."""
MOST_LOCK = 1 << 16
TEMPORARY = Path(os.sep, "tmp")
DARWIN_USER_TEMP_DIR = 65537
_NAME = re.compile("|".join(BRANDS))
_PROFILE = re.compile(rf"\.(?:{_NAME.pattern})-([\w.-]+)")
_START_TIME = 19
"""Place of the start time (clock ticks) in ``/proc/<pid>/stat``, counted after the name."""


class Whereabouts(NamedTuple):
    """Where OpenClaw's locks may lie: home, folders for temporary files, and the user they must belong to."""

    home: Path
    temporary: tuple[Path, ...]
    uid: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Whereabouts":
        """Those of this user. A service and a terminal may differ in their variables, so all candidates count."""
        named = [environment[name] for name in ("TMPDIR", "TMP", "TEMP") if environment.get(name)]
        if PLATFORM == "darwin" and (usual := darwin_folder(DARWIN_USER_TEMP_DIR)):
            named.append(usual)
        return cls(Path.home(), tuple(dict.fromkeys((*map(Path, named), TEMPORARY))), os.getuid())


def darwin_folder(name: int) -> str:
    """A folder macOS gives each user, by its ``confstr`` number; "" where there is none."""
    try:
        return os.confstr(name) or ""
    except (OSError, ValueError):
        return ""


class OpenClaw(NamedTuple):
    """A live OpenClaw gateway: its process, its config file, which of ``BRANDS`` it calls itself."""

    pid: int
    config: Path
    brand: str


def openclaw(identity: str, state: Path, where: Whereabouts, machine: Machine = HERE) -> Problem | None:
    """The OpenClaw gateway that reads, or may read, the database ``identity``; None when there is none.

    One counts when its lock's process lives and looks like a gateway, and its config has iMessage on for this
    database; a config that cannot be read counts as that. ``state`` is our own state folder.
    """
    for lock in _locks(state, where):
        found = _holder(lock, where.uid)
        theirs = databases(found.config, where.home, machine) if found else frozenset()
        if found and (theirs is None or any(not apart(identity, one) for one in theirs)):
            return _explain(found, theirs is not None and identity in theirs, state)
    return None


def _locks(state: Path, where: Whereabouts) -> Iterator[Path]:
    """Its lock files: below the folder for temporary files, since 2026.9 below one in the state folder."""
    bases = [*where.temporary, state / "tmp", *(folder / "tmp" for folder in sorted(where.home.glob(".openclaw*")))]
    for base in dict.fromkeys(bases):
        for brand in BRANDS:
            yield from sorted((base / f"{brand}-{where.uid}").glob("gateway.*.lock"))


def _holder(lock: Path, uid: int) -> OpenClaw | None:
    try:
        with open(os.open(lock, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as file:
            if os.fstat(file.fileno()).st_uid != uid:
                return None  # in a shared folder anybody can write one
            said = json.loads(file.read(MOST_LOCK))
    except (OSError, ValueError, RecursionError):
        return None
    pid, path = (said.get("pid"), said.get("configPath")) if isinstance(said, dict) else (None, None)
    if type(pid) is not int or not 0 < pid < 1 << 31 or not isinstance(path, str):
        return None
    brand = _brand(pid, said.get("startTime"))
    return OpenClaw(pid, Path(path), brand) if brand else None


def _brand(pid: int, started: Any) -> str | None:
    """What a live process calls itself when it looks like OpenClaw's gateway, else None."""
    import psutil  # 15 ms, and only needed beside a lock

    try:
        process = psutil.Process(pid)
        words = [] if process.status() == psutil.STATUS_ZOMBIE else process.cmdline()
    except (psutil.Error, OSError):
        return None
    if PLATFORM == "linux" and type(started) is int and started != _started(pid):
        return None  # the number went to another process
    return looks_like(words)


def looks_like(words: Sequence[str]) -> str | None:
    """Which of ``BRANDS`` a command line is a gateway of, None when of none.

    Told by its title (``openclaw``, ``openclaw-gateway``), or by a script of that name that was told ``gateway``.
    """
    said = [word.strip().lower() for word in words if word.strip()]
    title = _NAME.match(Path(said[0].split()[0]).name) if said else None
    if title or "gateway" not in said:
        return title[0] if title else None
    script = next((found[0] for word in said if (found := _NAME.search(word))), None)
    return script or ("openclaw" if any(word.endswith(("dist/index.js", "dist/entry.js")) for word in said) else None)


def _started(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[_START_TIME])
    except (OSError, ValueError, IndexError):
        return None


def _explain(found: OpenClaw, certain: bool, state: Path) -> Problem:
    reads = "reads" if certain else "may read"
    reason = f"OpenClaw (process {found.pid}, config {found.config}) {reads} the same Messages database"
    profile = _PROFILE.fullmatch(found.config.parent.name)
    command = f"{found.brand} --profile {profile[1]}" if profile else found.brand
    label = f"ai.openclaw.{profile[1]}" if profile else BRANDS[found.brand]
    agent = f" or its LaunchAgent (launchctl bootout gui/{os.getuid()}/{label})" if PLATFORM == "darwin" else ""
    shared = found.config.parent.resolve() == state.resolve()
    ours = f" (this gateway reads that file too: set it to true in {state / 'gateway' / 'gateway.json5'})"
    tell = "" if certain else ", or name the database of both by dbPath and, on another Mac, remoteHost"
    return Problem(
        "another-gateway",
        reason,
        f"stop it ({command} gateway stop){agent}, or set channels.imessage.enabled to false in its config"
        f"{ours if shared else ''}{tell}; this gateway goes on by itself then. The way back: stop this gateway, "
        f"then {command} gateway start",
    )
