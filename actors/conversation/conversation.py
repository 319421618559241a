"""The Conversation: one per session key, one turn at a time, replies in the order of messages.

Told ``Admitted`` by the sessions, ``Recalled`` by the journal, ``Spoke`` and ``TurnEnded`` by the runner; tells the
journal what it asks and what ends without an answer, the runner turns, the chunker answers, the owner (notices) what
failed, and presence when a turn begins and ends. It never blocks: idle, collecting (messages wait for more), recalling
(the journal is asked), running, or stopping (a turn that is not wanted any more has still to end). Which messages make
a turn is decided in ``turns``, how it goes in ``turning``, what ends with it in ``underway``.

Whoever loses their access meanwhile, by the ``Recheck`` the sessions pass on, gets no answer any more. Other agents, by
the ``Reconfigure`` they pass on, answer the turns that begin after it. The recheck of the same config follows and says
who answers what was admitted for an agent that is gone; until then such a message waits.
"""

import math
from typing import Any

from actors.conversation import notes
from actors.conversation.turning import MUTED, TurnTaking
from actors.conversation.turns import INTERRUPT, STEER, address_of
from actors.conversation.underway import REPLIED, Underway
from actors.conversation.views import Answered, Halt, Seated, SessionsView, is_meant
from actors.conversation.voice import for_agents
from actors.envelopes.control import Reconfigure, Record, Tick
from actors.envelopes.facts import Adjusted, Settled
from actors.envelopes.inbound import Absorbed, Admitted, Corrupt, Dropped, Recheck
from actors.envelopes.outbound import Cancel, Spoke, TurnEnded
from actors.envelopes.session import Recalled, TurnRecord
from actors.envelopes.steering import Interrupted, Look, Looked, Mend, Renew

INTERRUPTED = Absorbed("interrupted")


