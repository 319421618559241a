"""An ACP agent under test: the agent of the gateway, and a real program (``acp_agent``) it talks to over real pipes."""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actors.agents.acp.agent import AcpAgent
from actors.agents.base import AgentError, Job, Said
from actors.agents.blocks import Coalesce
from actors.agents.briefing.briefing import Briefing
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import Turn
from config.account import Account
from config.schema.agents import AcpRuntime
from config.schema.root import Config
from tests.support import acp_agent
from tests.support.actors import wait_until
from tests.support.rows import ACCOUNT, admitted
from tests.support.scripts import lives

PROGRAM = str(Path(acp_agent.__file__))
SESSION = "agent:main:main"


def script(*steps: dict[str, Any]) -> str:
    """A message that makes the program do ``steps`` (see ``acp_agent``)."""
    return f"do {json.dumps(steps)}"


class Bench:
    """One agent in a folder of its own. ``said`` holds the parts it said on the way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = folder / "record.jsonl"
        self.work = folder / "work"
        self.work.mkdir()
        self.said: list[str] = []
        self._agents: list[AcpAgent] = []
        self._numbers = itertools.count(1)

    def agent(
        self,
        *options: str,
        acp: Mapping[str, Any] | None = None,
        timeout: float = 60.0,
        workspace: str | None = "",
        environment: Mapping[str, str] = os.environ,
        roots: tuple[str, ...] = (),
        coalesce: Coalesce | None = None,
    ) -> AcpAgent:
        """The agent; ``options`` are the program's, ``acp`` more of the block in the config. Ended with the bench."""
        command = [sys.executable, "-P", PROGRAM, str(self.record), *options]
        runtime = AcpRuntime.model_validate({"type": "acp", "acp": {"command": command, **(acp or {})}}, strict=False)
        account = Account(id=ACCOUNT, attachment_roots=roots, media_max_mb=1)
        briefing = Briefing.of(Config.model_validate({}), [account])
        folder = str(self.work) if workspace == "" else workspace
        streams = {ACCOUNT: coalesce} if coalesce else {}
        made = AcpAgent("main", runtime, timeout, folder, environment, briefing, streams)
        self._agents.append(made)
        return made

    def job(self, text: str = "hello", session: str = SESSION, **turn: Any) -> Job:
        """A turn about one message."""
        number = next(self._numbers)
        message = admitted(number, text=text, session=session)
        return Job(Turn(session, number, "main", (message,), **turn), say=lambda part, _: self.said.append(part))

    def ask(self, agent: AcpAgent, *steps: dict[str, Any], text: str = "", session: str = SESSION, **turn: Any) -> str:
        """What is answered to a message that makes the program do ``steps``, or to ``text``."""
        return agent.answer(self.job(script(*steps) if steps else text, session, **turn)).text

    def events(self, what: str = "") -> list[dict[str, Any]]:
        """What happened to the program, all processes together; of one kind only where it is named."""
        try:
            lines = self.record.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [event for line in lines if (event := json.loads(line))["what"] == what or not what]

    def pids(self) -> list[int]:
        """The processes so far, in the order they began."""
        return [event["pid"] for event in self.events("begins")]

    def until(self, what: str, times: int = 1) -> dict[str, Any]:
        """Wait for the program to note it; its last such note."""
        wait_until(lambda: len(self.events(what)) >= times, 30.0, what)
        return self.events(what)[-1]

    def wait_for_parts(self, count: int) -> None:
        """Wait until so many parts were said on the way."""
        wait_until(lambda: len(self.said) >= count, 30.0, f"{count} parts")

    def until_gone(self, *pids: int) -> None:
        """Wait for the end of these processes, or of all so far."""
        wanted = pids or tuple(self.pids())
        wait_until(lambda: not any(map(lives, wanted)), 30.0, f"the end of {wanted}")

    def close(self) -> None:
        """End everything."""
        for agent in self._agents:
            agent.close()
        self.until_gone()


class Asking:
    """A turn on a thread of its own, as the runner has it."""

    def __init__(self, agent: AcpAgent, job: Job) -> None:
        self._cancelled = threading.Event()
        job.cancelled = self._cancelled
        self._job = job
        self._agent = agent
        self._said: Said | None = None
        self._error: AgentError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._said = self._agent.answer(self._job)
        except AgentError as error:
            self._error = error

    def cancel(self) -> None:
        """It is not wanted any more."""
        self._cancelled.set()

    def answer(self) -> Said:
        """What came of it; raises what the agent raised."""
        self._thread.join(60.0)
        assert not self._thread.is_alive(), "the turn did not end"
        if self._error is not None:
            raise self._error
        assert self._said is not None
        return self._said


def more(seq: int, text: str) -> Admitted:
    """A message that comes in meanwhile."""
    return admitted(seq, text=text, session=SESSION)
