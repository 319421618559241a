"""From database rows to imsg's message objects (imsg protocol 5), for the watch and for history.

In: a connection of the calling thread, a cursor or a chat. Out: `Row`s in the order imsg delivers them, and
for each its message object as a dict ready for JSON.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from actors.simulator.attachments import list_attachments, transcription
from actors.simulator.attributed_body import decode
from actors.simulator.chats import NO_CHAT, ChatCache
from actors.simulator.dates import iso
from actors.simulator.reactions import (
    ReactionRow,
    current_state,
    is_tapback,
    read_tapback,
    target_guid,
)

_COLUMNS = """
SELECT m.ROWID, coalesce(j.chat_id, 0), coalesce(m.guid, ''), m.text, m.attributedBody, coalesce(h.id, ''),
  coalesce(m.destination_caller_id, ''), m.is_from_me, m.date, coalesce(m.associated_message_guid, ''),
  m.associated_message_type, coalesce(m.thread_originator_guid, ''), coalesce(m.balloon_bundle_id, ''),
  m.is_audio_message
FROM message m LEFT JOIN chat_message_join j ON j.message_id = m.ROWID
LEFT JOIN handle h ON h.ROWID = m.handle_id
"""
_HIDES_REACTIONS = (
    " AND (m.associated_message_type IS NULL OR m.associated_message_type < 2000"
    " OR m.associated_message_type > 3006)"
)
_AFTER = "WHERE m.ROWID > ?"
_IN_CHAT = " AND j.chat_id = ?"
_BY_ROWID = " ORDER BY m.ROWID LIMIT ?"
_HISTORY = "WHERE j.chat_id = ?" + _HIDES_REACTIONS + " ORDER BY m.date DESC, m.ROWID DESC"
_BY_GUID = "WHERE m.guid = ? LIMIT 1"
_TAPBACKS = (
    "WHERE m.associated_message_guid IS NOT NULL AND m.associated_message_type >= 2000 ORDER BY m.ROWID"
)


class Row(NamedTuple):
    """One joined row of the message table; `chat_id` 0 without a chat join, dates in Apple nanoseconds."""

    id: int
    chat_id: int
    guid: str
    stored_text: str | None
    body: bytes | None
    handle: str
    destination: str
    is_from_me: int
    date: int | None
    associated_guid: str
    associated_type: int | None
    thread_originator: str
    balloon: str
    is_audio: int

    @property
    def sender(self) -> str:
        """The handle; where it is empty, the account's own address; may be empty too."""
        return self.handle or self.destination

    @property
    def text(self) -> str:
        """The text column, else the decoded body, else nothing."""
        return self.stored_text or (decode(self.body) if self.body else "")


class Filter(NamedTuple):
    """What `participants`, `start` and `end` let through: senders in lower case, Apple nanoseconds."""

    senders: frozenset[str] = frozenset()
    start: int | None = None
    end: int | None = None

    def admits(self, row: Row) -> bool:
        """Start inclusive, end exclusive, senders in any case; nothing given admits everything."""
        if self.senders and row.sender.lower() not in self.senders:
            return False
        date = row.date or 0
        return (self.start is None or date >= self.start) and (self.end is None or date < self.end)


class Detail(NamedTuple):
    """How much of a message is shown: its files, its reactions, and tapbacks as events of their own."""

    attachments: bool = False
    reactions: bool = False
    reaction_events: bool = False


