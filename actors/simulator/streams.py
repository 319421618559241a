"""What becomes of the rows a watch finds (imsg protocol 6, 12.7): written at once up to 0.13, else through a buffer.

In: polls over the watch's connection. Out: `message` notifications on the shared writer, in ROWID order.

`DirectStream` moves its cursor past what it could not see whole, shows a row in two chats twice, and blocks its watch
while nobody reads: unread rows simply stay in the database, which is a buffer without bounds.

`BufferedStream` waits for half-written rows, and has a second thread that shows and writes. What that thread has not
written yet may be `buffer_limit` messages at most; one more ends the stream with `watch.overflow`.
"""

import sqlite3
from collections import deque
from collections.abc import Sequence
from itertools import islice
from threading import Condition, Event, Thread

from actors.simulator.chats import ChatCache
from actors.simulator.connections import Connections
from actors.simulator.frames import notification, unlocalised
from actors.simulator.generations import Generation
from actors.simulator.links import LinkDeduper, merge_previews
from actors.simulator.messages import MessageReader
from actors.simulator.rows import Row, RowReader
from actors.simulator.schema import DatabaseUnavailableError
from actors.simulator.watch import Subscription
from actors.simulator.writer import LineWriter

LOOKS_FOR_A_CHAT = 20
_ROWS_PER_WRITE = 32


class JoinPatience:
    """How long a row without a chat holds up those behind it: 20 more looks, one debounce apart."""

    def __init__(self, debounce_ms: int) -> None:
        self._debounce_ms = debounce_ms
        self._row = 0
        self._looks = 0
        self._due = 0.0

    def is_due(self, now: float) -> bool:
        """Whether the row that is waited for should be looked at again."""
        return bool(self._row) and now >= self._due

    def is_over(self, row_id: int, now: float) -> bool:
        """Having looked at a row without a chat: whether to give it up. Looks that come too early do not count."""
        if row_id != self._row:
            self._row, self._looks = row_id, 0
        elif now < self._due:
            return False
        else:
            self._looks += 1
        self._due = now + self._debounce_ms
        if self._looks < LOOKS_FOR_A_CHAT:
            return False
        self._row = 0
        return True

    def reset(self) -> None:
        """Nothing is waited for any more."""
        self._row = 0


class DirectStream:
    """Up to 0.13: each poll is shown and written before the next."""

    def __init__(
        self,
        asked: Subscription,
        cache: ChatCache,
        links: LinkDeduper | None,
        played: Generation,
        writer: LineWriter,
    ) -> None:
        self.stopped = Event()
        self._asked = asked
        self._cursor = asked.cursor
        self._cache = cache
        self._links = links
        self._played = played
        self._writer = writer

    def poll(self, connection: sqlite3.Connection, _now: float) -> bool:
        """Deliver the next rows; whether there may be more (a full poll that moved the cursor)."""
        before, limit = self._cursor, self._asked.poll_rows
        reader = MessageReader(connection, self._cache, self._played)
        rows = reader.rows.after(before, self._asked.chat_id, limit, tapbacks=self._asked.detail.reaction_events)
        _write(self._asked, reader, [row for row in rows if self._take(row)], self._writer, self.stopped)
        return len(rows) == limit and self._cursor > before

    def is_due(self, _now: float) -> bool:
        """Never."""
        return False

    def has_ended(self) -> bool:
        """Only by being stopped."""
        return False

    def stop(self) -> None:
        """Nothing more begins."""
        self.stopped.set()

    def end_with(self, line: bytes) -> None:
        """Write the last line."""
        self._writer.write(line, unless=self.stopped)

    def _take(self, row: Row) -> bool:
        # A repeated link does not move the cursor, so it is looked at again: imsg does the same.
        if self._links is not None and self._links.is_repeat(row):
            return False
        self._cursor = max(self._cursor, row.id)
        return self._asked.wanted.admits(row)


