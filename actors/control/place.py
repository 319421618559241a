"""Where the control socket lies on disk: made private, found again, taken away.

The usual place is the gateway's own folder. When that path is too long for a socket (``Places`` decides), it lies in
a folder of the runtime directory, and ``control.path`` in the gateway's folder names it for the command line.
"""

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from config import Places

LONGEST_PATH = 100
"""Bytes of a socket path (macOS allows 104 with the closing zero)."""


BACKLOG = 128
"""Clients that may wait to be accepted; Linux refuses more at once."""


class PlaceError(OSError):
    """The control socket cannot lie there; the message names the path and the remedy."""


def occupy(path: Path, places: Places) -> socket.socket:
    """A listening socket at ``path`` (0600, in a 0700 folder), in place of a stale one. Raises ``PlaceError``.

    Whoever calls holds the instance lock: a socket that lies there already belongs to no living gateway.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise PlaceError(
            f"the control socket's path {path} is longer than {LONGEST_PATH} bytes: "
            "set XDG_RUNTIME_DIR or TMPDIR to a shorter folder, or OPENCLAW_STATE_DIR"
        )
    try:
        _private_folder(path.parent, places)
        _remove_stale(path)
        listener = _bind(path)
        _name_it(path, places)
    except PlaceError:
        raise
    except OSError as error:
        raise PlaceError(f"cannot make the control socket {path}: {error.strerror or error}") from error
    return listener


def vacate(path: Path, places: Places, listener: socket.socket) -> None:
    """Stop listening and remove the names."""
    listener.close()
    with suppress(OSError):
        path.unlink(missing_ok=True)
        places.control_path.unlink(missing_ok=True)


def find(places: Places) -> list[Path]:
    """Where a running gateway may listen, the likeliest first: what it wrote down beats what we would compute."""
    try:
        named = Path(places.control_path.read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return [places.socket]
    return [named, places.socket] if named != places.socket else [named]


def _private_folder(folder: Path, places: Places) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = os.geteuid()
    found = folder.lstat()
    # In a shared directory somebody else may have made it first, or put a link there.
    if stat.S_ISLNK(found.st_mode) and found.st_uid == own:
        found = folder.stat()
    # In a container root often serves a state folder that is mounted as another user's.
    ours = found.st_uid == own or (own == 0 and folder == places.gateway)
    if not stat.S_ISDIR(found.st_mode) or not ours:
        raise PlaceError(f"the folder {folder} of the control socket must belong to this user; remove or rename it")
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise PlaceError(f"{path} is in the way of the control socket and is no socket: move it away")
    path.unlink()


def _bind(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(os.fspath(path))
        # Nobody can connect before listen: there is no moment in which the socket is open to others.
        path.chmod(0o600)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _name_it(path: Path, places: Places) -> None:
    if path.parent == places.gateway:
        places.control_path.unlink(missing_ok=True)
        return
    places.gateway.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = places.control_path.with_name(f"{places.control_path.name}.{os.getpid()}.tmp")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(os.fsencode(path) + b"\n")
    fresh.replace(places.control_path)
