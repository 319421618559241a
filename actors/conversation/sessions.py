"""The Sessions: the roster of conversations, one per session key, started on demand and rested when idle.

Told ``Admitted`` by the journal's gate, and by the command desk for what stands behind ``/new``; told ``Finished`` by
the journal once rows have their outcome on disk. It is the only one that tells a conversation messages, so when all of
them are finished the mailbox is provably empty and the session may rest: after ten idle minutes, or, as there are only
so many seats, the least recently used first; its conversation serves another then. A session without a seat waits here,
and gets one in its turn (``seating``). What came behind a command of its session waits for that (``Coming``).

``Interrupt``, ``Renew`` and ``Look`` are answered for each session, whether it has a conversation, waits or sleeps. An
interruption ends what came before it, wherever that is: here, in its conversation, in the journal (``Abandon``), or on
the way from there.

Told ``Recheck`` by the access controller at its start and whenever somebody may have lost their access: what was
admitted before that and is not answered yet ends as revoked where that is so. What a restart left open is asked for
after the first one only. ``Reconfigure`` brings other agents; it goes on to every conversation, as does the recheck
that follows it and says who answers what was admitted for an agent that is gone.
"""

from functools import partial
from typing import Any

from actors.conversation.behind import Behind
from actors.conversation.seating import IDLE_SECONDS, TICK_SECONDS, Seating
from actors.conversation.views import Answered, Halt, SessionsView, Stopping, is_meant
from actors.conversation.voice import for_agents
from actors.envelopes.control import Reconfigure, Record, Recorded, Ref, Replay, Tick
from actors.envelopes.facts import Adjusted, Renewed
from actors.envelopes.inbound import Absorbed, Admitted, Corrupt, Recheck
from actors.envelopes.steering import (
    Abandon,
    Coming,
    Finished,
    Fresh,
    Interrupt,
    Interrupted,
    Look,
    Looked,
    Mend,
    Renew,
)
from actors.runtime.actor import Context
from actors.runtime.logs import event

__all__ = ["CAP", "IDLE_SECONDS", "TICK_SECONDS", "Sessions", "SessionsView"]

CAP = 64


class Sessions(Seating):
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
        super().__init__(context, view, runner, chunker, journal, notices, presence, cap)
        self._renewals: list[tuple[Renewed | Adjusted, Renew | Mend]] = []
        """What is to be on disk before somebody is told."""
        self._behind = Behind()
        self._orders: dict[int, Interrupt] = {}
        """Interruptions by the row that asked for them, until that has its outcome: by then nothing of what came before
        is on its way here."""
        self._recheck: Recheck | None = None

    def on_start(self) -> None:
        """Rest idle conversations from time to time."""
        self.clock.after(TICK_SECONDS, self.actor_ref, Tick("idle"))

    def on_receive(self, message: Any) -> None:
        match message:
            case Admitted():
                if not self._behind.awaited:
                    self._admitted(message)
                elif not self._behind.holds(message):
                    self._admitted(message)
                    self._go_on(message.seq)
            case Coming(session, seq) if seq not in self._open:
                self._behind.announce(session, seq, self.clock.monotonic())
            case Answered():
                self._answered(message)
            case Stopping():
                self._stopping(message)
            case Finished(seqs):
                self._finished(seqs)
            case Interrupt():
                self._interrupt(message)
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
                self._tidy()

    def _admitted(self, message: Admitted) -> None:
        row, recheck = message.row, self._recheck
        if message.seq in self._open:
            return  # it is being answered
        if self._orders and (order := self._order_about(message)) is not None:
            self._settle(message.seq, Absorbed(order.why))
            return
        if recheck is not None and row.received_at <= recheck.at and (lost := recheck.refused(row)) is not None:
            self._settle(message.seq, lost)
            return
        if recheck is not None and not self._is_outdated:
            message = for_agents(message, self._view.agents, recheck)
        self._hand_on(message)
        chat, session = row.chat.id, message.session
        event("info", "sessions", "admitted", account=row.account, chat=chat, session=session, guid=row.guid)

    def _order_about(self, message: Admitted) -> Interrupt | None:
        """The interruption that passed ``message`` on its way here. What was released since is wanted."""
        if message.released:
            return None
        orders = self._orders.values()
        return next((one for one in orders if one.session == message.session and is_meant(one, message)), None)

    def _go_on(self, seq: int) -> None:
        """Row ``seq`` is here, or done: what came behind it may go."""
        for message in self._behind.came(seq):
            self._admitted(message)

    def _finished(self, seqs: tuple[int, ...]) -> None:
        now = self.clock.monotonic()
        for seq in seqs:
            seat = self._open.pop(seq, None)
            if seat is not None:
                self._may_rest(seat, seat.ended(now))
        if self._orders or self._behind.awaited:
            for seq in seqs:
                self._orders.pop(seq, None)
                self._go_on(seq)

    def _tidy(self) -> None:
        for seq in self._behind.overdue(self.clock.monotonic()):
            self.log.warning("row {}, a command, was not carried out: what came behind it is answered", seq)
            self._go_on(seq)
        self._rest_idle()

    def _interrupt(self, order: Interrupt) -> None:
        session, unwanted = order.session, partial(is_meant, order)
        # Before any row of it ends: that makes room in the journal for the next ones.
        self.tell(self._journal, Abandon(session, order.chat, order.before, order.why))
        if order.before:
            self._orders[order.before] = order
        gone = [*self._withdraw(session, unwanted), *self._behind.remove(session, unwanted)]
        for one in gone:
            self._settle(one.seq, Absorbed(order.why))
        seat = self._seats.get(session)
        if seat is not None:
            self.tell(seat.who, Halt(order, len(gone)))
        else:
            self.tell(order.reply_to, Interrupted(order.tag, False, len(gone)))

    def _look(self, session: str, message: Look) -> None:
        seat = self._seats.get(session)
        if seat is not None:
            self.tell(seat.who, message)
        else:
            self.tell(message.reply_to, Looked(message.tag, len(self._seats.waiting(session) or ()), None))

    def _begin_again(self, message: Renew | Mend, fact: Renewed | Adjusted) -> None:
        # The journal first: whatever its conversation asks there from then on is asked of the new session.
        self._renewals.append((fact, message))
        self.tell(self._journal, Record(fact, self.actor_ref))
        seat = self._seats.get(message.session)
        if seat is not None:
            self.tell(seat.who, message)

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
        for session, waiting in self._seats.lines():
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
        """When it dies, as when it stops: nobody would know these conversations any more."""
        self.on_stop()
