"""Agents from the config. The access view has refused, with a reason, every agent this cannot make."""

from collections.abc import Mapping

from actors.agents.base import Agent
from actors.agents.command import CommandAgent
from actors.agents.echo import EchoAgent
from config.schema.agents import CommandRuntime, EchoRuntime
from config.schema.root import Config


def make_agents(config: Config, environment: Mapping[str, str]) -> dict[str, Agent]:
    """The agents that can answer, by id."""
    agents: dict[str, Agent] = {}
    defaults = config.agents.defaults
    for entry in config.agents.list:
        match entry.runtime:
            case EchoRuntime():
                agents[entry.id] = EchoAgent()
            case CommandRuntime() as runtime:
                timeout = runtime.timeout_seconds or defaults.timeout_seconds
                workspace = entry.workspace or defaults.workspace
                agents[entry.id] = CommandAgent(entry.id, runtime.command, timeout, workspace, environment)
    return agents
