"""The approvals newer OpenClaw keeps in its SQLite state, read for an import and left exactly as they are.

In: the path of ``openclaw.sqlite``. Out: who was approved for iMessage in which account, and what of it is no person.
SQLite cannot look at a database with a write-ahead log without writing beside it, so it is shown a private copy of the
database and its log, taken while OpenClaw may be writing: nothing appears or changes in OpenClaw's folder.
"""

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from actors.access.entries import Kind, parse
from actors.pairing.codes import DEFAULT_ACCOUNT
from actors.pairing.files import StoreUnreadableError, stamp
from config.ids import normalize_id

CHANNEL = "imessage"
TRIES = 20
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

    ``pending`` is how many requests wait there: they are not taken over, their people are asked anew.
    """

    entries: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str, str], ...]
    pending: int


def read(path: Path) -> Imported:
    """What OpenClaw approved, its latest commits included. Raises ``StoreUnreadableError``."""
    try:
        with tempfile.TemporaryDirectory(prefix="gateway-import-") as folder:
            return _read_copy(path, _copy(path, Path(folder)))
    except OSError as error:
        raise StoreUnreadableError(path, f"cannot be read: {error.strerror or error}") from error


def _read_copy(path: Path, copy: Path) -> Imported:
    try:
        with closing(sqlite3.connect(copy)) as connection:
            rows: list[tuple[Any, Any]] = connection.execute(_ENTRIES, (CHANNEL,)).fetchall()
            (pending,) = connection.execute(_PENDING, (CHANNEL,)).fetchone()
    except sqlite3.Error as error:
        why = f"holds no pairing state of OpenClaw that this gateway knows ({error})"
        raise StoreUnreadableError(path, why) from error
    entries: dict[tuple[str, str], None] = {}
    skipped = []
    for account, text in ((normalize_id(str(account), DEFAULT_ACCOUNT), str(text)) for account, text in rows):
        kind, value = parse(text, None)
        if kind is Kind.HANDLE:
            entries[account, value] = None
        else:
            skipped.append((account, text, _WHY.get(kind, value)))
    return Imported(tuple(entries), tuple(skipped), pending)


def _copy(path: Path, folder: Path) -> Path:
    """A copy as of one moment, in ``folder``: the database first, then its log.

    What moves from the log into the database in between stands in both. Only a log that began anew in between would
    leave a gap, and then everything is copied again.
    """
    copy = folder / "copy.sqlite"
    for _ in range(TRIES):
        before = _generation(path)
        shutil.copyfile(path, copy)
        for ending in ("-wal", "-journal"):
            beside, there = copy.with_name(copy.name + ending), path.with_name(path.name + ending)
            beside.unlink(missing_ok=True)
            if there.exists():
                shutil.copyfile(there, beside)
        if _generation(path) == before:
            return copy
    raise StoreUnreadableError(path, "changes too fast to be copied: stop OpenClaw, then import again")


def _generation(path: Path) -> tuple[object, ...]:
    """Differs when two looks at database and log do not belong together."""
    journal = stamp(path.with_name(path.name + "-journal"))
    try:
        with open(path.with_name(path.name + "-wal"), "rb") as log:
            head = log.read(WAL_HEADER)
    except FileNotFoundError:
        head = b""
    # Without a log the database itself is what changes.
    return (journal, head) if head else (journal, stamp(path))
