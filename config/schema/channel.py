"""`channels.imessage`, its accounts, and `channels.defaults`.

Account blocks repeat the keys of the channel. No field has a default here, only "unset": an account inherits
what it does not set, and defaults apply after that overlay (`config.account.Account` holds them). A default at
this level would hide what the channel says.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.schema.base import Block, Count, Positive

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
    """One entry of `groups`, keyed by chat id or `*`; an empty `system_prompt` silences the one of `*`."""

    require_mention: bool | None = None
    system_prompt: str | None = None


class DmEntry(Block):
    """One entry of `dms`, keyed by handle: how many user turns of history to keep."""

    history_limit: Count | None = None


class Markdown(Block):
    """How Markdown tables become plain text."""

    tables: TableMode | None = None


class Streaming(Block):
    """The place newer files keep `chunkMode` in."""

    chunk_mode: ChunkMode | None = None


class BlockStreamingCoalesce(Block):
    """Joining of streamed blocks: characters and milliseconds."""

    min_chars: Positive | None = None
    max_chars: Positive | None = None
    idle_ms: Count | None = None


class HealthMonitor(Block):
    """Whether the channel's health is watched."""

    enabled: bool | None = None


class Catchup(Block):
    """The older recovery settings; recovery is always on, `recovery` bounds it."""

    enabled: bool | None = None
    max_age_minutes: Annotated[int, Field(ge=1, le=720)] | None = None
    per_run_limit: Annotated[int, Field(ge=1, le=500)] | None = None
    first_run_lookback_minutes: Annotated[int, Field(ge=1, le=720)] | None = None
    max_failure_retries: Annotated[int, Field(ge=1, le=1000)] | None = None


class RateLimit(Block):
    """How much may be sent; `enforce` says which sends are held back rather than only warned about."""

    per_chat_per_minute: Positive = 30
    per_account_per_hour: Positive = 180
    enforce: Enforce = "unsolicited"


class Recovery(Block):
    """Age fences for missed messages, and how many rows one recovery may bring."""

    live_minutes: Positive = 15
    replay_hours: Positive = 48
    max_rows: Positive = 5000


class OwnerNotice(Block):
    """Failures told to the owner; without `to` the owner's direct chat is used."""

    enabled: bool = True
    to: str | None = None
    per_hour: Positive = 4


class AccountBlock(Block):
    """The keys of `channels.imessage.accounts.<id>`, all of them optional."""

    enabled: bool | None = None
    name: str | None = None
    cli_path: str | None = None
    db_path: str | None = None
    remote_host: str | None = None
    service: Service | None = None
    region: str | None = None
    dm_policy: DmPolicy | None = None
    allow_from: tuple[str, ...] | None = None
    group_policy: GroupPolicy | None = None
    group_allow_from: tuple[str, ...] | None = None
    groups: dict[str, GroupEntry] | None = None
    history_limit: Count | None = None
    dm_history_limit: Count | None = None
    dms: dict[str, DmEntry] | None = None
    include_attachments: bool | None = None
    attachment_roots: tuple[str, ...] | None = None
    remote_attachment_roots: tuple[str, ...] | None = None
    media_max_mb: Positive | None = None
    text_chunk_limit: Positive | None = None
    chunk_mode: ChunkMode | None = None
    streaming: Streaming | None = None
    config_writes: bool | None = None
    response_prefix: str | None = None
    default_to: str | None = None
    markdown: Markdown | None = None
    block_streaming: bool | None = None
    block_streaming_coalesce: BlockStreamingCoalesce | None = None
    context_visibility: ContextVisibility | None = None
    probe_timeout_ms: Positive | None = None
    health_monitor: HealthMonitor | None = None
    send_read_receipts: bool | None = None
    reaction_notifications: ReactionNotifications | None = None
    send_transport: SendTransport | None = None
    catchup: Catchup | None = None
    allow_to: tuple[str, ...] | None = None
    rate_limit: RateLimit | None = None
    recovery: Recovery | None = None
    owner_notice: OwnerNotice | None = None
    debounce_ms: Count | None = None


class ImessageBlock(AccountBlock):
    """`channels.imessage`: the account keys, the accounts themselves, and which of them is the default."""

    accounts: dict[str, AccountBlock] = Field(default_factory=dict)
    default_account: str | None = None


class ChannelDefaults(Block):
    """`channels.defaults`: what every channel starts from."""

    group_policy: GroupPolicy | None = None


class Channels(Block):
    """`channels`; the blocks of other channels were taken out before."""

    defaults: ChannelDefaults = Field(default_factory=ChannelDefaults)
    imessage: ImessageBlock | None = None
