"""What waits for an operator, read from the journal on disk: held rows, one chunk with what it answers, corrupt rows.

Every function takes a connection that only reads, beside a running gateway or without one. Rows are read back from the
bytes imsg gave; what is pruned or damaged is listed all the same, with what the journal knows of it. Times are unix
seconds. All raise ``sqlite3.Error``.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from actors.envelopes.inbound import Inbound
from actors.envelopes.outbound import reply_of
from actors.normalizer.normalize import Malformed, normalize

EXCERPT_BYTES = 200


class HeldRow(NamedTuple):
    """A held row. ``guid``, ``sender`` and ``text`` are empty where its bytes cannot be read.

    ``text`` is whole: how much of it is shown is the view's to say. ``chat_id`` 0 means that the row came without.
    """

    seq: int
    guid: str
    reason: str
    config_key: str
    account: str
    chat_id: int
    sender: str
    text: str
    attachments: int
    sent_at: float | None
    received_at: float


class Answered(NamedTuple):
    """The row a chunk answers, as far as it can be read."""

    seq: int
    guid: str
    sender: str
    text: str
    received_at: float


class StoredChunk(NamedTuple):
    """Everything the outbox knows of a chunk; ``answers`` is None when its row is not there any more."""

    key: int
    account: str
    source: int
    era: int
    chat_id: int
    chat_guid: str
    service: str
    text: str
    state: str
    queued_at: float
    attempted_at: float | None
    until: float | None
    ended_at: float | None
    tries: int
    guid: str
    why: str
    answers: Answered | None


class CorruptRow(NamedTuple):
    """A row that could not be processed: why, and how its bytes begin, with U+FFFD for what is no UTF-8."""

    seq: int
    error: str
    account: str
    received_at: float
    excerpt: str


def held_rows(
    connection: sqlite3.Connection,
    *,
    reason: str | None = None,
    chat: int | None = None,
    account: str | None = None,
    limit: int | None = None,
) -> list[HeldRow]:
    """Held rows, oldest first, at most ``limit``; ``reason`` is a whole one, or the part before its colon."""
    wanted = {"reason": reason, "chat": chat, "account": account, "limit": -1 if limit is None else limit}
    return [_held(*found) for found in connection.execute(_HELD, wanted)]


def chunk(connection: sqlite3.Connection, key: int) -> StoredChunk | None:
    """One chunk, None when there is none of this key."""
    found = connection.execute(_CHUNK, (key,)).fetchone()
    if found is None:
        return None
    row = connection.execute(_ROW, (reply_of(key),)).fetchone()
    return StoredChunk._make((*found, None if row is None else _answered(*row)))


def corrupt_rows(connection: sqlite3.Connection, *, limit: int | None = None) -> list[CorruptRow]:
    """Corrupt rows, oldest first, at most ``limit``."""
    found: Iterator[tuple[Any, ...]] = connection.execute(_CORRUPT, (EXCERPT_BYTES, -1 if limit is None else limit))
    return [
        CorruptRow(seq, error, account, at, (head or b"").decode("utf-8", "replace"))
        for seq, error, account, at, head in found
    ]


def _held(
    seq: int, source: int, account: str, chat_id: int, at: float, reason: str, config_key: str, body: bytes | None
) -> HeldRow:
    row = _inbound(account, source, body, at)
    if row is None:
        return HeldRow(seq, "", reason, config_key, account, chat_id, "", "", 0, None, at)
    files = len(row.attachments)
    return HeldRow(seq, row.guid, reason, config_key, account, chat_id, row.sender, row.text, files, row.sent_at, at)


def _answered(seq: int, source: int, account: str, at: float, body: bytes | None) -> Answered:
    row = _inbound(account, source, body, at)
    return Answered(seq, row.guid, row.sender, row.text, at) if row else Answered(seq, "", "", "", at)


def _inbound(account: str, source: int, body: bytes | None, received_at: float) -> Inbound | None:
    """The row as it came; None when its bytes are pruned or damaged."""
    row = None if body is None else normalize(account, source, body, received_at)
    return None if isinstance(row, Malformed) else row


_HELD = """
SELECT seq, source, account, coalesce(chat_id, 0), received_at, coalesce(reason, ''), coalesce(config_key, ''), body
FROM inbound WHERE outcome = 'held'
  AND (:reason IS NULL OR reason = :reason OR substr(reason, 1, length(:reason) + 1) = :reason || ':')
  AND (:chat IS NULL OR chat_id = :chat) AND (:account IS NULL OR account = :account)
ORDER BY seq LIMIT :limit
"""
_CHUNK = """
SELECT key, account, source, era, coalesce(chat_id, 0), coalesce(chat_guid, ''), coalesce(service, ''), text, state,
  queued_at, attempted_at, until, ended_at, tries, coalesce(guid, ''), coalesce(why, '')
FROM outbox WHERE key = ?
"""
_ROW = "SELECT seq, source, account, received_at, body FROM inbound WHERE seq = ?"
_CORRUPT = """
SELECT seq, coalesce(reason, ''), account, received_at, substr(body, 1, ?)
FROM inbound WHERE outcome = 'corrupt' ORDER BY seq LIMIT ?
"""
