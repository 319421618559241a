"""`bindings[]`: which agent answers where. Entries of other channels are read and never match."""

from __future__ import annotations

from typing import Literal

from config.schema.agents import AgentId
from config.schema.base import Block, Text


class Peer(Block):
    """One conversation: a normalised handle for `direct`, a chat id for `group`."""

    kind: Literal["direct", "dm", "group", "channel"]
    id: Text


class Match(Block):
    """Every field present must fit; without `account_id` only the default account does."""

    channel: Text
    account_id: str | None = None
    peer: Peer | None = None
    guild_id: str | None = None
    team_id: str | None = None
    roles: tuple[str, ...] | None = None


class Binding(Block):
    """One rule; the first that fits within a tier wins."""

    type: Literal["route", "acp"] = "route"
    agent_id: AgentId
    match: Match
