"""Child processes: sh spawns, signals and reaps; the pipes are ours.

Every child leads a session of its own, so that its whole group can be ended and no signal of ours strays. Pipe
ends are not inheritable: no other child keeps them open.
"""

import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sh

KILL_PATIENCE = 0.5


class SpawnError(Exception):
    """The program cannot be started; the message names it and the remedy."""


class Child:
    """A running program. ``stdin``, ``stdout`` and ``stderr`` are our ends (file descriptors), ours to close."""

    def __init__(self, command: "sh.RunningCommand", stdin: int, stdout: int, stderr: int) -> None:
        self._command = command
        self.pid = int(command.pid)
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.exit_code: int | None = None
        """Set when it has ended; negative: by that signal."""
        self.ended = threading.Event()

    def signal(self, number: int) -> None:
        """Signal the child's whole process group, unless it ended: its number may be another's by now."""
        if not self.ended.is_set():
            signal_group(self.pid, number)

    def end(self, patience: float = KILL_PATIENCE) -> None:
        """TERM, wait ``patience`` seconds, KILL. Blocks up to twice that; call it from a thread that may."""
        self.signal(signal.SIGTERM)
        if not self.ended.wait(patience):
            self.signal(signal.SIGKILL)
            self.ended.wait(patience)


def signal_group(pid: int, number: int) -> None:
    """Signal the process group that ``pid`` leads or led; one that is gone already is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def spawn(
    argv: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    on_end: Callable[[int], None] | None = None,
    before: Callable[[], None] | None = None,
) -> Child:
    """Start ``argv`` with three pipes. ``on_end(exit_code)`` is called on a thread of sh.

    ``before`` is called in the child, which leads its group already, just before it becomes the program: it may use
    our descriptors and must take no lock. What it raises is a SpawnError.

    ``env`` None: the child inherits our whole environment (wrappers need PATH, HOME, SSH_AUTH_SOCK).

    Raises:
        SpawnError: no such program, not executable, no such folder, or no more processes or descriptors.
    """
    _refuse(argv[0], cwd)
    child: Child | None = None
    known = threading.Event()

    def done(_: object, __: bool, exit_code: int) -> None:
        known.wait(10.0)
        if child is not None:
            child.exit_code = exit_code
            # The group dies with its leader: what it left behind must not keep our pipes open.
            child.signal(signal.SIGKILL)
            child.ended.set()
            if on_end is not None:
                on_end(exit_code)

    pipes: list[int] = []
    try:
        for _ in range(3):
            pipes.extend(os.pipe())
        in_read, in_write, out_read, out_write, err_read, err_write = pipes
        options: dict[str, Any] = {"_in": in_read, "_out": out_write, "_err": err_write, "_done": done}
        if env is not None:
            options["_env"] = dict(env)
        if cwd is not None:
            options["_cwd"] = cwd
        if before is not None:
            options["_preexec_fn"] = before
        command = sh.Command(argv[0])(
            *argv[1:],
            _no_out=True,
            _no_err=True,
            _tty_in=False,
            _tty_out=False,
            _bg=True,
            _bg_exc=False,
            _new_session=True,
            _return_cmd=True,
            **options,
        )
    except sh.CommandNotFound as error:
        _close(pipes)
        raise SpawnError(f"{argv[0]}: not found, or not executable") from error
    except (OSError, sh.ForkException, ValueError) as error:
        _close(pipes)
        raise SpawnError(f"{argv[0]}: cannot be started: {_reason(error)}") from error
    _close((in_read, out_write, err_write))
    child = Child(command, in_write, out_read, err_read)
    known.set()
    threading.Thread(target=_reap, args=(command,), name=f"reap-{child.pid}", daemon=True).start()
    return child


def _reap(command: "sh.RunningCommand") -> None:
    # sh looks for ended background commands once a second; waiting for this one tells at once.
    with contextlib.suppress(sh.ErrorReturnCode):
        command.wait()


def _refuse(program: str, cwd: str | None) -> None:
    """Find beforehand what exec would refuse: a fork that fails costs two descriptors and a zombie (sh 2.4)."""
    path = shutil.which(program)
    if path is None:
        raise SpawnError(f"{program}: not found, or not executable")
    if cwd is not None and not Path(cwd).is_dir():
        raise SpawnError(f"{program}: cannot run in {cwd}: no such folder")
    try:
        with open(path, "rb") as file:
            start = file.read(256)
    except OSError:
        return  # executable, not readable: let exec try
    interpreter = start.removeprefix(b"#!").split(b"\n")[0].split()
    if start.startswith(b"#!"):
        if not interpreter or not Path(os.fsdecode(interpreter[0])).exists():
            raise SpawnError(f"{program}: the interpreter that its first line (#!) names does not exist")
    elif b"\0" not in start:
        raise SpawnError(f"{program}: is neither a binary nor a script that begins with #!")


def _reason(error: Exception) -> str:
    """What the operating system said. sh hands over the traceback of its fork as text."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def started_at(pid: int) -> float | None:
    """When a process started (unix seconds, as the operating system reports it), None when there is none."""
    import psutil  # 15 ms, and only needed beside a child

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def group_lives(pid: int, started: float) -> bool:
    """Whether the process group a former child led still has members.

    A group's number is not given to another process while the group lives, so a leader with another start
    time means that the number was reused and ours is gone.
    """
    now = started_at(pid)
    if now is not None and abs(now - started) > 1.0:
        return False
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # someone else's, or on macOS a group of which only a zombie is left
    return _not_zombie(pid)


def _not_zombie(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return True


def is_zombie(pid: int) -> bool:
    """Whether a child of ours ended and nobody has taken notice yet."""
    return not _not_zombie(pid)


def wait_group(pid: int, started: float, seconds: float) -> bool:
    """Wait for a former child's group to end; True when it has. For threads that may block."""
    deadline = time.monotonic() + seconds
    while group_lives(pid, started):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end_group(pid: int, started: float, patience: float) -> bool:
    """Wait ``patience`` seconds for a former child's group to end by itself, then end it; True when it is gone."""
    for number, seconds in ((0, patience), (signal.SIGTERM, 1.0), (signal.SIGKILL, 1.0)):
        if number and group_lives(pid, started):
            signal_group(pid, number)
        if wait_group(pid, started, seconds):
            return True
    return False


def when_ended(pid: int, started: float, patience: float, then: Callable[[], None]) -> None:
    """``end_group`` on a thread of its own; ``then`` is called there afterwards, whatever came of it."""

    def wait() -> None:
        end_group(pid, started, patience)
        then()

    threading.Thread(target=wait, name=f"orphan-{pid}", daemon=True).start()
