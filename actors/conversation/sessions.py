"""The Sessions: the roster of conversations, one per session key, started on demand and rested when idle.

Told ``Admitted`` by the journal's gate and ``Finished`` by conversations. It is the only one that tells a
conversation messages and counts them, so when as many are finished the mailbox is provably empty and the
conversation may rest: after ten idle minutes, or, over the cap, the least recently used first.

Told ``Recheck`` by the access controller at its start and whenever somebody may have lost their access: what was
admitted before that and is not answered yet ends as revoked where that is so. What a restart left open is asked for
after the first one only. ``Reconfigure`` brings other agents; it goes on to every conversation, as does the recheck
that follows it and says who answers what was admitted for an agent that is gone.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from actors.agents.base import Agent
from actors.conversation.conversation import Conversation, for_agents
from actors.envelopes.control import Finished, Reconfigure, Record, Ref, Replay, Tick
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Admitted, Recheck
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
        self._seats: dict[str, _Seat] = {}
        self._resting: OrderedDict[str, None] = OrderedDict()
        """Sessions whose conversation has nothing to do, the one longest idle first."""
        self._revoked = threading.Event()
        self._recheck: Recheck | None = None
        self._is_outdated = True
        """Whether the agents are of a newer config than the last recheck."""

    def on_start(self) -> None:
        """Rest idle conversations from time to time."""
        self.clock.after(TICK_SECONDS, self.actor_ref, Tick("idle"))

    def on_receive(self, message: Any) -> None:
        match message:
            case Admitted():
                self._admitted(message)
            case Recheck():
                self._look_again(message)
            case Reconfigure(agents):
                self._agents, self._is_outdated = agents, True
                for seat in self._seats.values():
                    self.tell(seat.ref, message)
            case Finished(session, done):
                seat = self._seats[session]
                seat.done += done
                seat.used = self.clock.monotonic()
                if seat.done == seat.sent:
                    self._resting[session] = None
                    self._rest()
            case Tick("idle"):
                self._rest(self.clock.monotonic() - IDLE_SECONDS)
                self.clock.after(TICK_SECONDS, self.actor_ref, Tick("idle"))

    def _admitted(self, message: Admitted) -> None:
        row, recheck = message.row, self._recheck
        if recheck is not None and row.received_at <= recheck.at and (lost := recheck.refused(row)) is not None:
            self.tell(self._journal, Record(Settled(message.seq, lost)))
            return
        if recheck is not None and not self._is_outdated:
            message = for_agents(message, self._agents, recheck)
        seat = self._seat(message.session)
        seat.sent += 1
        self.tell(seat.ref, message)
        chat, session = row.chat.id, message.session
        event("info", "sessions", "admitted", account=row.account, chat=chat, session=session, guid=row.guid)

    def _look_again(self, recheck: Recheck) -> None:
        """Everything admitted and not answered comes (again) once it is known who may still speak."""
        if self._recheck is None:
            self.tell(self._journal, Replay("admitted", self.actor_ref))
        self._recheck, self._is_outdated = recheck, False
        for seat in self._seats.values():
            self.tell(seat.ref, recheck)

    def _seat(self, session: str) -> _Seat:
        seat = self._seats.get(session)
        if seat is None:
            seat = self._seats[session] = _Seat(self._start(session))
        else:
            self._resting.pop(session, None)
        return seat

    def _start(self, session: str) -> Ref:
        context = self.context._replace(
            name=f"conversation:{session}", supervisor=None, generation=1, parent=self.context.name
        )
        ref = Conversation.start(
            context,
            session,
            self._agents,
            self._runner,
            self._chunker,
            self._journal,
            self.actor_ref,
            self._revoked,
        )
        if self._is_outdated:
            self.tell(ref, Reconfigure(self._agents))  # so that it, too, waits for the recheck
        return ref

    def _rest(self, used_before: float = 0.0) -> None:
        """Stop conversations with nothing to do, least recently used first: over the cap, or idle since then."""
        while self._resting:
            session = next(iter(self._resting))
            if len(self._seats) <= self._cap and self._seats[session].used >= used_before:
                return
            del self._resting[session]
            self.retire(self._seats.pop(session).ref)

    def on_failure(self, *_: object) -> None:
        """The same when it dies: nobody would know these conversations any more."""
        self.on_stop()

    def on_stop(self) -> None:
        """Nothing that was started here says anything from now on; its rows are replayed to our successor."""
        self._revoked.set()
        for seat in self._seats.values():
            self.retire(seat.ref)
