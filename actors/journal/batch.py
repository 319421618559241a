"""One transaction's worth of facts, turned into rows for a handful of statements.

Duplicates (a GUID this source has appended before) are found by one look-up for the whole batch and get no row;
they still move the cursor. Corrupt rows do not move it: nothing in them can be trusted. Nor do late rows of an older
era: their numbers are another database's. What an operator decides is looked at against what is on disk: it changes
what is still as they saw it, or nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from actors.commands.kept import kept
from actors.envelopes.control import Record
from actors.envelopes.facts import (
    Adjusted,
    Appended,
    Attempted,
    Baseline,
    ChildEnded,
    ChildStarted,
    Deferred,
    Discarded,
    Failed,
    Identified,
    Queued,
    Rejudged,
    Renewed,
    Replaced,
    Requeued,
    Sent,
    Settled,
    Uncertain,
    Watched,
)
from actors.envelopes.inbound import Admit, Corrupt, Dropped, Held, Outcome
from actors.envelopes.outbound import chunk_key, reply_of
from actors.envelopes.session import Recall
from actors.journal import statements as sql
from actors.journal.changes import Changes, Values
from actors.journal.chunk_changes import ChunkChanges
from actors.journal.positions import Position
from actors.journal.roster import Roster
from actors.journal.session_changes import SessionChanges
from actors.journal.session_rows import BEGIN_TURN, begun_turn, said, turn_outcome, whole_turn
from actors.journal.source_changes import SourceChanges
from actors.journal.statements import Columns, guid_key, is_message, outcome_columns, stored_again, verdict_columns
from actors.journal.store import Store
from actors.normalizer.normalize import nameless
from actors.outbound.answers import LATER

NAMED_BY_REASON = ("dropped", "held")
GIVEN_UP = "discarded"


def end_held(seq: int, verdict: Dropped | Corrupt) -> Rejudged:
    """A held row ends without being read again; what is stored of it stays."""
    return Rejudged(seq, nameless("", 0, b"", 0.0), verdict)


Result = tuple[Record, int]
"""A record and what became of it: the number of its row, 0 for other facts.

