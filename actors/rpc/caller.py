"""The RpcCaller: requests out, answers back to whoever asked.

Told ``Call`` by the senders and the reader, ``Response`` and the state of the child by the reader; tells each
call exactly one ``Answer`` (and one more, if the answer comes after its deadline). A child that let the deadline of a
send pass, or takes no sends, is about to be ended: nobody is told any more that it is ready, and it gets no more sends.
A deadline counts from the moment
the call before it in the same lane of imsg was answered: before 0.14 there is one lane for all.
"""

from collections import OrderedDict
from typing import Any

from msgspec import Struct

from actors.envelopes.control import Listen, Ref, Tick
from actors.envelopes.link import Answer, Call, Capable, Connected, Disconnected, Response, Stalled, Subscribed
from actors.rpc.capabilities import UNKNOWN, Capabilities
from actors.rpc.frames import request, value_of
from actors.rpc.health import BROKEN_PIPE, LinkHealth
from actors.runtime.actor import Actor, Context

TICK_SECONDS = 0.5
REMEMBER_LATE = 256
FLUSH_BYTES = 1 << 15


class _Pending(Struct):
    call: Call
    lane: str
    written_at: float


class RpcCaller(Actor):
    """One per Messages database. Without a child every call is answered at once as not started."""

    def __init__(self, context: Context, health: LinkHealth) -> None:
        super().__init__(context)
        self._health = health
        self._writer: Any = None
        self._epoch = 0
        self._ready: Subscribed | None = None
        self._capabilities: Capabilities = UNKNOWN
        self._number = 0
        self._written = 0
        """The last request number that was handed to the pipe."""
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._pending: OrderedDict[int, _Pending] = OrderedDict()
        self._late: dict[int, Call] = {}
        self._listeners: list[Ref] = []
        self._last_answer: dict[str, float] = {}
        self._ticking = False
        self._ending = False

    def on_receive(self, message: Any) -> None:
        match message:
            case Response():
                self._response(message)
            case Call():
                self._call(message)
            case Tick():
                self._check_deadlines()
            case Listen(reply_to):
                self._listen(reply_to)
            case Connected(epoch, stdin):
                if self._writer is not None:
                    self._lose("replaced by a new child")
                self._epoch, self._writer, self._ending = epoch, stdin, False
            case Capable(epoch, capabilities) if epoch == self._epoch:
                self._capabilities = capabilities
            case Subscribed(epoch) if epoch == self._epoch and self._writer is not None and not self._ending:
                self._ready = message
                self._tell_all(message)
            case Stalled(epoch, why) if epoch == self._epoch:
                self._stalled(why)
            case Disconnected(epoch, why) if epoch == self._epoch:
                self._lose(why)

    def _listen(self, reply_to: Ref) -> None:
        # Whoever listened before and is gone was replaced by this one.
        self._listeners = [ref for ref in self._listeners if ref.is_alive() and ref != reply_to] + [reply_to]
        if self._ready is not None:
            self.tell(reply_to, self._ready)

    def _stalled(self, why: str) -> None:
        if " " in why or why.startswith("send"):
            self._ready, self._ending = None, True
        self._tell_all(Stalled(self._epoch, why))

    def _tell_all(self, message: Any) -> None:
        for listener in self._listeners:
            self.tell(listener, message)

    def _call(self, call: Call) -> None:
        if self._writer is None or (self._ending and call.method.startswith("send")):
            self.tell(call.reply_to, Answer(call.tag, None, None, lost=True, started=False))
            return
        self._number += 1
        line = request(self._number, call.method, call.params)
        self._buffer.append(line)
        self._buffered += len(line)
        self._pending[self._number] = _Pending(call, self._capabilities.lane(call.method), self.clock.monotonic())
        self._health.busy = len(self._pending)
        if self._buffered > FLUSH_BYTES:
            self.on_idle()
        if not self._ticking:
            self._tick()

    def _tick(self) -> None:
        self._ticking = True
        self.clock.after(TICK_SECONDS, self.actor_ref, Tick("deadlines"))

    def on_idle(self) -> None:
        """Write what was gathered in one go."""
        if self._buffer:
            if self._writer is not None and not self._writer.write(b"".join(self._buffer)):
                # Nothing of a refused write was taken, so what is in the buffer did not start.
                self.log.warning("imsg does not take requests any more (broken pipe)")
                self._lose(BROKEN_PIPE)
            self._buffer, self._buffered, self._written = [], 0, self._number

    def _response(self, response: Response) -> None:
        number = _number_of(response.id)
        entry = self._pending.pop(number, None)
        now = self.clock.monotonic()
        if entry is None:
            call = self._late.pop(number, None)
            if call is None:
                self.log.warning("imsg answered a request that is not open: id {!r}", response.id)
                return
            seconds = 0.0
        else:
            call = entry.call
            seconds = now - max(entry.written_at, self._last_answer.get(entry.lane, 0.0))
            self._last_answer[entry.lane] = now
            self._health.busy = len(self._pending)
        error = None if response.error == b"null" else value_of(response.error)
        # A response with both is one that failed; with neither, one that worked.
        result = None if error is not None else _result(call, response.result)
        self.tell(call.reply_to, Answer(call.tag, result, error, seconds=seconds))

    def _check_deadlines(self) -> None:
        """Only the oldest call of each lane can be late: the others wait for it."""
        self._ticking = False
        if not self._pending:
            return
        now, seen = self.clock.monotonic(), set[str]()
        for number, entry in list(self._pending.items()):
            if entry.lane in seen:
                continue
            if now - max(entry.written_at, self._last_answer.get(entry.lane, 0.0)) < entry.call.patience:
                seen.add(entry.lane)
            else:
                self._give_up(number, entry, now)
        self._health.busy = len(self._pending)
        if self._pending:
            self._tick()

    def _give_up(self, number: int, entry: _Pending, now: float) -> None:
        call = entry.call
        del self._pending[number]
        self._last_answer[entry.lane] = now
        self._late[number] = call
        if len(self._late) > REMEMBER_LATE:
            del self._late[next(iter(self._late))]
        self.log.warning("imsg rpc timeout ({}) after {:.0f} s", call.method, call.patience)
        self.tell(call.reply_to, Answer(call.tag, None, None, late=True))
        self._stalled(call.method)

    def _lose(self, why: str) -> None:
        pending, self._pending = self._pending, OrderedDict()
        self._buffer, self._buffered, self._late, self._last_answer = [], 0, {}, {}
        if self._writer is not None:
            self._writer.close()
        self._writer, self._ready, self._capabilities, self._health.busy = None, None, UNKNOWN, 0
        self._tell_all(Disconnected(self._epoch, why))
        for number, entry in pending.items():
            lost = Answer(entry.call.tag, None, None, lost=True, started=number <= self._written)
            self.tell(entry.call.reply_to, lost)

    def on_stop(self) -> None:
        """Nothing more can be asked."""
        self._lose("shutting down")


def _result(call: Call, raw: bytes) -> dict[str, Any]:
    return {"raw": raw} if call.raw else value_of(raw) or {}


def _number_of(wire_id: Any) -> int:
    """The request number an id on the wire means (imsg echoes ids; a wrapper may quote them), 0 for no such thing."""
    if type(wire_id) is int:
        return wire_id
    return int(wire_id) if isinstance(wire_id, str) and wire_id.isdecimal() and len(wire_id) < 20 else 0
