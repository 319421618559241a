"""A stage whose actors can be killed in mid-flight, whose threads can be waited for, and that keeps what is logged.

``killable`` is ``tests.support.actors.stage`` with three more hands on it: ``turns`` lets only so many batches
happen, ``kill`` ends all actors the way ``kill -9`` does, ``until`` waits for what another thread tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from loguru import logger
from pykka import ActorRegistry

from actors.runtime.actor import Actor, Context
from actors.runtime.dispatcher import Runnable
from tests.support.actors import HandDispatcher, Probe, Stage, wait_until


class Turns(HandDispatcher):
    """A dispatcher that can be stopped after any batch, and knows everyone it ever served."""

    def __init__(self) -> None:
        super().__init__()
        self.served: set[Runnable] = set()

    def one(self) -> bool:
        """Give one turn; False when nobody has work."""
        if not self._turns:
            return False
        runnable = self._turns.popleft()
        self.served.add(runnable)
        runnable.run_batch()
        return True

    def run(self, most: int = 100_000) -> None:
        """Give turns until nobody has work."""
        for _ in range(most):
            if not self.one():
                return
        raise AssertionError(f"still busy after {most} turns")

    def kill(self) -> None:
        """Nobody gets a turn any more, and nobody does what they would do last."""
        self.served.update(self._turns)
        self._turns.clear()
        for actor in self.served:
            assert isinstance(actor, Actor)
            ActorRegistry.unregister(actor.actor_ref)
            actor.actor_inbox.closed = True


_listening: list[list[tuple[str, str]]] = []
"""Where each open stage keeps what is logged."""
_heard: list[str] = []
_TRIAL = "is anybody listening?"


def _log(message: Any) -> None:
    level, text = message.record["level"].name, message.record["message"]
    if text == _TRIAL:
        _heard.append(text)
        return
    for logged in _listening:
        logged.append((level, text))


def _listen(logged: list[tuple[str, str]]) -> None:
    """Add to ``logged`` what is said from now on. All stages share one sink, as making one takes milliseconds."""
    _listening.append(logged)
    _heard.clear()
    logger.trace(_TRIAL)
    if not _heard:
        # This is the first stage, or a test of the log has removed all sinks.
        logger.add(_log, level=0, format="{message}")


class KillableStage(Stage):
    """See the module. ``deaths`` is told of actors that gave up; ``logged`` holds level and text of every line."""

    def __init__(self) -> None:
        super().__init__()
        self.dispatcher: Turns = Turns()
        self.deaths = Probe("supervisor")
        self.logged: list[tuple[str, str]] = []
        _listen(self.logged)

    def place(self, name: str = "subject") -> Context:
        """A place on this stage, with a supervisor that only listens."""
        return self.context(name, self.deaths.ref)

    def turns(self, count: int) -> int:
        """Let at most ``count`` batches happen; how many did."""
        return next((done for done in range(count) if not self.dispatcher.one()), count)

    def until(self, condition: Callable[[], object], what: str = "it") -> None:
        """Let messages move, those of other threads too, until ``condition`` holds."""

        def holds() -> bool:
            self.settle()
            return bool(condition())

        wait_until(holds, what=what)

    def errors(self) -> list[str]:
        """The log lines of level error and above."""
        return [text for level, text in self.logged if level in {"ERROR", "CRITICAL"}]

    def kill(self) -> None:
        """All actors are gone, as if the process were."""
        self.dispatcher.kill()

    def close(self) -> None:
        """Leave nothing behind."""
        _listening[:] = [logged for logged in _listening if logged is not self.logged]
        self.clock.stop()
        self.kill()


@contextmanager
def killable() -> Iterator[KillableStage]:
    """A killable stage that is cleared at the end."""
    stage = KillableStage()
    try:
        yield stage
    finally:
        stage.close()
