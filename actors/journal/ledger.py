"""What the journal knows by heart: the next number, open chunks, counts, and whether the disk is in trouble.

Written by the journal actor only; read by anyone (the status report), a message apart at worst.
"""

from collections import Counter
from typing import Any

from actors.envelopes.facts import Appended, Queued, Requeued
from actors.envelopes.outbound import POSITION_BITS
from actors.journal.batch import Batch
from actors.journal.chunk_changes import TALLY
from actors.journal.positions import UNSET, Position
from actors.journal.roster import Roster
from actors.journal.statements import ENDED, STATES
from actors.journal.store import Store


class Ledger:
    """Numbers for the operator and for the window."""

    def __init__(self) -> None:
        self.next_seq = 1
        self.floor = 0
        self.counts: Counter[str] = Counter()
        self.outbox: Counter[str] = Counter()
        self.trouble = ""
        self.waiting = 0
        self.duplicates = 0
        self.last_inbound: dict[str, float] = {}
        self.last_sent: dict[str, float] = {}
        self.cursors: dict[int, int] = {}
        self.visible: dict[int, int] = {}
        """By source, the newest row of this era that is no reaction: what a history shows."""
        self.roster = Roster()
        self._eras: dict[int, int] = {}
        self._open: dict[int, tuple[str, str]] = {}

    def load(self, store: Store) -> None:
        """Start from what is on disk."""
        self.trouble, self.waiting = "", 0
        self.next_seq = store.last_seq() + 1
        self.floor = store.mark("floor")
        self.roster = Roster()
        self.roster.failing = set(store.sessions.failing())
        self.roster.number = store.sessions.last_number()
        tallies = Counter(store.tallies())
        self.outbox = Counter({state: tallies.pop(f"{TALLY}{state}", 0) for state in ENDED})
        self.outbox.update(store.open_counts(self.floor << POSITION_BITS))
        self.counts = tallies
        positions = store.positions()
        self.cursors = {source: at.cursor for source, at in positions.items() if at.cursor != UNSET}
        self._eras = {source: at.era for source, at in positions.items()}
        self.visible = {source: store.newest_visible(source, era) for source, era in self._eras.items()}

    def position(self, source: int) -> Position:
        """Where a source stands, for a batch to go on from."""
        return Position(self._eras.get(source, 0), self.cursors.get(source, UNSET), self.visible.get(source, 0))

    def raise_floor(self, store: Store) -> None:
        """Store the oldest number that still matters, so that open work is found without scanning."""
        row, chunk = store.lowest_open(self.floor), store.lowest_chunk(self.floor << POSITION_BITS)
        candidates = [row, None if chunk is None else chunk >> POSITION_BITS, self.next_seq]
        self.floor = min(found for found in candidates if found is not None)
        store.set_mark("floor", self.floor)

    def account(self, batch: Batch) -> None:
        """Take a committed batch into the books."""
        batch.committed()
        self.next_seq = batch.next_seq
        self.floor = min([self.floor, *batch.rows_open_again])
        for name, n in batch.tally.items():
            if name.startswith(TALLY):
                self.outbox[name.removeprefix(TALLY)] += n
            else:
                self.counts[name] += n
        for source, at in batch.positions.items():
            self._eras[source], self.visible[source] = at.era, at.visible
            if at.cursor != UNSET:
                self.cursors[source] = at.cursor
        for record, seq in batch.results:
            fact = record.fact
            if type(fact) is Appended:
                if seq < 0:
                    self.duplicates += 1
                else:
                    self.last_inbound[fact.row.account] = fact.row.received_at
            elif seq >= 0:
                self._take(fact, batch)

    def _take(self, fact: Any, batch: Batch) -> None:
        kind = type(fact)
        if kind is Queued:
            for chunk in fact.chunks:
                self.remember(chunk.key, "attempted" if chunk.key == fact.attempt else "queued", chunk.address.account)
                self.outbox[self._open[chunk.key][0]] += 1
        elif kind is Requeued:
            self._open.setdefault(fact.key, ("", batch.reopened[fact.key]))
            self._move(fact.key, "queued")
        elif (state := STATES.get(kind)) is not None:
            account = self._move(fact.key, state)
            if state == "sent":
                self.last_sent[account] = fact.at

    def remember(self, key: int, state: str, account: str) -> None:
        """A chunk that has not ended."""
        self._open[key] = (state, account)

    def _move(self, key: int, state: str) -> str:
        before, account = self._open.pop(key, ("", ""))
        if before:
            self.outbox[before] -= 1
        if state not in ENDED:  # ended ones are in the tally
            self.outbox[state] += 1
            self._open[key] = (state, account)
        return account
