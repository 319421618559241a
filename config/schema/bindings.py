"""`bindings[]`: which agent answers where. Entries of other channels are read and never match."""

from __future__ import annotations

from typing import Literal

from config.schema.agents import AgentId
from config.schema.base import Block, Phrase, Word


class Peer(Block):
    """One conversation."""

    kind: Literal["direct", "dm", "group", "channel"]
    """Whether it is a direct chat or a group."""
    id: Word
    """The handle of a direct chat, the chat id of a group."""


class Match(Block):
    """Where a binding holds; every key that is set must fit."""

    channel: Word
    """The channel, `imessage`."""
    account_id: Phrase | None = None
    """The account, "*" for all of them; the default account when unset."""
    peer: Peer | None = None
    """One conversation."""
    guild_id: Phrase | None = None
    """Of other channels; never fits here."""
    team_id: Phrase | None = None
    """Of other channels; never fits here."""
    roles: tuple[Phrase, ...] | None = None
    """Of other channels; never fits here."""


class Binding(Block):
    """One rule: which agent answers where. The first that fits within a tier wins."""

    type: Literal["route", "acp"] = "route"
    """OpenClaw's kind of binding."""
    agent_id: AgentId
    """The agent that answers."""
    match: Match
    """Where."""
