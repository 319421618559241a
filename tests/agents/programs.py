"""Command agents whose program is a shell script of the test, and what they say."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from actors.agents.base import AgentError, Job
from actors.agents.command import CommandAgent
from actors.envelopes.outbound import Turn
from tests.agents.turns import briefing, turn
from tests.support.actors import wait_until
from tests.support.scripts import shell_script

Said = list[tuple[str, tuple[str, ...]]]


class Programs:
    """Makes command agents in a folder. ``parts`` is what was said before the end, by any of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: Said = []
        self.cancelled = threading.Event()

    def agent(
        self,
        script: str,
        timeout: float = 10.0,
        workspace: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> CommandAgent:
        """A command agent whose program is ``script``."""
        program = shell_script(self.folder / "agent.sh", f"{script}\n")
        return named(program, timeout, workspace, environment)

    def job(self, about: Turn | None = None, deadline: float = float("inf")) -> Job:
        """A job about one message that says hello, or about a turn; ``cancelled`` cancels it."""
        return Job(about or turn(), deadline, self.cancelled, lambda text, media: self.parts.append((text, media)))

    def run(
        self,
        script: str,
        about: Turn | None = None,
        timeout: float = 10.0,
        workspace: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """What the person would be told at the end."""
        return self.agent(script, timeout, workspace, environment).answer(self.job(about)).text


def named(
    program: str, timeout: float = 5.0, workspace: str | None = None, environment: Mapping[str, str] | None = None
) -> CommandAgent:
    """A command agent of the program at that path."""
    found = os.environ if environment is None else environment
    return CommandAgent("main", [program], timeout, workspace, found, briefing())


def begun(programs: Programs, script: str) -> threading.Thread:
    """A turn on a thread of its own; what becomes of it is nobody's business."""

    def run() -> None:
        with contextlib.suppress(AgentError):
            programs.run(script, timeout=300.0)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def written(path: Path) -> int:
    """The process number that a program writes there."""
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"), 30.0, "its start")
    return int(path.read_text())
