"""The program that ``cliPath`` names: where it is, whether it may be trusted, and what it says of itself.

In: a path or a bare name, as the config has it (``~`` is expanded there). Out: a ``Problem`` for the operator where it
cannot or must not be started, else its absolute path: spawn that, so that what was looked at is what runs. Links are
followed for looking only, because some programs act by the name they are called.
"""

import grp
import os
import pwd
import re
import select
import shlex
import shutil
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from actors.rpc.health import Problem, explain_missing
from actors.runtime.process import Child, SpawnError, spawn

PLATFORM: str = sys.platform
MOST_OUTPUT = 1 << 16
MOST_LINKS = 40
LOOK_SECONDS = 0.1
_VERSION = re.compile(
    r"(?:imsg[ ,]*)?(?:version[ :]*)?v?(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?(?:[-+.][\w.+-]{1,40})?)(?: \([^)]{0,80}\))?",
    re.IGNORECASE,
)
_USAGE_OF_RPC = re.compile(r"\bimsg rpc\b|^\W*usage:?\s.*\brpc\b", re.IGNORECASE | re.MULTILINE)
_NO_SUCH_COMMAND = re.compile(
    r"(unknown|unexpected|unrecogni[sz]ed|invalid|no such) (sub)?(command|argument|verb)", re.IGNORECASE
)
_ROOT_HELP = re.compile(r"^\W*(usage|commands|subcommands)\b", re.IGNORECASE | re.MULTILINE)


def inspect(cli: str) -> tuple[str, Problem | None]:
    """The absolute path of the program, and why it must not be started; None when it may.

    Refused are a file that its group or everybody may write, and one in a folder where anybody could put another
    (promise S10, S19). A folder its group may write is Homebrew's way and fine. Looks at a few files, starts nothing.
    """
    found = shutil.which(cli)
    if found is None:
        return cli, _missing(cli)
    path = Path(found).absolute()
    try:
        return str(path), _fault(path)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        why = getattr(error, "strerror", None) or error
        return str(path), explain_missing(cli, f"{path} cannot be looked at: {why}")


def warnings(cli: str) -> tuple[str, ...]:
    """What is odd about the program and stops nothing: its file is somebody else's (not ours, not root's)."""
    found = shutil.which(cli)
    try:
        path = Path(found).resolve() if found else None
        owner = path.stat().st_uid if path else os.geteuid()
    except (OSError, RuntimeError):
        return ()
    if owner in {os.geteuid(), 0}:
        return ()
    said = f"{path} belongs to {_user(owner)}, who can change what this gateway runs"
    return (f"{said}; if that is not meant: sudo chown {os.geteuid()} {shlex.quote(str(path))}",)


def _missing(cli: str) -> Problem:
    """Why nothing was found."""
    path = Path(cli)
    if os.sep not in cli:
        return explain_missing(cli, f"{cli} is not on the PATH ({os.environ.get('PATH', os.defpath)})")
    if path.is_dir():
        return explain_missing(cli, f"{cli} is a folder, not a program")
    if path.is_symlink() and not path.exists():
        return explain_missing(cli, f"{cli} is a link to {path.readlink()}, which is not there")
    if path.exists():
        return Problem("not-installed", f"{cli} is not executable", f"run: chmod u+x {shlex.quote(cli)}")
    return explain_missing(cli, f"{cli} is not there")


def _fault(path: Path) -> Problem | None:
    for folder in dict.fromkeys(folder for step in _steps(path) for folder in step.parents):
        fault = _folder_fault(folder, path)
        if fault is not None:
            return fault
    real = path.resolve()
    found = real.stat()
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        who = "everybody" if found.st_mode & stat.S_IWOTH else f"everybody in the group {_group(found.st_gid)}"
        return _unsafe(f"{_named(path, real)} can be written by {who}", "go-w", real, found)
    return next(_squatted(path, real), None)


def _squatted(path: Path, real: Path) -> Iterator[Problem]:
    """In a folder like ``/tmp`` anybody can put things, and only the owner can take them away: who is that?"""
    for entry in (real, *real.parents):
        owner, folder = entry.stat().st_uid, entry.parent
        if owner not in {os.geteuid(), 0} and folder.stat().st_mode & stat.S_IWOTH:
            reason = f"{_named(path, real)}: {entry} belongs to {_user(owner)} and anybody can put things into {folder}"
            remedy = "install it elsewhere, or point channels.imessage.cliPath at another program"
            yield Problem("unsafe-program", reason, remedy)


