"""Agents for the tests of the runner, which do as the test says, and a runner with somebody who asks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, cast

from actors.agents.base import AgentError, Job, Said
from actors.agents.runner import AgentRunner
from actors.envelopes.outbound import Run, Spoke, Turn, TurnEnded, Usage
from tests.support.actors import DEADLINE, Probe
from tests.support.probes import KillableStage
from tests.support.rows import admitted


class Puppet:
    """Answers when the test lets it. ``jobs`` are the turns under way or done; a ``stubborn`` one never gives up."""

    waits = True
    collects = steerable = False

    def __init__(self, stubborn: bool = False) -> None:
        self.jobs: dict[int, Job] = {}
        self.threads: list[str] = []
        self.cancelled: list[int] = []
        self.closed = 0
        self._stubborn = stubborn
        self._go: dict[int, threading.Event] = {}
        self._lock = threading.Lock()

    @property
    def started(self) -> list[int]:
        """The numbers of the turns it was given, in order."""
        return list(self.jobs)

    def _event(self, number: int) -> threading.Event:
        with self._lock:
            return self._go.setdefault(number, threading.Event())

    def let(self, *numbers: int) -> None:
        """These turns may end."""
        for number in numbers:
            self._event(number).set()

    def answer(self, job: Job) -> Said:
        """``done <number>``, once let."""
        number = job.turn.number
        self.threads.append(threading.current_thread().name)
        self.jobs[number] = job
        while not self._event(number).wait(0.002):
            if job.cancelled.is_set() and not self._stubborn:
                self.cancelled.append(number)
                raise AgentError("cancelled")
        return Said(f"done {number}")

    def forget(self, session: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Counts."""
        self.closed += 1


class Stray(Puppet):
    """What it is closed by breaks it."""

    def close(self) -> None:
        """Breaks."""
        raise OSError("no")


def _odd(text: str) -> Any:
    """What the broken agent answers with."""
    return {
        "none": None,
        "wrong": b"bytes",
        "text": "just text",
        "none inside": Said(cast(str, None)),
        "bytes inside": Said(cast(str, b"bytes")),
        "media": Said("fine", cast(tuple[str, ...], (5,))),
        "media text": Said("fine", cast(tuple[str, ...], "/a.png")),
        "surrogate": Said("a\ud83d b"),
        "pair": Said("a\ud83d\ude00b"),
        "blank": Said(" \n"),
        "long": Said("x" * 5_000_000),
        "usage": Said("fine", usage=Usage("sm\udc00all", -1, cast(int, "many"))),
        "taken": Said("fine", taken=(3, cast(int, "four"))),
    }.get(text, Said("fine"))


class Broken(Puppet):
    """Does what its text says."""

    def answer(self, job: Job) -> Said:
        """One way to be wrong."""
        match text := job.turn.message.words:
            case "fails":
                raise AgentError("exited with code 3")
            case "fails in silence":
                raise AgentError("")
            case "fails at length":
                raise AgentError("no \ud800 idea " + "x" * 10_000)
            case "raises":
                raise ZeroDivisionError("a bug")
            case "exits":
                raise SystemExit(3)
            case "says bytes":
                job.say(cast(str, b"bytes"), ())
        return cast(Said, _odd(text))


class Floor:
    """A runner with agents and someone who asked."""

    def __init__(self, stage: KillableStage, most: int = 2, **agents: Any) -> None:
        self.stage = stage
        self.puppet, self.broken = Puppet(), Broken()
        self.asker = Probe("conversation")
        self.agents: Mapping[str, Any] = {"puppet": self.puppet, "broken": self.broken, **agents}
        self.ref = AgentRunner.start(stage.place("runner"), self.agents, most)

    def ask(self, *numbers: int, agent: str = "puppet", text: str = "hi", patience: float = 600.0) -> None:
        """Turns are to run."""
        for number in numbers:
            messages = (admitted(number, text=text, agent=agent),)
            self.tell(Run(Turn("s", number, agent, messages), self.asker.ref, patience))

    def tell(self, *messages: Any) -> None:
        """Something else."""
        self.stage.tell(self.ref, *messages)

    def running(self, *numbers: int) -> None:
        """Wait until these turns of the puppet's run."""
        self.stage.until(lambda: set(numbers) <= set(self.puppet.started), f"turns {numbers}")

    def end(self, number: int) -> TurnEnded:
        """Wait for what became of a turn."""
        self.stage.until(lambda: number in [one.number for one in self.asker.all(TurnEnded)], f"the end of {number}")
        return next(one for one in self.asker.all(TurnEnded) if one.number == number)

    @property
    def ended(self) -> list[tuple[int, str | None, str]]:
        """What the asker was told."""
        return [(one.number, one.text, one.failure) for one in self.asker.all(TurnEnded)]

    @property
    def spoken(self) -> list[tuple[int, str]]:
        """The parts the asker was told."""
        return [(one.number, one.text) for one in self.asker.all(Spoke)]


def threads_end(*names: str) -> None:
    """Wait until no thread of these names is left."""
    for thread in threading.enumerate():
        if thread.name in names:
            thread.join(DEADLINE)
            assert not thread.is_alive(), thread.name
