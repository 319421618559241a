"""Agents from the config. The access view has refused, with a reason, every agent this cannot make.

A newer config often changes nothing about an agent: then the one that is there goes on, with what it keeps (clients,
processes of coding agents), and is told turns by the newer briefing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from actors.agents.base import Agent
from actors.agents.blocks import coalesce_of
from actors.agents.briefing.briefing import Briefing
from actors.agents.briefing.context import TurnContext
from actors.agents.command import CommandAgent
from actors.agents.echo import EchoAgent
from actors.agents.model.names import ModelNameError
from actors.attachments.roots import Roots
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import Turn
from actors.envelopes.session import Recall
from config import Account, Config
from config.schema.agents import AcpRuntime, CommandRuntime, EchoRuntime
from config.schema.agents import Agent as Entry


class CurrentBriefing(Briefing):
    """The briefing of the config in use, whichever that is: agents outlive configs."""

    def __init__(self, now: Briefing) -> None:
        self.now = now

    def recall(self, session: str, agent: str, messages: tuple[Admitted, ...]) -> Recall:
        """As the briefing in use."""
        return self.now.recall(session, agent, messages)

    def roots(self, account: str) -> Roots:
        """As the briefing in use."""
        return self.now.roots(account)

    def context(self, turn: Turn) -> TurnContext:
        """As the briefing in use."""
        return self.now.context(turn)


@dataclass(frozen=True, slots=True)
class Made:
    """An agent, all of the config it was made from, and the briefing it asks."""

    agent: Agent
    of: tuple[Any, ...]
    briefing: CurrentBriefing


class Agents:
    """The agents of one config, by id. ``by_id`` is what actors go by."""

    def __init__(self, made: Mapping[str, Made], briefing: Briefing) -> None:
        self._made = made
        self._briefing = briefing
        self.by_id: dict[str, Agent] = {name: one.agent for name, one in made.items()}

    def in_use(self) -> None:
        """From now on the agents are told turns as this config wants it."""
        for one in self._made.values():
            one.briefing.now = self._briefing

    def like(self, name: str, of: tuple[Any, ...]) -> Made | None:
        """The agent of this id, if it is made of the same."""
        made = self._made.get(name)
        return made if made is not None and made.of == of else None


def make_agents(
    config: Config,
    environment: Mapping[str, str],
    briefing: Briefing,
    accounts: Iterable[Account],
    before: Agents | None = None,
) -> Agents:
    """The agents that can answer; those of ``before`` that are made of the same are the same."""
    accounts = tuple(accounts)
    streams = {one.id: coalesce for one in accounts if (coalesce := coalesce_of(one)) is not None}
    found: dict[str, Made] = {}
    for entry in config.agents.list or (config.default_agent(),):
        of = (entry, config.agents.defaults, config.models, streams, environment)
        made = before.like(entry.id, of) if before is not None else None
        if made is None:
            current = CurrentBriefing(briefing)
            agent = _make(entry, config, environment, current, accounts)
            made = Made(agent, of, current) if agent is not None else None
        if made is not None:
            found[entry.id] = made
    return Agents(found, briefing)


def _make(
    entry: Entry, config: Config, environment: Mapping[str, str], briefing: Briefing, accounts: tuple[Account, ...]
) -> Agent | None:
    defaults = config.agents.defaults
    workspace = entry.workspace or defaults.workspace
    match entry.runtime:
        case EchoRuntime():
            return EchoAgent()
        case CommandRuntime() as runtime:
            timeout = runtime.timeout_seconds or defaults.timeout_seconds
            return CommandAgent(entry.id, runtime.command, timeout, workspace, environment, briefing)
        case AcpRuntime() as runtime:
            from actors.agents.acp.agent import AcpAgent  # late, as below: a start without such agents is quicker

            streams = {one.id: coalesce for one in accounts if (coalesce := coalesce_of(one)) is not None}
            tokens = entry.context_tokens or defaults.context_tokens
            return AcpAgent(
                entry.id, runtime, defaults.timeout_seconds, workspace, environment, briefing, streams, tokens
            )
        case _:
            from actors.agents.model.agent import ModelAgent

            try:
                return ModelAgent.of(entry, config, environment, briefing, accounts)
            except ModelNameError:
                return None
