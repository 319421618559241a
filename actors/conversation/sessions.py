"""The Sessions: the roster of conversations, one per session key, started on demand and rested when idle.

Told ``Admitted`` by the journal's gate and ``Finished`` by conversations. It is the only one that tells a
conversation messages and counts them, so when as many are finished the mailbox is provably empty and the
conversation may rest: after ten idle minutes, or, over the cap, the least recently used first.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from actors.agents.base import Agent
from actors.conversation.conversation import Conversation
from actors.envelopes.control import Finished, Ref, Replay, Tick
from actors.envelopes.inbound import Admitted
from actors.runtime.actor import Actor, Context
from actors.runtime.logs import event

CAP = 64
IDLE_SECONDS = 600.0
TICK_SECONDS = 60.0


class _Seat:
    __slots__ = ("done", "ref", "sent", "used")

    def __init__(self, ref: Ref) -> None:
        self.ref = ref
        self.sent = 0
        self.done = 0
        self.used = 0.0


class Sessions(Actor):
    """``cap`` bounds conversations that have nothing to do; busy ones may be more."""

    def __init__(
        self,
        context: Context,
        agents: Mapping[str, Agent],
        runner: Ref,
        chunker: Ref,
        journal: Ref,
        cap: int = CAP,
    ) -> None:
        super().__init__(context)
        self._agents = agents
        self._runner = runner
        self._chunker = chunker
        self._journal = journal
        self._cap = cap
        self._seats: OrderedDict[str, _Seat] = OrderedDict()
        self._revoked = threading.Event()

    def on_start(self) -> None:
        """Everything admitted and not answered comes (again)."""
        self.tell(self._journal, Replay("admitted", self.actor_ref))
        self.clock.after(TICK_SECONDS, self.actor_ref, Tick("idle"))

    def on_receive(self, message: Any) -> None:
        match message:
            case Admitted():
                seat = self._seat(message.session)
                seat.sent += 1
                self.tell(seat.ref, message)
                row, session = message.row, message.session
                event("info", "sessions", "admitted", account=row.account, chat=row.chat.id, session=session, guid=row.guid)
            case Finished(session, done):
                seat = self._seats[session]
                seat.done += done
                seat.used = self.clock.monotonic()
                if len(self._seats) > self._cap:
                    self._rest(self._cap, 0.0)
            case Tick("idle"):
                self._rest(0, self.clock.monotonic() - IDLE_SECONDS)
                self.clock.after(TICK_SECONDS, self.actor_ref, Tick("idle"))

    def _seat(self, session: str) -> _Seat:
        seat = self._seats.get(session)
        if seat is None:
            seat = self._seats[session] = _Seat(self._start(session))
        else:
            self._seats.move_to_end(session)
        return seat

    def _start(self, session: str) -> Ref:
        context = self.context._replace(
            name=f"conversation:{session}", supervisor=None, generation=1, parent=self.context.name
        )
        return Conversation.start(
            context,
            session,
            self._agents,
            self._runner,
            self._chunker,
            self._journal,
            self.actor_ref,
            self._revoked,
        )

    def _rest(self, keep: int, used_before: float) -> None:
        """Stop finished conversations, least recently used first: down to ``keep``, or all idle since then."""
        surplus = len(self._seats) - keep
        resting = []
        for session, seat in self._seats.items():
            if surplus <= 0:
                break
            if seat.done == seat.sent and (used_before == 0.0 or seat.used < used_before):
                resting.append(session)
                surplus -= 1
        for session in resting:
            self._seats.pop(session).ref.stop(block=False)

    def on_stop(self) -> None:
        """Nothing that was started here says anything from now on; its rows are replayed to our successor."""
        self._revoked.set()
        for seat in self._seats.values():
            if seat.ref.is_alive():
                seat.ref.stop(block=False)
