"""Presence beside a sender, both over one imsg that carries out one request after the other.

A call that takes longer than its patience is late, and the lane is blocked until it is done all the same.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from actors.envelopes.control import Listen, Record, Recorded, Replay, Replayed, Tick
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Replied
from actors.envelopes.link import Answer, Call, Subscribed
from actors.envelopes.outbound import Chunk, Prepared, chunk_key
from actors.envelopes.steering import Attend
from actors.outbound.sender import OutboundSender
from actors.outbound.wire import Prefs, namespace_of
from actors.presence.actor import Presence, PresenceView
from actors.presence.manners import Manners
from actors.rpc.capabilities import OLD_METHODS, Capabilities
from actors.rpc.health import LinkHealth
from actors.runtime.actor import Actor, Context
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT

METHODS = OLD_METHODS | {"typing", "read", "tapback", "status"}
BRIDGED = Capabilities("0.15.9", True, METHODS, bridge=True)
PLAIN = Capabilities("0.15.9", True, OLD_METHODS | {"status"})
BROKEN = {"code": -32603, "message": "Delivery failed before dispatch", "data": {"detail": "bridge not ready"}}


def chat(number: int = 7, service: str = "auto") -> ReplyAddress:
    """A chat with a GUID of its own."""
    return ReplyAddress(ACCOUNT, 1, number, f"iMessage;-;+1555{number:07}", service)


@dataclass
class Imsg:
    """What imsg is like, and what it was asked: ``takes`` is how many seconds by method, ``fails`` are methods that are
    answered with an error.
    """

    takes: dict[str, float]
    fails: set[str] = field(default_factory=set)
    calls: list[tuple[float, Call]] = field(default_factory=list)
    answered: list[tuple[float, Call]] = field(default_factory=list)


class Caller(Actor):
    """A caller and its imsg: each call takes its seconds, and those behind it wait."""

    def __init__(self, context: Context, health: LinkHealth, imsg: Imsg) -> None:
        super().__init__(context)
        self._health = health
        self._imsg = imsg
        self._lane: deque[Call] = deque()

    def on_receive(self, message: Any) -> None:
        match message:
            case Listen(reply_to):
                self.tell(reply_to, Subscribed(1, self._health.capabilities))
            case Call():
                self._imsg.calls.append((self.clock.monotonic(), message))
                self._lane.append(message)
                self._health.busy += 1
                if len(self._lane) == 1:
                    self._work()
            case Tick("late"):
                self._give_up()
            case Tick("done"):
                self._answer()

    def _work(self) -> None:
        call = self._lane[0]
        seconds = self._imsg.takes.get(call.method, 0.0)
        if seconds > call.patience:
            self.clock.after(call.patience, self.actor_ref, Tick("late"))
        self.clock.after(seconds, self.actor_ref, Tick("done"))

    def _give_up(self) -> None:
        call = self._lane[0]
        self._health.busy -= 1
        self.tell(call.reply_to, Answer(call.tag, None, None, late=True))

    def _answer(self) -> None:
        call = self._lane.popleft()
        self._imsg.answered.append((self.clock.monotonic(), call))
        if self._imsg.takes.get(call.method, 0.0) <= call.patience:
            self._health.busy -= 1
        if call.method in self._imsg.fails:
            self.tell(call.reply_to, Answer(call.tag, None, BROKEN))
        else:
            self.tell(call.reply_to, Answer(call.tag, {"ok": True, "guid": "A"}, None))
        if self._lane:
            self._work()


class Bench:
    """Turns are attended to, and answered, at the test's word."""

    def __init__(
        self,
        stage: KillableStage,
        manners: Manners | None = None,
        able: Capabilities = BRIDGED,
        present: bool = True,
        **takes: float,
    ) -> None:
        self.stage = stage
        self.health = LinkHealth(reading=None, spawned=1, capabilities=able)
        self.imsg = Imsg(takes)
        ref = Caller.start(stage.place("caller"), self.health, self.imsg)
        journal = Probe("journal", self._journal)
        prefs = Prefs(namespace_of(7), "applescript")
        self.sender = OutboundSender.start(
            stage.place("sender"), ACCOUNT, ref, journal.ref, prefs, LinkHealth(reading=None)
        )
        self.view = PresenceView({ACCOUNT: manners or Manners()}, {ACCOUNT: ref}, lambda _: self.health)
        self.ref = Presence.start(stage.place("presence"), self.view)
        self.present = present
        self.start = stage.clock.monotonic()
        self._seq = 0
        stage.settle()

    def _journal(self, message: Any) -> None:
        if type(message) is Replay:
            message.then.tell(Replayed("chunks", ()))
        elif type(message) is Record and message.then is not None:
            message.then.tell(Recorded(0, message.fact))

    def attend(self, number: int = 1, guid: str = "G1", where: ReplyAddress | None = None, **how: bool) -> None:
        """A turn begins, or what ``how`` says."""
        if self.present:
            self.stage.tell(self.ref, Attend(number, where or chat(), guid, **how))

    def end(self, number: int = 1, where: ReplyAddress | None = None) -> None:
        """A turn has ended."""
        self.attend(number, where=where, done=True)

    def answer(self, *texts: str, where: ReplyAddress | None = None) -> None:
        """An answer goes to the sender."""
        self._seq += 1
        chunks = tuple(Chunk(chunk_key(self._seq, n), where or chat(), text) for n, text in enumerate(texts))
        self.stage.tell(self.sender, Prepared(chunks, ((self._seq, Replied()),)))

    def child(self, able: Capabilities = BRIDGED) -> None:
        """A new child."""
        self.health.spawned += 1
        self.health.capabilities = able

    @property
    def calls(self) -> list[tuple[float, str, Any]]:
        """When, by which method and with what, sends left out: of ``typing`` whether, of others the rest of params."""
        return [
            (round(at - self.start, 3), call.method, _what(call))
            for at, call in self.imsg.calls
            if call.method != "send"
        ]

    @property
    def methods(self) -> list[str]:
        """The methods of all calls, sends among them."""
        return [call.method for _, call in self.imsg.calls]

    @property
    def sent(self) -> dict[str, float]:
        """When each text was out."""
        return {call.params["text"]: at - self.start for at, call in self.imsg.answered if call.method == "send"}

    @property
    def warnings(self) -> list[str]:
        """What the log warns of."""
        return [text for level, text in self.stage.logged if level == "WARNING"]


def _what(call: Call) -> Any:
    rest = {key: value for key, value in call.params.items() if key != "chat_guid"}
    return rest["typing"] if call.method == "typing" else rest
