"""One exchange of a supervisor's children, step by step.

Whoever is to go and brings work in takes nothing new; then, sink first, those who are new are started and those who
stay are told, so that what is decided from there on is decided by the newer list. When all of them know, whoever goes
or pauses finishes what is under way (nothing else waits for that), who goes is stopped, and last those who bring work
in are started or told, and those who paused. A step waits for answers, not longer than its patience; ``hasten`` waits
for nobody any more.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from actors.runtime.child import Child, Differences, Recast, Recasted, differences

HUSH_PATIENCE = 5.0
TELL_PATIENCE = 30.0
DRAIN_PATIENCE = 30.0
"""Seconds those under way may take before another config takes their actor: whoever wrote has time, unlike a stop."""


class Hands(Protocol):
    """What the supervisor does for it. Names of children that do not live are passed over."""

    def begin(self, child: Child) -> bool:
        """Start one; False when that failed: then it and those after it are started again later, by the new list."""

    def inform(self, child: Child) -> bool:
        """Tell one its view; whether it lives."""

    def quiesce(self, name: str) -> bool:
        """Ask one to finish what is under way; ``Quiet`` follows. Whether it lives."""

    def poll(self, name: str) -> bool:
        """Ask one whether it is there; ``IsReady`` follows. Whether it lives."""

    def end(self, names: Sequence[str]) -> None:
        """Stop these, the last one first."""

    def wake(self, seconds: float, recasting: "Recasting", step: int) -> None:
        """Call ``overdue(step)`` in so many seconds."""


class Recasting:
    """From the list ``old`` to that of ``recast``. ``over`` is called once, with what was done."""

    def __init__(
        self, recast: Recast, old: Sequence[Child], hands: Hands, over: Callable[[Recast, Recasted], None]
    ) -> None:
        self._recast = recast
        self._old = {child.name: child for child in old}
        self._hands = hands
        self._over = over
        self._changes: Differences = differences(old, recast.children)
        self._steps = deque([self._hush, self._tell, self._follow, self._drain, self._late, self._end])
        self._number = 0
        self._waits: set[str] = set()
        self._busy = self._hasty = False

    def run(self) -> None:
        """Go on until a step waits for somebody."""
        if self._busy:
            return
        self._busy = True
        while self._steps and (self._hasty or not self._waits):
            self._number += 1
            self._waits = self._steps.popleft()()
        self._busy = False

    def answered(self, name: str) -> None:
        """Somebody is quiet, or ready."""
        if name in self._waits:
            self._waits.discard(name)
            self.run()

    def overdue(self, step: int) -> None:
        """Who has not answered by now is not waited for."""
        if step == self._number:
            self._waits = set()
            self.run()

    def hasten(self) -> None:
        """Wait for nobody: the rest happens now."""
        self._hasty = True
        self.run()

    def abandon(self) -> None:
        """All is about to end: only who is gone has still to be stopped."""
        self._steps.clear()
        self._hands.end(self._changes.gone)

    def _wait(self, names: set[str], patience: float) -> set[str]:
        if names:
            self._hands.wake(patience, self, self._number)
        return names

    def _hush(self) -> set[str]:
        late = [name for name in self._changes.gone if self._old[name].late]
        return self._wait({name for name in reversed(late) if self._hands.quiesce(name)}, HUSH_PATIENCE)

    def _tell(self) -> set[str]:
        asked = set()
        for child in self._recast.children:
            if child.late or (child.pauses and child.name not in self._changes.started):
                continue
            if child.name in self._changes.started:
                if not self._hands.begin(child):
                    return set()
            elif child.name in self._changes.told and self._hands.inform(child) and self._hands.poll(child.name):
                asked.add(child.name)
        return self._wait(asked, TELL_PATIENCE)

    def _follow(self) -> set[str]:
        following = {child.name for child in self._recast.children if child.follows and child.name in self._old}
        return self._wait({name for name in following if self._hands.poll(name)}, TELL_PATIENCE)

    def _drain(self) -> set[str]:
        gone = [name for name in self._changes.gone if self._old[name].drains and not self._old[name].late]
        paused = [child.name for child in self._recast.children if child.pauses and child.name in self._changes.told]
        return self._wait({name for name in reversed(gone + paused) if self._hands.quiesce(name)}, DRAIN_PATIENCE)

    def _late(self) -> set[str]:
        self._hands.end(self._changes.gone)
        asked = set()
        for child in self._recast.children:
            if child.late and child.name in self._changes.started:
                if not self._hands.begin(child):
                    return set()
            elif child.late and child.name in self._changes.told and self._hands.inform(child):
                asked.add(child.name)
        for child in self._recast.children:
            if child.pauses and child.name in self._changes.told and self._hands.inform(child):
                asked.add(child.name)
        return self._wait({name for name in asked if self._hands.poll(name)}, TELL_PATIENCE)

    def _end(self) -> set[str]:
        self._over(self._recast, Recasted(*self._changes))
        return set()
