"""The blocks and choices inside `channels.imessage`: groups, history, rendering, limits, recovery."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.schema.base import Block, Count, Phrase, Positive

DmPolicy = Literal["pairing", "allowlist", "open", "disabled"]
GroupPolicy = Literal["open", "allowlist", "disabled"]
Service = Literal["imessage", "sms", "auto"]
ChunkMode = Literal["length", "newline"]
TableMode = Literal["off", "bullets", "code", "block"]
ReactionNotifications = Literal["off", "own", "all"]
SendTransport = Literal["auto", "bridge", "applescript"]
ContextVisibility = Literal["all", "allowlist", "allowlist_quote"]
Enforce = Literal["unsolicited", "all", "off"]


class GroupEntry(Block):
    """One group, by chat id; `*` stands for all others."""

    require_mention: bool | None = None
    """Whether only messages that mention the agent count; true when neither this entry nor `*` says."""
    system_prompt: Phrase | None = None
    """Added to the agent's instructions in this group; an empty text silences the one of `*`."""


class DmEntry(Block):
    """One direct chat, by handle."""

    history_limit: Count | None = None
    """Earlier turns kept as context in this chat, at most 200."""


class Markdown(Block):
    """How Markdown becomes plain text."""

    tables: TableMode | None = None
    """Tables as aligned lines (code, block), as bullets, or as they stand (off)."""


class Streaming(Block):
    """Where newer OpenClaw files keep `chunkMode`."""

    chunk_mode: ChunkMode | None = None
    """As `chunkMode` of the channel."""


class BlockStreamingCoalesce(Block):
    """How blocks of a streamed answer are joined before they are sent."""

    min_chars: Positive | None = None
    """Characters to collect before anything is sent."""
    max_chars: Positive | None = None
    """Characters at which a block is sent in any case."""
    idle_ms: Count | None = None
    """Milliseconds without new text after which a block is sent."""


class HealthMonitor(Block):
    """The watch over the channel's health."""

    enabled: bool | None = None
    """Whether the channel is checked and restarted by itself."""


class Catchup(Block):
    """Recovery settings of older OpenClaw files. Missed messages are always recovered; `recovery` bounds that."""

    enabled: bool | None = None
    """Read and not used: recovery is always on."""
    max_age_minutes: Annotated[int, Field(ge=1, le=720)] | None = None
    """Read and not used: see `recovery.replayHours`."""
    per_run_limit: Annotated[int, Field(ge=1, le=500)] | None = None
    """Read and not used: see `recovery.maxRows`."""
    first_run_lookback_minutes: Annotated[int, Field(ge=1, le=720)] | None = None
    """Read and not used: a first run answers nothing that came before it."""
    max_failure_retries: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Read and not used."""


class RateLimit(Block):
    """How much may be sent."""

    per_chat_per_minute: Positive = 30
    """Messages to one chat in one minute."""
    per_account_per_hour: Positive = 180
    """Messages of this account in one hour."""
    enforce: Enforce = "unsolicited"
    """Which sends are held back over the limit; the others are only warned about."""


class Recovery(Block):
    """What happens with messages that were missed: while the gateway was down, or the Mac slept."""

    live_minutes: Positive = 15
    """Minutes a message that comes in live may be old and is still answered."""
    replay_hours: Positive = 48
    """Hours a missed message may be old and is still answered."""
    max_rows: Positive = 5000
    """Messages one recovery may bring."""


class OwnerNotice(Block):
    """Failures told to the owner."""

    enabled: bool = True
    """Whether the owner is told."""
    to: Phrase | None = None
    """Whom to tell; the owner's direct chat when unset."""
    per_hour: Positive = 4
    """Notices in one hour."""
