"""What a conversation tells of its session: to the journal, the chunker, the owner, presence and its agents."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from loguru import logger
from msgspec.structs import replace

from actors.agents.answered import raised
from actors.agents.base import Agent
from actors.conversation.keys import is_group
from actors.conversation.underway import Endings
from actors.conversation.views import Neighbours, Seated, always
from actors.envelopes.control import Record
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Admitted, Outcome, Recheck
from actors.envelopes.outbound import Reply, Turn
from actors.envelopes.steering import Attend, Notice
from actors.runtime.actor import Actor, Context
from actors.runtime.logs import event


def for_agents(message: Admitted, agents: Mapping[str, Agent], recheck: Recheck) -> Admitted:
    """``message`` for an agent that is there: where its own is gone, the one its row belongs to by ``recheck``."""
    if message.agent in agents:
        return message
    agent = recheck.agent(message.row)
    if agent not in agents:
        return message
    row = message.row
    said = f"agent {message.agent} is gone: {agent} answers"
    event("info", "sessions", said, account=row.account, chat=row.chat.id, session=message.session, guid=row.guid)
    return replace(message, agent=agent)


def let_forget(session: str, agents: Iterable[Agent], log: Any) -> None:
    """Agents that take their time keep nothing of this session."""
    for agent in agents:
        if agent.waits and (error := raised(agent.forget, session)) is not None:
            log.opt(exception=error).error("an agent could not forget {}: {!r}", session, error)


class Voice(Actor):
    """An actor that speaks for one session, and for another once it is seated there."""

    def __init__(self, context: Context, seated: Seated, around: Neighbours) -> None:
        super().__init__(context)
        self._session, self._seat = seated
        self._around = around
        self._attends: Callable[[str], bool] = always
        self._is_group = is_group(self._session)

    def _move(self, seated: Seated) -> None:
        """It speaks for another session from now on, and is called after that."""
        self._session, self._seat = seated
        self._is_group = is_group(self._session)
        name, pulses = f"conversation:{self._session}", self.context.pulses
        self.context = self.context._replace(name=name)
        self.log = logger.bind(actor=name)
        pulses.remove(self.pulse)
        self.pulse.name, self.pulse.handled, self.pulse.faults = name, 0, 0
        pulses.add(self.pulse)

    def _settle(self, messages: Iterable[Admitted], outcome: Outcome) -> None:
        """They end so, without a turn."""
        for message in messages:
            self.tell(self._around.journal, Record(Settled(message.seq, outcome)))

    def _tell_endings(self, endings: Endings) -> None:
        for one in endings:
            if type(one) is Reply:
                self.tell(self._around.chunker, one)
            else:
                self.tell(self._around.journal, Record(one))

    def _notice(self, notice: Notice) -> None:
        self.tell(self._around.notices, notice)

    def _attend(self, turn: Turn, done: bool = False, spoke: bool = False) -> None:
        """A turn begins, or has ended."""
        first = turn.messages[0]
        if self._attends(first.address.account):
            attend = Attend(turn.number, first.address, first.row.guid, self._is_group, first.mentioned, done, spoke)
            self.tell(self._around.presence, attend)

    def _attend_at_once(self, first: Admitted, spoke: bool) -> None:
        """A turn that began with this message has ended as it began."""
        if self._attends(first.address.account):
            attend = Attend(0, first.address, first.row.guid, self._is_group, first.mentioned, True, spoke)
            self.tell(self._around.presence, attend)

    def _let_forget(self, agents: Iterable[Agent]) -> None:
        let_forget(self._session, agents, self.log)
