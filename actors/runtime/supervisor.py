"""Supervision, ``rest_for_one``: children in an ordered list, sink first.

A child's refs are held only by children after it, so when one dies exactly the holders of its ref, all those
after it, are stopped in reverse and started again in order. Pauses grow (0.5 s doubling to 60 s, forgotten
after five healthy minutes). Too many deaths without health stop everything and end the process with 1, for
launchd or systemd to take over.

Another config is another list, by ``Recast`` (see ``recasting``). A death meanwhile ends all waiting, and is then a
death like any other, in the new list.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from actors.envelopes.control import Died, IsReady, Quiesce, Quiet, Ready, Reconfigure, Ref, Tick
from actors.runtime.actor import Actor, Context
from actors.runtime.backoff import ACTORS
from actors.runtime.child import Child, Recast, Recasted
from actors.runtime.recasting import Recasting

__all__ = ["Child", "Recast", "Recasted", "Shutdown", "Supervisor"]

HEALTHY_AFTER = 300.0
MAX_DEATHS = 10
STOP_PATIENCE = 3.0
READY_PATIENCE = 30.0
DRAIN_PATIENCE = 5.0


class Shutdown(NamedTuple):
    """Stop intake, finish what is under way (at most ``DRAIN_PATIENCE`` seconds), stop all in reverse."""

    hurry: bool = False


class Supervisor(Actor):
    """Starts, watches, restarts and stops the children. ``ended(code)`` is called once when all is over."""

    def __init__(
        self,
        context: Context,
        children: Sequence[Child],
        adopt: Callable[[Context, str], Context],
        roster: dict[str, Ref],
        ended: Callable[[int], None],
        restarts: dict[str, int],
    ) -> None:
        super().__init__(context)
        self._children = list(children)
        self._adopt = adopt
        self._roster = roster
        self._ended = ended
        self._generation: dict[str, int] = {}
        self._awaited: set[tuple[str, int]] = set()
        self._gone: dict[str, Any] = {}
        self._deaths = 0
        self._last_death = 0.0
        self._restart_from: int | None = None
        self._draining: set[str] = set()
        self._stopping = False
        self._over = False
        self._restarts = restarts
        self._recasting: Recasting | None = None
        self._later: Recast | None = None
        """What waits for the recast, or the restart, that is under way."""

    def on_start(self) -> None:
        """Bring everything up, in order."""
        self._start_from(0)

    def on_receive(self, message: Any) -> None:
        match message:
            case Died(name, generation, error):
                self._mourn(name, generation, error)
            case IsReady(name, generation):
                self._awaited.discard((name, generation))
                if self._recasting is not None and self._generation.get(name) == generation:
                    self._recasting.answered(name)
            case Recast():
                self._begin_recast(message)
            case Tick("restart"):
                self._restart()
            case Tick("ready", asked):
                self._check_ready(asked)
            case Shutdown(hurry):
                self._begin_shutdown(hurry)
            case Quiet(name):
                self._quiet(name)
            case Tick("drained"):
                self._finish(0)
            case Tick("recast", (recasting, step)):
                if self._recasting is not None and recasting is self._recasting:
                    self._recasting.overdue(step)

    def _start_from(self, first: int) -> None:
        started = []
        for child in self._children[first:]:
            if not self._start(child):
                break
            started.append(child.name)
        self._await(started)

    def _start(self, child: Child) -> bool:
        me = self.actor_ref
        generation = self._generation.get(child.name, 0) + 1
        self._generation[child.name] = generation
        base = self.context._replace(name=child.name, supervisor=me, generation=generation, parent="supervisor")
        context = self._adopt(base, child.name)
        try:
            ref = child.start(context)
        except BaseException as error:  # a child that cannot be built is a dead child
            self.log.opt(exception=error).error("cannot start {}: {}", child.name, error)
            self._mourn(child.name, generation, repr(error))
            return False
        self._roster[child.name] = ref
        pulse = self.context.pulses.get(child.name)
        if pulse is not None:
            self._gone[child.name] = pulse.gone
        self.tell(ref, Ready(me))
        return True

    def _await(self, names: Sequence[str]) -> None:
        """Those just started are to say within ``READY_PATIENCE`` that they are there."""
        asked = tuple((name, self._generation[name]) for name in names)
        self._awaited.update(asked)
        self.clock.after(READY_PATIENCE, self.actor_ref, Tick("ready", asked))

    def _check_ready(self, asked: tuple[tuple[str, int], ...]) -> None:
        """Look after those asked ``READY_PATIENCE`` ago, in order: the first one's restart covers the others."""
        late = self._awaited.intersection(asked)
        self._awaited -= late
        for name, generation in asked:
            if (name, generation) in late and self._generation.get(name) == generation:
                self._mourn(name, generation, f"not ready after {READY_PATIENCE:.0f} s")
                return

    def _mourn(self, name: str, generation: int, error: str) -> None:
        if self._over or self._generation.get(name) != generation:
            return
        self._hasten()
        index = next((number for number, child in enumerate(self._children) if child.name == name), None)
        if index is None:
            return  # it was to go anyway
        now = self.clock.monotonic()
        self._deaths = 1 if now - self._last_death > HEALTHY_AFTER else self._deaths + 1
        self._last_death = now
        if self._stopping:
            self._stop_from(index)
            self._draining &= self._roster.keys()
            if not self._draining:
                self._finish(0)
            return
        self._restart_from = index if self._restart_from is None else min(index, self._restart_from)
        if self._deaths > MAX_DEATHS:
            self.log.error("{} died {} times without five healthy minutes; giving up: {}", name, self._deaths, error)
            self._finish(1)
            return
        delay = ACTORS.delay(self._deaths - 1, random.random())
        self.log.warning("{} died ({}); restarting it and what depends on it in {:.1f} s", name, error, delay)
        self._stop_from(self._restart_from)
        self.clock.after(delay, self.actor_ref, Tick("restart"))

    def _restart(self) -> None:
        if self._restart_from is None or self._over or self._stopping:
            return
        first, self._restart_from = self._restart_from, None
        for child in self._children[first:]:
            self._restarts[child.name] = self._restarts.get(child.name, 0) + 1
        self._start_from(first)
        self._take_up_later()

    def _stop_from(self, first: int) -> None:
        self._end_those([child.name for child in self._children[first:]])

    def _end_those(self, names: Sequence[str]) -> None:
        """Stop these, the last one first."""
        for name in reversed(names):
            self._generation[name] = self._generation.get(name, 0) + 1
            ref = self._roster.pop(name, None)
            if ref is None:
                continue
            if ref.is_alive():
                ref.stop(block=False)
            gone = self._gone.pop(name, None)
            if gone is not None and not gone.wait(STOP_PATIENCE):
                self.log.error("{} did not stop within {:.0f} s", name, STOP_PATIENCE)

    def _begin_recast(self, recast: Recast) -> None:
        if self._stopping or self._over:
            return
        if self._recasting is not None or self._restart_from is not None:
            self._later = recast
            return
        self._recasting = Recasting(recast, self._children, self, self._recasted)
        self._children = [*recast.children]
        self._recasting.run()

    def _recasted(self, recast: Recast, done: Recasted) -> None:
        self._recasting = None
        self.tell(recast.reply_to, done)
        self._take_up_later()

    def _hasten(self) -> None:
        """Whatever is exchanged is exchanged now."""
        if self._recasting is not None:
            self._recasting.hasten()

    def _take_up_later(self) -> None:
        later, self._later = self._later, None
        if later is not None:
            self._begin_recast(later)

    def begin(self, child: Child) -> bool:
        """See ``Hands``. One that a restart will start is left to that."""
        if self._restart_from is not None and child in self._children[self._restart_from :]:
            return True
        if started := self._start(child):
            self._await([child.name])
        return started

    def inform(self, child: Child) -> bool:
        """See ``Hands``."""
        return child.view is not None and self._tell_child(child.name, Reconfigure(child.view()))

    def quiesce(self, name: str) -> bool:
        """See ``Hands``."""
        return self._tell_child(name, Quiesce(self.actor_ref))

    def poll(self, name: str) -> bool:
        """See ``Hands``."""
        return self._tell_child(name, Ready(self.actor_ref))

    def end(self, names: Sequence[str]) -> None:
        """See ``Hands``."""
        self._end_those(names)

    def wake(self, seconds: float, recasting: Recasting, step: int) -> None:
        """See ``Hands``."""
        self.clock.after(seconds, self.actor_ref, Tick("recast", (recasting, step)))

    def _tell_child(self, name: str, message: Any) -> bool:
        ref = self._roster.get(name)
        self.tell(ref, message)
        return ref is not None

    def _quiet(self, name: str) -> None:
        if self._stopping:
            self._draining.discard(name)
            if not self._draining:
                self._finish(0)
        elif self._recasting is not None:
            self._recasting.answered(name)

    def _begin_shutdown(self, hurry: bool) -> None:
        if self._over:
            return
        if self._recasting is not None:
            self._recasting.abandon()
            self._recasting = None
        self._stopping = True
        self._draining = {child.name for child in self._children if child.drains and child.name in self._roster}
        if hurry or not self._draining or self._restart_from is not None:
            self._finish(0)
            return
        for child in reversed(self._children):
            if child.name in self._draining:
                self.tell(self._roster[child.name], Quiesce(self.actor_ref))
        self.clock.after(DRAIN_PATIENCE, self.actor_ref, Tick("drained"))

    def _finish(self, code: int) -> None:
        if self._over:
            return
        self._over = True
        self._stop_from(0)
        self._ended(code)

    def on_failure(self, *_: object) -> None:
        """Nobody supervises the supervisor but launchd or systemd."""
        self._finish(1)
