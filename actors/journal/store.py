"""Reading and writing the journal. No actor, no decisions: one connection, statements, rows in and out."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from actors.envelopes.inbound import (
    Absorbed,
    Admit,
    Challenge,
    Corrupt,
    Dropped,
    Held,
    Inbound,
    Outcome,
    Replied,
    Verdict,
)

INSERT_INBOUND = "INSERT INTO inbound VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
INSERT_OUTBOX = (
    "INSERT OR IGNORE INTO outbox (key, account, source, chat_id, chat_guid, service, text, state, queued_at, "
    "attempted_at, tries) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
)
SETTLE = "UPDATE inbound SET outcome = ?, reason = ?, config_key = ? WHERE seq = ? AND outcome IS NULL"
REJUDGE = (
    "UPDATE inbound SET kind = ?, session = ?, agent = ?, service = ?, mentioned = ?, waits = ?, outcome = ?, "
    "reason = ?, config_key = ? WHERE seq = ? AND outcome = 'held'"
)
UPDATE_CHUNK = {
    "attempted": "UPDATE outbox SET state = 'attempted', attempted_at = ? WHERE key = ?",
    "sent": "UPDATE outbox SET state = 'sent', guid = ?, ended_at = ?, why = NULL WHERE key = ?",
    "deferred": "UPDATE outbox SET state = 'deferred', until = ?, tries = ?, why = ? WHERE key = ?",
    "uncertain": "UPDATE outbox SET state = 'uncertain', why = ? WHERE key = ?",
    "failed": "UPDATE outbox SET state = 'failed', why = ?, ended_at = ? WHERE key = ?",
}
INBOUND_COLUMNS = "seq, source, account, received_at, kind, session, agent, service, mentioned, waits, reason, body"


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


def guid_key(row: Inbound) -> bytes:
    """16 bytes that identify a row: its UUID; a digest of any other GUID; without one, of the row itself."""
    guid = row.guid
    if len(guid) == 36:
        try:
            return bytes.fromhex(guid.replace("-", ""))
        except ValueError:
            pass
    return blake2b(guid.encode("utf-8", "surrogatepass") if guid else row.raw, digest_size=16).digest()


_OUTCOMES: dict[type, Callable[[Any], tuple[str | None, str | None, str | None]]] = {
    Admit: lambda _: (None, None, None),
    Challenge: lambda _: (None, None, None),
    Replied: lambda _: ("replied", None, None),
    Absorbed: lambda it: ("absorbed", it.why, None),
    Dropped: lambda it: ("dropped", it.reason, it.config_key),
    Held: lambda it: ("held", it.reason, it.config_key),
    Corrupt: lambda it: ("corrupt", it.error, None),
}


def outcome_columns(outcome: Outcome | Verdict) -> tuple[str | None, str | None, str | None]:
    """``(outcome, reason, config_key)`` of a verdict or outcome; all None while a row is open."""
    return _OUTCOMES[type(outcome)](outcome)


def verdict_columns(verdict: Verdict) -> tuple[Any, ...]:
    """``kind, session, agent, service, mentioned, waits`` of a verdict; a challenge keeps its handle as session."""
    if type(verdict) is Admit:
        return "admit", verdict.session, verdict.agent, verdict.service, int(verdict.mentioned), int(verdict.waits)
    if type(verdict) is Challenge:
        return "challenge", verdict.handle, None, None, None, None
    return _REFUSED


_REFUSED = ("refused", None, None, None, None, None)


class Store:
    """The journal's one writing connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

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

    def source_number(self, identity: str) -> int:
        """The number of a Messages database by its identity, given on first sight."""
        self.connection.execute("INSERT OR IGNORE INTO source (identity) VALUES (?)", (identity,))
        found = self.connection.execute("SELECT id FROM source WHERE identity = ?", (identity,)).fetchone()
        return int(found[0])

    def source_state(self, source: int) -> tuple[int | None, int | None, float | None]:
        """``(cursor, child_pid, child_started)`` of a source."""
        row = self.connection.execute(
            "SELECT cursor, child_pid, child_started FROM source WHERE id = ?", (source,)
        ).fetchone()
        return (row[0], row[1], row[2]) if row else (None, None, None)

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

    def held_rows(self, reason: str, account: str) -> list[StoredRow]:
        """Rows of an account held for a reason, oldest first."""
        where = "outcome = 'held' AND reason = ? AND account = ?"
        query = f"SELECT {INBOUND_COLUMNS} FROM inbound WHERE {where} ORDER BY seq"
        return [StoredRow(*row) for row in self.connection.execute(query, (reason, account))]

    def held_for(self, seq: int) -> str | None:
        """Why a row is held; None when it is not."""
        query = "SELECT reason FROM inbound WHERE seq = ? AND outcome = 'held'"
        found = self.connection.execute(query, (seq,)).fetchone()
        return None if found is None else str(found[0])

    def row(self, seq: int) -> StoredRow | None:
        """One inbound row."""
        query = f"SELECT {INBOUND_COLUMNS} FROM inbound WHERE seq = ?"
        found = self.connection.execute(query, (seq,)).fetchone()
        return None if found is None else StoredRow(*found)

    def rows(self, seqs: Sequence[int]) -> list[StoredRow]:
        """Inbound rows by number."""
        found: list[StoredRow] = []
        for start in range(0, len(seqs), 128):
            part = seqs[start : start + 128]
            query = f"SELECT {INBOUND_COLUMNS} FROM inbound WHERE seq IN ({','.join('?' * len(part))}) ORDER BY seq"
            found.extend(StoredRow(*row) for row in self.connection.execute(query, part))
        return found

    def open_chunks(self, account: str, floor_key: int) -> list[tuple[Any, ...]]:
        """Chunks of an account that have not ended, in key order."""
        query = (
            "SELECT key, account, source, chat_id, chat_guid, service, text, state, attempted_at, until, tries "
            "FROM outbox WHERE key >= ? AND account = ? AND state IN ('queued', 'attempted', 'deferred', 'uncertain') "
            "ORDER BY key"
        )
        return self.connection.execute(query, (floor_key, account)).fetchall()

    def lowest_chunk(self, floor_key: int) -> int | None:
        """The oldest chunk that has not ended at or above ``floor_key``."""
        query = (
            "SELECT min(key) FROM outbox WHERE key >= ? AND state IN ('queued', 'attempted', 'deferred', 'uncertain')"
        )
        found = self.connection.execute(query, (floor_key,)).fetchone()[0]
        return None if found is None else int(found)

    def sent_since(self, moment: float, most: int) -> list[tuple[int, int, str, str, float]]:
        """``(chat_id, source, text, guid, at)`` of the latest sent chunks, newest first, at most ``most``."""
        query = (
            "SELECT chat_id, source, text, guid, ended_at FROM (SELECT * FROM outbox ORDER BY key DESC LIMIT ?) "
            "WHERE state = 'sent' AND guid <> '' AND ended_at >= ?"
        )
        return self.connection.execute(query, (most, moment)).fetchall()

    def open_counts(self, floor_key: int) -> dict[str, int]:
        """Chunks that have not ended, by state."""
        query = (
            "SELECT state, count(*) FROM outbox WHERE key >= ? AND state NOT IN ('sent', 'failed') GROUP BY state"
        )
        return dict(self.connection.execute(query, (floor_key,)))