def _steps(path: Path) -> Iterator[Path]:
    """The path and what it links to, one step at a time; folders without links."""
    for _ in range(MOST_LINKS):
        path = path.parent.resolve() / path.name
        yield path
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()


def _folder_fault(folder: Path, program: Path) -> Problem | None:
    found = folder.stat()
    if not found.st_mode & stat.S_IWOTH or found.st_mode & stat.S_ISVTX:
        return None
    return _unsafe(
        f"anybody can put another program in the place of {program}, by the folder {folder}", "o-w", folder, found
    )


def _unsafe(reason: str, change: str, path: Path, found: os.stat_result) -> Problem:
    sudo = "" if os.geteuid() in {0, found.st_uid} else "sudo "
    return Problem("unsafe-program", reason, f"run: {sudo}chmod {change} {shlex.quote(str(path))}")


def _named(path: Path, real: Path) -> str:
    return str(path) if path == real else f"{path} ({real})"


def _user(uid: int) -> str:
    try:
        return f"the user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user id {uid}"


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def version_of(cli: str, seconds: float) -> str:
    """The version ``cli --version`` prints, "" when there is none to be had within that time. Blocks: for threads."""
    said = _ask((cli, "--version"), seconds)
    lines = (_VERSION.fullmatch(line.strip()) for line in said.splitlines())
    return next((line[1] for line in lines if line), "")


def speaks_rpc(cli: str, seconds: float) -> bool | None:
    """Whether the program has ``rpc`` (imsg protocol 2: its exit code does not tell). Blocks: for threads.

    None when it cannot be told: no answer within that time, or one that is nobody's help.
    """
    said = _ask((cli, "rpc", "--help"), seconds)
    if _NO_SUCH_COMMAND.search(said):
        return False
    if _USAGE_OF_RPC.search(said):
        return True
    return False if _ROOT_HELP.search(said) else None


def _ask(argv: Sequence[str], seconds: float) -> str:
    """What a program says on both outputs until it ends, at most ``MOST_OUTPUT`` bytes, within ``seconds``."""
    try:
        child = spawn(argv)
    except SpawnError:
        return ""
    try:
        os.close(child.stdin)
        return _listen(child, time.monotonic() + seconds).decode("utf-8", "replace")
    finally:
        child.end()
        os.close(child.stdout)
        os.close(child.stderr)


def _listen(child: Child, deadline: float) -> bytes:
    said = b""
    poller = select.poll()
    outputs = {child.stdout, child.stderr}
    for descriptor in outputs:
        os.set_blocking(descriptor, False)
        poller.register(descriptor, select.POLLIN)
    while outputs and len(said) < MOST_OUTPUT:
        # A process it left behind may hold the pipes open, so its end is looked for too.
        over, left = child.ended.is_set(), deadline - time.monotonic()
        ready = poller.poll(0 if over else min(LOOK_SECONDS, max(left, 0.0)) * 1000)
        if left <= 0 or (over and not ready):
            break
        for descriptor, _ in ready:
            data = _read(descriptor)
            said += data
            if not data:
                poller.unregister(descriptor)
                outputs.discard(descriptor)
    return said[:MOST_OUTPUT]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, MOST_OUTPUT)
    except OSError:
        return b""


def file_identity(path: str | None) -> str:
    """Tells one file from another that took its place: equal as long as it is the same file, "" when there is none.

    Inode and, where the system keeps it (macOS), the moment of birth. The number of the device is left out: macOS
    gives volumes other numbers after a restart, and a restart is no new database.
    """
    if path is None:
        return ""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return ""
    if not stat.S_ISREG(found.st_mode):
        return ""
    # Only there: a later Python may learn it elsewhere, and that must not make every file another one.
    born = getattr(found, "st_birthtime", None) if PLATFORM == "darwin" else None
    return f"{found.st_ino}" if born is None else f"{found.st_ino}:{born:.6f}"
