"""What waits for an operator, read from the journal on disk: held messages, dead letters, corrupt rows, one chunk.

Each function opens its own read-only connection, so it works beside a running gateway and without one. The values are
the interface's, with times in UTC ISO 8601. All raise ``JournalError`` and ``sqlite3.Error``.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from actors.control.orders import ChunkState
from actors.envelopes.control import OpenChunk
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Inbound
from actors.envelopes.outbound import POSITION_BITS
from actors.journal import queries
from actors.journal.schema import connect_readonly
from actors.normalizer.normalize import Malformed, normalize
from actors.outbound.answers import ANSWER_BITS, MOST_CHUNKS, answer_of
from actors.runtime.logs import stamp

EXCERPT = 200
_CHUNKS = (
    "SELECT key, state, chat_id, chat_guid, text, attempted_at, why FROM outbox "
    "WHERE (:numbers IS NULL OR key IN (SELECT value FROM json_each(:numbers))) "
    "AND (:reason IS NULL OR why = :reason OR substr(why, 1, length(:reason) + 1) = :reason || ':') "
    "AND (:chat IS NULL OR chat_id = :chat) "
    "AND (:account IS NULL OR account = :account) AND key >= :least AND (:state IS NULL OR state = :state) ORDER BY key"
)


class Pick(NamedTuple):
    """Which ones: those with these numbers, or all that fit the rest; ``reason`` is a whole one or its beginning."""

    numbers: tuple[int, ...] = ()
    reason: str | None = None
    chat: int | None = None
    account: str | None = None

    def values(self, **others: Any) -> dict[str, Any]:
        """The parameters of the statements: None stands for everything."""
        return {**self._asdict(), "numbers": _list(self.numbers) if self.numbers else None, **others}


ANY = Pick()


class RowState(NamedTuple):
    """What can change about a held row."""

    outcome: str | None
    kind: str
    reason: str | None


def held(path: Path, pick: Pick) -> list[dict[str, Any]]:
    """``{seq, guid, reason, configKey, account, chatId, sender, text, sentAt, receivedAt}`` of held rows, in order."""
    wanted = frozenset(pick.numbers)
    with _reading(path) as connection:
        found = queries.held_rows(connection, reason=pick.reason, chat=pick.chat, account=pick.account)
    return [
        {
            "seq": one.seq,
            "guid": one.guid or None,
            "reason": one.reason,
            "configKey": one.config_key or None,
            "account": one.account,
            "chatId": one.chat_id or None,
            "sender": one.sender or None,
            "text": one.text,
            "sentAt": _time(one.sent_at),
            "receivedAt": stamp(one.received_at),
        }
        for one in found
        if not wanted or one.seq in wanted
    ]


def row(path: Path, seq: int) -> dict[str, Any] | None:
    """All that is known of one message, whatever became of it; None when there is no such row."""
    with _reading(path) as connection:
        found = connection.execute("SELECT * FROM inbound WHERE seq = ?", (seq,)).fetchone()
    if found is None:
        return None
    read = _inbound(found)
    return {
        "seq": seq,
        "outcome": found["outcome"] or "open",
        "reason": found["reason"],
        "configKey": found["config_key"] or None,
        "session": found["session"] if found["kind"] in ("admit", "command") else None,
        "agent": found["agent"],
        "account": found["account"],
        "chatId": found["chat_id"] or None,
        "rowId": found["row_id"],
        "receivedAt": stamp(found["received_at"]),
        **(_message(read) if read else {"excerpt": _excerpt(found["body"])}),
    }


def _message(read: Inbound) -> dict[str, Any]:
    return {
        "sentAt": _time(read.sent_at),
        "guid": read.guid,
        "chatGuid": read.chat.guid or None,
        "chatName": read.chat.name or None,
        "sender": read.sender or None,
        "senderName": read.sender_name or None,
        "text": read.text,
        "attachments": [one.name or one.path for one in read.attachments],
    }


def row_states(path: Path, seqs: Sequence[int]) -> dict[int, RowState]:
    """The states of rows by number; those that do not exist are left out."""
    query = "SELECT seq, outcome, kind, reason FROM inbound WHERE seq IN (SELECT value FROM json_each(?))"
    with _reading(path) as connection:
        return {one["seq"]: RowState(*one[1:]) for one in connection.execute(query, (_list(seqs),))}


def corrupt(path: Path, pick: Pick = ANY) -> list[dict[str, Any]]:
    """``{seq, error, receivedAt, excerpt}`` of rows that could not be processed, in order."""
    wanted = frozenset(pick.numbers)
    with _reading(path) as connection:
        found = queries.corrupt_rows(connection)
    return [
        {"seq": one.seq, "error": one.error, "receivedAt": stamp(one.received_at), "excerpt": one.excerpt}
        for one in found
        if not wanted or one.seq in wanted
    ]


def chunks(path: Path, state: str | None, floor: bool = False, pick: Pick = ANY) -> list[dict[str, Any]]:
    """``{key, state, chatId, chatGuid, text, attemptedAt, why}`` of chunks in key order, of all states when None.

    ``floor``: none in this state lies below the journal's floor, so what is older need not be looked at.
    """
    with _reading(path) as connection:
        mark = connection.execute("SELECT value FROM mark WHERE name = 'floor'").fetchone() if floor else None
        least = mark["value"] << POSITION_BITS if mark else 0
        return [_chunk(one) for one in connection.execute(_CHUNKS, pick.values(least=least, state=state))]


def chunk(path: Path, key: int) -> dict[str, Any] | None:
    """All that is known of one chunk, and of the message it answers; None when there is no such chunk."""
    first = answer_of(key) << ANSWER_BITS
    last = first + MOST_CHUNKS - 1
    with _reading(path) as connection:
        one = queries.chunk(connection, key)
        part, parts = connection.execute(
            "SELECT count(*) FILTER (WHERE key <= ?), count(*) FROM outbox WHERE key BETWEEN ? AND ?",
            (key, first, last),
        ).fetchone()
    if one is None:
        return None
    return {
        "key": key,
        "state": one.state,
        "why": one.why or None,
        "account": one.account,
        "chatId": one.chat_id,
        "chatGuid": one.chat_guid or None,
        "service": one.service or None,
        "text": one.text,
        "part": part,
        "parts": parts,
        "tries": one.tries,
        "queuedAt": stamp(one.queued_at),
        "attemptedAt": _time(one.attempted_at),
        "retryAt": _time(one.until),
        "endedAt": _time(one.ended_at),
        "guid": one.guid or None,
        "answers": one.answers and _answered(one.answers),
    }


def _answered(one: queries.Answered) -> dict[str, Any]:
    known = {"guid": one.guid, "sender": one.sender, "text": one.text}
    return {"seq": one.seq, **{key: text or None for key, text in known.items()}, "receivedAt": stamp(one.received_at)}


def chunk_states(path: Path, keys: Sequence[int]) -> dict[int, ChunkState]:
    """The states of chunks by key; those that do not exist are left out."""
    query = (
        "SELECT key, state, why, attempted_at, ended_at, tries, account FROM outbox "
        "WHERE key IN (SELECT value FROM json_each(?))"
    )
    with _reading(path) as connection:
        return {one[0]: ChunkState(*one[1:]) for one in connection.execute(query, (_list(keys),))}


def open_chunks(path: Path, keys: Sequence[int]) -> dict[int, OpenChunk]:
    """Chunks as their senders are to have them, by key; those that do not exist are left out."""
    query = "SELECT * FROM outbox WHERE key IN (SELECT value FROM json_each(?))"
    with _reading(path) as connection:
        return {one["key"]: _open(one) for one in connection.execute(query, (_list(keys),))}


def _open(one: sqlite3.Row) -> OpenChunk:
    where = (one["account"], one["source"], one["chat_id"] or 0, one["chat_guid"] or "", one["service"] or "auto")
    to = ReplyAddress(*where, era=one["era"])
    return OpenChunk(one["key"], to, one["text"], one["state"], one["attempted_at"], one["until"], one["tries"])


def last_attempt(path: Path, account: str, most: int = 1000) -> tuple[str, str, float] | None:
    """``(state, why, at)`` of the send of an account that was tried last; None when there is none to be seen."""
    query = (
        "SELECT state, coalesce(why, ''), attempted_at FROM (SELECT * FROM outbox ORDER BY key DESC LIMIT ?) "
        "WHERE account = ? AND attempted_at IS NOT NULL ORDER BY attempted_at DESC LIMIT 1"
    )
    with _reading(path) as connection:
        found = connection.execute(query, (most, account)).fetchone()
    return None if found is None else (found[0], found[1], found[2])


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect_readonly(path)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def _list(numbers: Sequence[int]) -> str:
    return json.dumps([*numbers])


def _inbound(one: sqlite3.Row) -> Inbound | None:
    """The message as it came; None when its body was pruned or cannot be read."""
    if one["body"] is None:
        return None
    read = normalize(one["account"], one["source"], one["body"], one["received_at"])
    return None if isinstance(read, Malformed) else read


def _chunk(one: sqlite3.Row) -> dict[str, Any]:
    return {
        "key": one["key"],
        "state": one["state"],
        "chatId": one["chat_id"],
        "chatGuid": one["chat_guid"] or None,
        "text": one["text"],
        "attemptedAt": _time(one["attempted_at"]),
        "why": one["why"],
    }


def _excerpt(body: bytes | None) -> str | None:
    return None if body is None else body[:EXCERPT].decode("utf-8", "replace")


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else stamp(seconds)
