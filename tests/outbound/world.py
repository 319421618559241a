"""What stands around a sender in the model test: an outbox on disk that knows which arrows are legal, and a phone.

The disk outlives senders. It applies facts and refuses what the diagram of the room does not show. The phone is
Messages: it has what was delivered, knows the GUIDs of tracked sends, and tells the truth when it is asked.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from actors.access.reasons import REVOKED
from actors.envelopes.control import OpenChunk
from actors.envelopes.facts import Attempted, Deferred, Discarded, Failed, Queued, Requeued, Sent, Uncertain
from actors.envelopes.link import Call
from actors.envelopes.outbound import Chunk, Prepared, chunk_key
from actors.outbound.answers import MOST_CHUNKS, NOTICES, reply_id
from tests.outbound.desk import PENDING, USED, Desk, chunks
from tests.support.probes import KillableStage

OPEN = ("queued", "attempted", "deferred", "uncertain")
ENDED = ("sent", "failed", "discarded")
LEGAL: dict[type[Any], tuple[str, ...]] = {
    Attempted: ("queued", "deferred"),
    Sent: ("attempted", "uncertain"),
    Deferred: ("attempted", "uncertain"),
    Uncertain: ("attempted",),
    Failed: ("attempted", "uncertain"),
    Requeued: ("failed", "uncertain"),
    Discarded: ("queued", "deferred", "uncertain", "failed"),
}


@dataclass
class Entry:
    """A row of the outbox."""

    chunk: Chunk
    state: str = "queued"
    attempted_at: float | None = None
    until: float | None = None
    tries: int = 0
    guid: str = ""

    def as_open(self) -> OpenChunk:
        """As the journal tells it."""
        to, text = self.chunk.address, self.chunk.text
        return OpenChunk(self.chunk.key, to, text, self.state, self.attempted_at, self.until, self.tries, self.guid)


class Disk:
    """The outbox."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.resent: set[int] = set()
        """What the operator sent again."""

    def apply(self, fact: Any) -> int:
        """Store a fact; -1 for an order that comes too late. Fails on an arrow that is not in the diagram."""
        if type(fact) is Queued:
            for chunk in fact.chunks:
                assert chunk.key not in self.entries, "queued twice"
                self.entries[chunk.key] = Entry(chunk)
            if fact.attempt:
                self.apply(Attempted(fact.attempt, fact.at, fact.guid))
            return 0
        entry = self.entries[fact.key]
        if type(fact) in (Requeued, Discarded) and entry.state not in LEGAL[type(fact)]:
            return -1
        if type(fact) is Discarded and fact.why == REVOKED and entry.state not in ("queued", "deferred"):
            return -1
        assert entry.state in LEGAL[type(fact)], f"{entry.state} -> {fact}"
        match fact:
            case Attempted(_, at, guid):
                self._in_its_turn(fact.key)
                entry.state, entry.attempted_at, entry.guid = "attempted", at, guid
            case Deferred(_, until, tries, _):
                entry.state, entry.until, entry.tries = "deferred", until, tries
            case Requeued():
                entry.state, entry.until, entry.tries = "queued", None, 0
                self.resent.add(fact.key)
            case _:
                entry.state = type(fact).__name__.lower()
        return 0

    def _in_its_turn(self, key: int) -> None:
        """I6: chunk n+1 is not attempted before n ended; what the operator sent again comes when it comes."""
        for other, entry in self.entries.items():
            if reply_id(other) == reply_id(key) and other < key:
                assert entry.state in ENDED or other in self.resent, f"{key} goes before {other}"

    def open(self) -> tuple[OpenChunk, ...]:
        """What has not ended, in key order."""
        return tuple(entry.as_open() for _, entry in sorted(self.entries.items()) if entry.state in OPEN)


def over_a_disk(stage: KillableStage, **how: Any) -> Desk:
    """A sender over a disk that keeps what it is told."""
    disk = Disk()
    return Desk(stage, judge=disk.apply, holds=disk.open, **how)


def later(seq: int, text: str) -> Prepared:
    """A second answer to a row, on its way to the sender."""
    (chunk,) = chunks(seq, text)
    return Prepared((replace(chunk, key=chunk.key + MOST_CHUNKS),), ())


def part(chunk: Chunk, *texts: str, number: int = 1) -> Prepared:
    """Part ``number`` of the answer that ``chunk`` is the last of so far, on its way to the sender."""
    more = (replace(chunk, key=chunk.key + place, text=text) for place, text in enumerate(texts, 1))
    return Prepared(tuple(more), (), number)


def notice(seq: int, number: int, text: str, chat: int = 7) -> Prepared:
    """A notice that the row carries, on its way to the sender."""
    (chunk,) = chunks(seq, text, chat=chat)
    return Prepared((replace(chunk, key=chunk_key(seq, NOTICES + number)),), ())


@dataclass
class Request:
    """A request to send that imsg has."""

    call: Call
    key: int
    late: bool = False
    out: bool = False
    """Whether it is out already, although imsg has not answered."""
    before: str | None = None
    """What an earlier request for the chunk carried that may have gone out; None: there was none."""

    @property
    def guid(self) -> str:
        """Ours, empty for an untracked one."""
        return str(self.call.params.get("attempt_id", ""))


class Phone:
    """Messages."""

    def __init__(self) -> None:
        self.delivered: Counter[int] = Counter()
        self.known: dict[str, str] = {}
        """GUIDs of tracked sends and what became of them: ``sent`` or ``failed``."""

    def deliver(self, request: Request, fate: str = "sent") -> dict[str, Any] | None:
        """Send it, or fail to; the error imsg answers when it cannot even try."""
        if request.guid in self.known:
            return USED
        if request.guid:
            self.known[request.guid] = fate
        if fate == "sent":
            self.delivered[request.key] += 1
        return None

    def status(self, guid: str) -> dict[str, Any]:
        """What ``message.send_status`` says."""
        state = self.known.get(guid)
        return PENDING if state is None else {"ok": True, "send_state": state, "status_fields": {}}
