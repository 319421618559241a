"""Chunks whose fate is unknown, and the own rows that settle it. Pure.

A row proves at most one chunk; a GUID that a send answered with proves no other.
"""

from collections import OrderedDict
from collections.abc import Mapping
from math import floor, inf
from typing import Any

from actors.envelopes.control import OpenChunk, OwnRow
from actors.envelopes.outbound import Chunk
from actors.normalizer.echoes import fold
from actors.normalizer.normalize import moment
from actors.outbound.evidence import proves

REMEMBERED = 4096
EVIDENCE_SECONDS = 60.0
"""How long a chat waits for evidence about a chunk (decisions, Outbound)."""
HISTORY_AFTER = 3.0
"""When the chat's history is asked: own rows need a moment to get there."""


def is_fresh(item: OpenChunk, now: float) -> bool:
    """Whether evidence about a chunk of the last run may still come, so that its chat waits for it."""
    return item.state == "attempted" or now - (item.attempted_at or 0.0) < EVIDENCE_SECONDS


class Doubts:
    """The uncertain chunks of one account."""

    def __init__(self) -> None:
        self._chunks: dict[int, tuple[Chunk, float]] = {}
        self._parked: set[int] = set()
        self._until: dict[int, float] = {}
        self._proofs: OrderedDict[str, None] = OrderedDict()

    def add(self, chunk: Chunk, attempted_at: float) -> None:
        """A chunk attempted at that time (unix seconds) has no known outcome."""
        for key in self._same_words(chunk):
            self._until.pop(key, None)  # both in doubt: the oldest is proved first
        self._chunks[chunk.key] = (chunk, attempted_at)

    def overtaken(self, chunk: Chunk, now: float) -> None:
        """The same words are attempted again in that chat: rows from now on may be theirs and prove no older one."""
        for key in self._same_words(chunk):
            self._until.setdefault(key, floor(now * 1000) / 1000)

    def _same_words(self, chunk: Chunk) -> list[int]:
        chat, text = chunk.address.chat_id, fold(chunk.text) if self._chunks else ""
        return [key for key, (it, _) in self._chunks.items() if it.address.chat_id == chat and fold(it.text) == text]

    def get(self, key: int) -> Chunk | None:
        """The doubted chunk with this key."""
        entry = self._chunks.get(key)
        return entry[0] if entry is not None else None

    def open(self) -> list[int]:
        """All keys in doubt."""
        return list(self._chunks)

    def chunks(self) -> list[Chunk]:
        """All chunks in doubt."""
        return [chunk for chunk, _ in self._chunks.values()]

    def park(self, key: int) -> None:
        """Its time for evidence is over; later evidence still counts."""
        self._parked.add(key)

    def is_parked(self, key: int) -> bool:
        """Whether the chunk's chat goes on without it."""
        return key in self._parked

    def drop(self, key: int) -> bool:
        """No doubt any more; True when it had been parked."""
        self._chunks.pop(key, None)
        self._until.pop(key, None)
        parked = key in self._parked
        self._parked.discard(key)
        return parked

    def proved(self, guid: str) -> None:
        """This GUID is the proof of a chunk; it proves no other."""
        self._proofs[guid.lower()] = None
        if len(self._proofs) > REMEMBERED:
            self._proofs.popitem(last=False)

    def proved_by(self, row: OwnRow) -> Chunk | None:
        """The oldest doubted chunk that ``row`` proves."""
        if not self._chunks or row.guid.lower() in self._proofs:
            return None
        for chunk, attempted_at in self._chunks.values():
            until = self._until.get(chunk.key, inf)
            if proves(chunk, attempted_at, row.chat_id, row.text, row.sent_at) and (row.sent_at or 0.0) < until:
                self.proved(row.guid)
                return chunk
        return None

    def rows_of(self, key: int, result: Mapping[str, Any] | None) -> list[OwnRow]:
        """Own rows in a ``messages.history`` answer about the chat of chunk ``key``, oldest first."""
        chunk = self.get(key)
        messages = result.get("messages") if result is not None else None
        if chunk is None or not isinstance(messages, list):
            return []
        rows = []
        for message in messages:
            if isinstance(message, dict) and message.get("is_from_me") is True:
                text, guid, at = message.get("text"), message.get("guid"), message.get("created_at")
                if isinstance(text, str) and isinstance(guid, str):
                    sent_at = moment(at) if isinstance(at, str) else None
                    rows.append(OwnRow(chunk.address.chat_id, text, guid, sent_at))
        return rows[::-1]