class BufferedStream:
    """From 0.14 on: polls fill a buffer, a thread of its own empties it."""

    def __init__(
        self,
        asked: Subscription,
        cache: ChatCache,
        played: Generation,
        connections: Connections,
        writer: LineWriter,
    ) -> None:
        self.stopped = Event()
        self._asked = asked
        self._cursor = asked.cursor
        self._accepted = asked.cursor
        self._cache = cache
        self._played = played
        self._connections = connections
        self._writer = writer
        self._links = LinkDeduper()
        self._patience = JoinPatience(asked.debounce_ms)
        self._buffer: deque[Row] = deque()
        self._last_line: bytes | None = None
        self._changed = Condition()
        Thread(target=self._empty, name=f"watch-{asked.number}-out", daemon=True).start()

    def poll(self, connection: sqlite3.Connection, now: float) -> bool:
        """Take the next rows into the buffer; whether there may be more at once."""
        rows = RowReader(connection, self._played).scan(self._cursor, self._asked.chat_id, self._asked.poll_rows)
        whole = self._whole(rows, now)
        for row in merge_previews([row for row in whole if self._asked.detail.reaction_events or not row.is_hidden]):
            if not self._links.is_repeat(row) and self._asked.wanted.admits(row) and not self._accept(row):
                return False
        return len(rows) == self._asked.poll_rows and not self._waits(rows)

    def is_due(self, now: float) -> bool:
        """Whether a row without a chat should be looked at again."""
        return self._patience.is_due(now)

    def has_ended(self) -> bool:
        """Whether its last line is written or about to be."""
        return self._last_line is not None

    def stop(self) -> None:
        """Nothing more begins; what is in the buffer is dropped."""
        with self._changed:
            self.stopped.set()
            self._changed.notify()

    def end_with(self, line: bytes) -> None:
        """Write the last line when the buffer is empty; the first call counts."""
        with self._changed:
            self._last_line = self._last_line or line
            self._changed.notify()

    def _whole(self, rows: Sequence[Row], now: float) -> list[Row]:
        """The rows up to the first that is still waited for; moves the cursor past them."""
        whole = []
        for row in rows:
            if row.chat_id:
                whole.append(row)
            elif not self._patience.is_over(row.id, now):
                return whole
            self._cursor = row.id
        self._patience.reset()
        return whole

    def _waits(self, rows: Sequence[Row]) -> bool:
        return self._cursor < rows[-1].id

    def _accept(self, row: Row) -> bool:
        """Put a row into the buffer, or end the stream because it is full."""
        with self._changed:
            if len(self._buffer) < self._asked.buffer_limit:
                self._buffer.append(row)
                self._accepted = row.id
                self._changed.notify()
                return True
        params = {
            "subscription": self._asked.number,
            "resume_after_rowid": self._accepted,
            "reason": "buffer_limit_exceeded",
            "terminal": True,
        }
        self.end_with(notification("watch.overflow", params))
        return False

    def _empty(self) -> None:
        try:
            self._write_what_comes()
        except sqlite3.Error as error:
            self._fail(unlocalised("SQLite.Result", getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)))
        except DatabaseUnavailableError as error:
            self._fail(str(error))
        finally:
            self._connections.close()

    def _write_what_comes(self) -> None:
        # Opened at once: a file that replaces this one later is none of this stream's (imsg protocol 12.4).
        reader = MessageReader(self._connections.reading(), self._cache, self._played)
        while rows := self._next():
            _write(self._asked, reader, rows, self._writer, self.stopped)
            with self._changed:
                for _ in rows:
                    self._buffer.popleft()
        if self._last_line is not None:
            self._writer.write(self._last_line, unless=self.stopped)

    def _next(self) -> list[Row]:
        """The oldest rows of the buffer, which stay in it while they are written; none at the end."""
        with self._changed:
            while not self._buffer and self._last_line is None and not self.stopped.is_set():
                self._changed.wait()
            return [] if self.stopped.is_set() else list(islice(self._buffer, _ROWS_PER_WRITE))

    def _fail(self, text: str) -> None:
        params = {"subscription": self._asked.number, "error": {"message": text}}
        line = notification("error", params)
        self._last_line = line
        self._writer.write(line, unless=self.stopped)


def _write(asked: Subscription, reader: MessageReader, rows: Sequence[Row], writer: LineWriter, stopped: Event) -> None:
    lines = bytearray()
    try:
        for message in reader.show(rows, asked.detail):
            lines += notification("message", {"subscription": asked.number, "message": message})
    finally:
        # What came before a row that cannot be read is still delivered, in one piece for speed.
        if lines:
            writer.write(bytes(lines), unless=stopped)
