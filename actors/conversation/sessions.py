"""The Sessions: the roster of conversations, one per session key, started on demand and rested when idle.

Told ``Admitted`` by the journal's gate, and by the command desk for what stands behind ``/new``; told ``Finished`` by
the journal once rows have their outcome on disk. It is the only one that tells a conversation messages, so when all of
them are finished the mailbox is provably empty and the session may rest: after ten idle minutes, or, as there are only
so many seats, the least recently used first; its conversation serves another then. A session without a seat waits here,
and gets one in its turn.
``Interrupt``, ``Renew`` and ``Look`` are answered for each session, whether it has a conversation, waits or sleeps.

Told ``Recheck`` by the access controller at its start and whenever somebody may have lost their access: what was
admitted before that and is not answered yet ends as revoked where that is so. What a restart left open is asked for
after the first one only. ``Reconfigure`` brings other agents; it goes on to every conversation, as does the recheck
that follows it and says who answers what was admitted for an agent that is gone.
"""

import itertools
import threading
from typing import Any

from actors.conversation.behind import Behind
from actors.conversation.conversation import Conversation
from actors.conversation.seats import Bench, Seat, Seats
from actors.conversation.views import Answered, Neighbours, Seated, SessionsView, Stopping
from actors.conversation.voice import for_agents, let_forget
from actors.envelopes.control import Reconfigure, Record, Recorded, Ref, Replay, Tick
from actors.envelopes.facts import Adjusted, Renewed, Settled
from actors.envelopes.inbound import Absorbed, Admitted, Corrupt, Outcome, Recheck
from actors.envelopes.steering import Coming, Finished, Fresh, Interrupt, Interrupted, Look, Looked, Mend, Renew
from actors.runtime.actor import Actor, Context
from actors.runtime.logs import event

__all__ = ["CAP", "IDLE_SECONDS", "TICK_SECONDS", "Sessions", "SessionsView"]

CAP = 64
IDLE_SECONDS = 600.0
TICK_SECONDS = 60.0
_TURNS = itertools.count(1)
"""Numbers of turns, in this process: the runner and presence outlive the sessions."""


