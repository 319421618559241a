"""What ``/config undo`` goes by: the last change by chat, kept on disk so that it outlives the process.

In: a change. Out: one file in the gateway's folder, 0600, replaced whole or not at all; it holds digests, paths and a
time, and never a value.
"""

from hashlib import sha256
from pathlib import Path as FilePath

import msgspec

from config.drafts import draft, private_folder, put, sweep
from config.paths import Path


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of ``file`` at ``at`` (unix seconds). ``after`` is the digest of all files of the config since.

    ``before`` is that of what its one file held (``digest``), ``paths`` are what was asked for.
    """

    file: str
    before: str
    after: str
    paths: tuple[Path, ...]
    at: float


def digest(content: bytes) -> str:
    """The SHA-256 of what a file holds, in hex."""
    return sha256(content).hexdigest()


def keep(place: FilePath, change: Change) -> None:
    """Put ``change`` in the place of the one before it. Raises ``OSError``, or ``ValueError`` for a name that is no
    text; the one before it then stays."""
    content = msgspec.json.encode(change)
    private_folder(place.parent)
    sweep(place)
    new = draft(place, content, None)
    try:
        put(new, place)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def read(place: FilePath) -> Change | None:
    """The last change, None when there is none. Raises ``OSError`` or ``ValueError`` for what cannot be read."""
    try:
        return msgspec.json.decode(place.read_bytes(), type=Change)
    except FileNotFoundError:
        return None


def forget(place: FilePath) -> None:
    """There is nothing to take back any more. Raises ``OSError``."""
    place.unlink(missing_ok=True)