class MessageReader:
    """Reads messages over one connection; belongs to the thread of that connection."""

    def __init__(self, connection: sqlite3.Connection, cache: ChatCache) -> None:
        self._connection = connection
        self._cache = cache

    def newest_rowid(self) -> int:
        """The highest ROWID in use, 0 for an empty database."""
        (newest,) = self._connection.execute("SELECT coalesce(max(ROWID), 0) FROM message").fetchone()
        return int(newest)

    def after(self, rowid: int, chat_id: int | None, limit: int, *, tapbacks: bool) -> list[Row]:
        """At most `limit` rows above `rowid` in ROWID order, one per chat join (imsg protocol 6)."""
        sql = _COLUMNS + _AFTER + ("" if tapbacks else _HIDES_REACTIONS)
        if chat_id is None:
            return self._rows(sql + _BY_ROWID, (rowid, limit))
        return self._rows(sql + _IN_CHAT + _BY_ROWID, (rowid, chat_id, limit))

    def history(self, chat_id: int, limit: int, wanted: Filter) -> list[Row]:
        """The newest `limit` rows of a chat by date, tapbacks left out, filtered before the limit."""
        found: list[Row] = []
        for columns in self._connection.execute(_COLUMNS + _HISTORY, (chat_id,)):
            row = Row._make(columns)
            if wanted.admits(row):
                found.append(row)
                if len(found) == limit:
                    break
        return found

    def show(self, rows: list[Row], detail: Detail) -> Iterator[dict[str, Any]]:
        """The message objects of `rows`. Raises sqlite3.Error at the row that cannot be decorated."""
        tapbacks = self._tapbacks({row.guid for row in rows}) if detail.reactions and rows else {}
        for row in rows:
            message = self._message(
                row, tapback_event=detail.reaction_events and is_tapback(row.associated_type)
            )
            if detail.attachments:
                message["attachments"] = list_attachments(self._connection, row.id)
            if row.guid in tapbacks:
                message["reactions"] = [_reaction(found) for found in current_state(tapbacks[row.guid])]
            yield message

    def _message(self, row: Row, *, tapback_event: bool) -> dict[str, Any]:
        chat = self._cache.info(self._connection, row.chat_id) or NO_CHAT
        message: dict[str, Any] = {
            "id": row.id,
            "chat_id": row.chat_id,
            "guid": row.guid,
            "sender": row.sender,
            "is_from_me": bool(row.is_from_me),
            "text": (transcription(self._connection, row.id) if row.is_audio else "") or row.text,
            "created_at": iso(row.date),
            "attachments": [],
            "reactions": [],
            "chat_identifier": chat.identifier,
            "chat_guid": chat.guid,
            "chat_name": chat.name,
            "participants": self._cache.members(self._connection, row.chat_id),
            "is_group": chat.is_group,
        }
        if row.destination:
            message["destination_caller_id"] = row.destination
        if tapback_event:
            message.update(_tapback_event(row))
        elif row.associated_guid or row.thread_originator:
            message.update(self._reply(row))
        return message

    def _reply(self, row: Row) -> dict[str, Any]:
        reply: dict[str, Any] = {}
        replied = "" if is_tapback(row.associated_type) else target_guid(row.associated_guid)
        if replied:
            reply["reply_to_guid"] = replied
        if row.thread_originator:
            reply["thread_originator_guid"] = row.thread_originator
        parent = self._rows(_COLUMNS + _BY_GUID, (row.thread_originator or replied,))
        if parent:
            reply["reply_to_text"] = parent[0].text
            reply["reply_to_sender"] = parent[0].sender
        return reply

    def _tapbacks(self, guids: set[str]) -> dict[str, list[ReactionRow]]:
        found: dict[str, list[ReactionRow]] = {}
        for row in self._rows(_COLUMNS + _TAPBACKS, ()):
            code = row.associated_type
            target = target_guid(row.associated_guid)
            if code is None or not is_tapback(code) or target not in guids:
                continue
            tapback = read_tapback(code, row.text, row.associated_guid)
            found.setdefault(target, []).append(
                ReactionRow(row.id, row.sender, bool(row.is_from_me), row.date, tapback)
            )
        return found

    def _rows(self, sql: str, values: tuple[object, ...]) -> list[Row]:
        return [Row._make(columns) for columns in self._connection.execute(sql, values)]


def _tapback_event(row: Row) -> dict[str, Any]:
    assert row.associated_type is not None
    tapback = read_tapback(row.associated_type, row.text, row.associated_guid)
    event: dict[str, Any] = {
        "is_reaction": True,
        "is_reaction_add": tapback.is_add,
        "reacted_to_guid": tapback.target_guid,
    }
    if tapback.type is not None:
        event |= {"reaction_type": tapback.type, "reaction_emoji": tapback.emoji}
    return event


def _reaction(row: ReactionRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": row.tapback.type,
        "emoji": row.tapback.emoji,
        "sender": row.sender,
        "is_from_me": row.is_from_me,
        "created_at": iso(row.date),
    }
