"""Chunks whose fate is unknown: their windows for evidence, and the own rows that settle them. Pure.

A row proves at most one chunk; a GUID that a send answered with proves no other. A window counts only while the link
is ready: without one no evidence can come. Windows are monotonic seconds, attempts and rows unix seconds.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import floor, inf
from typing import Any

from actors.envelopes.link import OwnRow
from actors.envelopes.outbound import Chunk
from actors.normalizer.echoes import MOST
from actors.normalizer.folding import fold
from actors.normalizer.normalize import moment
from actors.outbound.evidence import proves
from actors.outbound.lanes import lane_of

REMEMBERED = 2 * MOST
"""GUIDs that are proofs already: more than the journal tells at a start."""
EVIDENCE_SECONDS = 60.0
"""How long a chat waits for evidence about a chunk (decisions, Outbound)."""
HISTORY_AFTER = 3.0
"""When the chat's history is asked: own rows need a moment to get there."""


@dataclass(slots=True, eq=False)
class Doubt:
    """One chunk in doubt. ``guid`` is the one of ours that its request carried, empty when it carried none."""

    chunk: Chunk
    attempted_at: float
    guid: str = ""
    used: bool = False
    """imsg refused the id as used although no attempt was unknown: only asking tells, issuing it again does not."""
    issued: int = 1
    """Requests with this id so far."""
    parked: bool = False
    """Its chat went on without it; evidence still counts."""
    until: float = inf
    """Own rows dated from then on may be those of a later chunk with the same words."""
    left: float = EVIDENCE_SECONDS
    ends: float | None = None
    turn: int = 0
    """Which question about it is the latest: answers to earlier ones start nothing."""

    def run(self, now: float) -> float:
        """The link is ready: the window goes on. The seconds that are left of it."""
        if self.ends is None:
            self.ends = now + self.left
        return max(0.0, self.ends - now)

    def pause(self, now: float) -> None:
        """The link is gone: the window stands still."""
        if self.ends is not None:
            self.left, self.ends = max(0.0, self.ends - now), None

    def is_over(self, now: float) -> bool:
        """Whether the chat need not wait any longer."""
        return not self.parked and self.ends is not None and now >= self.ends


class Doubts:
    """The uncertain chunks of one account."""

    def __init__(self) -> None:
        self._doubts: dict[int, Doubt] = {}
        self._proofs: OrderedDict[str, None] = OrderedDict()

    def inherit(self, before: "Doubts") -> None:
        """Know what was a proof before."""
        self._proofs.update(before._proofs)

    def __iter__(self) -> Iterator[Doubt]:
        """All of them, the oldest doubt first."""
        return iter(list(self._doubts.values()))

    def __len__(self) -> int:
        """How many."""
        return len(self._doubts)

    def add(self, doubt: Doubt) -> None:
        """Nobody knows what became of this chunk."""
        if doubt.guid:
            self.proved(doubt.guid)
        else:
            for older in self._same_words(doubt.chunk):
                older.until = inf  # both in doubt: the oldest is proved first
        self._doubts[doubt.chunk.key] = doubt

    def overtaken(self, chunk: Chunk, guid: str, now: float) -> None:
        """``chunk`` is attempted: rows from now on may be its own and prove no older one with the same words."""
        if guid:
            self.proved(guid)
        elif self._doubts:
            for older in self._same_words(chunk):
                older.until = min(older.until, floor(now * 1000) / 1000)

    def _same_words(self, chunk: Chunk) -> list[Doubt]:
        where, text = lane_of(chunk), fold(chunk.text)
        return [
            it
            for key, it in self._doubts.items()
            if key != chunk.key and lane_of(it.chunk) == where and fold(it.chunk.text) == text
        ]

    def get(self, key: int) -> Doubt | None:
        """The doubt about the chunk with this key."""
        return self._doubts.get(key)

    def waiting(self) -> bool:
        """Whether a chat waits for evidence."""
        return any(not doubt.parked for doubt in self._doubts.values())

    def pause(self, now: float) -> None:
        """The link is gone: all windows stand still."""
        for doubt in self._doubts.values():
            doubt.pause(now)

    def drop(self, key: int) -> None:
        """No doubt any more."""
        self._doubts.pop(key, None)

    def proved(self, guid: str) -> None:
        """This GUID belongs to a chunk; it proves no other."""
        self._proofs[guid.lower()] = None
        if len(self._proofs) > REMEMBERED:
            self._proofs.popitem(last=False)

    def proves(self, row: OwnRow, chunk: Chunk, attempted_at: float, guid: str) -> bool:
        """Whether ``row``, which proves nothing else yet, shows that a chunk is out; it proves no other then."""
        taken = not guid and row.guid.lower() in self._proofs
        if taken or not proves(row, chunk, attempted_at, guid):
            return False
        self.proved(row.guid)
        return True

    def proved_by(self, row: OwnRow) -> Doubt | None:
        """The oldest doubt that ``row`` settles."""
        if not self._doubts:
            return None
        taken = row.guid.lower() in self._proofs
        for doubt in self._doubts.values():
            if taken and not doubt.guid:
                continue
            in_time = doubt.guid or (row.sent_at or 0.0) < doubt.until
            if in_time and proves(row, doubt.chunk, doubt.attempted_at, doubt.guid):
                self.proved(row.guid)
                return doubt
        return None


def rows_of(chunk: Chunk, result: Mapping[str, Any] | None) -> list[OwnRow]:
    """Own rows in a ``messages.history`` answer about the chat of ``chunk``, oldest first."""
    messages = result.get("messages") if result is not None else None
    if not isinstance(messages, list):
        return []
    to, rows = chunk.address, []
    for message in messages:
        if isinstance(message, dict) and message.get("is_from_me") is True:
            text, guid, at = message.get("text"), message.get("guid"), message.get("created_at")
            if isinstance(text, str) and isinstance(guid, str):
                sent_at = moment(at) if isinstance(at, str) else None
                rows.append(OwnRow(to.chat_id, text, guid, sent_at, to.chat_guid, to.era))
    return rows[::-1]
