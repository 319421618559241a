"""Rows of chat.db as imsg selects them (imsg protocol 6, 9, 12.5, 12.7), before anything is made of them.

In: a connection of the calling thread, a cursor or a chat. Out: `Row`s in the order imsg delivers them.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import NamedTuple

from actors.simulator.attributed_body import decode, decode_exactly
from actors.simulator.generations import DEFAULT, Generation

_COLUMNS = """
SELECT m.text, m.attributedBody, m.ROWID, coalesce({chat}, 0), coalesce(m.guid, ''), coalesce(h.id, ''),
  coalesce(m.destination_caller_id, ''), m.is_from_me, m.date, coalesce(m.associated_message_guid, ''),
  m.associated_message_type, coalesce(m.thread_originator_guid, ''), coalesce(m.balloon_bundle_id, ''),
  m.is_audio_message, m.is_read, m.date_read
FROM message m {joins} LEFT JOIN handle h ON h.ROWID = m.handle_id
"""
_EACH_JOIN = _COLUMNS.format(chat="j.chat_id", joins="LEFT JOIN chat_message_join j ON j.message_id = m.ROWID")
_LOWEST_CHAT = "(SELECT min(j.chat_id) FROM chat_message_join j WHERE j.message_id = m.ROWID)"
_ONCE = _COLUMNS.format(chat=_LOWEST_CHAT, joins="")
_FIRST_HIDDEN, _LAST_HIDDEN = 2000, 3006
_HIDES_REACTIONS = (
    " AND (m.associated_message_type IS NULL OR m.associated_message_type < 2000 OR m.associated_message_type > 3006)"
)
_AFTER = "WHERE m.ROWID > ?"
_IN_CHAT = " AND j.chat_id = ?"
_IN_CHAT_OR_NONE = (
    " AND (NOT EXISTS (SELECT 1 FROM chat_message_join x WHERE x.message_id = m.ROWID)"
    " OR EXISTS (SELECT 1 FROM chat_message_join x WHERE x.message_id = m.ROWID AND x.chat_id = ?))"
)
_BY_ROWID = " ORDER BY m.ROWID LIMIT ?"
_HISTORY = "WHERE j.chat_id = ?" + _HIDES_REACTIONS + " ORDER BY m.date DESC, m.ROWID DESC"
_NEWEST_FIRST = "WHERE 1" + _HIDES_REACTIONS + " ORDER BY m.ROWID DESC"
_BY_GUID = "WHERE m.guid = ? LIMIT 1"
_TAPBACKS = "WHERE m.associated_message_guid IS NOT NULL AND m.associated_message_type >= 2000 ORDER BY m.ROWID"


class Row(NamedTuple):
    """One row of the message table; `chat_id` 0 without a chat join, dates in Apple nanoseconds.

    text: the text column, else the decoded body, else empty.
    preview: the row of the link preview that belongs to this one (`links.merge_previews`).
    """

    text: str
    id: int
    chat_id: int
    guid: str
    handle: str
    destination: str
    is_from_me: int
    date: int | None
    associated_guid: str
    associated_type: int | None
    thread_originator: str
    balloon: str
    is_audio: int
    is_read: int
    date_read: int | None
    preview: "Row | None" = None

    @property
    def sender(self) -> str:
        """The handle; where it is empty, the account's own address; may be empty too."""
        return self.handle or self.destination

    @property
    def is_hidden(self) -> bool:
        """Whether it is left out where reactions are not wanted."""
        code = self.associated_type
        return code is not None and _FIRST_HIDDEN <= code <= _LAST_HIDDEN


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


class RowReader:
    """Selects rows over one connection; belongs to the thread of that connection."""

    def __init__(self, connection: sqlite3.Connection, played: Generation = DEFAULT) -> None:
        self._connection = connection
        self._select = _ONCE if played.lists_rows_once else _EACH_JOIN
        self._decode = decode_exactly if played.reads_bodies_exactly else decode

    def newest_rowid(self) -> int:
        """The highest ROWID in use, 0 for an empty database."""
        (newest,) = self._connection.execute("SELECT coalesce(max(ROWID), 0) FROM message").fetchone()
        return int(newest)

    def after(self, rowid: int, chat_id: int | None, limit: int, *, tapbacks: bool) -> list[Row]:
        """At most `limit` rows above `rowid` in ROWID order, one per chat join: the watch up to 0.13."""
        sql = _EACH_JOIN + _AFTER + ("" if tapbacks else _HIDES_REACTIONS)
        if chat_id is None:
            return self._rows(sql + _BY_ROWID, (rowid, limit))
        return self._rows(sql + _IN_CHAT + _BY_ROWID, (rowid, chat_id, limit))

    def scan(self, rowid: int, chat_id: int | None, limit: int) -> list[Row]:
        """At most `limit` rows above `rowid` in ROWID order, tapbacks and rows without a chat among them.

        With `chat_id` those of that chat (under that number) and of none: from 0.14 on.
        """
        if chat_id is None:
            return self._rows(self._select + _AFTER + _BY_ROWID, (rowid, limit))
        rows = self._rows(self._select + _AFTER + _IN_CHAT_OR_NONE + _BY_ROWID, (rowid, chat_id, limit))
        named = (row._replace(chat_id=chat_id) if row.chat_id else row for row in rows)
        return list({row.id: row for row in named}.values())

    def history(self, chat_id: int, limit: int, wanted: Filter) -> list[Row]:
        """The newest `limit` rows of a chat by date, tapbacks left out, filtered before the limit."""
        return self._first(_EACH_JOIN + _HISTORY, (chat_id,), limit, wanted.admits)

    def search(self, text: str, limit: int, *, whole: bool) -> list[Row]:
        """The newest `limit` rows whose text contains `text`, or with `whole` is it; in any case."""
        sought = text.casefold()

        def fits(row: Row) -> bool:
            found = row.text.casefold()
            return found == sought if whole else sought in found

        return self._first(self._select + _NEWEST_FIRST, (), limit, fits)

    def by_guid(self, guid: str) -> Row | None:
        """The row with a GUID."""
        rows = self._rows(_EACH_JOIN + _BY_GUID, (guid,))
        return rows[0] if rows else None

    def tapbacks(self) -> list[Row]:
        """All rows that add or remove a reaction, oldest first; some others may be among them."""
        return self._rows(_EACH_JOIN + _TAPBACKS, ())

    def _first(self, sql: str, values: tuple[object, ...], limit: int, fits: Callable[[Row], bool]) -> list[Row]:
        found: list[Row] = []
        for row in self._each(sql, values):
            if fits(row):
                found.append(row)
                if len(found) == limit:
                    break
        return found

    def _rows(self, sql: str, values: tuple[object, ...]) -> list[Row]:
        return list(self._each(sql, values))

    def _each(self, sql: str, values: tuple[object, ...]) -> Iterator[Row]:
        for text, body, *columns in self._connection.execute(sql, values):
            yield Row(text or (self._decode(body) if body else ""), *columns)
