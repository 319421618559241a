"""One transaction's worth of facts, turned into rows for a handful of statements.

Duplicates (a GUID this source has appended before) are found by one look-up for the whole batch and get no row;
they still move the cursor. Corrupt rows do not move it: nothing in them can be trusted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from actors.envelopes.control import Record
from actors.envelopes.facts import (
    Appended,
    Attempted,
    Baseline,
    ChildEnded,
    ChildStarted,
    Deferred,
    Failed,
    Queued,
    Rejudged,
    Sent,
    Settled,
    Uncertain,
)
from actors.envelopes.inbound import Corrupt, Outcome
from actors.journal import store as sql
from actors.journal.store import Store, guid_key, outcome_columns, verdict_columns

BASELINE = "UPDATE source SET cursor = ? WHERE id = ? AND cursor IS NULL"
ENDED = ("sent", "failed")
NAMED_BY_REASON = ("dropped", "held")
LOWER_FLOOR = "UPDATE mark SET value = min(value, ?) WHERE name = 'floor'"
CHILD = "UPDATE source SET child_pid = ?, child_started = ? WHERE id = ?"


Columns = tuple[str | None, str | None, str | None]


class Result(NamedTuple):
    """What became of a record: ``seq`` of the row (0: other facts, -1: a duplicate, or a row not held any more)."""

    record: Record
    seq: int


class Batch:
    """Built anew for every try, so a failed transaction leaves nothing behind."""

    def __init__(self, records: Sequence[Record], next_seq: int) -> None:
        self.records = records
        self.next_seq = next_seq
        self.results: list[Result] = []
        self.tally: Counter[str] = Counter()
        self._inbound: list[tuple[Any, ...]] = []
        self._outbox: list[tuple[Any, ...]] = []
        self._cursors: dict[int, int] = {}
        self._updates: list[dict[str, list[tuple[Any, ...]]]] = [{}]
        self._touched: set[int] = set()
        self._rejudged: set[int] = set()
        self._keys: list[bytes] = []
        self._appended = 0

    def write(self, store: Store) -> None:
        """Run all statements; the caller begins and commits. Raises sqlite3.Error."""
        known = self._known(store)
        for record in self.records:
            fact = record.fact
            if type(fact) is Appended:
                self.results.append(Result(record, self._append(fact, known)))
            elif type(fact) is Rejudged:
                self.results.append(Result(record, self._rejudge(fact, store)))
            else:
                self._take[type(fact)](self, fact)
                self.results.append(Result(record, 0))
        if self._inbound:
            store.write(sql.INSERT_INBOUND, self._inbound)
        if self._outbox:
            store.write(sql.INSERT_OUTBOX, self._outbox)
        for group in self._updates:
            for statement, rows in group.items():
                store.write(statement, rows)
        for source, rowid in self._cursors.items():
            store.move_cursor(source, rowid)
        if self.tally:
            store.tally(self.tally)

    def _known(self, store: Store) -> dict[int, set[bytes]]:
        """The GUIDs of this batch's rows that were appended before, by source; notes each row's key on the way."""
        keys: dict[int, list[bytes]] = {}
        for record in self.records:
            if type(record.fact) is Appended:
                row = record.fact.row
                key = guid_key(row)
                self._keys.append(key)
                keys.setdefault(row.source, []).append(key)
        return {source: store.known(found, source) for source, found in keys.items()}

    def _append(self, fact: Appended, known: dict[int, set[bytes]]) -> int:
        row, verdict = fact.row, fact.verdict
        if type(verdict) is not Corrupt and row.rowid > self._cursors.get(row.source, 0):
            self._cursors[row.source] = row.rowid
        key = self._keys[self._appended]
        self._appended += 1
        seen = known[row.source]
        if key in seen:
            return -1
        seen.add(key)
        seq = self.next_seq
        self.next_seq += 1
        columns = outcome_columns(verdict)
        self._inbound.append(
            (
                seq,
                row.source,
                key,
                row.rowid,
                row.account,
                row.chat.id,
                row.received_at,
                *verdict_columns(verdict),
                *columns,
                row.raw,
            )
        )
        if columns[0] is not None:
            self._count(columns)
        return seq

    def _count(self, columns: Columns, one: int = 1) -> None:
        outcome, reason, _ = columns
        if reason is None or outcome not in NAMED_BY_REASON:
            self.tally[outcome or "replied"] += one
        else:
            # "agent failed: exited with 3" counts as "agent failed": the set of names stays closed.
            self.tally[reason.partition(":")[0]] += one

    def _queued(self, fact: Queued) -> None:
        for chunk in fact.chunks:
            to = chunk.address
            first = chunk.key == fact.attempt
            self._outbox.append(
                (
                    chunk.key,
                    to.account,
                    to.source,
                    to.chat_id,
                    to.chat_guid,
                    to.service,
                    chunk.text,
                    "attempted" if first else "queued",
                    fact.at,
                    fact.at if first else None,
                    chunk.tries,
                )
            )
        for seq, outcome in fact.settles:
            self._settle(seq, outcome)

    def _settled(self, fact: Settled) -> None:
        self._settle(fact.seq, fact.outcome)

    def _settle(self, seq: int, outcome: Outcome) -> None:
        columns = outcome_columns(outcome)
        self._count(columns)
        self._update(sql.SETTLE, (*columns, seq))

    def _attempted(self, fact: Attempted) -> None:
        self._chunk("attempted", fact.key, (fact.at, fact.key))

    def _sent(self, fact: Sent) -> None:
        self.tally["outbox:sent"] += 1
        self._chunk("sent", fact.key, (fact.guid, fact.at, fact.key))

    def _deferred(self, fact: Deferred) -> None:
        self._chunk("deferred", fact.key, (fact.until, fact.tries, fact.why, fact.key))

    def _uncertain(self, fact: Uncertain) -> None:
        self._chunk("uncertain", fact.key, (fact.why, fact.key))

    def _failed(self, fact: Failed) -> None:
        self.tally["outbox:failed"] += 1
        self._chunk("failed", fact.key, (fact.why, fact.at, fact.key))

    def _rejudge(self, fact: Rejudged, store: Store) -> int:
        """A held row was judged again. Only once: whoever looked twice must not have it answered twice."""
        reason = store.held_for(fact.seq)
        if reason is None or fact.seq in self._rejudged:
            return -1
        self._rejudged.add(fact.seq)
        columns = outcome_columns(fact.verdict)
        self._update(sql.REJUDGE, (*verdict_columns(fact.verdict), *columns, fact.seq))
        self._count(("held", reason, None), -1)
        if columns[0] is not None:
            self._count(columns)
        # Open again, and perhaps older than anything that was open: a restart must still find it.
        self._update(LOWER_FLOOR, (fact.seq,))
        return fact.seq

    def _baseline(self, fact: Baseline) -> None:
        self._update(BASELINE, (fact.rowid, fact.source))

    def _child_started(self, fact: ChildStarted) -> None:
        self._update(CHILD, (fact.pid, fact.started, fact.source))

    def _child_ended(self, fact: ChildEnded) -> None:
        self._update(CHILD, (None, None, fact.source))

    def _chunk(self, state: str, key: int, values: tuple[Any, ...]) -> None:
        # Two changes of one chunk must stay in order: the second opens a new group of statements.
        if key in self._touched:
            self._updates.append({})
            self._touched.clear()
        self._touched.add(key)
        self._update(sql.UPDATE_CHUNK[state], values)

    def _update(self, statement: str, values: tuple[Any, ...]) -> None:
        rows = self._updates[-1].get(statement)
        if rows is None:
            rows = self._updates[-1][statement] = []
        rows.append(values)

    _take: ClassVar[dict[type, Callable[[Any, Any], None]]] = {
        Queued: _queued,
        Settled: _settled,
        Attempted: _attempted,
        Sent: _sent,
        Deferred: _deferred,
        Uncertain: _uncertain,
        Failed: _failed,
        Baseline: _baseline,
        ChildStarted: _child_started,
        ChildEnded: _child_ended,
    }
