"""What the journal knows by heart: the next number, open chunks, counts, and whether the disk is in trouble.

Written by the journal actor only; read by anyone (the status report), a message apart at worst.
"""

from collections import Counter
from typing import Any

from actors.envelopes.facts import (
    Appended,
    Attempted,
    Deferred,
    Failed,
    Queued,
    Rejudged,
    Sent,
    Uncertain,
)
from actors.envelopes.outbound import POSITION_BITS
from actors.journal.batch import ENDED, Batch
from actors.journal.store import Store

STATES: dict[type, str] = {
    Attempted: "attempted",
    Sent: "sent",
    Deferred: "deferred",
    Uncertain: "uncertain",
    Failed: "failed",
}


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
        self._open: dict[int, tuple[str, str]] = {}

    def load(self, store: Store) -> None:
        """Start from what is on disk."""
        self.trouble, self.waiting = "", 0
        self.next_seq = store.last_seq() + 1
        self.floor = store.mark("floor")
        tallies = Counter(store.tallies())
        self.outbox = Counter({state: tallies.pop(f"outbox:{state}", 0) for state in ENDED})
        self.outbox.update(store.open_counts(self.floor << POSITION_BITS))
        self.counts = tallies

    def raise_floor(self, store: Store) -> None:
        """Store the oldest number that still matters, so that open work is found without scanning."""
        row, chunk = store.lowest_open(self.floor), store.lowest_chunk(self.floor << POSITION_BITS)
        candidates = [row, None if chunk is None else chunk >> POSITION_BITS, self.next_seq]
        self.floor = min(found for found in candidates if found is not None)
        store.set_mark("floor", self.floor)

    def account(self, batch: Batch) -> None:
        """Take a committed batch into the books."""
        self.next_seq = batch.next_seq
        self.counts.update({name: n for name, n in batch.tally.items() if not name.startswith("outbox:")})
        for record, seq in batch.results:
            fact = record.fact
            if type(fact) is Appended:
                row = fact.row
                if seq < 0:
                    self.duplicates += 1
                else:
                    self.last_inbound[row.account] = row.received_at
                if row.rowid > self.cursors.get(row.source, 0):
                    self.cursors[row.source] = row.rowid
            else:
                self._chunks(fact)

    def _chunks(self, fact: Any) -> None:
        state = STATES.get(type(fact))
        if state is not None:
            account = self._move(fact.key, state)
            if state == "sent":
                self.last_sent[account] = fact.at
        elif type(fact) is Rejudged:
            self.floor = min(self.floor, fact.seq)
        elif type(fact) is Queued:
            for chunk in fact.chunks:
                self.remember(chunk.key, "attempted" if chunk.key == fact.attempt else "queued", chunk.address.account)
                self.outbox[self._open[chunk.key][0]] += 1

    def remember(self, key: int, state: str, account: str) -> None:
        """A chunk that has not ended."""
        self._open[key] = (state, account)

    def _move(self, key: int, state: str) -> str:
        before, account = self._open.pop(key, (None, ""))
        if before is not None:
            self.outbox[before] -= 1
        self.outbox[state] += 1
        if state not in ENDED:
            self._open[key] = (state, account)
        return account
