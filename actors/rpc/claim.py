"""One gateway per Messages database: a claim the kernel drops the instant its process dies.

In: the database's identity (``config.sources``), our state folder, a folder of this user's. Out: None when the database
is ours, else a ``Problem`` that names the other gateway and the way over and back. It is an ``flock`` on a descriptor
no child inherits; what is written inside (pid, state folder) is for people only and never decides anything. Another
user, and another computer that reads the same Mac, are not noticed.
"""

import fcntl
import hashlib
import json
import os
import shlex
import stat
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from actors.rpc.health import Problem
from actors.rpc.openclaw import Whereabouts, darwin_folder, openclaw

PLATFORM: str = sys.platform
DARWIN_USER_CACHE_DIR = 65538
"""``confstr`` name of a private folder that, unlike the one for temporary files, is not swept (macOS)."""
MOST_WRITTEN = 4096


def runtime_folder(environment: Mapping[str, str]) -> Path:
    """Where this user's gateways keep their claims: the same for all of them, whatever started them.

    XDG_RUNTIME_DIR when it is ours; else the private folder the system gives this user; else one in the folder for
    temporary files. Nothing is made.
    """
    own = f"imessage-gateway-{os.getuid()}"
    by_system = darwin_folder(DARWIN_USER_CACHE_DIR) if PLATFORM == "darwin" else f"/run/user/{os.getuid()}"
    candidates = [environment.get("XDG_RUNTIME_DIR", "").strip(), by_system]
    usable = (Path(text) for text in candidates if text and _is_ours(Path(text)))
    return (next(usable, None) or Path(tempfile.gettempdir())) / own


class Claim:
    """A claim on the database ``identity``, kept in the folder ``runtime`` (made 0700 when missing).

    Made once for an account and kept over restarts of its reader: an actor that died has no descriptor to lose.
    """

    def __init__(self, identity: str, state: Path, runtime: Path, where: Whereabouts | None = None) -> None:
        self._identity = identity
        self._state = state
        self._path = runtime / f"{hashlib.sha256(identity.encode()).hexdigest()[:16]}.claim"
        self._where = where or Whereabouts.of(os.environ)
        self._descriptor: int | None = None

    def take(self) -> Problem | None:
        """Make the database ours, or say who has it. Cheap, never blocks; to be called before each launch of imsg.

        Taking what is ours already looks again for OpenClaw, and that our file is still the one that counts. With
        OpenClaw there it is released.
        """
        try:
            problem = openclaw(self._identity, self._state, self._where)
            if problem is None and self._holds():
                return None
            self.release()
            return problem or self._lock()
        except OSError as error:
            self.release()
            return _unknown(self._path, error)

    def release(self) -> None:
        """Let go; nothing happens when it is not held."""
        if self._descriptor is not None:
            with suppress(OSError):  # whoever opened it meanwhile sees that it is gone, and makes a new one
                if self._holds():
                    self._path.unlink()
            # Not by closing alone: a child that is just being started has a copy until its exec.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None

    def _holds(self) -> bool:
        return self._descriptor is not None and _is_at(self._descriptor, self._path)

    def _lock(self) -> Problem | None:
        _make_private(self._path.parent)
        for _ in range(2):  # it may be swept away between open and lock
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_at(descriptor, self._path):
                    self._sign(descriptor)
                    self._descriptor, descriptor = descriptor, -1
                    return None
            except BlockingIOError:
                return _taken(descriptor, self._identity)
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
        return _unknown(self._path, OSError("it keeps vanishing"))

    def _sign(self, descriptor: int) -> None:
        text = json.dumps({"pid": os.getpid(), "state": str(self._state)})
        with suppress(OSError):  # a full disk keeps nobody from holding it
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode(), 0)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _make_private(folder: Path) -> None:
    """The folder of the claims, 0700 and ours. Raises ``OSError``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    # In a shared folder somebody else may have made it first, or put a link there.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise OSError(f"{folder} must be a folder of this user's: remove or rename it")
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def _taken(descriptor: int, identity: str) -> Problem:
    """Who holds it, as far as its file tells."""
    try:
        said = json.loads(os.pread(descriptor, MOST_WRITTEN, 0))
    except (OSError, ValueError, RecursionError):
        said = None
    pid, state = (said.get("pid"), said.get("state")) if isinstance(said, dict) else (None, None)
    process = f"process {pid}" if isinstance(pid, int) else "a process that has not signed yet"
    folder = f", state folder {state}" if isinstance(state, str) else ""
    if pid == os.getpid():
        reason = f"another account of this gateway reads the same Messages database ({identity})"
        return Problem("another-gateway", reason, "give each account its own dbPath, or leave only one of the two")
    stop = f"stop it (kill {pid}, or its service)" if isinstance(pid, int) else "stop it"
    start = (
        f"start the other again (OPENCLAW_STATE_DIR={shlex.quote(state)})"
        if isinstance(state, str)
        else "start the other again"
    )
    return Problem(
        "another-gateway",
        f"another gateway ({process}{folder}) reads the same Messages database ({identity})",
        f"{stop}, or give one of the two another dbPath or enabled: false; this gateway goes on by itself when the "
        f"other is gone. The way back: stop this gateway, then {start}",
    )


def _unknown(path: Path, error: OSError) -> Problem:
    reason = f"cannot find out whether another gateway reads this database: {path}: {error.strerror or error}"
    return Problem(
        "unclaimed",
        reason,
        "make that folder writable for this user alone, or set XDG_RUNTIME_DIR to one that is; the gateway tries again",
    )
