"""The watch: one thread per subscription looks for new rows and hands them to its stream (imsg protocol 6, 12.7).

In: commits of any process to the database, noticed by asking SQLite for its data version every 10 ms (this
takes the place of macOS file events). Out: polls of a `Stream`, which knows what becomes of the rows. It ends when it
is stopped, when its stream has ended, or with one `error` notification when the database cannot be read.

Kept from imsg: a throttle that is not extended by later events; an undebounced poll at the start and every 5 s (from
0.6 on). A full poll is followed by the next at once only from 0.15.1 on; before, the rest waits for the next event or
regular poll. Without a debounce a burst is a stream of events, so there, after an event, the next follows at once in
every version.
"""

import sqlite3
import time
from threading import Event, Thread
from typing import NamedTuple, Protocol

from actors.simulator.connections import Connections
from actors.simulator.faults import Faults
from actors.simulator.frames import notification, unlocalised
from actors.simulator.messages import Detail
from actors.simulator.rows import Filter
from actors.simulator.schema import DatabaseUnavailableError

EVENT_CHECK_S = 0.010


class Subscription(NamedTuple):
    """What a client asked for, and how its version polls. `cursor` is exclusive; `debounce_ms` 0 polls at once.

    fallback_ms: None polls after events only. drains: a full poll is followed by the next at once.
    buffer_limit: the most messages that wait to be written, from 0.14 on.
    """

    number: int
    cursor: int
    chat_id: int | None
    wanted: Filter
    detail: Detail
    debounce_ms: int
    fallback_ms: int | None
    poll_rows: int
    drains: bool
    buffer_limit: int


class Stream(Protocol):
    """Where the rows of one subscription go."""

    stopped: Event

    def poll(self, connection: sqlite3.Connection, now: float) -> bool:
        """Take the next rows; whether there may be more at once. Raises sqlite3.Error."""

    def is_due(self, now: float) -> bool:
        """Whether the stream itself wants a poll."""

    def has_ended(self) -> bool:
        """Whether nothing will follow, so that polling is in vain."""

    def stop(self) -> None:
        """Let nothing more begin."""

    def end_with(self, line: bytes) -> None:
        """Write a last line after what was taken."""


class PollSchedule:
    """When to poll; times in monotonic milliseconds, passed in.

    The first event opens a window of `debounce_ms` that ends in a poll; later events in it change nothing.
    The fallback comes every `fallback_ms` whatever else happens; None is never.
    """

    def __init__(self, now: float, debounce_ms: int, fallback_ms: int | None) -> None:
        self._debounce_ms = debounce_ms
        self._fallback_ms = fallback_ms
        self._event_due: float | None = None
        self._fallback_due = now + (fallback_ms or 0)

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
        if self._fallback_ms is None or now < self._fallback_due:
            return False
        self._fallback_due = now + self._fallback_ms
        return True


class Watch:
    """One live subscription."""

    def __init__(self, asked: Subscription, stream: Stream, connections: Connections, faults: Faults) -> None:
        self._asked = asked
        self._stream = stream
        self._connections = connections
        self._faults = faults
        self._thread = Thread(target=self._run, name=f"watch-{asked.number}", daemon=True)

    def start(self) -> None:
        """Begin polling."""
        self._thread.start()

    def stop(self) -> None:
        """End the stream: no line of it begins after this returns and the writer is free."""
        self._stream.stop()

    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self._stream.stopped.is_set() or self._stream.has_ended()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread, if it ever began; it may be stuck in a pipe nobody reads, hence the limit."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._follow(self._connections.reading())
        except sqlite3.Error as error:
            self._fail(unlocalised("SQLite.Result", getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)))
        except DatabaseUnavailableError as error:
            self._fail(str(error))
        finally:
            self._connections.close()

    def _follow(self, connection: sqlite3.Connection) -> None:
        # Read before the first poll: a commit in between is then an event, not a gap.
        seen = _data_version(connection)
        schedule = PollSchedule(_now_ms(), self._asked.debounce_ms, self._asked.fallback_ms)
        self._poll(connection, drains=self._asked.drains)
        while not self._stream.stopped.wait(EVENT_CHECK_S) and not self._stream.has_ended():
            ended = self._faults.watch_ends()
            if ended is not None:
                return self._fail(ended)
            if self._faults.watch_silent():
                continue
            version = _data_version(connection)
            now = _now_ms()
            if version != seen:
                seen = version
                schedule.noticed(now)
            if schedule.event_is_due(now):
                self._poll(connection, drains=self._asked.drains or self._asked.debounce_ms == 0)
            elif self._stream.is_due(now) or schedule.fallback_is_due(now):
                self._poll(connection, drains=self._asked.drains)
        return None

    def _poll(self, connection: sqlite3.Connection, *, drains: bool) -> None:
        self._connections.demand_access()
        while self._stream.poll(connection, _now_ms()) and drains and not self._stream.stopped.is_set():
            pass

    def _fail(self, text: str) -> None:
        params = {"subscription": self._asked.number, "error": {"message": text}}
        self._stream.end_with(notification("error", params))


def _data_version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def _now_ms() -> float:
    return time.monotonic() * 1000
