"""The CommandDesk: control commands in, one answer each out.

Told ``Commanded`` once the row is journaled; tells the chunker one ``Reply`` for it, which settles the row. What it
wants is done by the ``Clerk``; the keeper of the config (``Overrule``) and the pairing registry (``Enroll``) are told
their part here, and a restart is asked for by the function that was given. A command is carried out at most once, and
only as it comes: what is told again (after a restart, or once it was held), or broke, is answered and not repeated.
Told ``Recheck`` by the access controller at its start and whenever somebody may have lost their access: they get no
answer any more. Only then the journal is asked for what an earlier life did not answer.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from actors.access import reasons
from actors.access.commands import KNOWN, OWNERS_KEY
from actors.access.handles import canonical
from actors.commands.answers import capped
from actors.commands.carrying import Clerk, Enrolment, Errand
from actors.commands.parse import CARRIED_OUT, parse
from actors.commands.restart import Restart
from actors.commands.view import Asked, DeskView
from actors.commands.writing import Scribe
from actors.conversation.keys import group_key
from actors.envelopes import control
from actors.envelopes.control import Enroll, Enrolled, Listen, Overrule, Overruled, Record, Ref, Replay, Tick
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Commanded, Corrupt, Dropped, Recheck, Replied
from actors.envelopes.outbound import Reply
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
    """A command another actor has a part in, and what is to be done with the answer."""

    message: Commanded
    errand: Errand


class CommandDesk(Actor):
    """One for all accounts. A command that breaks it is answered all the same, so none of them ends it."""

    mortal = False

    def __init__(
        self,
        context: Context,
        view: DeskView,
        chunker: Ref,
        journal: Ref,
        pairing: Ref,
        restart: Callable[[], object],
    ) -> None:
        super().__init__(context)
        self._view = view
        self._chunker = chunker
        self._journal = journal
        self._pairing = pairing
        self._restart = restart
        self._keeper: Ref | None = None
        self._clerk = Clerk(Scribe(self.clock.wall), lambda line: self.log.info("{}", line))
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
            case Enrolled(tag):
                self._answered(tag, message)
            case Recheck():
                self._look_again(message)
            case Tick("overdue", seq):
                self._overdue(seq)
            case Listen(reply_to):
                self._keeper = reply_to
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
        if message.seq in self._known:
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
        asked = self._asked(message) if lost is None else None
        if asked is None:
            # Without a recheck that says so, the gate lets no such row come here.
            dropped = lost or Dropped(reasons.UNAUTHORISED_COMMAND, OWNERS_KEY)
            self.tell(self._journal, Record(Settled(message.seq, dropped)))
            return
        match self._clerk.carry_out(asked, self._view):
            case str(text):
                self._say(message, text)
            case Restart():
                # The row stays open: the next life of the gateway answers it.
                self._restart()
            case Errand() as errand:
                self._send(message, errand)

    def _asked(self, message: Commanded) -> Asked | None:
        _, slash, text = message.row.text.partition("/")
        command = parse(slash + text)
        if message.authority == KNOWN or command is None or command.name not in CARRIED_OUT:
            return None
        account = self._view.account(message.address.account)
        row = message.row
        return Asked(
            command.name,
            command.arguments,
            message.address.account,
            canonical(row.sender, account.region if account is not None else None),
            message.authority,
            row.chat.is_group or message.session == group_key(message.agent, row.chat.id),
            message.replayed,
            row.received_at < self._born,
        )

    def _send(self, message: Commanded, errand: Errand) -> None:
        seq, order = message.seq, errand.order
        if isinstance(order, Enrolment):
            self.tell(self._pairing, Enroll(order.what, order.account, order.handle, seq, self.actor_ref))
        elif self._keeper is None:
            self._say(message, STARTING)
            return
        else:
            self.tell(self._keeper, Overrule(order.edits, order.reset, seq, self.actor_ref))
        self._waiting[seq] = Waiting(message, errand)
        self.clock.after(PATIENCE, self.actor_ref, Tick("overdue", seq))

    def _answered(self, tag: Any, answer: Overruled | Enrolled) -> None:
        waiting = self._waiting.pop(tag, None)
        if waiting is None:
            return
        try:
            said = waiting.errand.finish(answer)
        except Exception as error:  # as above
            self.log.error("an answer to a command broke: {}", type(error).__name__)
            said = BROKEN
        self._say(waiting.message, said)

    def _overdue(self, seq: int) -> None:
        waiting = self._waiting.pop(seq, None)
        if waiting is not None:
            self.log.warning("a command had no answer within {:.0f} s", PATIENCE)
            self._say(waiting.message, NO_ANSWER + waiting.errand.look)

    def _say(self, message: Commanded, text: str) -> None:
        settles = ((message.seq, Replied()),)
        text = capped(text, self._view.room(message.address.account))
        self.tell(self._chunker, Reply(message.seq, message.session, message.address, text, settles))

    def _remember(self, seq: int) -> None:
        self._known[seq] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A command that cannot even be answered is kept as corrupt, visibly."""
        if isinstance(message, Commanded):
            corrupt = Corrupt(f"command failed: {type(error).__name__}")
            self.tell(self._journal, Record(Settled(message.seq, corrupt)))