class Conversation(TurnTaking):
    """Hosted by the thousand. ``revoked`` is set when the sessions that started it are gone: then it says nothing."""

    mortal = False

    def on_receive(self, message: Any) -> None:
        if self._revoked.is_set():
            return
        match message:
            case Admitted():
                self._admitted(message)
            case TurnEnded():
                self._turn_ended(message)
            case Recalled():
                self._recalled(message)
            case Spoke():
                self._spoke(message)
            case Tick("look"):
                self._wake = math.inf
                self._next()
            case Halt():
                self._halt(message)
            case Look(_, tag, reply_to):
                since = None if self._underway is None else self._underway.began_at
                self.tell(reply_to, Looked(tag, len(self._agenda), since))
            case Renew():
                self._begin_anew()
            case Mend():
                self._failures = 0
            case Seated():
                self._move(message)
                self._begin_here(self._view)
            case Recheck():
                self._look_again(message)
            case Reconfigure(SessionsView() as view):
                self._reconfigure(view)

    def _admitted(self, message: Admitted) -> None:
        if message.begun:
            self._close(message)
            return
        if message.released and self._failures:
            # Whoever released it wants it answered.
            self._failures = 0
            self.tell(self._around.journal, Record(Adjusted(self._session, "failures", 0)))
        busy = self._underway is not None or self._stopping != 0
        if self._is_plain and not busy and not self._agenda:
            agent = self._view.agents.get(message.agent)
            if agent is not None and not agent.waits and self._refusal() is None:
                self._at_once(agent, (message,), None)
                self._quick += 1
                return
        habits = self._view.habits
        self._agenda.add(message, self.clock.monotonic(), busy=busy, window=habits.window, cap=habits.cap)
        if self._underway is not None:
            self._meet(self._underway, message)
        self._next()

    def _close(self, message: Admitted) -> None:
        """A restart cut off its answer, parts of which are on their way: there is no second one.

        The journal knows which other rows the turn had, and what was said.
        """
        now, row = self.clock.wall(), message.row
        self.log.warning("a restart cut off the answer to {} in chat {}: it is not begun anew", row.guid, row.chat.id)
        record = TurnRecord(self._session, message.agent, (message.seq,), "", now, now)
        self.tell(self._around.journal, Record(Settled(message.seq, REPLIED, record)))
        self._notice(notes.cut_off(message, self._session))

    def _meet(self, current: Underway, message: Admitted) -> None:
        """A message came while a turn is under way. One for another place, or of another agent, just waits."""
        rule = self._rule(message.agent)
        if rule is None or address_of(message) != address_of(current.first):
            return
        if rule.mode == INTERRUPT:
            self._give_up(current, current.given_up(INTERRUPTED, self.clock.wall()))
        elif rule.mode == STEER and self._may_steer(current, message):
            self._steer(current, message)

    def _may_steer(self, current: Underway, message: Admitted) -> bool:
        """Not where something waits before it, which would be answered after it then."""
        if current.turn is None or not current.messages or message.agent != current.agent:
            return False
        return all(one.seq in current.steered for one in self._agenda.ahead(message))

    def _spoke(self, message: Spoke) -> None:
        current = self._underway
        if current is None or current.turn is None or message.number != current.number:
            return
        if current.messages and self._refusal(is_released=True) is not MUTED:
            self._tell_endings(current.said(message.text, message.media))
            self._attend(current.turn, spoke=True)

    def _halt(self, halt: Halt) -> None:
        order, outcome = halt.order, Absorbed(halt.order.why)
        gone = self._agenda.remove(lambda one: is_meant(order, one))
        self._settle(gone, outcome)
        current = self._underway
        runs = current is not None and is_meant(order, current.first)
        if current is not None and runs:
            self._give_up(current, current.given_up(outcome, self.clock.wall()))
        self.tell(order.reply_to, Interrupted(order.tag, runs, halt.gone + len(gone)))
        self._next()

    def _look_again(self, recheck: Recheck) -> None:
        self._is_outdated = False
        lost: dict[int, Dropped] = {}

        def is_lost(message: Admitted) -> bool:
            outcome = recheck.refused(message.row)
            if outcome is not None:
                lost[message.seq] = outcome
            return outcome is not None

        for message in self._agenda.remove(is_lost):
            self._settle((message,), lost[message.seq])
        self._agenda.change(lambda message: for_agents(message, self._view.agents, recheck))
        if self._underway is not None:
            self._cut(self._underway, {one.seq: lost[one.seq] for one in self._underway.messages if is_lost(one)})
        self._next()

    def _cut(self, current: Underway, lost: dict[int, Dropped]) -> None:
        """Some of those whom a turn answers may not speak any more; if it is all of them, it says nothing."""
        if not lost:
            return
        self._tell_endings(current.drop(lost, self.clock.wall()))
        if current.turn is None:
            self._tell_endings(current.unheard())
            self._underway = current if current.messages else None

    def _reconfigure(self, view: SessionsView) -> None:
        self._go_by(view)
        self._is_outdated = True
        current = self._underway
        if current is not None and current.turn is None and current.agent not in view.agents:
            self._underway = None
            self._agenda.put_back(tuple(current.messages), self.clock.monotonic())

    def on_idle(self) -> None:
        """All it was told was answered at once: it may rest before that is on disk."""
        if self._quick > self._said_quick and not self._agenda and self._underway is None and not self._stopping:
            self._said_quick = self._quick
            self.tell(self._around.sessions, Answered(self._session, self._seat, self._quick))

    def set_aside(self, message: Any, error: BaseException) -> None:
        """What breaks the conversation twice ends as corrupt: a message, or the turn it was about; then the next."""
        outcome, current = Corrupt(repr(error)), self._underway
        if isinstance(message, Admitted):
            self._agenda.remove(lambda one: one.seq == message.seq)
            if current is None or message not in current.messages:
                self._settle((message,), outcome)
        elif isinstance(message, Recalled | Spoke | TurnEnded) and current is not None:
            self._tell_endings(current.unheard())
            self._settle(current.messages[-1:] if current.parts else current.messages, outcome)
            current.record = None
            if isinstance(message, TurnEnded):
                self._leave(current, (), "")
            else:
                self._give_up(current, ())
            self._next()

    def on_stop(self) -> None:
        """Nobody waits for its turn any more."""
        if self._underway is not None and self._underway.turn is not None:
            self.tell(self._around.runner, Cancel(self._underway.number))