-1: it changed nothing. A duplicate, a row that is not held any more or for the same reason as before, a later answer
that the outbox has or had, a chunk whose state does not allow what the operator wants.
"""


class Batch:
    """Built anew for every try, so a failed transaction leaves nothing behind. ``now`` is unix seconds."""

    def __init__(
        self,
        records: Sequence[Record],
        next_seq: int,
        now: float,
        position: Callable[[int], Position] = Position.unknown,
        roster: Roster | None = None,
    ) -> None:
        self.records = records
        self.next_seq = next_seq
        self._now = now
        self._floor_key = 0
        self.results: list[Result] = []
        self.tally: Counter[str] = Counter()
        self._inbound: list[Values] = []
        self._changes = Changes()
        self._chunks = ChunkChanges(self._changes, self.tally, self.results)
        self._sessions = SessionChanges(now, roster or Roster())
        self._came = self._sessions.came
        self._sources = SourceChanges(self._changes, position)
        self.positions = self._sources.positions
        """Where the sources whose rows occur stand afterwards."""
        self._rejudged: set[int] = set()
        self._keys: list[bytes] = []
        self._appended = 0

    @property
    def reopened(self) -> Mapping[int, str]:
        """The account of each chunk that is to be sent again."""
        return self._chunks.reopened

    def committed(self) -> None:
        """It is on disk."""
        self._sessions.commit()

    @property
    def rows_open_again(self) -> Sequence[int]:
        """Rows that are open again, or have an open chunk again: the floor lies above none of them."""
        return self._changes.reopened

    def write(self, store: Store, floor: int = 0) -> None:
        """Run all statements; the caller begins and commits. Raises sqlite3.Error.

        No row below ``floor`` is open, and no chunk of an answer to one.
        """
        self._floor_key = chunk_key(floor, 0)
        known = self._known(store)
        done, take = self.results.append, self._take
        for record in self.records:
            fact = record.fact
            kind = type(fact)
            if kind is Appended:
                done((record, self._append(fact, known)))
            elif kind in take:
                take[kind](self, fact)
                done((record, 0))
            else:
                done((record, self._decided[kind](self, fact, store)))
        if self._inbound:
            store.write(sql.INSERT_INBOUND, self._inbound)
        if self._chunks.inserts:
            store.write(sql.INSERT_OUTBOX, self._chunks.inserts)
        for statement, rows in self._changes.statements():
            store.write(statement, rows)
        for statement, rows in self._sessions.statements():
            store.write(statement, rows)
        for source, at in self.positions.items():
            if at.moved:
                store.move_cursor(source, at.cursor)
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
        source, rowid, era = row.source, row.rowid, row.era
        at = self.positions.get(source) or self._sources.at(source)
        if era >= at.era:
            if rowid > at.cursor and rowid > 0 and type(verdict) is not Corrupt:
                at.cursor = rowid
                at.moved = True
            if rowid > at.visible and row.chat.id > 0 and not row.is_reaction:
                at.visible = rowid
        key = self._keys[self._appended]
        self._appended += 1
        seen = known[source]
        if key in seen:
            return -1
        seen.add(key)
        seq = self.next_seq
        self.next_seq += 1
        columns = outcome_columns(verdict)
        body = row.raw if type(verdict) is Admit else kept(row)
        if is_message(verdict):
            self._came[verdict.session] = fact
        self._inbound.append(
            (
                seq,
                source,
                key,
                rowid,
                row.account,
                row.chat.id,
                row.received_at,
                *verdict_columns(verdict),
                *columns,
                body,
                era,
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

    def _queued(self, fact: Queued, store: Store) -> int:
        """An answer enters the outbox. A later one may come twice, also long after: then it is there already."""
        if fact.chunks:
            first = fact.chunks[0].key
            if first & LATER and self._chunks.has(first, store.chunk_state):
                return -1
            if first < self._floor_key:
                self._changes.lower_floor(reply_of(first))
        self._chunks.queued(fact)
        if fact.turn is not None:
            to = fact.chunks[0].address if fact.chunks else None
            self._sessions.ended(fact.turn, turn_outcome(fact), said(fact, fact.turn), to, store.sessions)
        elif (begun := begun_turn(fact)) is not None:
            self._changes.add(BEGIN_TURN, begun)
        for seq, outcome in fact.settles:
            self._settle(seq, outcome)
        return 0

    def _settled(self, fact: Settled, store: Store) -> int:
        if (turn := whole_turn(fact, store.sessions.begun_turn)) is not None:
            self._sessions.ended(turn, turn_outcome(fact), turn.text or None, None, store.sessions)
        self._settle(fact.seq, fact.outcome)
        return 0

    def _settle(self, seq: int, outcome: Outcome) -> None:
        columns = outcome_columns(outcome)
        self._count(columns)
        self._changes.add(sql.SETTLE, (*columns, self._now, seq))

    def _chunk(self, fact: Any) -> None:
        self._chunks.changed(fact)

    def _requeued(self, fact: Requeued, store: Store) -> int:
        return self._chunks.requeued(fact, store.chunk_state)

    def _discarded(self, fact: Discarded, store: Store) -> int:
        return self._chunks.discarded(fact, store.chunk_state)

    def _rejudge(self, fact: Rejudged, store: Store) -> int:
        """A held row was judged again. Only once: whoever looked twice must not have it answered twice."""
        reason, verdict = store.held_for(fact.seq), fact.verdict
        if reason is None or fact.seq in self._rejudged or (type(verdict) is Held and verdict.reason == reason):
            return -1
        self._rejudged.add(fact.seq)
        if is_message(verdict):
            self._came[verdict.session] = fact
        columns = outcome_columns(verdict)
        times = self._now if columns[0] is not None else None, self._now if fact.row.raw else None
        again = stored_again(fact.row, verdict)
        self._changes.add(sql.REJUDGE, (*verdict_columns(verdict), *columns, *again, *times, fact.seq))
        self._count(("held", reason, None), -1)
        if columns[0] is not None:
            self._count(columns)
        else:
            self._changes.lower_floor(fact.seq)
        return fact.seq

    def _of_source(self, fact: Any) -> None:
        self._about_sources[type(fact)](self._sources, fact)

    def _renewed(self, fact: Renewed, store: Store) -> int:
        self._sessions.renewed(fact, self.next_seq, store.sessions)
        return 0

    def _adjusted(self, fact: Adjusted) -> None:
        self._sessions.adjusted(fact)

    def _recall(self, _fact: Recall) -> None:
        """Nothing is stored: it is answered after the commit."""

    _about_sources: ClassVar[dict[type, Callable[[SourceChanges, Any], None]]] = {
        Baseline: SourceChanges.baseline,
        Watched: SourceChanges.watched,
        Identified: SourceChanges.identified,
        Replaced: SourceChanges.replaced,
        ChildStarted: SourceChanges.child_started,
        ChildEnded: SourceChanges.child_ended,
    }
    _take: ClassVar[dict[type, Callable[[Any, Any], None]]] = {
        **dict.fromkeys((Attempted, Sent, Deferred, Uncertain, Failed), _chunk),
        **dict.fromkeys(_about_sources, _of_source),
        Adjusted: _adjusted,
        Recall: _recall,
    }
    _decided: ClassVar[dict[type, Callable[[Any, Any, Store], int]]] = {
        Queued: _queued,
        Settled: _settled,
        Renewed: _renewed,
        Rejudged: _rejudge,
        Requeued: _requeued,
        Discarded: _discarded,
    }
