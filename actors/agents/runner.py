"""The AgentRunner: gives agents that take their time a thread each, at most so many at once.

Told ``Run`` by conversations; tells the one who asked ``Spoke`` for parts and one ``TurnEnded``, whatever happens: an
answer, a failure, a crash of the agent's code, or nothing at all. Turns beyond the limit wait in the order they came;
a session has one at a time, so that is fair between them. ``Cancel`` and the deadline, which counts from the moment a
turn gets its place, tell the agent to give up; five seconds later the turn is given up: its place is free and whatever
its thread still says is not heard. Such threads are counted and named in the log.

Another config (``Reconfigure``) counts for turns that begin from then on; one whose agent it does away with still has
that, because whoever asked knew no better. Agents that are not used any more are closed once no turn of theirs is left.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, NamedTuple

from actors.agents.answered import answered, part, raised
from actors.agents.base import Agent, Job
from actors.envelopes.control import Quiesce, Quiet, Reconfigure, Ref, Tick
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import Cancel, Run, Spoke, Steer, TurnEnded
from actors.runtime.actor import Actor, Context

GRACE_SECONDS = 5.0
"""How long an agent that was told to give up may take to do so."""
LATE_SECONDS = 5.0
"""How long after another config a turn of the one before may still come."""
CANCELLED = "cancelled"


class RunnerView(NamedTuple):
    """What a runner goes by: the agents by id, and how many turns run at once (``agents.defaults.maxConcurrent``)."""

    agents: Mapping[str, Agent]
    most: int


@dataclass(slots=True, eq=False)
class _Place:
    """A turn that waits, or is on its thread. ``due`` is when to look at it again, ``late`` why it was told to give up
    (empty: it was not). Once it is ``over`` nobody hears what it says."""

    run: Run
    agent: Agent
    due: float = 0.0
    late: str = ""
    over: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)
    steering: SimpleQueue[Admitted] = field(default_factory=SimpleQueue)

    @property
    def name(self) -> str:
        """What its thread is called."""
        return f"agent-{self.run.turn.agent}"

    def steered(self) -> tuple[Admitted, ...]:
        """What came since it was last asked (the agent's thread)."""
        return tuple(self.steering.get_nowait() for _ in range(self.steering.qsize()))

    def say(self, text: str, media: tuple[str, ...] = ()) -> None:
        """A part of the answer (the agent's thread). Blank ones say nothing."""
        text, media = part(text, media)
        if (text.strip() or media) and not self.over:
            Actor.tell(self.run.reply_to, Spoke(self.run.turn.number, text, media))

    def job(self) -> Job:
        """As the agent gets it."""
        return Job(self.run.turn, self.due, self.cancelled, self.say, self.steered)


class _Over(NamedTuple):
    """A thread came to its end."""

    place: _Place
    ended: TurnEnded


class AgentRunner(Actor):
    """``most`` turns run at once (``agents.defaults.maxConcurrent``)."""

    def __init__(self, context: Context, agents: Mapping[str, Agent], most: int) -> None:
        super().__init__(context)
        self._agents = agents
        self._earlier: Mapping[str, Agent] = {}
        """Those of the config before: a turn for one of them may be on its way."""
        self._closing: list[Agent] = []
        self._most = most
        self._views = 0
        """How many configs came after the first."""
        self._waiting: dict[int, _Place] = {}
        self._running: dict[int, _Place] = {}
        self._strays: list[_Place] = []
        """Given up, and their threads have not ended."""
        self._wake = float("inf")
        self._quiet_to: Ref | None = None

    def on_receive(self, message: Any) -> None:
        match message:
            case Run():
                self._take(message)
            case _Over(place, ended):
                self._ended(place, ended)
            case Cancel(number):
                self._cancel(number)
            case Steer(number, one):
                self._steer(number, one)
            case Tick("deadlines"):
                self._wake = float("inf")
                self._look(self.clock.monotonic())
            case Reconfigure(RunnerView() as view):
                self._go_by(view)
            case Tick("late", views) if views == self._views:
                self._earlier = {}
                self._close_unused()
            case Quiesce(reply_to):
                self._quiet_to = reply_to
                self._report_quiet()

    def _take(self, run: Run) -> None:
        name, number = run.turn.agent, run.turn.number
        agent = self._agents.get(name) or self._earlier.get(name)
        if agent is None:
            self.tell(run.reply_to, TurnEnded(number, None, "is not in the config any more"))
            return
        self._waiting[number] = _Place(run, agent)
        self._start()

    def _start(self) -> None:
        while self._waiting and len(self._running) < self._most and self._quiet_to is None:
            number = next(iter(self._waiting))
            place = self._waiting.pop(number)
            run = place.run
            place.agent = self._agents.get(run.turn.agent, place.agent)
            place.due = self.clock.monotonic() + run.patience
            try:
                threading.Thread(target=self._run, args=(place, place.job()), name=place.name, daemon=True).start()
            except RuntimeError as error:  # no more threads: this turn fails, the next ones may not
                self.tell(run.reply_to, TurnEnded(number, None, f"cannot start: {error}"))
                continue
            self._running[number] = place
            self._wake_at(place.due)

    def _run(self, place: _Place, job: Job) -> None:
        """On a thread of its own: the agent's answer, or why there is none."""
        ended, broke = answered(place.agent, job)
        if broke is not None:
            self.log.opt(exception=broke).error("agent {} broke: {!r}", place.run.turn.agent, broke)
        self.tell(self.actor_ref, _Over(place, ended))

    def _steer(self, number: int, message: Admitted) -> None:
        place = self._running.get(number) or self._waiting.get(number)
        if place is not None:
            place.steering.put(message)

    def _ended(self, place: _Place, ended: TurnEnded) -> None:
        if place.over:
            self._strays.remove(place)
            self.log.info("the thread {} of turn {} has ended after all", place.name, ended.number)
        else:
            if ended.text is None and place.late:
                ended = TurnEnded(ended.number, None, place.late)
            self._leave(place, ended)
        self._close_unused()

    def _leave(self, place: _Place, ended: TurnEnded) -> None:
        """Its place is free."""
        place.over = True
        del self._running[ended.number]
        self.tell(place.run.reply_to, ended)
        self._start()
        self._report_quiet()

    def _cancel(self, number: int) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            self.tell(waiting.run.reply_to, TurnEnded(number, None, CANCELLED))
            self._close_unused()
        elif number in self._running and not self._running[number].late:
            self._hurry(self._running[number], CANCELLED)

    def _hurry(self, place: _Place, why: str) -> None:
        """The agent is to give up, and has a little time to do so."""
        place.late, place.due = why, self.clock.monotonic() + GRACE_SECONDS
        place.cancelled.set()
        self._wake_at(place.due)

    def _look(self, now: float) -> None:
        for place in list(self._running.values()):
            if place.due > now:
                self._wake_at(place.due)
            elif place.late:
                self._give_up(place)
            else:
                self._hurry(place, f"timed out after {place.run.patience:g} s")

    def _give_up(self, place: _Place) -> None:
        self._strays.append(place)
        names = ", ".join(one.name for one in self._strays)
        said = "agent {} does not end though it was told to ({}); threads that never ended: {} ({})"
        self.log.error(said, place.run.turn.agent, place.late, len(self._strays), names)
        self._leave(place, TurnEnded(place.run.turn.number, None, place.late))

    def _wake_at(self, at: float) -> None:
        if at < self._wake:
            self._wake = at
            self.clock.after(at - self.clock.monotonic(), self.actor_ref, Tick("deadlines"))

    def _go_by(self, view: RunnerView) -> None:
        used = {id(agent) for agent in view.agents.values()}
        before = {id(agent): agent for agent in (*self._closing, *self._agents.values())}
        self._closing = [agent for ident, agent in before.items() if ident not in used]
        self._earlier = self._agents
        self._agents, self._most = view
        self._views += 1
        self.clock.after(LATE_SECONDS, self.actor_ref, Tick("late", self._views))
        self._start()

    def _close_unused(self) -> None:
        """Close agents of configs before that no turn has, or may still come to have."""
        if not self._closing:
            return
        has = (place.agent for place in (*self._running.values(), *self._waiting.values()))
        used = {id(agent) for agent in (*has, *self._earlier.values())}
        unused = [agent for agent in self._closing if id(agent) not in used]
        self._closing = [agent for agent in self._closing if id(agent) in used]
        for agent in unused:
            if (error := raised(agent.close)) is not None:
                self.log.opt(exception=error).error("an agent broke when it was closed: {!r}", error)

    def _report_quiet(self) -> None:
        if self._quiet_to is not None and not self._running:
            self.tell(self._quiet_to, Quiet(self.context.name))

    def set_aside(self, message: Any, error: BaseException) -> None:
        """Whoever asked must not wait for ever."""
        if isinstance(message, Run):
            self.tell(message.reply_to, TurnEnded(message.turn.number, None, f"broke: {error!r}"))

    def on_failure(self, *_: object) -> None:
        """The same when it dies: whoever asked is started anew, too."""
        self.on_stop()

    def on_stop(self) -> None:
        """Turns still running are cancelled; their rows stay open and come again after the next start."""
        for place in self._running.values():
            place.over = True
            place.cancelled.set()
