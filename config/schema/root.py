"""The whole config file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.schema.access_groups import AccessGroup
from config.schema.agents import Agent, Agents
from config.schema.base import Block, Host, Reach
from config.schema.bindings import Binding
from config.schema.channel import Channels
from config.schema.commands import Commands
from config.schema.env import Env
from config.schema.gateway import Gateway, Retention
from config.schema.logs import Logging
from config.schema.messages import Messages
from config.schema.models import Models
from config.schema.session import Session


class Config(Block):
    """A valid config file: every block with its defaults, except accounts (see `config.accounts`)."""

    schema_url: Host | None = Field(default=None, alias="$schema")
    """Where an editor finds the schema of this file."""
    env: Annotated[Env, Reach.VARIABLES] = Field(default_factory=Env)
    """Variables for `${NAME}` references in this file."""
    channels: Channels = Field(default_factory=Channels)
    """The channel this gateway serves, and who may use it."""
    agents: Agents = Field(default_factory=Agents)
    """Who answers, and with what."""
    models: Models = Field(default_factory=Models)
    """Where models are asked."""
    bindings: tuple[Binding, ...] = ()
    """Which agent answers where; the default agent where no rule fits."""
    access_groups: dict[str, AccessGroup] = Field(default_factory=dict)
    """People named together, for lists as `accessGroup:<name>`."""
    session: Session = Field(default_factory=Session)
    """How conversations map to sessions, and when a session starts anew."""
    messages: Messages = Field(default_factory=Messages)
    """What holds for messages of every channel."""
    commands: Commands = Field(default_factory=Commands)
    """Which commands there are in a chat, and who may use them."""
    logging: Logging = Field(default_factory=Logging)
    """Levels, file and redaction of the log."""
    gateway: Gateway = Field(default_factory=Gateway)
    """The process itself."""
    top_retention: Retention | None = Field(default=None, alias="retention")
    """After how many days settled messages are pruned."""

    @property
    def retention(self) -> Retention:
        """`retention`, else `gateway.retention`, else the defaults."""
        return self.top_retention or self.gateway.retention or Retention()

    def default_agent(self) -> Agent:
        """The agent marked `default`, else the first, else an implicit `main`."""
        agents = self.agents.list
        marked = (agent for agent in agents if agent.default)
        return next(marked, agents[0] if agents else Agent(id="main"))
