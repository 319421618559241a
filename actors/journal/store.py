"""Reading and writing the journal. No actor, no decisions: one connection, statements, rows in and out."""

import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from actors.envelopes.outbound import POSITION_BITS, chunk_key
from actors.journal.positions import UNSET, Position
from actors.journal.session_store import SessionStore
from actors.outbound.answers import MOST_CHUNKS

INBOUND_COLUMNS = (
    "seq, source, account, received_at, kind, session, agent, service, mentioned, waits, reason, body, era, authority, "
    "judged_at"
)
OPEN_STATES = "('queued', 'attempted', 'deferred', 'uncertain')"
WAITING = "('queued', 'deferred')"
IDENTITY_BITS = 62


class StoredRow(NamedTuple):
    """An inbound row read back; ``body`` is the row as imsg gave it, None once pruned."""

    seq: int
    source: int
    account: str
    received_at: float
    kind: str
    session: str | None
    agent: str | None
    service: str | None
    mentioned: int | None
    waits: int | None
    reason: str | None
    body: bytes | None
    era: int = 0
    authority: str | None = None
    judged_at: float | None = None


LANDMARKS = 64
SHOWN = (
    "FROM inbound WHERE seq > (SELECT coalesce(max(seq), 0) FROM inbound) - 2000 AND source = ? AND era >= ? "
    "AND chat_id > 0 AND coalesce(reason, '') NOT IN ('reaction', 'link preview') "
    "AND coalesce(outcome, '') <> 'corrupt'"
)
"""The latest rows of a source and era that a history of their chat shows."""


