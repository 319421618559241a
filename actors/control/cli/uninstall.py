"""``gateway uninstall``: remove what the gateway keeps, and say what it leaves.

Only ``<state>/gateway/`` goes, and of that only what a gateway makes: the folder's name alone does not say that it is
ours. The config, the pairing files shared with OpenClaw and everything else of OpenClaw stay. Refused while one runs.
"""

import argparse
import dataclasses
import os
import shutil
from collections.abc import Iterator, Sequence
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from actors.control.cli import consent
from actors.control.cli.common import places, print_json, remark
from actors.control.cli.exits import ERROR, LOCK_HELD, OK, VerbError
from actors.control.lock import InstanceLock, LockHeldError
from config import Places

if TYPE_CHECKING:
    from argparse import _SubParsersAction

FOLDERS = ("last-good", "import-")
"""Besides the places every part of the program knows."""
WHAT = {
    "journal.db": "the journal: what came, what was answered, what waits",
    "gateway.json5": "your settings for this gateway alone",
    "logs": "its log",
    "media": "files of messages",
    "owners.json": "who became the owner by pairing",
    "undo.json": "what /config undo takes back",
    "last-good": "copies of the last config that worked",
    "import-": "what a killed import left",
}


class Part(NamedTuple):
    """A file or folder in ours; ``bytes`` of all in it."""

    path: Path
    what: str
    bytes: int


class Left(NamedTuple):
    """Something that stays, and what it is."""

    path: Path
    what: str


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "uninstall",
        help="remove what the gateway keeps, and say what it leaves",
        description="Remove the gateway's own folder in the state folder: journal, log, settings. Nothing of OpenClaw, "
        "no config and no pairing goes. The gateway must be stopped.",
    )
    consent.add_options(parser)


def execute(args: argparse.Namespace) -> int:
    """Look, ask, remove, tell."""
    where = places(args)
    _check_folder(where.gateway)
    ours, foreign = _parts(where)
    if args.dry_run or not ours:
        return _report(args, where, ours, foreign, [])
    lock = _lock(where)
    try:
        if not args.json:
            _show(ours, "would go")
        if not consent.obtain(args, f"Remove all of that from {where.gateway}? Nothing brings it back."):
            raise VerbError("nothing was changed")
        ours, foreign = _parts(where)
        return _report(args, where, ours, foreign, _remove(where, ours))
    finally:
        lock.release()


def _check_folder(folder: Path) -> None:
    if folder.is_symlink():
        raise VerbError(f"{folder} is a link to {folder.readlink()}: nothing was changed. Remove both by hand")
    if folder.exists() and not folder.is_dir():
        raise VerbError(f"{folder} is no folder: nothing was changed")


def _lock(where: Places) -> InstanceLock:
    lock = InstanceLock(where.lock)
    try:
        lock.acquire()
    except LockHeldError as error:
        pid = f" (pid {error.pid})" if error.pid else ""
        raise VerbError(
            f"a gateway runs here{pid}: stop it, then do this again. Nothing was changed", LOCK_HELD
        ) from error
    except OSError as error:
        raise VerbError(f"cannot take the lock {where.lock}: {error.strerror or error}") from error
    return lock


def _parts(where: Places) -> tuple[list[Part], list[Path]]:
    """What lies in our folder: what a gateway makes, and what it does not."""
    names = _names(where)
    ours, foreign = list[Part](), list[Path]()
    for path in sorted(where.gateway.iterdir()) if where.gateway.is_dir() else ():
        name = next((name for name in names if _is_of(path.name.removeprefix("."), name)), None)
        if name is None:
            foreign.append(path)
        else:
            ours.append(Part(path, WHAT.get(name, ""), sum(_sizes(path))))
    return ours, foreign


def _is_of(found: str, name: str) -> bool:
    """Whether it is that file or folder, or what belongs to it: ``journal.db-wal``, a lock, a temporary file."""
    rest = found.removeprefix(name)
    if not found.startswith(name) or not rest:
        return found == name
    return rest.endswith(".tmp") or ("." in name and rest[0] in ".-")


