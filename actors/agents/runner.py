"""The AgentRunner: gives agents that take their time a thread each, at most so many at once.

Told ``Run`` by conversations; tells the one who asked ``TurnEnded``, whatever happens: an answer, a failure, a
crash of the agent's code. Turns beyond the limit wait in order. Another config (``Reconfigure``) counts for turns that
begin from then on; one whose agent it does away with still has that, because whoever asked knew no better.
"""

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from actors.agents.base import Agent, AgentError
from actors.envelopes.control import Quiesce, Quiet, Reconfigure, Ref, Tick
from actors.envelopes.outbound import Run, TurnEnded
from actors.runtime.actor import Actor, Context


class RunnerView(NamedTuple):
    """What a runner goes by: the agents by id, and how many turns run at once (``agents.defaults.maxConcurrent``)."""

    agents: Mapping[str, Agent]
    most: int


class AgentRunner(Actor):
    """``most`` turns run at once (``agents.defaults.maxConcurrent``)."""

    def __init__(self, context: Context, agents: Mapping[str, Agent], most: int) -> None:
        super().__init__(context)
        self._agents = agents
        self._earlier = agents
        """Those of the config before: a turn for one of them may be on its way."""
        self._most = most
        self._waiting: deque[tuple[Run, Agent]] = deque()
        self._running = 0
        self._cancelled = threading.Event()
        self._quiet_to: Ref | None = None

    def on_receive(self, message: Any) -> None:
        match message:
            case Run():
                self._take(message)
            case Tick("done"):
                self._running -= 1
                self._start()
                self._report_quiet()
            case Reconfigure(view):
                self._earlier = self._agents
                self._agents, self._most = view
                self._start()
            case Quiesce(reply_to):
                self._quiet_to = reply_to
                self._report_quiet()

    def _take(self, run: Run) -> None:
        name = run.turn.message.agent
        agent = self._agents.get(name) or self._earlier.get(name)
        if agent is None:
            self.tell(run.reply_to, TurnEnded(run.turn.number, None, "is not in the config any more"))
            return
        self._waiting.append((run, agent))
        self._start()

    def _start(self) -> None:
        while self._waiting and self._running < self._most and self._quiet_to is None:
            run, agent = self._waiting.popleft()
            name = run.turn.message.agent
            agent = self._agents.get(name, agent)
            self._running += 1
            try:
                threading.Thread(target=self._run, args=(run, agent), name=f"agent-{name}", daemon=True).start()
            except RuntimeError as error:  # no more threads: this turn fails, the next ones may not
                self._running -= 1
                self.tell(run.reply_to, TurnEnded(run.turn.number, None, f"cannot start: {error}"))

    def _run(self, run: Run, agent: Agent) -> None:
        """On a thread of its own: the agent's answer, or why there is none."""
        number = run.turn.number
        try:
            said = agent.answer(run.turn, self._cancelled)
            ended = TurnEnded(number, said.text, "")
        except AgentError as error:
            ended = TurnEnded(number, None, str(error))
        except Exception as error:  # a bug in an agent is that turn's failure, not the gateway's
            self.log.opt(exception=error).error("agent {} broke: {!r}", run.turn.message.agent, error)
            ended = TurnEnded(number, None, f"broke: {error!r}")
        if not self._cancelled.is_set():
            self.tell(run.reply_to, ended)
        self.tell(self.actor_ref, Tick("done"))

    def _report_quiet(self) -> None:
        if self._quiet_to is not None and not self._running:
            self.tell(self._quiet_to, Quiet(self.context.name))

    def on_failure(self, *_: object) -> None:
        """The same when it dies: whoever asked is started anew, too."""
        self.on_stop()

    def on_stop(self) -> None:
        """Turns still running are cancelled; their rows stay open and come again after the next start."""
        self._cancelled.set()
