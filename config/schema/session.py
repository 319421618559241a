"""`session`: how conversations map to sessions, and when a session starts anew."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.schema.base import Block, File, Phrase, Positive

DmScope = Literal["main", "per-peer", "per-channel-peer", "per-account-channel-peer"]


class Reset(Block):
    """When a session starts anew by itself."""

    mode: Literal["daily", "idle", "none"] | None = None
    """At an hour of the day, after some quiet, or never."""
    at_hour: Annotated[int, Field(ge=0, le=23)] | None = None
    """The hour of the local day."""
    idle_minutes: Positive | None = None
    """Minutes of quiet."""


class ResetByType(Block):
    """Resets by kind of chat."""

    direct: Reset | None = None
    """Direct chats."""
    dm: Reset | None = None
    """The older name of `direct`."""
    group: Reset | None = None
    """Groups."""
    thread: Reset | None = None
    """Read and not used: there are no threads here."""


class SendMatch(Block):
    """Which sends a rule is about; every key that is set must fit."""

    channel: Phrase | None = None
    """The channel."""
    chat_type: Literal["direct", "dm", "group", "channel", "thread"] | None = None
    """The kind of chat."""
    key_prefix: Phrase | None = None
    """How the session's key begins, without `agent:<id>:`."""
    raw_key_prefix: Phrase | None = None
    """How the whole session key begins."""


class SendRule(Block):
    """One rule of the send policy."""

    action: Literal["allow", "deny"]
    """What it says."""
    match: SendMatch | None = None
    """Which sends it is about; all when unset."""


class SendPolicy(Block):
    """Whether a session may send at all; the first rule that fits decides."""

    default: Literal["allow", "deny"] | None = None
    """What holds where no rule fits; allow when unset."""
    rules: tuple[SendRule, ...] = ()
    """The rules, in order."""


class Session(Block):
    """How conversations map to sessions, and when a session starts anew."""

    scope: Literal["per-sender", "global"] = "per-sender"
    """Whether everybody shares one session (global)."""
    dm_scope: DmScope = "main"
    """Which direct chats share a session: all of them, or those of one person, channel, account."""
    main_key: Phrase = "main"
    """Read and not used: the main session is always called main."""
    identity_links: dict[str, tuple[Phrase, ...]] = Field(default_factory=dict)
    """One person's addresses, as `channel:handle`, by a name of your choice."""
    reset: Reset | None = None
    """When a session starts anew by itself; never when unset."""
    reset_by_type: ResetByType = Field(default_factory=ResetByType)
    """The same by kind of chat."""
    reset_by_channel: dict[str, Reset] = Field(default_factory=dict)
    """The same for single channels."""
    reset_triggers: tuple[Phrase, ...] = ("/new", "/reset")
    """Messages that start a session anew."""
    idle_minutes: Positive | None = None
    """The older way to write `reset` after idle minutes."""
    store: File | None = None
    """OpenClaw's file of sessions, with `{agentId}`; read and not used."""
    send_policy: SendPolicy | None = None
    """Whether a session may send at all."""
    typing_mode: Literal["never", "instant", "thinking", "message"] | None = None
    """When people see that an answer is being written."""
    typing_interval_seconds: Positive | None = None
    """Seconds between two signs of it; 8 when unset."""
