"""How a conversation takes its turns: from messages that are ready to the end of what they led to.

A turn of an agent that waits begins with a question to the journal (``Recall``), where the session may begin anew by
itself every turn does; then the runner is asked, or the agent answers at once. A turn that fails leaves its rows held:
the log and the owner are told, and, where the config has words for it, the chat: once, as a later answer to the row,
so that the row keeps its one outcome and the first answer's place. A turn that is not wanted any more has its rows
settled at once; the next one waits until it has ended.
"""

import math
import threading

from actors.agents.answered import answered, raised
from actors.agents.base import Agent, Job
from actors.conversation import notes
from actors.conversation.memory import Memory, renewed
from actors.conversation.resets import due
from actors.conversation.turns import STEER, Agenda, QueueRule
from actors.conversation.underway import REPLIED, Endings, Underway
from actors.conversation.views import Neighbours, Seated, SessionsView, Stopping
from actors.conversation.voice import Voice
from actors.envelopes.control import Record, Tick
from actors.envelopes.facts import Renewed
from actors.envelopes.inbound import Absorbed, Admitted, Corrupt, Held, Outcome
from actors.envelopes.outbound import Cancel, Reply, Run, Steer, Turn, TurnEnded
from actors.envelopes.session import MOST_FAILURES, NORMAL, Recalled, Standing, TurnRecord
from actors.outbound.answers import MOST_CHUNKS
from actors.runtime.actor import Context

RUNTIME_KEY = "agents.list[].runtime"
NO_AGENT = Held("no agent", RUNTIME_KEY)
MUTED = Absorbed("send policy")
APOLOGY = MOST_CHUNKS
"""The position of the word that a turn failed."""
PLAIN = QueueRule()


