"""The RpcCaller: requests out, answers back to whoever asked.

Told ``Call`` by the senders and the reader, ``Response`` and the state of the child by the reader; tells each
call exactly one ``Answer`` (and one more, if the answer comes after its deadline). imsg serves requests one
after the other, so a deadline counts from the moment the call before it was answered.
"""

from typing import Any, NamedTuple

from actors.envelopes.control import (
    Answer,
    Call,
    Connected,
    Disconnected,
    Listen,
    Ref,
    Response,
    Stalled,
    Subscribed,
    Tick,
)
from actors.rpc.frames import request, value_of
from actors.runtime.actor import Actor, Context

TICK_SECONDS = 0.5
REMEMBER_LATE = 256
FLUSH_BYTES = 1 << 15


class _Pending(NamedTuple):
    call: Call
    written_at: float


class RpcCaller(Actor):
    """One per Messages database. Without a child every call is answered at once as not started."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._writer: Any = None
        self._epoch = 0
        self._ready: Subscribed | None = None
        self._number = 0
        self._written = 0
        """The last request number that was handed to the pipe."""
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._pending: dict[int, _Pending] = {}
        self._late: dict[int, Call] = {}
        self._listeners: list[Ref] = []
        self._last_answer = 0.0
        self._ticking = False

    def on_receive(self, message: Any) -> None:
        match message:
            case Response():
                self._response(message)
            case Call():
                self._call(message)
            case Tick():
                self._check_deadlines()
            case Listen(reply_to):
                self._listeners.append(reply_to)
                if self._ready is not None:
                    self.tell(reply_to, self._ready)
            case Connected(epoch, stdin):
                self._lose("replaced by a new child")
                self._epoch, self._writer = epoch, stdin
            case Subscribed(epoch) if epoch == self._epoch and self._writer is not None:
                self._ready = message
                for listener in self._listeners:
                    self.tell(listener, message)
            case Disconnected(epoch, why) if epoch == self._epoch:
                self._lose(why)

    def _call(self, call: Call) -> None:
        if self._writer is None:
            self.tell(call.reply_to, Answer(call.tag, None, None, lost=True, started=False))
            return
        self._number += 1
        line = request(self._number, call.method, call.params)
        self._buffer.append(line)
        self._buffered += len(line)
        self._pending[self._number] = _Pending(call, self.clock.monotonic())
        if self._buffered > FLUSH_BYTES:
            self.on_idle()
        if not self._ticking:
            self._ticking = True
            self.clock.after(TICK_SECONDS, self.actor_ref, Tick("deadlines"))

    def on_idle(self) -> None:
        """Write what was gathered in one go."""
        if self._buffer:
            if self._writer is not None and not self._writer.write(b"".join(self._buffer)):
                # Nothing of a refused write was taken, so what is in the buffer did not start.
                self.log.warning("imsg does not take requests any more (broken pipe)")
                self._lose("broken pipe")
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
            started = now
        else:
            call, started = entry.call, max(entry.written_at, self._last_answer)
        self._last_answer = now
        error = None if response.error == b"null" else value_of(response.error)
        # A response with both is one that failed; with neither, one that worked.
        result = None if error is not None else value_of(response.result) or {}
        self.tell(call.reply_to, Answer(call.tag, result, error, seconds=now - started))

    def _check_deadlines(self) -> None:
        self._ticking = False
        now = self.clock.monotonic()
        while self._pending:
            number, (call, written_at) = next(iter(self._pending.items()))
            if now - max(written_at, self._last_answer) < call.patience:
                self._ticking = True
                self.clock.after(TICK_SECONDS, self.actor_ref, Tick("deadlines"))
                return
            del self._pending[number]
            self._last_answer = now
            self._late[number] = call
            if len(self._late) > REMEMBER_LATE:
                del self._late[next(iter(self._late))]
            self.log.warning("imsg rpc timeout ({}) after {:.0f} s", call.method, call.patience)
            self.tell(call.reply_to, Answer(call.tag, None, None, late=True))
            for listener in self._listeners:
                self.tell(listener, Stalled(self._epoch, call.method))

    def _lose(self, why: str) -> None:
        pending, self._pending = self._pending, {}
        self._buffer, self._buffered, self._late = [], 0, {}
        if self._writer is not None:
            self._writer.close()
        self._writer, self._ready = None, None
        for listener in self._listeners:
            self.tell(listener, Disconnected(self._epoch, why))
        for number, (call, _) in pending.items():
            self.tell(call.reply_to, Answer(call.tag, None, None, lost=True, started=number <= self._written))

    def on_stop(self) -> None:
        """Nothing more can be asked."""
        self._lose("shutting down")


def _number_of(wire_id: Any) -> int:
    """The request number an id on the wire means (imsg echoes ids; a wrapper may quote them), 0 for no such thing."""
    if type(wire_id) is int:
        return wire_id
    return int(wire_id) if isinstance(wire_id, str) and wire_id.isdecimal() and len(wire_id) < 20 else 0