def _names(where: Places) -> list[str]:
    """The names of what a gateway makes in its folder."""
    known = (getattr(where, each.name) for each in dataclasses.fields(where))
    inside = (one.relative_to(where.gateway) for one in known if isinstance(one, Path) and where.gateway in one.parents)
    return sorted({*FOLDERS, *(path.parts[0] for path in inside)}, key=len, reverse=True)


def _sizes(path: Path) -> Iterator[int]:
    if path.is_symlink() or not path.is_dir():
        yield path.lstat().st_size
        return
    for folder, _, files in os.walk(path):
        for name in files:
            yield Path(folder, name).lstat().st_size


def _remove(where: Places, ours: Sequence[Part]) -> list[str]:
    """Remove them, the lock last, and the folder if it is empty then; what could not be removed, and why."""
    troubles: list[str] = []
    for part in sorted(ours, key=lambda part: part.path == where.lock):
        try:
            if part.path.is_dir() and not part.path.is_symlink():
                shutil.rmtree(part.path)
            else:
                part.path.unlink(missing_ok=True)
        except OSError as error:
            troubles.append(f"{error.filename or part.path}: {error.strerror or error}")
    try:
        if not any(where.gateway.iterdir()):
            where.gateway.rmdir()
    except OSError as error:
        troubles.append(f"{where.gateway}: {error.strerror or error}")
    return troubles


def _left(where: Places, foreign: Sequence[Path]) -> list[Left]:
    """What stays, as far as it is there."""
    config = sorted(where.config.parent.glob(f"{escape(where.config.name)}*")) if where.config.parent.is_dir() else []
    pairing = sorted(where.credentials.glob("imessage-*")) if where.credentials.is_dir() else []
    found = [
        *(Left(path, "nothing a gateway made") for path in foreign),
        *(Left(path, "the config, or a backup of it") for path in config),
        *(Left(path, "who may write, shared with OpenClaw") for path in pairing),
        Left(where.state / "logs", "the record of changes to the config, and OpenClaw's log"),
        Left(where.socket, "a socket nobody listens on")
        if where.gateway not in where.socket.parents
        else Left(Path(), ""),
    ]
    return [one for one in found if one.what and one.path.exists()]


ELSEWHERE = (
    "the program itself, and a service that starts it, if you made one",
    "Messages, imsg, and what macOS lets them do",
    "agents, their workspaces, and what they remember",
)


def _report(
    args: argparse.Namespace, where: Places, ours: Sequence[Part], foreign: Sequence[Path], troubles: Sequence[str]
) -> int:
    left = _left(where, foreign)
    if args.json:
        print_json(
            {
                "dryRun": args.dry_run,
                "folder": str(where.gateway),
                "removed": [{"path": str(one.path), "bytes": one.bytes} for one in ours if _is_gone(args, one)],
                "found": [{"path": str(one.path), "bytes": one.bytes} for one in ours],
                "remains": [{"path": str(one.path), "what": one.what} for one in left],
                "elsewhere": list(ELSEWHERE),
                "troubles": list(troubles),
            }
        )
    else:
        _show([one for one in ours if args.dry_run or _is_gone(args, one)], "would go" if args.dry_run else "removed")
        if not ours:
            print(f"there is nothing of a gateway in {where.gateway}")
        for one in left:
            print(f"left: {one.path} ({one.what})")
        for line in ELSEWHERE:
            print(f"left: {line}")
    for trouble in troubles:
        remark(f"could not be removed: {trouble}")
    return ERROR if troubles else OK


def _is_gone(args: argparse.Namespace, part: Part) -> bool:
    return not args.dry_run and not part.path.exists()


def _show(parts: Sequence[Part], word: str) -> None:
    for part in parts:
        print(f"{word}: {part.path} ({part.bytes:,} bytes{f'; {part.what}' if part.what else ''})")
