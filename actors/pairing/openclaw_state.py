"""The approvals newer OpenClaw keeps in its SQLite state, read for an import and left exactly as they are.

In: the path of ``openclaw.sqlite``. Out: who was approved for iMessage in which account, and what of it is no person.
SQLite cannot look at a database with a write-ahead log without writing beside it, so it is shown a private copy of the
database and its log, taken while OpenClaw may be writing: nothing appears or changes in OpenClaw's folder. Only
regular files of a sane size are copied; the copy is gone when this returns or raises.
"""

import os
import shutil
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, NamedTuple

from actors.access.entries import Kind, parse
from actors.pairing.codes import DEFAULT_ACCOUNT
from actors.pairing.files import StoreUnreadableError, stamp
from actors.pairing.records import RegionOf, no_region
from actors.pairing.scratch import COPY, LOGS, scratch
from config.ids import normalize_id

CHANNEL = "imessage"
TRIES = 20
LARGEST = 1024**3
"""Bytes of a file that is still copied; OpenClaw's state is a few MiB."""
PIECE = 1024**2
WAL_HEADER = 32
"""Bytes at the head of a write-ahead log; other ones with every new beginning of it."""

_ENTRIES = (
    "SELECT account_id, entry FROM channel_pairing_allow_entries WHERE channel_key = ? ORDER BY account_id, sort_order"
)
_PENDING = "SELECT count(*) FROM channel_pairing_requests WHERE channel_key = ?"
_WHY = {
    Kind.ANYONE: "a wildcard: pairing lets in people one by one",
    Kind.ACCESS_GROUP: "an access group: it belongs on a list in the config",
    Kind.BLANK: "blank",
    Kind.CHAT_ID: "a chat, not a person",
    Kind.CHAT_GUID: "a chat, not a person",
    Kind.CHAT_IDENTIFIER: "a chat, not a person",
}


class Imported(NamedTuple):
    """``entries`` are (account, canonical handle) without repeats; ``skipped`` (account, entry, why it names nobody).

    ``pending`` is how many requests wait there: they are not taken over, their people are asked anew. ``texts`` is how
    an entry stands there, where that is not its canonical handle.
    """

    entries: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str, str], ...]
    pending: int
    texts: dict[tuple[str, str], str]


def read(path: Path, folder: Path, region_of: RegionOf = no_region) -> Imported:
    """What OpenClaw approved, its latest commits included. Raises ``StoreUnreadableError``.

    The copy is made in a folder of its own in ``folder``, which is made where it is missing. A number without ``+`` is
    one of the region of its account, as it is everywhere else.
    """
    try:
        with scratch(folder) as private:
            # Its logs are beside the database itself, not beside a symlink to it.
            return _read_copy(path, _copy(Path(os.path.realpath(path)), private), region_of)
    except OSError as error:
        is_ours = error.filename is not None and Path(os.fsdecode(error.filename)).is_relative_to(folder)
        what = f"cannot be copied to {folder}" if is_ours else "cannot be read"
        raise StoreUnreadableError(path, f"{what}: {error.strerror or error}") from error


def _read_copy(path: Path, copy: Path, region_of: RegionOf) -> Imported:
    try:
        with closing(sqlite3.connect(copy)) as connection:
            # What is no UTF-8 is no handle; it must not keep the others out.
            connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
            rows: list[tuple[object, object]] = connection.execute(_ENTRIES, (CHANNEL,)).fetchall()
            (pending,) = connection.execute(_PENDING, (CHANNEL,)).fetchone()
    except sqlite3.Error as error:
        why = f"holds no pairing state of OpenClaw that this gateway knows ({error})"
        raise StoreUnreadableError(path, why) from error
    texts: dict[tuple[str, str], str] = {}
    skipped = []
    for named, text in rows:
        account = normalize_id(named, DEFAULT_ACCOUNT) if isinstance(named, str) else ""
        if not isinstance(named, str) or not isinstance(text, str):
            skipped.append((account, *_no_text(named, text)))
            continue
        kind, value = parse(text, region_of(account))
        if kind is Kind.HANDLE:
            texts.setdefault((account, value), text)
        else:
            skipped.append((account, text, _WHY.get(kind, value)))
    changed = {entry: text for entry, text in texts.items() if text != entry[1]}
    return Imported(tuple(texts), tuple(skipped), pending, changed)


def _no_text(account: object, entry: object) -> tuple[str, str]:
    """What to call a row whose account or entry is no text, and why it names nobody."""
    shown = entry if isinstance(entry, str) else _kind(entry)
    return shown, f"no text, but {shown}" if shown is not entry else f"its account is no text, but {_kind(account)}"


def _kind(value: object) -> str:
    if value is None:
        return "NULL"
    return f"a BLOB of {len(value)} bytes" if isinstance(value, bytes) else f"the number {value}"


def _copy(path: Path, folder: Path) -> Path:
    """A copy as of one moment, in ``folder``: the database first, then its log.

    What moves from the log into the database in between stands in both. Only a log that began anew in between would
    leave a gap, and then everything is copied again.
    """
    copy = folder / COPY
    for _ in range(TRIES):
        before = _generation(path)
        _copy_file(path, copy)
        for ending in LOGS:
            # One that is gone when its turn comes was there before: the generation tells.
            with suppress(FileNotFoundError):
                _copy_file(path.with_name(path.name + ending), copy.with_name(copy.name + ending))
        if _generation(path) == before:
            return copy
    raise StoreUnreadableError(path, "changes too fast to be copied: stop OpenClaw, then import again")


def _copy_file(path: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    made = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with _opened(path) as there, open(os.open(copy, made, 0o600), "wb") as here:
        free = shutil.disk_usage(copy.parent).free
        if os.fstat(there.fileno()).st_size > free:
            raise StoreUnreadableError(path, f"cannot be copied: {copy.parent.parent} has only {free} bytes left")
        # It may grow meanwhile, and its size may be a lie.
        left = min(LARGEST, free)
        while piece := there.read(PIECE):
            left -= len(piece)
            if left < 0:
                raise StoreUnreadableError(path, "grew too large to be copied")
            here.write(piece)


def _opened(path: Path) -> IO[bytes]:
    """``path`` open for reading, if it is a regular file no larger than ``LARGEST``. A named pipe holds nobody up."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size <= LARGEST:
        return open(descriptor, "rb")
    os.close(descriptor)
    why = f"is larger than {LARGEST} bytes" if stat.S_ISREG(found.st_mode) else "is no regular file"
    raise StoreUnreadableError(path, f"{why}, and no database of OpenClaw")


def _generation(path: Path) -> tuple[object, ...]:
    """Differs when two looks at database and log do not belong together."""
    journal = stamp(path.with_name(path.name + "-journal"))
    try:
        with _opened(path.with_name(path.name + "-wal")) as log:
            head = log.read(WAL_HEADER)
    except FileNotFoundError:
        head = b""
    # Without a log the database itself is what changes.
    return (journal, head) if head else (journal, stamp(path))