class Store:
    """The journal's one writing connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.sessions = SessionStore(connection)

    def begin(self) -> None:
        """Start a transaction."""
        self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make it durable: on return the data is on disk (``synchronous = FULL``)."""
        self.connection.execute("COMMIT")

    def rollback(self) -> None:
        """Forget the transaction, if there is one."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def last_seq(self) -> int:
        """The highest row number given so far, 0 for none."""
        return int(self.connection.execute("SELECT coalesce(max(seq), 0) FROM inbound").fetchone()[0])

    def known(self, keys: Sequence[bytes], source: int) -> set[bytes]:
        """Which of these GUID keys this source has appended before."""
        found: set[bytes] = set()
        for start in range(0, len(keys), 128):
            part = keys[start : start + 128]
            # Padded to a power of two: eight statements stay prepared instead of one per length.
            width = 1 << (len(part) - 1).bit_length()
            query = f"SELECT guid FROM inbound WHERE source = ? AND guid IN ({','.join('?' * width)})"
            padding = (None,) * (width - len(part))
            found.update(row[0] for row in self.connection.execute(query, (source, *part, *padding)))
        return found

    def write(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows."""
        self.connection.executemany(statement, rows)

    def tally(self, counts: Counter[str]) -> None:
        """Add to the counts by outcome or reason."""
        self.connection.executemany(
            "INSERT INTO tally VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = n + excluded.n", list(counts.items())
        )

    def tallies(self) -> dict[str, int]:
        """All counts by outcome or reason."""
        return dict(self.connection.execute("SELECT name, n FROM tally"))

    def move_cursor(self, source: int, rowid: int) -> None:
        """Move a source's cursor forward; it never goes back."""
        self.connection.execute(
            "UPDATE source SET cursor = ? WHERE id = ? AND (cursor IS NULL OR cursor < ?)", (rowid, source, rowid)
        )

    def source_number(self, *names: str) -> int:
        """The number of a Messages database by its names, given on first sight.

        The first name is kept; a database known by another of them is the same one and is renamed.
        """
        for name in names:
            row = self.connection.execute("SELECT id FROM source WHERE identity = ?", (name,)).fetchone()
            if row:
                if name != names[0]:
                    self.connection.execute("UPDATE source SET identity = ? WHERE id = ?", (names[0], row[0]))
                return int(row[0])
        return int(self.connection.execute("INSERT INTO source (identity) VALUES (?)", (names[0],)).lastrowid or 0)

    def source_state(self, source: int) -> tuple[int | None, int | None, float | None, int, str, float | None]:
        """``(cursor, child_pid, child_started, era, file, watched)`` of a source, as ``SourceState`` has them."""
        row = self.connection.execute(
            "SELECT cursor, child_pid, child_started, era, file, watched FROM source WHERE id = ?", (source,)
        ).fetchone()
        return tuple(row) if row else (None, None, None, 0, "", None)

    def positions(self) -> dict[int, Position]:
        """Where every source stands."""
        rows = self.connection.execute("SELECT id, era, cursor FROM source")
        return {source: Position(era, UNSET if cursor is None else cursor) for source, era, cursor in rows}

    def identity(self) -> int:
        """The journal's own number: random, made once. Ids that go out are derived from it, so no two journals'
        are the same."""
        if not (found := self.mark("identity")):
            made = secrets.randbits(IDENTITY_BITS) or 1
            self.connection.execute("INSERT OR IGNORE INTO mark VALUES ('identity', ?)", (made,))
            found = self.mark("identity")
        return found

    def newest_visible(self, source: int, era: int) -> int:
        """The highest number among the latest rows of a database that a history shows (no reactions), 0 for none."""
        return int(self.connection.execute(f"SELECT coalesce(max(row_id), 0) {SHOWN}", (source, era)).fetchone()[0])

    def landmarks(self, source: int, era: int) -> list[tuple[int, int, bytes]]:
        """``(row_id, chat_id, guid key)`` of the newest of those rows, the newest first."""
        query = f"SELECT row_id, chat_id, guid {SHOWN} ORDER BY row_id DESC LIMIT {LANDMARKS}"
        return self.connection.execute(query, (source, era)).fetchall()

    def begun(self, seqs: Sequence[int]) -> set[int]:
        """Which of these rows have chunks of a first answer in the outbox."""
        query = (
            "SELECT value FROM json_each(?) WHERE EXISTS "
            f"(SELECT 1 FROM outbox WHERE key >= value << {POSITION_BITS} AND key < (value << {POSITION_BITS}) + ?)"
        )
        return {seq for (seq,) in self.connection.execute(query, (json.dumps([*seqs]), MOST_CHUNKS))}

    def mark(self, name: str) -> int:
        """A stored number, 0 by default."""
        row = self.connection.execute("SELECT value FROM mark WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def set_mark(self, name: str, value: int) -> None:
        """Store a number under a name."""
        self.connection.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, value))

    def open_rows(self, kind: str, floor: int) -> list[tuple[int, str, int, int, int]]:
        """``(seq, account, source, chat_id, waits)`` of open rows of a kind at or above ``floor``, oldest first."""
        query = (
            "SELECT seq, account, source, coalesce(chat_id, 0), coalesce(waits, 0) FROM inbound "
            "WHERE seq >= ? AND kind = ? AND outcome IS NULL ORDER BY seq"
        )
        return self.connection.execute(query, (floor, kind)).fetchall()

    def lowest_open(self, floor: int) -> int | None:
        """The oldest open row at or above ``floor``."""
        query = "SELECT min(seq) FROM inbound WHERE seq >= ? AND outcome IS NULL"
        found = self.connection.execute(query, (floor,)).fetchone()[0]
        return None if found is None else int(found)

    def held_seqs(self, reason: str, account: str) -> list[int]:
        """The numbers of rows held for a reason, of one account or (empty) of all, oldest first."""
        query = "SELECT seq FROM inbound WHERE outcome = 'held' AND reason = ? AND (account = ? OR ? = '') ORDER BY seq"
        return [seq for (seq,) in self.connection.execute(query, (reason, account, account))]

    def held_for(self, seq: int) -> str | None:
        """Why a row is held; None when it is not."""
        query = "SELECT reason FROM inbound WHERE seq = ? AND outcome = 'held'"
        found = self.connection.execute(query, (seq,)).fetchone()
        return None if found is None else str(found[0])

    def asked(self, account: str, handle: str, source: int | None, most: int) -> list[StoredRow]:
        """The latest rows of an account whose sender was offered a pairing code under ``handle``, newest first.

        Of one source, or (None) of any.
        """
        query = (
            f"SELECT {INBOUND_COLUMNS} FROM inbound WHERE kind = 'challenge' AND session = ? AND account = ? "
            "AND source = coalesce(?, source) ORDER BY seq DESC LIMIT ?"
        )
        return [StoredRow(*row) for row in self.connection.execute(query, (handle, account, source, most))]

    def rows(self, seqs: Sequence[int]) -> list[StoredRow]:
        """Inbound rows by number."""
        return self._rows(seqs, "TRUE", ())

    def rows_that_are(self, outcome: str | None, seqs: Sequence[int]) -> list[StoredRow]:
        """Those of these rows that have this outcome, None for the open ones."""
        return self._rows(seqs, "outcome IS ?", (outcome,))

    def _rows(self, seqs: Sequence[int], where: str, values: tuple[Any, ...]) -> list[StoredRow]:
        found: list[StoredRow] = []
        for start in range(0, len(seqs), 128):
            part = seqs[start : start + 128]
            query = (
                f"SELECT {INBOUND_COLUMNS} FROM inbound WHERE seq IN ({','.join('?' * len(part))}) AND {where} "
                "ORDER BY seq"
            )
            found.extend(StoredRow(*row) for row in self.connection.execute(query, (*part, *values)))
        return found

    def chunk_state(self, key: int) -> tuple[str, str] | None:
        """``(state, account)`` of a chunk."""
        found = self.connection.execute("SELECT state, account FROM outbox WHERE key = ?", (key,)).fetchone()
        return None if found is None else (found[0], found[1])

    def open_chunks(self, account: str, floor_key: int) -> list[tuple[Any, ...]]:
        """Chunks of an account that have not ended, in key order."""
        query = (
            "SELECT key, account, source, chat_id, chat_guid, service, era, text, state, attempted_at, until, tries, "
            f"coalesce(guid, '') FROM outbox WHERE key >= ? AND account = ? AND state IN {OPEN_STATES} ORDER BY key"
        )
        return self.connection.execute(query, (floor_key, account)).fetchall()

    def waiting_replies(self, floor_key: int) -> list[int]:
        """The numbers of the rows that chunks answer which wait to be handed to imsg, oldest first."""
        query = f"SELECT DISTINCT key >> {POSITION_BITS} FROM outbox WHERE key >= ? AND state IN {WAITING} ORDER BY key"
        return [seq for (seq,) in self.connection.execute(query, (floor_key,))]

    def waiting_chunks(self, seq: int) -> list[tuple[str, int]]:
        """``(account, key)`` of those of one row, in key order."""
        query = f"SELECT account, key FROM outbox WHERE key >= ? AND key < ? AND state IN {WAITING} ORDER BY key"
        return self.connection.execute(query, (chunk_key(seq, 0), chunk_key(seq + 1, 0))).fetchall()

    def open_owners(self, floor_key: int) -> dict[str, int]:
        """How many chunks that have not ended each account has."""
        query = f"SELECT account, count(*) FROM outbox WHERE key >= ? AND state IN {OPEN_STATES} GROUP BY account"
        return dict(self.connection.execute(query, (floor_key,)))

    def lowest_chunk(self, floor_key: int) -> int | None:
        """The oldest chunk that has not ended at or above ``floor_key``."""
        query = f"SELECT min(key) FROM outbox WHERE key >= ? AND state IN {OPEN_STATES}"
        found = self.connection.execute(query, (floor_key,)).fetchone()[0]
        return None if found is None else int(found)

    def sent_since(self, moment: float, most: int) -> list[tuple[int, int, str, str, float]]:
        """``(chat_id, source, text, guid, at)`` of the latest chunks that went out, newest first, at most ``most``.

        What was attempted and failed, was discarded or waits to be sent again may be out as well; ``at`` is its attempt
        then. What is open is left to its sender. ``guid`` is empty where imsg named none: those are told by their
        words, and not at all once these are gone.
        """
        query = (
            "SELECT chat_id, source, text, coalesce(guid, ''), said "
            "FROM (SELECT *, CASE state WHEN 'sent' THEN ended_at ELSE attempted_at END AS said "
            "FROM outbox ORDER BY key DESC LIMIT ?) "
            "WHERE state IN ('sent', 'failed', 'discarded', 'queued') AND said >= ? AND (guid <> '' OR text <> '')"
        )
        return self.connection.execute(query, (most, moment)).fetchall()

    def open_counts(self, floor_key: int) -> dict[str, int]:
        """Chunks that have not ended, by state."""
        query = f"SELECT state, count(*) FROM outbox WHERE key >= ? AND state IN {OPEN_STATES} GROUP BY state"
        return dict(self.connection.execute(query, (floor_key,)))
