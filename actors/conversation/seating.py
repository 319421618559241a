"""Seats for conversations: sessions sit down when they are told something, and rest when they have nothing to do.

Who sits where is counted in ``seats``; here conversations are started, told, handed from one session to the next and
stopped. Of ``cap`` quick seats, and as many slow ones or two for each turn that may run at once, whichever is more,
never more are taken: so many conversations live at most, however many sessions there are. (Where another config has
fewer, those that are too many stay until they rest.)
"""

import itertools
import threading
from collections.abc import Callable

from actors.conversation.conversation import Conversation
from actors.conversation.seats import Bench, Seat, Seats
from actors.conversation.views import Answered, Neighbours, Seated, SessionsView, Stopping
from actors.conversation.voice import let_forget
from actors.envelopes.control import Record, Ref, Tick
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Admitted, Outcome
from actors.runtime.actor import Actor, Context

IDLE_SECONDS = 600.0
TICK_SECONDS = 60.0
_TURNS = itertools.count(1)
"""Numbers of turns, in this process: the runner and presence outlive the sessions."""


class Seating(Actor):
    """``cap`` quick seats; see the module for slow ones."""

    def __init__(
        self,
        context: Context,
        view: SessionsView,
        runner: Ref,
        chunker: Ref,
        journal: Ref,
        notices: Ref,
        presence: Ref,
        cap: int,
    ) -> None:
        super().__init__(context)
        self._view = view
        self._around = Neighbours(runner, chunker, journal, notices, presence, self.actor_ref, _TURNS)
        self._journal = journal
        self._cap = cap
        self._seats: Seats[Ref] = Seats(cap, self._slow_seats())
        self._open: dict[int, Seat[Ref] | None] = {}
        """Rows that were told and have no outcome on disk, with the seat of the conversation that was told them."""
        self._numbers = itertools.count(1)
        """Of seats."""
        self._revoked = threading.Event()
        self._is_outdated = True
        """Whether the agents are of a newer config than the last recheck."""

    def _hand_on(self, message: Admitted) -> None:
        """To the conversation of its session; where it has none, it waits for one."""
        seat = self._seats.get(message.session)
        if seat is None or (seat.bench is self._seats.quick and self._leaves(seat, message)):
            self._wait(message)
        else:
            self._tell(seat, message)

    def _leaves(self, seat: Seat[Ref], message: Admitted) -> bool:
        """Whether a quick seat is none for its session any more, whose agent takes its time."""
        if not seat.leaves:
            agent = self._view.agents.get(message.agent)
            seat.leaves = agent is not None and agent.waits
        return seat.leaves

    def _tell(self, seat: Seat[Ref], message: Admitted) -> None:
        seat.told()
        self._open[message.seq] = seat
        self.tell(seat.who, message)

    def _wait(self, message: Admitted) -> None:
        session, seats = message.session, self._seats
        self._open[message.seq] = None
        waiting = seats.waiting(session)
        if waiting is not None:
            waiting.append(message)
            return
        seat = seats.get(session)
        if seat is not None:
            seats.moving[session] = [message]
            if seat.rests:
                seat.bench.leave(seat)
                self._move(seat)
            return
        agent = self._view.agents.get(message.agent)
        bench = seats.slow if agent is not None and agent.waits else seats.quick
        bench.waiting[session] = [message]
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

    def _answered(self, answered: Answered) -> None:
        seat = self._seats.quick.seats.get(answered.session)
        if seat is not None and seat.number == answered.seat:
            self._may_rest(seat, seat.answered(answered.messages, self.clock.monotonic()))

    def _stopping(self, stopping: Stopping) -> None:
        seat = self._seats.get(stopping.session)
        if seat is None or seat.number != stopping.seat:
            return
        if stopping.over:
            self._may_rest(seat, seat.ended(self.clock.monotonic()))
        else:
            seat.kept()

    def _may_rest(self, seat: Seat[Ref], rests: bool) -> None:
        """Where it came to rest by what happened, others may sit there."""
        if rests and seat.leaves:
            seat.bench.leave(seat)
            self._move(seat)
        if rests:
            self._seat(seat.bench)

    def _move(self, seat: Seat[Ref]) -> None:
        """A session has left its quick seat, and wants a slow one if it was told something."""
        self._rest(seat)
        slow, messages = self._seats.slow, self._seats.moving.pop(seat.session, None)
        if messages is not None:
            slow.waiting[seat.session] = messages
            self._seat(slow)

    def _rest(self, seat: Seat[Ref]) -> None:
        """Stop a conversation that has nothing to do."""
        self._let_forget(seat)
        self.retire(seat.who)

    def _let_forget(self, seat: Seat[Ref]) -> None:
        """Agents keep nothing of a session that rests. On a quick seat, too, one may have answered that takes its time:
        the config changed while messages waited there.
        """
        let_forget(seat.session, self._view.agents.values(), self.log)

    def _rest_idle(self) -> None:
        since = self.clock.monotonic() - IDLE_SECONDS
        for bench in self._seats.benches:
            for seat in bench.idle(since):
                self._rest(seat)
        self.clock.after(TICK_SECONDS, self.actor_ref, Tick("idle"))

    def _withdraw(self, session: str, unwanted: Callable[[Admitted], bool]) -> list[Admitted]:
        """These wait for no seat any more."""
        waiting = self._seats.waiting(session) or []
        gone = [one for one in waiting if unwanted(one)]
        waiting[:] = [one for one in waiting if not unwanted(one)]
        if not waiting:
            self._seats.leave(session)
        return gone

    def _settle(self, seq: int, outcome: Outcome) -> None:
        """A message that no conversation was told ends so."""
        self._open[seq] = None
        self.tell(self._journal, Record(Settled(seq, outcome)))

    def _slow_seats(self) -> int:
        return max(self._cap, 2 * self._view.habits.most)

    def on_stop(self) -> None:
        """Nothing that was started here says anything from now on; its rows are replayed to our successor."""
        self._revoked.set()
        for seat in self._seats.all():
            self._rest(seat)
