"""A sender between a journal and a caller that are in the test's hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.envelopes.control import (
    Answer,
    Call,
    Listen,
    OpenChunk,
    Record,
    Recorded,
    Replay,
    Replayed,
    Subscribed,
)
from actors.envelopes.facts import Attempted, Fact, Queued
from actors.envelopes.inbound import Replied
from actors.envelopes.outbound import Chunk, Prepared, chunk_key
from actors.outbound.sender import OutboundSender
from actors.rpc.health import LinkHealth
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, address

ACCEPTED = {"ok": True, "guid": "A0000000-0000-0000-0000-000000000001"}
INTERNAL = {"code": -32603, "message": "Internal error"}
NOT_STARTED = {"code": -32000, "message": "busy"}
HOPELESS = {"code": -32602, "message": "Invalid params"}


def chunks(seq: int, *texts: str, chat: int = 7) -> tuple[Chunk, ...]:
    """The chunks of the reply to row ``seq``."""
    return tuple(Chunk(chunk_key(seq, position), address(chat), text) for position, text in enumerate(texts))


def prepared(seq: int, *texts: str, chat: int = 7) -> Prepared:
    """A reply on its way to the sender."""
    return Prepared(chunks(seq, *texts, chat=chat), ((seq, Replied()),))


def left(
    chunk: Chunk, state: str, attempted_at: float | None = None, until: float | None = None
) -> OpenChunk:
    """``chunk`` as an earlier gateway left it in the outbox."""
    return OpenChunk(chunk.key, chunk.address, chunk.text, state, attempted_at, until, chunk.tries)


class Desk:
    """The journal commits at once unless ``slow``; the caller never answers unless the test does it.

    ``ready`` False: imsg is not there yet. ``forgetful``: what the outbox holds is told only by ``remember``.
    """

    def __init__(
        self,
        stage: KillableStage,
        *open_chunks: OpenChunk,
        ready: bool = True,
        slow: bool = False,
        region: str | None = None,
        forgetful: bool = False,
    ) -> None:
        self.stage = stage
        self.slow = slow
        self._forgetful = forgetful
        self.facts: list[Fact] = []
        self.uncommitted: list[Record] = []
        self.journal = Probe("journal", self._journal)
        self.on_call: Callable[[Any], None] = lambda _: None
        """What else happens when the caller is told something."""
        self.caller = Probe("caller", lambda message: self.on_call(message))
        self._skipped = 0
        self.listener = Probe("listener")
        self.health = LinkHealth(state="ok")
        extra = {"transport": "applescript"} | ({"region": region} if region else {})
        self.open = open_chunks
        self.ref = OutboundSender.start(
            stage.place("sender:default"), ACCOUNT, self.caller.ref, self.journal.ref, extra, self.health
        )
        stage.tell(self.ref, Listen(self.listener.ref))
        if ready:
            self.subscribe()

    def _journal(self, message: Any) -> None:
        if type(message) is Replay:
            if not self._forgetful:
                message.then.tell(Replayed("chunks", self.open))
        elif type(message) is Record:
            self.uncommitted.append(message)
            if not self.slow:
                self.commit()

    def remember(self) -> None:
        """The journal tells what the outbox holds."""
        self.stage.tell(self.ref, Replayed("chunks", self.open))

    def commit(self) -> None:
        """What was told to the journal is on disk."""
        records, self.uncommitted = self.uncommitted, []
        for record in records:
            self.facts.append(record.fact)
            if record.then is not None:
                record.then.tell(Recorded(0, record.fact))

    def warm(self) -> None:
        """imsg has shown that it answers at once: many requests may stand in the pipe."""
        for seq in range(1_000_000, 1_000_040):
            self.tell(prepared(seq, "warm", chat=99))
            self.answer(chunk_key(seq, 0))
        self.facts.clear()
        self._skipped = len(self.caller.told)

    def subscribe(self) -> None:
        """imsg is there, sends may start."""
        self.stage.tell(self.ref, Subscribed(1))

    def tell(self, *messages: Any) -> None:
        """Tell the sender."""
        self.stage.tell(self.ref, *messages)

    @property
    def calls(self) -> list[Call]:
        """All ``send`` requests so far."""
        return self._called("send")

    @property
    def lookups(self) -> list[Call]:
        """All ``messages.history`` requests so far."""
        return self._called("messages.history")

    def _called(self, method: str) -> list[Call]:
        told = self.caller.told[self._skipped :]
        return [call for call in told if type(call) is Call and call.method == method]

    @property
    def texts(self) -> list[str]:
        """The texts of all ``send`` requests so far."""
        return [call.params["text"] for call in self.calls]

    def answer(
        self, key: int, result: dict[str, Any] | None = None, error: dict[str, Any] | None = None
    ) -> None:
        """imsg answers the send of chunk ``key``: accepted by default."""
        self.tell(Answer(key, None if error else result or ACCEPTED, error))

    def lose(self, key: int, started: bool = True) -> None:
        """The child is gone before it answered."""
        self.tell(Answer(key, None, None, lost=True, started=started))

    def late(self, key: int) -> None:
        """The deadline of the send is over."""
        self.tell(Answer(key, None, None, late=True))

    def of(self, kind: type[Any]) -> list[Any]:
        """The facts of a type on disk."""
        return [fact for fact in self.facts if type(fact) is kind]

    @property
    def attempts(self) -> list[int]:
        """The keys whose attempt is on disk, in order."""
        keys = []
        for fact in self.facts:
            if type(fact) is Queued and fact.attempt:
                keys.append(fact.attempt)
            elif type(fact) is Attempted:
                keys.append(fact.key)
        return keys
