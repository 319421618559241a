"""`messages`: what holds for messages of every channel."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.schema.base import Block, Count, Positive

QueueMode = Literal["steer", "followup", "collect", "steer-backlog", "steer+backlog", "queue", "interrupt"]


class GroupChat(Block):
    """`mention_patterns` None means unset; an empty tuple counts as set."""

    mention_patterns: tuple[str, ...] | None = None
    history_limit: Positive | None = None


class Inbound(Block):
    """Joining of quick messages of one sender, in milliseconds; 0 is off."""

    debounce_ms: Count = 0
    by_channel: dict[str, Count] = Field(default_factory=dict)


class Queue(Block):
    """What happens with messages that arrive while the agent works; without `mode` the kind of agent decides."""

    mode: QueueMode | None = None
    by_channel: dict[str, QueueMode] = Field(default_factory=dict)
    debounce_ms: Count = 1000
    debounce_ms_by_channel: dict[str, Count] = Field(default_factory=dict)
    cap: Positive = 20
    drop: Literal["old", "new", "summarize"] | None = None


class StatusReactions(Block):
    """Reactions that show what the agent is doing."""

    enabled: bool = False
    emojis: dict[str, str] = Field(default_factory=dict)
    timing: dict[str, Count] = Field(default_factory=dict)


class Messages(Block):
    """`messages`."""

    response_prefix: str | None = None
    group_chat: GroupChat = Field(default_factory=GroupChat)
    inbound: Inbound = Field(default_factory=Inbound)
    queue: Queue = Field(default_factory=Queue)
    ack_reaction: str | None = None
    ack_reaction_scope: Literal["group-mentions", "group-all", "direct", "all", "off", "none"] = "group-mentions"
    remove_ack_after_reply: bool = False
    status_reactions: StatusReactions = Field(default_factory=StatusReactions)