class Sessions(Actor):
    """``cap`` conversations live whose agents answer at once; of others that many, or two for each turn that may run at
    the same time."""

    def __init__(
        self,
        context: Context,
        view: SessionsView,
        runner: Ref,
        chunker: Ref,
        journal: Ref,
        notices: Ref,
        presence: Ref,
        cap: int = CAP,
    ) -> None:
        super().__init__(context)
        self._view = view
        self._around = Neighbours(runner, chunker, journal, notices, presence, self.actor_ref, _TURNS)
        self._journal = journal
        self._cap = cap
        self._seats: Seats[Ref] = Seats(cap, self._slow_seats())
        self._open: dict[int, Seat[Ref] | None] = {}
        """Rows that were told and have no outcome on disk, with the seat of the conversation that was told them."""
        self._renewals: list[tuple[Renewed | Adjusted, Renew | Mend]] = []
        """What is to be on disk before somebody is told."""
        self._numbers = itertools.count(1)
        """Of seats."""
        self._behind = Behind()
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
                if not self._behind.holds(message):
                    self._admitted(message)
                    self._go_on(message.seq)
            case Coming(session, seq):
                self._behind.announce(session, seq)
            case Answered(session, number, messages):
                seat = self._seats.quick.seats.get(session)
                if seat is not None and seat.number == number and seat.answered(messages, self.clock.monotonic()):
                    self._seat(seat.bench)
            case Stopping(session, number, over):
                self._stopping(session, number, over)
            case Finished(seqs):
                self._finished(seqs)
            case Interrupt(session):
                self._interrupt(session, message)
            case Look(session):
                self._look(session, message)
            case Renew(session, why):
                self._begin_again(message, Renewed(session, self.clock.wall(), why))
            case Mend(session):
                self._begin_again(message, Adjusted(session, "failures", 0))
            case Recorded(_, Renewed() | Adjusted() as fact):
                self._on_disk(fact)
            case Recheck():
                self._look_again(message)
            case Reconfigure(SessionsView() as view):
                self._reconfigure(view, message)
            case Tick("idle"):
                self._rest_idle()

    def _admitted(self, message: Admitted) -> None:
        row, recheck = message.row, self._recheck
        if message.seq in self._open:
            return  # it is being answered
        if recheck is not None and row.received_at <= recheck.at and (lost := recheck.refused(row)) is not None:
            self._settle(message.seq, lost)
            return
        if recheck is not None and not self._is_outdated:
            message = for_agents(message, self._view.agents, recheck)
        seat = self._seats.get(message.session)
        if seat is not None:
            self._tell(seat, message)
        else:
            self._wait(message)
        chat, session = row.chat.id, message.session
        event("info", "sessions", "admitted", account=row.account, chat=chat, session=session, guid=row.guid)

    def _go_on(self, seq: int) -> None:
        """Row ``seq`` is here, or done: what came behind it may go."""
        for message in self._behind.came(seq):
            self._admitted(message)

    def _tell(self, seat: Seat[Ref], message: Admitted) -> None:
        seat.told()
        self._open[message.seq] = seat
        self.tell(seat.who, message)

    def _wait(self, message: Admitted) -> None:
        self._open[message.seq] = None
        waiting = self._seats.waiting(message.session)
        if waiting is not None:
            waiting.append(message)
            return
        agent = self._view.agents.get(message.agent)
        bench = self._seats.slow if agent is not None and agent.waits else self._seats.quick
        bench.waiting[message.session] = [message]
        self._seat(bench)

    def _seat(self, bench: Bench[Ref]) -> None:
        """Give seats to those who wait, as long as there are some."""
        while bench.is_too_full:
            self._rest(bench.give_up())
        while bench.is_open:
            before = bench.give_up() if bench.is_full else None
            session, messages = bench.first()
            number = next(self._numbers)
            seat = bench.sit(session, self._served(session, number, before), number)
            for message in messages:
                self._tell(seat, message)

    def _served(self, session: str, number: int, before: Seat[Ref] | None) -> Ref:
        """Who serves it: a conversation that has nothing to do, or a new one."""
        if before is not None:
            self._let_forget(before)
            self.tell(before.who, Seated(session, number))
            return before.who
        context = self.context._replace(
            name=f"conversation:{session}", supervisor=None, generation=1, parent=self.context.name
        )
        seated = Seated(session, number)
        # Where the agents are newer than the last recheck, it too waits for that.
        return Conversation.start(context, seated, self._view, self._around, self._revoked, self._is_outdated)

    def _finished(self, seqs: tuple[int, ...]) -> None:
        now = self.clock.monotonic()
        for seq in seqs:
            seat = self._open.pop(seq, None)
            if seat is not None and seat.ended(now):
                self._seat(seat.bench)
            self._go_on(seq)

    def _stopping(self, session: str, number: int, over: bool) -> None:
        seat = self._seats.get(session)
        if seat is None or seat.number != number:
            return
        if not over:
            seat.kept()
        elif seat.ended(self.clock.monotonic()):
            self._seat(seat.bench)

    def _rest(self, seat: Seat[Ref]) -> None:
        """Stop a conversation that has nothing to do."""
        self._let_forget(seat)
        self.retire(seat.who)

    def _let_forget(self, seat: Seat[Ref]) -> None:
        """Agents that take their time keep nothing of a session that rests."""
        if seat.bench is self._seats.slow:
            let_forget(seat.session, self._view.agents.values(), self.log)

    def _rest_idle(self) -> None:
        since = self.clock.monotonic() - IDLE_SECONDS
        for bench in self._seats.benches:
            for seat in bench.idle(since):
                self._rest(seat)
        self.clock.after(TICK_SECONDS, self.actor_ref, Tick("idle"))

    def _interrupt(self, session: str, message: Interrupt) -> None:
        seat, chat = self._seats.get(session), message.chat
        if seat is not None:
            self.tell(seat.who, message)
            return
        waiting = self._seats.waiting(session) or []
        gone: list[Admitted] = []
        kept: list[Admitted] = []
        for one in waiting:
            is_meant = chat is None or (one.address.source, one.address.chat_id) == chat
            (gone if is_meant else kept).append(one)
        waiting[:] = kept
        for one in gone:
            self._settle(one.seq, Absorbed(message.why))
        if not kept:
            self._seats.leave(session)
        self.tell(message.reply_to, Interrupted(message.tag, False, len(gone)))

    def _look(self, session: str, message: Look) -> None:
        seat = self._seats.get(session)
        if seat is not None:
            self.tell(seat.who, message)
        else:
            self.tell(message.reply_to, Looked(message.tag, len(self._seats.waiting(session) or ()), None))

    def _begin_again(self, message: Renew | Mend, fact: Renewed | Adjusted) -> None:
        seat = self._seats.get(message.session)
        if seat is not None:
            self.tell(seat.who, message)
        self._renewals.append((fact, message))
        self.tell(self._journal, Record(fact, self.actor_ref))

    def _on_disk(self, fact: Renewed | Adjusted) -> None:
        for waiting in self._renewals:
            if waiting[0] is fact:
                self._renewals.remove(waiting)
                self.tell(waiting[1].reply_to, Fresh(waiting[1].tag))
                return

    def _look_again(self, recheck: Recheck) -> None:
        """Everything admitted and not answered comes (again) once it is known who may still speak."""
        if self._recheck is None:
            self.tell(self._journal, Replay("admitted", self.actor_ref))
        self._recheck, self._is_outdated = recheck, False
        for seat in self._seats.all():
            self.tell(seat.who, recheck)
        for bench in self._seats.benches:
            for session, waiting in list(bench.waiting.items()):
                waiting[:] = [kept for one in waiting if (kept := self._checked(one, recheck)) is not None]
                if not waiting:
                    self._seats.leave(session)

    def _checked(self, message: Admitted, recheck: Recheck) -> Admitted | None:
        """What waits, for an agent that is there; None when it ends as revoked."""
        lost = recheck.refused(message.row)
        if lost is None:
            return for_agents(message, self._view.agents, recheck)
        self._settle(message.seq, lost)
        return None

    def _settle(self, seq: int, outcome: Outcome) -> None:
        """A message that no conversation was told ends so."""
        self._open[seq] = None
        self.tell(self._journal, Record(Settled(seq, outcome)))

    def _slow_seats(self) -> int:
        return max(self._cap, 2 * self._view.habits.most)

    def _reconfigure(self, view: SessionsView, message: Reconfigure) -> None:
        self._view, self._is_outdated = view, True
        for seat in self._seats.all():
            self.tell(seat.who, message)
        self._seats.slow.most = self._slow_seats()
        self._seat(self._seats.slow)

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A message that breaks the sessions twice ends as corrupt."""
        if isinstance(message, Admitted):
            self._settle(message.seq, Corrupt(repr(error)))

    def on_failure(self, *_: object) -> None:
        """The same when it dies: nobody would know these conversations any more."""
        self.on_stop()

    def on_stop(self) -> None:
        """Nothing that was started here says anything from now on; its rows are replayed to our successor."""
        self._revoked.set()
        for seat in self._seats.all():
            self._rest(seat)
