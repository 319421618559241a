"""The CommandDesk: control commands in, one answer each out.

Told ``Commanded`` once the row is journaled; tells the chunker one ``Reply`` for it, which settles the row. What it
wants is done by the ``Clerk``; the keeper of the config (``Overrule``), the pairing registry (``Enroll``), the sessions
(``Interrupt``, ``Renew``, ``Look``) and the journal (``Adjusted``, ``Recall``) are told their part here, and a restart
is asked for by the function that was given. A command is carried out at most once, and only as it comes: what is told
again (after a restart, or once it was held), or broke, is answered and not repeated.

One is not answered here: what stands behind ``/new`` is a message. It goes to the sessions as an ``Admitted`` of the
same row, behind the ``Renew``, and the conversation settles it; so it is passed on again when it is told again, and the
journal keeps its words like those of any message (``kept``). An abort word in a group ends without an answer where
nothing is to be stopped.

Told ``Recheck`` by the access controller at its start and whenever somebody may have lost their access: they get no
answer any more. Only then the journal is asked for what an earlier life did not answer.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from actors.access import reasons
from actors.access.commands import OWNERS_KEY
from actors.commands import orders
from actors.commands.answers import capped
from actors.commands.asking import asked_by
from actors.commands.carrying import Clerk
from actors.commands.errands import Done, Ended, Errand, Onward
from actors.commands.restart import Restart
from actors.commands.status import Surroundings
from actors.commands.view import Asked, DeskView
from actors.commands.writing import Scribe
from actors.envelopes import control
from actors.envelopes.base import Envelope
from actors.envelopes.control import Enrolled, Listen, Overrule, Overruled, Record, Recorded, Ref, Replay, Tick
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Commanded, Corrupt, Dropped, Outcome, Recheck, Replied
from actors.envelopes.outbound import Reply
from actors.envelopes.session import NORMAL, Recalled, Standing
from actors.envelopes.steering import Fresh, Interrupted, Looked
from actors.runtime.actor import Actor, Context

PATIENCE = 20.0
"""Seconds another actor of the house has for its part of a command."""
REMEMBERED = 1000
"""Commands that are known when they are told again."""

BROKEN = "That broke inside the gateway, and is not tried again. Its log has more: gateway logs"
OVERRIDES = "overrides"
"""The tag of the question what lies over the config."""

STARTING = "The gateway is still starting. Try again in a moment."
NO_ANSWER = "No answer from inside the gateway. Whether it was done is not certain, and it is not done twice. Look: "


class Waiting(NamedTuple):
    """A command another actor has a part in, what that one was told, and what is to be done with the answer."""

    message: Commanded
    errand: Errand
    told: Envelope


class CommandDesk(Actor):
    """One for all accounts. A command that breaks it is answered all the same, so none of them ends it.

    ``standings`` is how sessions differ from the config, by key, as it is on disk; ``describe`` says in one line how
    the link of an account (id) does.
    """

    mortal = False

    def __init__(
        self,
        context: Context,
        view: DeskView,
        chunker: Ref,
        journal: Ref,
        pairing: Ref,
        restart: Callable[[], object],
        sessions: Ref,
        standings: Mapping[str, Standing],
        describe: Callable[[str], str],
    ) -> None:
        super().__init__(context)
        self._view = view
        self._chunker = chunker
        self._journal = journal
        self._others: dict[str, Ref] = {
            orders.JOURNAL: journal,
            orders.PAIRING: pairing,
            orders.SESSIONS: sessions,
        }
        self._restart = restart
        self._sessions = sessions
        self._standings = standings
        self._describe = describe
        self._clerk = Clerk(Scribe(self.clock.wall), lambda line: self.log.info("{}", line), self._around)
        # A desk that starts again within the process cannot tell what came before that.
        self._born = self.clock.wall() if context.generation == 1 else -math.inf
        self._recheck: Recheck | None = None
        self._known: dict[int, None] = {}
        self._current: Commanded | None = None
        self._waiting: dict[int, Waiting] = {}

    def on_receive(self, message: Any) -> None:
        match message:
            case Commanded():
                self._command(message)
            case Overruled(tag, overrides):
                self._clerk.overrides = overrides
                self._answered(tag, message)
            case Enrolled(tag) | Interrupted(tag) | Fresh(tag) | Looked(tag):
                self._answered(tag, message)
            case Recalled():
                self._answered(message.before, message)
            case Recorded():
                self._recorded(message)
            case Recheck():
                self._look_again(message)
            case Tick("overdue", seq):
                self._overdue(seq)
            case Listen(reply_to):
                self._others[orders.KEEPER] = reply_to
                self.tell(reply_to, Overrule((), False, OVERRIDES, self.actor_ref))
            case control.Reconfigure(DeskView() as view):
                self._view = view

    def _look_again(self, recheck: Recheck) -> None:
        """What an earlier life left open is only asked for when it is known who may not hear of it any more."""
        if self._recheck is None:
            self.tell(self._journal, Replay("commanded", self.actor_ref))
        self._recheck = recheck

    def _command(self, message: Commanded) -> None:
        if message is self._current:
            self._say(message, BROKEN)
            return
        if message.seq in self._known and not message.released:
            # Told by the journal on its own and by its replay: it is being answered.
            return
        self._remember(message.seq)
        self._current = message
        try:
            self._carry_out(message)
        except Exception as error:  # its row must not be lost, and an error may hold what was typed
            self.log.error("a command broke: {}", type(error).__name__)
            self._say(message, BROKEN)
        self._current = None

    def _carry_out(self, message: Commanded) -> None:
        lost = self._recheck.refused(message.row) if self._recheck is not None else None
        asked = asked_by(message, self._view, self._born) if lost is None else None
        if asked is None:
            # Without a recheck that says so, the gate lets no such row come here.
            dropped = lost or Dropped(reasons.UNAUTHORISED_COMMAND, OWNERS_KEY)
            self._settle(message, dropped)
            return
        self._do(message, self._clerk.carry_out(asked, self._view))

    def _do(self, message: Commanded, done: Done) -> None:
        match done:
            case str(text):
                self._say(message, text)
            case Ended(outcome):
                self._settle(message, outcome)
            case Onward(text):
                for told in orders.passed_on(message, text):
                    self.tell(self._sessions, told)
            case Restart():
                # The row stays open: the next life of the gateway answers it.
                self._restart()
            case Errand() as errand:
                self._send(message, errand)

    def _around(self, asked: Asked) -> Surroundings:
        standing = self._standings.get(asked.session) or NORMAL
        return Surroundings(standing, lambda: self._describe(asked.account), self.clock.wall)

    def _send(self, message: Commanded, errand: Errand) -> None:
        name, told = orders.told(errand.order, message, self.actor_ref)
        to = self._others.get(name)
        if to is None:
            self._say(message, STARTING)
            return
        self.tell(to, told)
        self._waiting[message.seq] = Waiting(message, errand, told)
        self.clock.after(PATIENCE, self.actor_ref, Tick("overdue", message.seq))

    def _recorded(self, recorded: Recorded) -> None:
        """The journal confirms facts by the fact itself."""
        told = ((seq, one.told) for seq, one in self._waiting.items())
        tag = next((seq for seq, one in told if isinstance(one, Record) and one.fact is recorded.fact), None)
        self._answered(tag, recorded)

    def _answered(self, tag: Any, answer: Any) -> None:
        waiting = self._waiting.pop(tag, None)
        if waiting is None:
            return
        try:
            self._do(waiting.message, waiting.errand.finish(answer))
        except Exception as error:  # as above
            self.log.error("an answer to a command broke: {}", type(error).__name__)
            self._say(waiting.message, BROKEN)

    def _overdue(self, seq: int) -> None:
        waiting = self._waiting.pop(seq, None)
        if waiting is not None:
            self.log.warning("a command had no answer within {:.0f} s", PATIENCE)
            self._say(waiting.message, NO_ANSWER + waiting.errand.look)

    def _say(self, message: Commanded, text: str) -> None:
        settles = ((message.seq, Replied()),)
        text = capped(text, self._view.room(message.address.account))
        self.tell(self._chunker, Reply(message.seq, message.session, message.address, text, settles))

    def _settle(self, message: Commanded, outcome: Outcome) -> None:
        self.tell(self._journal, Record(Settled(message.seq, outcome)))

    def _remember(self, seq: int) -> None:
        self._known[seq] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A command that cannot even be answered is kept as corrupt, visibly."""
        if isinstance(message, Commanded):
            self._settle(message, Corrupt(f"command failed: {type(error).__name__}"))
