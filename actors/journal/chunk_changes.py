"""What facts about chunks change in the outbox: rows to insert, updates, counts. Pure.

What an operator decides, or whoever may speak, is looked at against the state a chunk is in: it changes what is still
as they saw it, or nothing.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from actors.access.reasons import REVOKED
from actors.envelopes.control import Record
from actors.envelopes.facts import Discarded, Failed, Queued, Requeued, Sent
from actors.envelopes.outbound import reply_of
from actors.journal.changes import Changes, Values
from actors.journal.statements import CHUNK, STATES

TALLY = "outbox:"
"""What stands before a state in the tally."""
ENDS = {Sent: f"{TALLY}sent", Failed: f"{TALLY}failed"}
WAITING = ("queued", "deferred")
RETRIABLE = ("attempted", "deferred", "uncertain", "failed")

Look = Callable[[int], tuple[str, str] | None]
"""``(state, account)`` of a chunk on disk."""


class ChunkChanges:
    """The outbox's part of a batch; ``results`` are the records before the one at hand, each with what became of it."""

    def __init__(self, changes: Changes, tally: Counter[str], results: Sequence[tuple[Record, int]]) -> None:
        self.inserts: list[Values] = []
        self.reopened: dict[int, str] = {}
        """The account of each chunk that is to be sent again."""
        self._changes = changes
        self._tally = tally
        self._results = results

    def queued(self, fact: Queued) -> None:
        """Chunks enter; one of them may start at once."""
        for chunk in fact.chunks:
            to = chunk.address
            first = chunk.key == fact.attempt
            self.inserts.append(
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
                    to.era,
                    fact.guid if first else "",
                )
            )

    def has(self, key: int, look: Look) -> bool:
        """Whether there is such a chunk, whatever became of it."""
        return self._now(key, look) != ("", "")

    def changed(self, fact: Any) -> None:
        """An attempt, or what became of it."""
        kind = type(fact)
        if kind in ENDS:
            self._tally[ENDS[kind]] += 1
        statement, values = CHUNK[kind]
        self._changes.in_order(fact.key, statement, values(fact))

    def requeued(self, fact: Requeued, look: Look) -> int:
        """Sent again: -1 when it went out, waits anyway or was given up. Who tells it knows that no send is on."""
        state, account = self._now(fact.key, look)
        if state not in RETRIABLE:
            return -1
        self._leave(state)
        self.reopened[fact.key] = account
        self.changed(fact)
        self._changes.lower_floor(reply_of(fact.key))
        return 0

    def discarded(self, fact: Discarded, look: Look) -> int:
        """Given up: -1 when it went out, or was given up before; when revoked, also when it does not wait any more."""
        state, _ = self._now(fact.key, look)
        if state in ("", "sent", "discarded") or (fact.why == REVOKED and state not in WAITING):
            return -1
        self._leave(state)
        self._tally[f"{TALLY}discarded"] += 1
        self.changed(fact)
        return 0

    def _leave(self, state: str) -> None:
        if state == "failed":
            self._tally[f"{TALLY}failed"] -= 1

    def _now(self, key: int, look: Look) -> tuple[str, str]:
        """State and account of a chunk as the facts before this one leave it; both empty when there is none."""
        state, account = look(key) or ("", "")
        for record, done in self._results:
            fact = record.fact
            if type(fact) is Queued:
                for chunk in fact.chunks:
                    if chunk.key == key and not state:
                        state, account = "attempted" if key == fact.attempt else "queued", chunk.address.account
            elif state and done == 0 and type(fact) in STATES and fact.key == key:
                state = STATES[type(fact)]
        return state, account
