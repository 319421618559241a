"""Model agents for tests: against a simulated server, or with a model of the client library that needs none."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from actors.agents import loop
from actors.agents.base import AgentError, Job, Said
from actors.agents.blocks import Coalesce
from actors.agents.briefing.briefing import Briefing
from actors.agents.model.agent import ModelAgent
from actors.agents.model.asking import Patience
from actors.agents.model.names import Choice, Models
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import Turn
from actors.runtime.backoff import Backoff
from actors.simulator.model_server import ModelServer
from tests.agents.turns import briefing, turn
from tests.support.actors import wait_until

if TYPE_CHECKING:
    from httpx2 import AsyncClient
    from pydantic_ai.models import Model

    Maker = Callable[[Choice, AsyncClient], Model]

HASTY = Patience(backoff=Backoff(first=0.001, factor=1.0, cap=0.001))
KEY = "sk-very-secret-key-1234567890"


def models(*urls: str) -> Models:
    """A model for each address, the first one first."""
    choices = tuple(
        Choice("openai-compatible", f"m{number}", "chat", url, KEY, near=False) for number, url in enumerate(urls, 1)
    )
    return Models(None, {}, {}, choices)


class Agents:
    """Makes model agents, and closes them at the end."""

    def __init__(self) -> None:
        self._made: list[ModelAgent] = []

    def __call__(
        self,
        *servers: ModelServer,
        streams: Coalesce | None = None,
        patience: Patience = HASTY,
        tokens: int = 16_000,
        told: Briefing | None = None,
        maker: Maker | None = None,
        chosen: Models | None = None,
    ) -> ModelAgent:
        """One that asks these servers, or what ``maker`` makes. ``streams``: how the one account does."""
        by_account = {"default": streams} if streams else {}
        found = chosen or models(*(server.url for server in servers))
        return self.note(ModelAgent("main", found, told or briefing(), tokens, by_account, patience, maker))

    def note(self, agent: ModelAgent) -> ModelAgent:
        """Close this one, too."""
        self._made.append(agent)
        return agent

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for agent in self._made:
            agent.close()
        # What closing put on the loop is done before this: connections that are left open are an error.
        loop.run(_settled(self._made)).result(10)


async def _settled(agents: Sequence[ModelAgent]) -> None:
    while any(agent._clients.is_used for agent in agents):
        await asyncio.sleep(0.001)
    for _ in range(10):
        await asyncio.sleep(0)


class Turned:
    """One turn that is being answered on a thread of its own, as the runner does it."""

    def __init__(
        self,
        agent: ModelAgent,
        about: Turn | None = None,
        seconds: float = 30.0,
        steered: Sequence[tuple[Admitted, ...]] = (),
        on_say: Callable[[str], None] | None = None,
    ) -> None:
        self.parts: list[str] = []
        self.said: Said | None = None
        self.error: AgentError | None = None
        self._agent = agent
        self._steered = list(steered)
        self._on_say = on_say
        self.cancelled = threading.Event()
        self._job = Job(about or turn(), time.monotonic() + seconds, self.cancelled, self._say, self._take)
        self._thread = threading.Thread(target=self._run, name="turn")
        self._thread.start()

    def end(self) -> Turned:
        """Wait until it is answered, or failed."""
        self._thread.join(20)
        assert not self._thread.is_alive(), "the turn did not end"
        return self

    def answer(self) -> Said:
        """What was said at the end. AssertionError when it failed."""
        self.end()
        assert self.error is None, str(self.error)
        assert self.said is not None
        return self.said

    def failure(self) -> str:
        """Why it failed. AssertionError when it did not."""
        self.end()
        assert self.error is not None, f"it said {self.said}"
        return str(self.error)

    def wait_for_parts(self, count: int) -> list[str]:
        """The parts that were said, once there are so many."""
        wait_until(lambda: len(self.parts) >= count, what=f"{count} parts")
        return list(self.parts)

    def _run(self) -> None:
        try:
            self.said = self._agent.answer(self._job)
        except AgentError as error:
            self.error = error

    def _say(self, text: str, media: tuple[str, ...]) -> None:
        assert media == ()
        self.parts.append(text)
        if self._on_say is not None:
            self._on_say(text)

    def _take(self) -> tuple[Admitted, ...]:
        return self._steered.pop(0) if self._steered else ()
