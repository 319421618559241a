"""`messages`: what holds for messages of every channel."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.schema.base import Block, Count, Phrase, Positive

QueueMode = Literal["steer", "followup", "collect", "steer-backlog", "steer+backlog", "queue", "interrupt"]


class GroupChat(Block):
    """Groups of every channel."""

    mention_patterns: tuple[Phrase, ...] | None = None
    """Regular expressions that count as a mention, for agents without their own; empty: no mentions."""
    history_limit: Positive | None = None
    """Messages of a group kept as context where neither the channel nor the agent says, at most 200."""


class Inbound(Block):
    """Joining of quick messages of one sender."""

    debounce_ms: Count = 0
    """Milliseconds to wait for another message; 0 is off."""
    by_channel: dict[str, Count] = Field(default_factory=dict)
    """The same for single channels."""


class Queue(Block):
    """What happens with messages that arrive while the agent works."""

    mode: QueueMode | None = None
    """One turn for each (followup), one for all (collect), told to the turn that runs (steer; queue and steer-backlog
    are older names of it), or in place of it (interrupt); the agent decides when unset."""
    by_channel: dict[str, QueueMode] = Field(default_factory=dict)
    """The same for single channels."""
    debounce_ms: Count = 1000
    """Milliseconds to wait for more before they are taken in."""
    debounce_ms_by_channel: dict[str, Count] = Field(default_factory=dict)
    """The same for single channels."""
    cap: Positive = 20
    """Messages one turn may take in; the others wait for the next."""
    drop: Literal["old", "new", "summarize"] | None = None
    """Read and not used: nothing is dropped over the cap."""


class StatusReactions(Block):
    """Reactions that show what the agent is doing."""

    enabled: bool = False
    """Whether they are sent."""
    emojis: dict[str, Phrase] = Field(default_factory=dict)
    """The emoji for each state."""
    timing: dict[str, Count] = Field(default_factory=dict)
    """Milliseconds, by OpenClaw's names."""


class Messages(Block):
    """What holds for messages of every channel."""

    response_prefix: Phrase | None = None
    """Put before every answer where channel and account do not say; "auto" is the default agent's name."""
    group_chat: GroupChat = Field(default_factory=GroupChat)
    """Groups of every channel."""
    inbound: Inbound = Field(default_factory=Inbound)
    """Joining of quick messages of one sender."""
    queue: Queue = Field(default_factory=Queue)
    """What happens with messages that arrive while the agent works."""
    ack_reaction: Phrase | None = None
    """The emoji that says a message was seen; none when unset or empty."""
    ack_reaction_scope: Literal["group-mentions", "group-all", "direct", "all", "off", "none"] = "group-mentions"
    """Which messages get it."""
    remove_ack_after_reply: bool = False
    """Whether it is taken back once the answer is there."""
    status_reactions: StatusReactions = Field(default_factory=StatusReactions)
    """Reactions that show what the agent is doing."""