class TurnTaking(Voice):
    """``is_outdated``: its agents are of a newer config than the last recheck. Once ``revoked`` it begins nothing."""

    def __init__(
        self,
        context: Context,
        seated: Seated,
        view: SessionsView,
        around: Neighbours,
        revoked: threading.Event,
        is_outdated: bool = False,
    ) -> None:
        super().__init__(context, seated, around)
        self._revoked = revoked
        self._is_outdated = is_outdated
        self._underway: Underway | None = None
        self._stopping = 0
        """The number of a turn that is not wanted any more and has not ended; 0: there is none."""
        self._forgets = False
        """Whether agents are to keep nothing of this session, once no turn runs."""
        self._wake = math.inf
        self._begin_here(view)

    def _begin_here(self, view: SessionsView) -> None:
        """Nothing is known of the session."""
        self._agenda = Agenda()
        self._memory = Memory()
        self._quick = self._said_quick = 0
        """How many messages were answered as they came; and as the sessions know."""
        self._go_by(view)
        self._failures = self._standing.failures

    def _go_by(self, view: SessionsView) -> None:
        self._view = view
        self._attends = view.attends
        self._policy = view.habits.reset(self._session)
        self._is_allowed = view.habits.allows(self._session)
        self._is_plain = not view.habits.window and self._policy is None
        """Whether an agent that answers at once needs nothing but the message."""

    @property
    def _standing(self) -> Standing:
        return self._view.standings.get(self._session, NORMAL)

    def _rule(self, name: str) -> QueueRule | None:
        """How messages for an agent wait; None: until it is known who answers them."""
        agent = self._view.agents.get(name)
        if agent is None:
            return None if self._is_outdated else PLAIN
        return self._view.habits.rule(agent, self._standing.queue)

    def _next(self) -> None:
        """Begin what may begin now, or look again when it may."""
        if self._forgets and self._underway is None and not self._stopping:
            self._forgets = False
            self._let_forget(self._view.agents.values())
        while self._agenda and self._underway is None and not self._stopping:
            now = self.clock.monotonic()
            found = self._agenda.next(now, self._rule)
            if not isinstance(found, tuple):
                if found is not None and found < self._wake:
                    self._wake = found
                    self.clock.after(found - now, self.actor_ref, Tick("look"))
                return
            if (error := raised(self._begin, found)) is not None:
                # These messages end, the next ones are served.
                self.log.opt(exception=error).error("a turn cannot begin: {!r}", error)
                self._underway = None
                self._settle(found, Corrupt(repr(error)))

    def _begin(self, messages: tuple[Admitted, ...]) -> None:
        name = messages[0].agent
        agent = self._view.agents.get(name)
        refusal = NO_AGENT if agent is None else self._refusal(messages[0].released)
        # A session that may begin anew by itself is looked at all the same: that ends its quarantine.
        if agent is None or (refusal is not None and (self._policy is None or refusal is MUTED)):
            self._settle(messages, refusal or NO_AGENT)
        elif agent.waits or self._policy is not None:
            asked = self._view.briefing.recall(self._session, name, messages)
            self._underway = Underway(self._session, name, list(messages), self.clock.wall(), asked)
            self.tell(self._around.journal, Record(asked, self.actor_ref))
        else:
            self._at_once(agent, messages, None)

    def _refusal(self, is_released: bool = False) -> Outcome | None:
        """Why no turn begins. What somebody released is tried once, whatever became of the turns before it."""
        send = self._standing.send if self._view.standings else None
        if send == "off" or (send != "on" and not self._is_allowed):
            return MUTED
        if self._failures >= MOST_FAILURES and not is_released:
            return Held(f"quarantined: {self._failures} turns in a row failed", RUNTIME_KEY)
        return None

    def _recalled(self, answer: Recalled) -> None:
        current = self._underway
        if current is None or current.asked is None or answer.before != current.asked.before:
            return  # of a turn that is not wanted any more
        memory = self._memory.with_latest(answer, current.asked.turns)
        if self._policy is not None and not current.is_old:
            self._begin_anew_when_due(memory)
        if current.is_old:
            # It has not begun: it is the first of the new session.
            memory, current.is_old, current.began_at = renewed(memory), False, self.clock.wall()
        agent, messages = self._view.agents[current.agent], tuple(current.messages)
        refusal = self._refusal(messages[0].released)
        current.asked = None
        if refusal is not None:
            self._underway = None
            self._settle(messages, refusal)
        elif agent.waits:
            self._run(current, memory)
        else:
            self._at_once(agent, messages, memory)
        self._next()

    def _begin_anew_when_due(self, memory: Recalled) -> None:
        assert self._policy is not None
        now = self.clock.wall()
        why = due(self._policy, memory.started_at, memory.last_at, now, self._view.habits.zone)
        if why is not None:
            self.log.info("session {} begins anew: {}", self._session, why)
            self.tell(self._around.journal, Record(Renewed(self._session, now, why)))
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._memory.begin_anew()
        self._failures = 0
        if self._underway is not None:
            self._underway.is_old = True
        if self._stopping or (self._underway is not None and self._underway.turn is not None):
            self._forgets = True  # a turn that runs keeps what it has
        else:
            self._let_forget(self._view.agents.values())

    def _run(self, current: Underway, memory: Recalled) -> None:
        number, model = next(self._around.numbers), self._standing.model or ""
        turn = current.turn = Turn(self._session, number, current.agent, tuple(current.messages), memory, model)
        self._attend(turn)
        self.tell(self._around.runner, Run(turn, self.actor_ref, self._view.habits.patience_of(turn.agent)))
        rule = self._rule(turn.agent)
        if rule is not None and rule.mode == STEER:
            # What came while the journal was asked.
            for message in self._agenda.behind(current.carrier):
                self._steer(current, message)

    def _steer(self, current: Underway, message: Admitted) -> None:
        """The running turn is told of one more message; whether it takes that in, it says at its end."""
        current.steered[message.seq] = message
        self.tell(self._around.runner, Steer(current.number, message))

    def _at_once(self, agent: Agent, messages: tuple[Admitted, ...], memory: Recalled | None) -> None:
        around, message, at = self._around, messages[-1], self.clock.wall()
        turn = Turn(self._session, next(around.numbers), message.agent, messages, memory)
        ended, broke = answered(agent, Job(turn, math.inf, self._revoked))
        text = ended.text
        if text is None or memory is not None or len(messages) > 1 or ended.usage is not None:
            if broke is not None:
                self.log.opt(exception=broke).error("agent {} broke: {!r}", message.agent, broke)
            self._conclude(Underway(self._session, message.agent, list(messages), at), ended, at)
            self._attend_at_once(messages[0], bool(text))
            return
        # The same in short, as most messages there are come this way.
        seq = message.seq
        record = TurnRecord(self._session, message.agent, (seq,), text, at, at)
        settles = ((seq, REPLIED),)
        self.tell(
            around.chunker, Reply(seq, self._session, message.address, text, settles, 0, 0, False, ended.media, record)
        )
        self._failures = 0
        self._attend_at_once(message, text != "")

    def _turn_ended(self, ended: TurnEnded) -> None:
        current = self._underway
        if ended.number == self._stopping:
            self._stopping = 0
            self.tell(self._around.sessions, Stopping(self._session, self._seat, True))
        elif current is not None and ended.number == current.number:
            self._conclude(current, ended, self.clock.wall())
        else:
            return
        self._next()

    def _conclude(self, current: Underway, ended: TurnEnded, at: float) -> None:
        if not current.messages:
            self._leave(current, current.unheard(), "")
            return
        if self._refusal(is_released=True) is MUTED:  # since the turn began
            self._leave(current, current.given_up(MUTED, at), "")
            return
        if ended.text is None:
            self._fail(current, ended.failure, at)
            return
        taken: tuple[Admitted, ...] = ()
        if current.steered:
            taken = self._agenda.remove(lambda one: one.seq in current.steered and one.seq in ended.taken)
        self._leave(current, current.answered(ended.text, ended.media, taken, at, ended.usage), ended.text)

    def _fail(self, current: Underway, failure: str, at: float) -> None:
        carrier, said = current.carrier, bool(current.parts)
        apology = self._view.habits.apologies.get(carrier.row.account, "")
        self.log.error("agent {} {}", carrier.agent, failure)
        held = Held(f"agent failed: {failure}", RUNTIME_KEY)
        self._leave(current, current.failed(held, failure, at, apology), apology)
        self._notice((notes.broke_off if said else notes.failed)(carrier, self._session, failure))
        if apology and not said:
            later = Reply(carrier.seq, self._session, carrier.address, apology, (), APOLOGY)
            self.tell(self._around.chunker, later)
        if self._failures == MOST_FAILURES:
            self._notice(notes.quarantined(carrier, self._session, self._failures))

    def _give_up(self, current: Underway, endings: Endings) -> None:
        """The turn is not wanted any more: what ends with it is told at once, and its agent to give up."""
        if current.turn is not None:
            self._stopping = current.number
            self.tell(self._around.runner, Cancel(current.number))
            # Before its rows are on disk: the session is not at rest by that.
            self.tell(self._around.sessions, Stopping(self._session, self._seat, False))
        self._leave(current, endings, "")

    def _leave(self, current: Underway, endings: Endings, text: str) -> None:
        """The turn is over; ``text`` is what was said last."""
        record, turn = current.record, current.turn
        spoke = bool(current.parts or text.strip())
        if record is not None:
            self._failures = self._failures + 1 if record.failure else 0
            self._memory.add(record, current.messages)
        self._tell_endings(endings)
        self._underway = None
        if turn is not None:
            self._attend(turn, done=True, spoke=spoke)
