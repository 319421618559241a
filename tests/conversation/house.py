"""Sessions with real conversations, everyone else a probe. ``commit`` is the journal: what was told is on disk then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actors.agents.base import Agent
from actors.conversation.habits import Habits
from actors.conversation.sessions import Sessions, SessionsView
from actors.envelopes.control import Reconfigure, Record, Recorded
from actors.envelopes.facts import Renewed, Settled
from actors.envelopes.inbound import Admitted, Dropped, Inbound, Recheck
from actors.envelopes.outbound import Reply, Run, TurnEnded
from actors.envelopes.session import Recall, Recalled, Standing
from actors.envelopes.steering import Finished, Look, Looked
from actors.runtime.actor import Actor
from tests.conversation.people import Quick, Reminding, Thinking
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import admitted


class House:
    """With ``commits`` False the test says when what was told is on disk."""

    def __init__(self, stage: KillableStage, cap: int = 64, most: int = 4, commits: bool = True) -> None:
        self.stage = stage
        self.commits = commits
        self.slow_agent = Thinking()
        self.agents: Mapping[str, Agent] = {"main": self.slow_agent, "quick": Quick()}
        self.standings: dict[str, Standing] = {}
        self.habits = Habits(most=most)
        self.runner, self.notices, self.presence = Probe("runner"), Probe("notices"), Probe("presence")
        self.chunker, self.journal = Probe("chunker", self._said), Probe("journal", self._recorded)
        self._done: list[int] = []
        self._facts: list[tuple[Any, Any]] = []
        self.ref = Sessions.start(
            stage.place("sessions"),
            self.view,
            self.runner.ref,
            self.chunker.ref,
            self.journal.ref,
            self.notices.ref,
            self.presence.ref,
            cap,
        )
        self.recheck(lambda _: None)

    @property
    def view(self) -> SessionsView:
        """What they go by."""
        return SessionsView(self.agents, self.habits, Reminding(), self.standings)

    def _said(self, message: Any) -> None:
        self._done += [seq for seq, _ in message.settles]
        self._committed()

    def _recorded(self, message: Any) -> None:
        match message:
            case Record(Recall() as asked, then) if then is not None:
                Actor.tell(then, Recalled(asked.session, asked.before))
            case Record(Settled(seq)):
                self._done.append(seq)
            case Record(Renewed() as fact, then):
                self._facts.append((fact, then))
        self._committed()

    def _committed(self) -> None:
        if self.commits:
            self._tell_committed()

    def _tell_committed(self) -> None:
        done, self._done = self._done, []
        facts, self._facts = self._facts, []
        if done:
            Actor.tell(self.ref, Finished(tuple(done)))
        for fact, then in facts:
            Actor.tell(then, Recorded(0, fact))

    def commit(self) -> None:
        """What was told the journal is on disk."""
        self._tell_committed()
        self.stage.settle()

    def recheck(self, refused: Callable[[Inbound], Dropped | None], at: float = 0.0) -> None:
        """Who was admitted until then may have lost it."""
        self.stage.tell(self.ref, Recheck(at, refused))

    def reconfigure(self, **agents: Agent) -> None:
        """The agents of another config; its recheck is still on its way."""
        self.agents = agents or self.agents
        self.stage.tell(self.ref, Reconfigure(self.view))

    def hear(self, *messages: Admitted) -> None:
        """The gate lets messages through."""
        self.stage.tell(self.ref, *messages)

    def quick(self, seq: int, session: str, **keys: Any) -> None:
        """A message whose agent answers at once."""
        self.hear(admitted(seq, text=f"{seq}", session=session, agent="quick", **keys))

    def slow(self, seq: int, session: str, **keys: Any) -> Run:
        """A message whose agent takes its time; the latest turn the runner was asked for."""
        self.hear(admitted(seq, text=f"{seq}", session=session, agent="main", **keys))
        return self.runner.all(Run)[-1]

    def end(self, run: Run) -> None:
        """The agent is done."""
        self.stage.tell(run.reply_to, TurnEnded(run.turn.number, "done", ""))

    def look(self, session: str) -> tuple[int, bool]:
        """How many messages wait in a session, and whether a turn runs."""
        asker = Probe("asker")
        self.stage.tell(self.ref, Look(session, "tag", asker.ref))
        looked = asker.next(Looked)
        return looked.waiting, looked.since is not None

    @property
    def settled(self) -> list[tuple[int, object]]:
        """``(seq, outcome)`` of the rows that ended without an answer."""
        facts = [record.fact for record in self.journal.all(Record)]
        return [(fact.seq, fact.outcome) for fact in facts if type(fact) is Settled]

    @property
    def seated(self) -> list[str]:
        """The sessions that have a conversation now."""
        names = [pulse.name for pulse in self.stage.pulses.all()]
        return [name.removeprefix("conversation:") for name in names if name.startswith("conversation:")]

    @property
    def replies(self) -> list[int]:
        """The rows that were answered, in order."""
        return [reply.seq for reply in self.chunker.all(Reply)]
