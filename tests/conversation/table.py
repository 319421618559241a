"""A conversation with everyone around it as probes; the journal's probe answers what it is asked unless told not to."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from actors.agents.base import Agent, AgentError
from actors.conversation.conversation import Conversation
from actors.conversation.habits import Habits
from actors.conversation.views import Halt, Neighbours, Seated, SessionsView
from actors.envelopes.control import Reconfigure, Record
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import Cancel, Reply, Run, Spoke, Steer, TurnEnded
from actors.envelopes.session import Recall, Recalled, Standing, TurnRecord
from actors.envelopes.steering import Attend, Interrupt, Interrupted, Notice
from actors.runtime.actor import Actor
from tests.conversation.people import Quick, Reminding, Thinking
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import admitted

SESSION = "agent:main:main"


def fail(_: str) -> str:
    """An agent that says it cannot."""
    raise AgentError("no idea")


def agents() -> dict[str, Agent]:
    """One of each kind: ``main`` takes its time, ``many`` collects, ``wheel`` can be steered."""
    return {
        "main": Thinking(),
        "many": Thinking(collects=True),
        "wheel": Thinking(collects=True, steerable=True),
        "quick": Quick(),
        "fails": Quick(fail),
        "broken": Quick(lambda _: str(1 // 0)),
    }


class Table:
    """See the module. ``memory`` is what the journal knows; with ``answers`` False it does not say so by itself."""

    def __init__(
        self,
        stage: KillableStage,
        habits: Habits | None = None,
        standings: Mapping[str, Standing] | None = None,
        session: str = SESSION,
    ) -> None:
        self.stage = stage
        self.session = session
        self.answers = True
        self.attends = True
        self.memory = Recalled(session, 0)
        self.agents = agents()
        self.standings = dict(standings or {})
        self.habits = habits or Habits()
        self.runner, self.chunker, self.notices = Probe("runner"), Probe("chunker"), Probe("notices")
        self.presence, self.sessions = Probe("presence"), Probe("sessions")
        self.journal = Probe("journal", self._recall)
        self.revoked = threading.Event()
        around = Neighbours(
            self.runner.ref,
            self.chunker.ref,
            self.journal.ref,
            self.notices.ref,
            self.presence.ref,
            self.sessions.ref,
            itertools.count(1),
        )
        self.ref = Conversation.start(stage.place("conversation"), Seated(session, 1), self.view, around, self.revoked)

    @property
    def view(self) -> SessionsView:
        """What it goes by."""
        return SessionsView(self.agents, self.habits, Reminding(), self.standings, lambda _: self.attends)

    def _recall(self, message: Any) -> None:
        if self.answers and isinstance(message, Record) and isinstance(message.fact, Recall):
            self.recalled(message.fact)

    def recalled(self, asked: Recall) -> None:
        """The journal answers."""
        Actor.tell(self.ref, replace(self.memory, before=asked.before))

    def tell(self, *messages: Any) -> None:
        """Something else."""
        self.stage.tell(self.ref, *messages)

    def hear(self, *seqs: int, agent: str = "main", **keys: Any) -> None:
        """Messages come in, all at once."""
        text = keys.pop("text", "text {}")
        self.tell(*(self.message(seq, text=text.format(seq), agent=agent, **keys) for seq in seqs))

    def message(self, seq: int, **keys: Any) -> Admitted:
        """One message of this session."""
        return admitted(seq, session=self.session, **keys)

    def end(self, number: int, text: str | None = "done", failure: str = "", **keys: Any) -> None:
        """The agent is done with a turn."""
        self.tell(TurnEnded(number, text, failure, **keys))

    def say(self, number: int, text: str) -> None:
        """The agent says a part."""
        self.tell(Spoke(number, text))

    def stop(self, chat: int | None = None, before: int = 0, gone: int = 0) -> Interrupted:
        """Somebody stops what runs: of a chat, or all of it; ``gone`` messages had not come here."""
        desk = Probe("desk")
        where = None if chat is None else (1, chat)
        self.tell(Halt(Interrupt(self.session, where, "stopped", "tag", desk.ref, before), gone))
        return desk.next(Interrupted)

    def reconfigure(self, habits: Habits | None = None, **others: Agent) -> None:
        """Another config."""
        self.habits, self.agents = habits or self.habits, others or self.agents
        self.tell(Reconfigure(self.view))

    @property
    def asked(self) -> list[tuple[int, ...]]:
        """``(turn number, seqs)`` of what the runner was asked."""
        return [(run.turn.number, *(one.seq for one in run.turn.messages)) for run in self.runner.all(Run)]

    @property
    def latest(self) -> Run:
        """The latest turn the runner was asked for."""
        return self.runner.all(Run)[-1]

    @property
    def cancelled(self) -> list[int]:
        """The turns the runner was told to give up."""
        return [one.number for one in self.runner.all(Cancel)]

    @property
    def steered(self) -> list[tuple[int, int]]:
        """``(turn number, seq)`` of what a running turn was told."""
        return [(one.number, one.message.seq) for one in self.runner.all(Steer)]

    @property
    def replies(self) -> list[tuple[int, str]]:
        """``(seq, text)`` of the replies."""
        return [(reply.seq, reply.text) for reply in self.chunker.all(Reply)]

    @property
    def settled(self) -> list[tuple[int, object]]:
        """``(seq, outcome)`` of what the journal was told."""
        return [(fact.seq, fact.outcome) for fact in self.facts(Settled)]

    def facts(self, kind: type[Any]) -> list[Any]:
        """The facts of one type the journal was told."""
        return [record.fact for record in self.journal.all(Record) if type(record.fact) is kind]

    @property
    def ended(self) -> list[int]:
        """Every row with an outcome, however it came, in order."""
        ends = [seq for seq, _ in self.settled]
        ends += [seq for reply in self.chunker.all(Reply) for seq, _ in reply.settles]
        return sorted(ends)

    @property
    def turns(self) -> list[TurnRecord]:
        """What the transcript gets."""
        told = [fact.turn for fact in self.facts(Settled)] + [reply.turn for reply in self.chunker.all(Reply)]
        return sorted((one for one in told if one is not None), key=lambda one: (one.ended_at, one.seqs))

    @property
    def noticed(self) -> list[str]:
        """What the owner is told about."""
        return [one.about for one in self.notices.all(Notice)]

    @property
    def attended(self) -> list[tuple[int, bool, bool]]:
        """``(turn number, whether it is over, whether something was said)`` as presence is told."""
        return [(one.number, one.done, one.spoke) for one in self.presence.all(Attend)]
