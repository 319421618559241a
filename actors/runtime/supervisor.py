"""Supervision, ``rest_for_one``: children in an ordered list, sink first.

A child's refs are held only by children after it, so when one dies exactly the holders of its ref, all those
after it, are stopped in reverse and started again in order. Pauses grow (0.5 s doubling to 60 s, forgotten
after five healthy minutes). Too many deaths without health stop everything and end the process with 1, for
launchd or systemd to take over.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from actors.envelopes.control import Died, IsReady, Quiesce, Quiet, Ready, Ref, Tick
from actors.runtime.actor import Actor, Context
from actors.runtime.backoff import ACTORS

HEALTHY_AFTER = 300.0
MAX_DEATHS = 10
STOP_PATIENCE = 3.0
READY_PATIENCE = 30.0
DRAIN_PATIENCE = 5.0


class Child(NamedTuple):
    """One supervised actor: ``start`` makes it in the given context, reading earlier refs from the roster.

    ``drains`` marks children that are asked to finish what is under way before a shutdown.
    """

    name: str
    start: Callable[[Context], Ref]
    drains: bool = False


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

    def on_start(self) -> None:
        """Bring everything up, in order."""
        self._start_from(0)

    def on_receive(self, message: Any) -> None:
        match message:
            case Died(name, generation, error):
                self._mourn(name, generation, error)
            case IsReady(name, generation):
                self._awaited.discard((name, generation))
            case Tick("restart"):
                self._restart()
            case Tick("ready", asked):
                self._check_ready(asked)
            case Shutdown(hurry):
                self._begin_shutdown(hurry)
            case Quiet(name) if self._stopping:
                self._draining.discard(name)
                if not self._draining:
                    self._finish(0)
            case Tick("drained"):
                self._finish(0)

    def _start_from(self, first: int) -> None:
        me = self.actor_ref
        started: list[tuple[str, int]] = []
        for child in self._children[first:]:
            generation = self._generation.get(child.name, 0) + 1
            self._generation[child.name] = generation
            base = self.context._replace(name=child.name, supervisor=me, generation=generation, parent="supervisor")
            context = self._adopt(base, child.name)
            try:
                ref = child.start(context)
            except BaseException as error:  # a child that cannot be built is a dead child
                self.log.opt(exception=error).error("cannot start {}: {}", child.name, error)
                self._mourn(child.name, generation, repr(error))
                break
            self._roster[child.name] = ref
            pulse = self.context.pulses.get(child.name)
            if pulse is not None:
                self._gone[child.name] = pulse.gone
            started.append((child.name, generation))
            self.tell(ref, Ready(me))
        self._awaited.update(started)
        self.clock.after(READY_PATIENCE, me, Tick("ready", tuple(started)))

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
        now = self.clock.monotonic()
        self._deaths = 1 if now - self._last_death > HEALTHY_AFTER else self._deaths + 1
        self._last_death = now
        index = next(number for number, child in enumerate(self._children) if child.name == name)
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

    def _stop_from(self, first: int) -> None:
        for child in reversed(self._children[first:]):
            self._generation[child.name] = self._generation.get(child.name, 0) + 1
            ref = self._roster.pop(child.name, None)
            if ref is None:
                continue
            if ref.is_alive():
                ref.stop(block=False)
            gone = self._gone.pop(child.name, None)
            if gone is not None and not gone.wait(STOP_PATIENCE):
                self.log.error("{} did not stop within {:.0f} s", child.name, STOP_PATIENCE)

    def _begin_shutdown(self, hurry: bool) -> None:
        if self._over:
            return
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
