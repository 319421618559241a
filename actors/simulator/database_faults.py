"""What real life does to a Messages database while someone reads it: floods, rebuilds, restores, corrections.

In: the path of a database of ours, or one opened for writing. Out: committed rows, or another file at the
same path. Whoever has the old file open keeps reading that one, as with the real thing (imsg protocol 12.4).
"""

import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from actors.simulator.dates import apple_ns
from actors.simulator.messages_db import MessagesDb, NewMessage
from actors.simulator.schema import create_draft, open_database

_HOUR_NS = 3_600_000_000_000
_SECOND_NS = 1_000_000_000
_SIDE_FILES = ("-wal", "-shm")


class NoSuchRowError(Exception):
    """The row or chat that was named does not exist; the text says which."""


class Written(NamedTuple):
    """A run of new rows: how many, and the first and the last ROWID (0 without any)."""

    rows: int
    first: int
    last: int


def backlog(db: MessagesDb, chat_id: int, sender: str, count: int, age_hours: float) -> Written:
    """What arrives at once when iCloud catches up: new ROWIDs, dates from `age_hours` ago on, ascending."""
    oldest = apple_ns(time.time_ns()) - round(age_hours * _HOUR_NS)
    # However many they are, the newest of them is still old.
    step = min(_SECOND_NS, round(age_hours * _HOUR_NS) // (10 * count))
    with db.transaction():
        rows = [
            db.insert(NewMessage(chat_id, f"backlog {n + 1}", sender, date=oldest + n * step)).id for n in range(count)
        ]
    return Written(count, rows[0], rows[-1])


def join_later(db: MessagesDb, row: int, chat_id: int) -> None:
    """Write the chat join a message lacks, or a second one. Raises NoSuchRowError."""
    with db.transaction():
        found = _one(db, "SELECT date FROM message WHERE ROWID = ?", row, "message")
        _one(db, "SELECT ROWID FROM chat WHERE ROWID = ?", chat_id, "chat")
        db.join(chat_id, row, found)


def flip(db: MessagesDb, row: int) -> None:
    """Correct a row to an own one, as Messages does some time after it wrote it. Raises NoSuchRowError."""
    with db.transaction():
        _one(db, "SELECT ROWID FROM message WHERE ROWID = ?", row, "message")
        db.connection.execute("UPDATE message SET is_from_me = 1, is_sent = 1 WHERE ROWID = ?", (row,))


def rewind(db: MessagesDb, to: int) -> int:
    """Take away all rows above `to` and give their ROWIDs out again, as a restored backup does; how many."""
    with db.transaction():
        db.connection.execute("DELETE FROM chat_message_join WHERE message_id > ?", (to,))
        db.connection.execute("DELETE FROM message_attachment_join WHERE message_id > ?", (to,))
        gone = db.connection.execute("DELETE FROM message WHERE ROWID > ?", (to,)).rowcount
        db.connection.execute("UPDATE sqlite_sequence SET seq = min(seq, ?) WHERE name = 'message'", (to,))
    return gone


def swap(path: Path, rows_from: Path | None, keep: int) -> Written:
    """Put another database file at `path`, in one rename.

    With `rows_from` it has that database's chats under other ids and its newest `keep` messages, same GUIDs
    and dates, ROWIDs from 1, the newest first; without, it is empty. Raises DatabaseUnavailableError: either
    file is not one of ours.
    """
    if path.exists():
        open_database(path, create=False).close()
    if rows_from is not None:
        open_database(rows_from, create=False).close()
    draft = create_draft(path)
    try:
        kept = _furnish(draft, rows_from, keep) if rows_from is not None else 0
        _settle(path)
        # A write-ahead log left here would be taken for the new file's own, and played into it.
        for suffix in _SIDE_FILES:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        draft.replace(path)
    finally:
        for suffix in ("", *_SIDE_FILES):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    return Written(kept, min(kept, 1), kept)


def _settle(path: Path) -> None:
    """Bring what the old file's log holds into the file, as far as its readers let it."""
    if path.exists():
        connection = open_database(path, create=False)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()


def _furnish(draft: Path, source: Path, keep: int) -> int:
    connection = open_database(draft, create=False)
    try:
        # Uri mode is on for this connection, so the name may carry its mode: nothing is created by accident.
        connection.execute("ATTACH DATABASE ? AS old", (f"{source.absolute().as_uri()}?mode=rw",))
        connection.execute("BEGIN")
        chats = _renumber([int(row) for (row,) in connection.execute("SELECT ROWID FROM old.chat ORDER BY 1")])
        _copy_chats(connection, chats)
        kept = _copy_messages(connection, chats, keep)
        connection.execute("COMMIT")
        connection.execute("DETACH DATABASE old")
    finally:
        connection.close()
    return kept


def _renumber(chats: list[int]) -> dict[int, int]:
    """Small new ids, none of them the chat's old one: the last chat comes first."""
    numbers: dict[int, int] = {}
    following = 1
    for chat in [*chats[-1:], *chats[:-1]]:
        if following == chat:
            following += 1
        numbers[chat] = following
        following += 1
    return numbers


def _copy_chats(connection: sqlite3.Connection, chats: dict[int, int]) -> None:
    connection.execute("INSERT INTO handle SELECT * FROM old.handle")
    connection.execute("INSERT INTO chat SELECT * FROM old.chat")
    # By way of negative numbers, since old and new ones overlap.
    connection.execute("UPDATE chat SET ROWID = -ROWID")
    for old, new in chats.items():
        connection.execute("UPDATE chat SET ROWID = ? WHERE ROWID = ?", (new, -old))
        connection.execute(
            "INSERT INTO chat_handle_join SELECT ?, handle_id FROM old.chat_handle_join WHERE chat_id = ?",
            (new, old),
        )
    _start_counting_at(connection, "chat", max(chats.values(), default=0))


def _copy_messages(connection: sqlite3.Connection, chats: dict[int, int], keep: int) -> int:
    connection.execute("INSERT INTO message SELECT * FROM old.message ORDER BY old.message.ROWID DESC LIMIT ?", (keep,))
    connection.execute("UPDATE message SET ROWID = -ROWID")
    newest_first = [row for (row,) in connection.execute("SELECT ROWID FROM message ORDER BY ROWID")]
    connection.executemany("UPDATE message SET ROWID = ? WHERE ROWID = ?", enumerate(newest_first, start=1))
    _start_counting_at(connection, "message", len(newest_first))
    found = connection.execute(
        "SELECT j.chat_id, m.ROWID, j.message_date FROM old.chat_message_join j"
        " JOIN old.message o ON o.ROWID = j.message_id JOIN main.message m ON m.guid = o.guid"
    )
    joins = [(chats[chat], row, date) for chat, row, date in found if chat in chats]
    connection.executemany("INSERT INTO chat_message_join VALUES (?, ?, ?)", joins)
    connection.execute("INSERT INTO attachment SELECT * FROM old.attachment")
    connection.execute(
        "INSERT INTO message_attachment_join SELECT m.ROWID, j.attachment_id FROM old.message_attachment_join j"
        " JOIN old.message o ON o.ROWID = j.message_id JOIN main.message m ON m.guid = o.guid"
    )
    return len(newest_first)


def _start_counting_at(connection: sqlite3.Connection, table: str, last: int) -> None:
    connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (last, table))


def _one(db: MessagesDb, sql: str, row: int, kind: str) -> int:
    found = db.connection.execute(sql, (row,)).fetchone()
    if found is None:
        raise NoSuchRowError(f"there is no {kind} {row} in the database")
    return int(found[0])
