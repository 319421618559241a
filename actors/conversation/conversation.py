"""The Conversation: one per session key, one turn at a time, replies in the order of messages.

Told ``Admitted`` by the sessions and ``TurnEnded`` by the runner; tells the runner turns, the chunker replies, the
sessions how many messages it is done with. It never blocks: while an agent thinks, messages wait here in order. What
an agent did wrong goes to the journal and the log, never to the chat. Whoever loses their access meanwhile, by the
``Recheck`` the sessions pass on, gets no answer any more. Other agents, by the ``Reconfigure`` they pass on, answer the
turns that begin after it. The recheck of the same config follows and says who answers what was admitted for an agent
that is gone; until then such a message waits.
"""

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from actors.agents.base import Agent, AgentError
from actors.envelopes.control import Finished, Reconfigure, Record, Ref
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Admitted, Corrupt, Dropped, Held, Outcome, Recheck, Replied
from actors.envelopes.outbound import Reply, Run, Turn, TurnEnded
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


class Conversation(Actor):
    """Hosted by the thousand. ``revoked`` is set when the sessions that started it are gone: then it says nothing."""

    mortal = False

    def __init__(
        self,
        context: Context,
        session: str,
        agents: Mapping[str, Agent],
        runner: Ref,
        chunker: Ref,
        journal: Ref,
        sessions: Ref,
        revoked: threading.Event,
    ) -> None:
        super().__init__(context)
        self._session = session
        self._agents = agents
        self._is_outdated = False
        """Whether these agents are of a newer config than the last recheck."""
        self._runner = runner
        self._chunker = chunker
        self._journal = journal
        self._sessions = sessions
        self._revoked = revoked
        self._waiting: deque[Admitted] = deque()
        self._running: Turn | None = None
        self._lost: Dropped | None = None
        """Why what the running turn says is not sent."""
        self._number = 0

    def on_receive(self, message: Any) -> None:
        if self._revoked.is_set():
            return
        match message:
            case Admitted():
                self._waiting.append(message)
                self._next()
            case TurnEnded(number, text, failure) if self._running is not None and number == self._running.number:
                turn, self._running = self._running, None
                lost, self._lost = self._lost, None
                if lost is not None:
                    self._settle(turn.message.seq, lost)
                else:
                    self._ended(turn, text, failure)
                self._next()
            case Recheck():
                self._look_again(message)
            case Reconfigure(agents):
                self._agents, self._is_outdated = agents, True

    def _look_again(self, recheck: Recheck) -> None:
        self._is_outdated = False
        waiting, self._waiting = self._waiting, deque()
        for message in waiting:
            lost = recheck.refused(message.row)
            if lost is None:
                self._waiting.append(for_agents(message, self._agents, recheck))
            else:
                self._settle(message.seq, lost)
        if self._running is not None and self._lost is None:
            self._lost = recheck.refused(self._running.message.row)
        self._next()

    def _next(self) -> None:
        while self._running is None and self._waiting:
            agent = self._agents.get(self._waiting[0].agent)
            if agent is None and self._is_outdated:
                return
            message = self._waiting.popleft()
            self._number += 1
            turn = Turn(self._session, self._number, message)
            if agent is None:
                self._settle(message.seq, Held("no agent", "agents.list[].runtime"))
            elif agent.waits:
                self._running = turn
                self.tell(self._runner, Run(turn, self.actor_ref))
            else:
                self._at_once(agent, turn)

    def _at_once(self, agent: Agent, turn: Turn) -> None:
        try:
            said = agent.answer(turn, self._revoked)
        except AgentError as error:
            self._ended(turn, None, str(error))
        else:
            self._ended(turn, said.text, "")

    def _ended(self, turn: Turn, text: str | None, failure: str) -> None:
        message = turn.message
        if text is None:
            self.log.error("agent {} {}", message.agent, failure)
            self._settle(message.seq, Held(f"agent failed: {failure}", "agents.list[].runtime"))
            return
        self.tell(self._chunker, Reply(message.seq, self._session, message.address, text, ((message.seq, Replied()),)))
        self.tell(self._sessions, Finished(self._session, 1))

    def _settle(self, seq: int, outcome: Outcome) -> None:
        self.tell(self._journal, Record(Settled(seq, outcome)))
        self.tell(self._sessions, Finished(self._session, 1))

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A message that breaks the conversation twice ends as corrupt; the next one is served."""
        self._waiting = deque(one for one in self._waiting if one is not message)
        if isinstance(message, Admitted):
            self._settle(message.seq, Corrupt(repr(error)))
