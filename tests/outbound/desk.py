"""A sender between a journal and a caller that are in the test's hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from actors.envelopes.control import (
    Listen,
    OpenChunk,
    Order,
    Quiesce,
    Reconfigure,
    Record,
    Recorded,
    Replay,
    Replayed,
    Spoken,
)
from actors.envelopes.facts import Attempted, Fact, Queued
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Replied
from actors.envelopes.link import Answer, Call, Disconnected, OwnRow, Subscribed
from actors.envelopes.outbound import Chunk, Prepared, chunk_key
from actors.outbound.flights import Flight
from actors.outbound.sender import OutboundSender
from actors.outbound.wire import Prefs, attempt_id, namespace_of
from actors.rpc.capabilities import OLD_METHODS, UNKNOWN, Capabilities
from actors.rpc.health import LinkHealth
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT

ACCEPTED = {"ok": True, "guid": "A0000000-0000-0000-0000-000000000001"}
INTERNAL = {"code": -32603, "message": "Internal error"}
NOT_STARTED = {"code": -32000, "message": "busy"}
HOPELESS = {"code": -32602, "message": "Invalid params"}
NO_DATABASE = {"code": -32002, "message": "Database unavailable", "data": {"detail": "x", "retryable": True}}
BLOCKED = {"code": -32004, "message": "Mutation lane blocked", "data": {"disposition": "still_in_flight"}}
STUCK = {"code": -32001, "data": {"disposition": "still_in_flight", "retry_safe": False}}
UNKNOWN_OUTCOME = {"code": -32001, "data": {"disposition": "may_have_completed", "retry_safe": False}}
BRIDGE_DOWN = {"code": -32603, "data": {"disposition": "not_started", "retry_safe": True, "detail": "bridge not ready"}}
USED = {
    "code": -32603,
    "data": {"disposition": "not_started", "retry_safe": True, "detail": "this id already identifies a message"},
}
SENT: dict[str, Any] = {"ok": True, "send_state": "sent", "status_fields": {"is_sent": True}}
PENDING = {"ok": True, "send_state": "pending", "status_fields": None}

STRICT = Capabilities("0.15.9", True, OLD_METHODS | {"status", "message.send_status"})
TRACKED = STRICT._replace(methods=STRICT.methods | {"send.tracked"}, bridge=True)
NAMESPACE = namespace_of(7)


def place(chat: int = 7, era: int = 0, guid: str | None = None) -> ReplyAddress:
    """Where an answer in ``chat`` goes; every chat has a GUID of its own unless ``guid`` says otherwise."""
    name = f"iMessage;-;+1555{chat:07}" if guid is None else guid
    return ReplyAddress(ACCOUNT, 1, chat, name, "auto", era)


def chunks(seq: int, *texts: str, chat: int = 7, to: ReplyAddress | None = None) -> tuple[Chunk, ...]:
    """The chunks of the reply to row ``seq``."""
    where = to or place(chat)
    return tuple(Chunk(chunk_key(seq, position), where, text) for position, text in enumerate(texts))


def prepared(seq: int, *texts: str, chat: int = 7, to: ReplyAddress | None = None) -> Prepared:
    """A reply on its way to the sender."""
    return Prepared(chunks(seq, *texts, chat=chat, to=to), ((seq, Replied()),))


def left(
    chunk: Chunk, state: str, attempted_at: float | None = None, until: float | None = None, guid: str = ""
) -> OpenChunk:
    """``chunk`` as the outbox has it."""
    return OpenChunk(chunk.key, chunk.address, chunk.text, state, attempted_at, until, chunk.tries, guid)


def own(text: str, at: float | None, chat: int = 7, guid: str = "B0") -> OwnRow:
    """A row of ours that came back on the watch."""
    return OwnRow(chat, text, guid, at, place(chat).chat_guid)


def id_of(key: int) -> str:
    """The GUID that every tracked send of chunk ``key`` carries."""
    return attempt_id(NAMESPACE, key)


class Desk:
    """The journal commits at once unless ``slow``; the caller never answers unless the test does it.

    ``ready`` False: imsg is not there yet. ``forgetful``: what the outbox holds is told only by ``remember``.
    ``holds`` says what it holds where that changes; a slow journal says it behind what is not on disk yet.
    ``able`` is what imsg can do; ``echoes`` is what the journal knows to have gone out with a GUID; ``judge`` is what
    the journal says of a fact: 0, or -1 when it came too late.
    """

    def __init__(
        self,
        stage: KillableStage,
        *open_chunks: OpenChunk,
        ready: bool = True,
        slow: bool = False,
        transport: Literal["auto", "bridge", "applescript"] = "auto",
        region: str = "US",
        able: Capabilities = UNKNOWN,
        era: int = 0,
        forgetful: bool = False,
        echoes: tuple[Spoken, ...] | None = (),
        judge: Callable[[Fact], int] = lambda _: 0,
        holds: Callable[[], tuple[OpenChunk, ...]] | None = None,
    ) -> None:
        self.stage = stage
        self.slow = slow
        self.able = able
        self.era = era
        self._forgetful = forgetful
        self._echoes = echoes
        self.facts: list[Fact] = []
        self.uncommitted: list[Record | Replay] = []
        self._judge = judge
        self.journal = Probe("journal", self._journal)
        self.on_call: Callable[[Any], None] = lambda _: None
        """What else happens when the caller is told something."""
        self.caller = Probe("caller", self._caller)
        self._ready: Subscribed | None = None
        self._skipped = 0
        self.listener = Probe("listener")
        self.health = LinkHealth(reading=None)
        self.holds = holds or (lambda: open_chunks)
        self.epoch = 0
        self.file = self.there = ""
        """Names of the database file that is watched, and of the one that stands there now."""
        self.prefs = Prefs(NAMESPACE, transport, region, source=1, file_of=lambda _: self.there)
        self.ref = OutboundSender.start(
            stage.place("sender:default"), ACCOUNT, self.caller.ref, self.journal.ref, self.prefs, self.health
        )
        stage.tell(self.ref, Listen(self.listener.ref))
        if ready:
            self.subscribe()

    def _journal(self, message: Any) -> None:
        if type(message) is Record or (type(message) is Replay and self.uncommitted):
            self.uncommitted.append(message)
            if not self.slow:
                self.commit()
        elif type(message) is Replay:
            self._replay(message)

    def _replay(self, message: Replay) -> None:
        if message.what == "echoes":
            if self._echoes is not None:
                message.then.tell(Replayed("echoes", self._echoes))
        elif not self._forgetful:
            message.then.tell(Replayed("chunks", self.holds()))

    def _caller(self, message: Any) -> None:
        if type(message) is Listen and self._ready is not None:
            message.reply_to.tell(self._ready)
        self.on_call(message)

    def remember(self) -> None:
        """The journal tells what the outbox holds."""
        self.stage.tell(self.ref, Replayed("chunks", self.holds()))

    def commit(self) -> None:
        """What was told to the journal is on disk."""
        asked, self.uncommitted = self.uncommitted, []
        for record in asked:
            if type(record) is Replay:
                self._replay(record)
                continue
            assert type(record) is Record
            said = self._judge(record.fact)
            if said >= 0:
                self.facts.append(record.fact)
            if record.then is not None:
                record.then.tell(Recorded(said, record.fact))

    def catch_up(self) -> None:
        """A slow journal is fast again."""
        self.slow = False
        self.commit()
        self.stage.settle()

    def quiesce(self) -> Probe:
        """Nothing new is to be started; who is told when it is quiet."""
        supervisor = Probe("supervisor")
        self.tell(Quiesce(supervisor.ref))
        return supervisor

    def reconfigure(self, **changes: Any) -> None:
        """A newer config, with these of its preferences changed."""
        self.prefs = replace(self.prefs, **changes)
        self.tell(Reconfigure(self.prefs))

    def warm(self) -> None:
        """imsg has shown that it answers at once: many requests may stand in the pipe."""
        for seq in range(1_000_000, 1_000_040):
            self.tell(prepared(seq, "warm", chat=99))
            self.answer(chunk_key(seq, 0))
        self.facts.clear()
        self._skipped = len(self.caller.told)

    def subscribe(self, able: Capabilities | None = None, era: int | None = None) -> None:
        """A new child is there, sends may start."""
        self.epoch += 1
        self.able, self.era = able or self.able, self.era if era is None else era
        self._ready = Subscribed(self.epoch, self.able, self.era, "/chat.db", self.file)
        self.stage.tell(self.ref, self._ready)

    def disconnect(self) -> None:
        """The child is gone."""
        self._ready = None
        self.stage.tell(self.ref, Disconnected(self.epoch, "gone"))

    def tell(self, *messages: Any) -> None:
        """Tell the sender."""
        self.stage.tell(self.ref, *messages)

    def order(self, key: int, what: str, chunk: OpenChunk | Chunk | None = None) -> None:
        """The operator wants something done."""
        self.tell(Order(key, what, chunk))

    @property
    def calls(self) -> list[Call]:
        """All requests to send so far, tracked or not."""
        return [call for call in self._told if call.method in ("send", "send.tracked")]

    @property
    def lookups(self) -> list[Call]:
        """All ``messages.history`` requests so far."""
        return self.called("messages.history")

    @property
    def statuses(self) -> list[Call]:
        """All ``message.send_status`` requests so far."""
        return self.called("message.send_status")

    def called(self, method: str) -> list[Call]:
        """All requests of one method so far."""
        return [call for call in self._told if call.method == method]

    @property
    def _told(self) -> list[Call]:
        return [call for call in self.caller.told[self._skipped :] if type(call) is Call]

    @property
    def texts(self) -> list[str]:
        """The texts of all requests to send so far."""
        return [call.params["text"] for call in self.calls]

    def tag(self, key: int) -> Any:
        """The tag of the latest request to send chunk ``key``; of one that nobody made if there is none."""
        keys = {id(call): _key(call.tag) for call in self.calls}
        found = [call.tag for call in self.calls if keys[id(call)] == key]
        return found[-1] if found else Flight(Chunk(key, place(), "?"), 0.0, "")

    def answer(self, key: int, result: dict[str, Any] | None = None, error: dict[str, Any] | None = None) -> None:
        """imsg answers the latest request to send chunk ``key``: accepted by default."""
        self.tell(Answer(self.tag(key), None if error else result or ACCEPTED, error))

    def status(self, result: dict[str, Any] | None) -> None:
        """imsg answers the latest ``message.send_status``; None: with an error."""
        self.tell(Answer(self.statuses[-1].tag, result, None if result else INTERNAL))

    def history(self, *messages: dict[str, Any]) -> None:
        """imsg answers the latest ``messages.history``."""
        self.tell(Answer(self.lookups[-1].tag, {"messages": list(messages)}, None))

    def lose(self, key: int, started: bool = True) -> None:
        """The child is gone before it answered."""
        self.tell(Answer(self.tag(key), None, None, lost=True, started=started))

    def late(self, key: int, replaced: bool = True) -> None:
        """The deadline of the send is over; the reader has a new child at once, if the test says nothing else."""
        self.tell(Answer(self.tag(key), None, None, late=True))
        if replaced:
            self.disconnect()
            self.subscribe()

    def of(self, kind: type[Any]) -> list[Any]:
        """The facts of a type on disk."""
        return [fact for fact in self.facts if type(fact) is kind]

    def keys(self, kind: type[Any]) -> list[int]:
        """The keys in the facts of a type on disk."""
        return [fact.key for fact in self.of(kind)]

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


def _key(tag: Any) -> int:
    return tag.chunk.key if type(tag) is Flight else int(tag.key)
