"""What a status report takes from the journal on disk, beside a running gateway or without one.

Each read opens its own read-only connection, so a slow reader never holds the writer up. Rows below the journal's
floor are settled: they are looked through once, and of them only those that were held are looked at again.
"""

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from actors.envelopes.outbound import POSITION_BITS
from actors.journal.schema import JournalError, connect_readonly, explain
from actors.journal.session_list import quarantined
from actors.journal.store import Store

LATEST = 1000
"""Rows and chunks, newest first, in which the last ones of each account are looked for."""


class Reading(NamedTuple):
    """Numbers from the journal; times are unix seconds.

    ``held`` is None when the journal cannot be read, and ``error`` says why, and what helps. ``oldest`` is when the
    oldest message came in whose answer has not left yet. ``cursors`` by source; ``last_inbound`` and ``last_sent`` by
    account; ``counts`` by outcome or reason; ``outbox`` by state; ``held_by`` by reason, the part before a colon;
    ``sources`` by the identity of a Messages database; ``quarantined`` counts sessions.
    """

    held: int | None = None
    oldest: float | None = None
    cursors: Mapping[int, int] = {}
    last_inbound: Mapping[str, float] = {}
    last_sent: Mapping[str, float] = {}
    counts: Mapping[str, int] = {}
    outbox: Mapping[str, int] = {}
    error: str = ""
    held_by: Mapping[str, int] = {}
    sources: Mapping[str, int] = {}
    quarantined: int = 0


class JournalReader:
    """Reads one journal again and again; safe to call from many threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._from = 0
        self._kept: set[int] = set()

    def read(self) -> Reading:
        """Look now. Never raises: before the first run all is nought, and a journal that is there may be damaged."""
        if not self._path.exists():
            return Reading(held=0)
        try:
            with self._lock, closing(connect_readonly(self._path)) as connection:
                return self._read(Store(connection))
        except JournalError as error:
            return Reading(error=str(error))
        except sqlite3.Error as error:
            return Reading(error=explain(error, self._path))

    def _read(self, store: Store) -> Reading:
        connection, floor = store.connection, store.mark("floor")
        tallies = store.tallies()
        outbox = {name.partition(":")[2]: n for name, n in tallies.items() if name.startswith("outbox:")}
        held = self._held(connection, floor)
        return Reading(
            held=held.total(),
            oldest=_oldest(connection, floor),
            cursors=dict(connection.execute("SELECT id, cursor FROM source WHERE cursor IS NOT NULL")),
            last_inbound=dict(connection.execute(_LAST_INBOUND, (LATEST,))),
            last_sent=dict(connection.execute(_LAST_SENT, (LATEST,))),
            counts={name: n for name, n in tallies.items() if not name.startswith("outbox:")},
            outbox=outbox | store.open_counts(floor << POSITION_BITS),
            held_by=dict(held.most_common()),
            sources=dict(connection.execute("SELECT identity, id FROM source")),
            quarantined=quarantined(connection),
        )

    def _held(self, connection: sqlite3.Connection, floor: int) -> Counter[str]:
        """How many rows are held, by reason. Of settled rows only a held one can change, when it is judged again."""
        query = "SELECT seq, outcome, reason FROM inbound WHERE seq >= ? AND (outcome IS NULL OR outcome = 'held')"
        found = connection.execute(query, (self._from,)).fetchall()
        held = Counter(_kind(reason) for _, outcome, reason in found if outcome is not None)
        held.update(self._still_held(connection))
        self._kept.update(seq for seq, _, _ in found if seq < floor)
        self._from = max(self._from, floor)
        return held

    def _still_held(self, connection: sqlite3.Connection) -> Counter[str]:
        query = "SELECT reason FROM inbound WHERE seq IN (SELECT value FROM json_each(?)) AND outcome = 'held'"
        return Counter(_kind(reason) for (reason,) in connection.execute(query, (json.dumps([*self._kept]),)))


def _kind(reason: str | None) -> str:
    """A reason without its details: ``agent failed: exited with 3`` is one kind with all others that failed."""
    return (reason or "unknown").partition(":")[0]


_LAST_INBOUND = (
    "SELECT account, max(received_at) FROM (SELECT account, received_at FROM inbound ORDER BY seq DESC LIMIT ?) "
    "GROUP BY account"
)
_LAST_SENT = (
    "SELECT account, max(ended_at) FROM (SELECT account, ended_at, state FROM outbox ORDER BY key DESC LIMIT ?) "
    "WHERE state = 'sent' AND ended_at IS NOT NULL GROUP BY account"
)


def _oldest(connection: sqlite3.Connection, floor: int) -> float | None:
    """When the oldest row came in that is admitted and open, or has a chunk that is still to leave.

    An uncertain chunk may have left: it is the outbox that tells of it.
    """
    row = connection.execute(
        "SELECT min(received_at) FROM inbound WHERE seq >= ? AND outcome IS NULL AND kind IN ('admit', 'command')",
        (floor,),
    ).fetchone()[0]
    chunk = connection.execute(
        "SELECT min(received_at) FROM inbound WHERE seq IN (SELECT key >> ? FROM outbox "
        "WHERE key >= ? AND state IN ('queued', 'attempted', 'deferred'))",
        (POSITION_BITS, floor << POSITION_BITS),
    ).fetchone()[0]
    return min((moment for moment in (row, chunk) if moment is not None), default=None)
