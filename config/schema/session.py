"""`session`: how conversations map to sessions, and when a session starts anew."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.schema.base import Block, Positive

DmScope = Literal["main", "per-peer", "per-channel-peer", "per-account-channel-peer"]


class Reset(Block):
    """When a session is reset: at an hour of the local day, or after idle minutes."""

    mode: Literal["daily", "idle", "none"] | None = None
    at_hour: Annotated[int, Field(ge=0, le=23)] | None = None
    idle_minutes: Positive | None = None


class ResetByType(Block):
    """Resets by kind of chat; `dm` is the old name of `direct`."""

    direct: Reset | None = None
    dm: Reset | None = None
    group: Reset | None = None
    thread: Reset | None = None


class SendMatch(Block):
    """Which sends a rule is about."""

    channel: str | None = None
    chat_type: Literal["direct", "dm", "group", "channel", "thread"] | None = None
    key_prefix: str | None = None
    raw_key_prefix: str | None = None


class SendRule(Block):
    """One rule of the send policy."""

    action: Literal["allow", "deny"]
    match: SendMatch | None = None


class SendPolicy(Block):
    """Whether a session may send at all; the first rule that fits decides."""

    default: Literal["allow", "deny"] | None = None
    rules: tuple[SendRule, ...] = ()


class Session(Block):
    """`session`."""

    scope: Literal["per-sender", "global"] = "per-sender"
    dm_scope: DmScope = "main"
    main_key: str = "main"
    identity_links: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    reset: Reset | None = None
    reset_by_type: ResetByType = Field(default_factory=ResetByType)
    reset_by_channel: dict[str, Reset] = Field(default_factory=dict)
    reset_triggers: tuple[str, ...] = ("/new", "/reset")
    idle_minutes: Positive | None = None
    store: str | None = None
    send_policy: SendPolicy | None = None
    typing_mode: Literal["never", "instant", "thinking", "message"] | None = None
    typing_interval_seconds: Positive | None = None
