"""The whole config file."""

from __future__ import annotations

from pydantic import Field

from config.schema.access_groups import AccessGroup
from config.schema.agents import Agent, Agents
from config.schema.base import Block
from config.schema.bindings import Binding
from config.schema.channel import Channels
from config.schema.commands import Commands
from config.schema.gateway import Gateway, Retention
from config.schema.logs import Logging
from config.schema.messages import Messages
from config.schema.session import Session


class Config(Block):
    """A valid config file: every block with its defaults, except accounts (see `config.accounts`)."""

    schema_url: str | None = Field(default=None, alias="$schema")
    channels: Channels = Field(default_factory=Channels)
    agents: Agents = Field(default_factory=Agents)
    bindings: tuple[Binding, ...] = ()
    access_groups: dict[str, AccessGroup] = Field(default_factory=dict)
    session: Session = Field(default_factory=Session)
    messages: Messages = Field(default_factory=Messages)
    commands: Commands = Field(default_factory=Commands)
    logging: Logging = Field(default_factory=Logging)
    gateway: Gateway = Field(default_factory=Gateway)
    top_retention: Retention | None = Field(default=None, alias="retention")

    @property
    def retention(self) -> Retention:
        """`retention`, else `gateway.retention`, else the defaults."""
        return self.top_retention or self.gateway.retention or Retention()

    def default_agent(self) -> Agent:
        """The agent marked `default`, else the first, else an implicit `main`."""
        agents = self.agents.list
        marked = (agent for agent in agents if agent.default)
        return next(marked, agents[0] if agents else Agent(id="main"))
