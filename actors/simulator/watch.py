"""The watch: one thread per subscription turns new rows into `message` notifications (imsg protocol 6).

In: commits of any process to the database, noticed by asking SQLite for its data version every 10 ms (this
takes the place of macOS file events). Out: lines on the shared writer. The stream ends when it is stopped,
or with one `error` notification when the database cannot be read.

Kept from imsg: 100 rows per poll; a throttle that is not extended by later events; an undebounced poll at
the start and every 5 s; a cursor that skips what it could not see whole. Without a debounce a burst is a
stream of events, so there, and only after an event, a full poll is followed by the next at once.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from actors.simulator.chats import ChatCache
from actors.simulator.frames import notification, unlocalised
from actors.simulator.links import LinkDeduper
from actors.simulator.messages import Detail, Filter, MessageReader, Row
from actors.simulator.schema import DatabaseUnavailableError, open_database
from actors.simulator.writer import LineWriter

ROWS_PER_POLL = 100
FALLBACK_MS = 5000
EVENT_CHECK_S = 0.010


class Subscription(NamedTuple):
    """What a client asked for. `cursor` is exclusive; `debounce_ms` 0 polls at once."""

    number: int
    cursor: int
    chat_id: int | None
    wanted: Filter
    detail: Detail
    debounce_ms: int


class PollSchedule:
    """When to poll; times in monotonic milliseconds, passed in.

    The first event opens a window of `debounce_ms` that ends in a poll; later events in it change nothing.
    The fallback comes every `fallback_ms` whatever else happens.
    """

    def __init__(self, now: float, debounce_ms: int, fallback_ms: int = FALLBACK_MS) -> None:
        self._debounce_ms = debounce_ms
        self._fallback_ms = fallback_ms
        self._event_due: float | None = None
        self._fallback_due = now + fallback_ms

    def noticed(self, now: float) -> None:
        """The database was written to."""
        if self._event_due is None:
            self._event_due = now + self._debounce_ms

    def event_is_due(self, now: float) -> bool:
        """Whether the poll after an event is due; it counts as done."""
        if self._event_due is None or now < self._event_due:
            return False
        self._event_due = None
        return True

    def fallback_is_due(self, now: float) -> bool:
        """Whether the regular poll is due; it counts as done."""
        if now < self._fallback_due:
            return False
        self._fallback_due = now + self._fallback_ms
        return True


class Watch:
    """One live subscription."""

    def __init__(
        self, path: Path, asked: Subscription, cache: ChatCache, links: LinkDeduper, writer: LineWriter
    ) -> None:
        self._path = path
        self._asked = asked
        self._cursor = asked.cursor
        self._cache = cache
        self._links = links
        self._writer = writer
        self._stopped = Event()
        self._thread = Thread(target=self._run, name=f"watch-{asked.number}", daemon=True)

    def start(self) -> None:
        """Begin polling; the first notifications may overtake the answer to the subscription."""
        self._thread.start()

    def stop(self) -> None:
        """End the stream: no line of it begins after this returns and the writer is free."""
        self._stopped.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread; it may be stuck in a pipe nobody reads, hence the limit."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            connection = open_database(self._path, create=False)
            try:
                self._follow(connection)
            finally:
                connection.close()
        except sqlite3.Error as error:
            self._fail(unlocalised("SQLite.Result", getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)))
        except DatabaseUnavailableError as error:
            self._fail(str(error))

    def _follow(self, connection: sqlite3.Connection) -> None:
        reader = MessageReader(connection, self._cache)
        # Read before the first poll: a commit in between is then an event, not a gap.
        seen = _data_version(connection)
        schedule = PollSchedule(_now_ms(), self._asked.debounce_ms)
        self._poll(reader)
        while not self._stopped.wait(EVENT_CHECK_S):
            version = _data_version(connection)
            now = _now_ms()
            if version != seen:
                seen = version
                schedule.noticed(now)
            if schedule.event_is_due(now):
                self._poll_after_event(lambda: self._poll(reader))
            elif schedule.fallback_is_due(now):
                self._poll(reader)

    def _poll_after_event(self, poll: Callable[[], bool]) -> None:
        while poll() and self._asked.debounce_ms == 0 and not self._stopped.is_set():
            pass

    def _poll(self, reader: MessageReader) -> bool:
        """Deliver the next rows; whether there may be more (a full poll that moved the cursor)."""
        before = self._cursor
        rows = reader.after(
            before, self._asked.chat_id, ROWS_PER_POLL, tapbacks=self._asked.detail.reaction_events
        )
        delivered = [row for row in rows if self._take(row)]
        lines = bytearray()
        try:
            for message in reader.show(delivered, self._asked.detail):
                lines += notification("message", {"subscription": self._asked.number, "message": message})
        finally:
            # What came before a row that cannot be read is still delivered, in one piece for speed.
            if lines:
                self._writer.write(bytes(lines), unless=self._stopped)
        return len(rows) == ROWS_PER_POLL and self._cursor > before

    def _take(self, row: Row) -> bool:
        # A repeated link does not move the cursor, so it is looked at again: imsg does the same.
        if self._links.is_repeat(row):
            return False
        self._cursor = max(self._cursor, row.id)
        return self._asked.wanted.admits(row)

    def _fail(self, text: str) -> None:
        params = {"subscription": self._asked.number, "error": {"message": text}}
        self._writer.write(notification("error", params), unless=self._stopped)


def _data_version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def _now_ms() -> float:
    return time.monotonic() * 1000
