"""An effective account: everything a running account needs to know, with every default applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.safety import DEFAULT_ROOT
from config.schema.channel_parts import (
    BlockStreamingCoalesce,
    ChunkMode,
    ContextVisibility,
    DmEntry,
    DmPolicy,
    GroupEntry,
    GroupPolicy,
    OwnerNotice,
    RateLimit,
    ReactionNotifications,
    Recovery,
    SendTransport,
    Service,
    TableMode,
)

ROOT = "channels.imessage"
DEFAULT_HISTORY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One Messages identity. Field names are the config keys in snake_case; limits in the units of their names.

    `configured`: some key says something about it. `unavailable`: why it cannot run although the file is valid
    (an unset variable, another account reads the same source); such an account is not `enabled`.
    `group_allow_from` is None when unset (then `allow_from` decides) and empty when nobody may.
    `response_prefix` may be `auto`; an empty one means none. `origins` serves `key_path`.
    """

    id: str
    name: str | None = None
    enabled: bool = True
    configured: bool = True
    unavailable: str | None = None
    cli_path: str = "imsg"
    db_path: str | None = None
    remote_host: str | None = None
    service: Service = "auto"
    region: str = "US"
    dm_policy: DmPolicy = "pairing"
    allow_from: tuple[str, ...] = ()
    group_policy: GroupPolicy = "allowlist"
    group_allow_from: tuple[str, ...] | None = None
    groups: Mapping[str, GroupEntry] = field(default_factory=dict)
    history_limit: int = DEFAULT_HISTORY
    dm_history_limit: int | None = None
    dms: Mapping[str, DmEntry] = field(default_factory=dict)
    include_attachments: bool = False
    attachment_roots: tuple[str, ...] = (DEFAULT_ROOT,)
    remote_attachment_roots: tuple[str, ...] = (DEFAULT_ROOT,)
    media_max_mb: int = 16
    text_chunk_limit: int = 4000
    chunk_mode: ChunkMode = "length"
    config_writes: bool = True
    response_prefix: str | None = None
    default_to: str | None = None
    markdown_tables: TableMode = "code"
    block_streaming: bool = False
    block_streaming_coalesce: BlockStreamingCoalesce | None = None
    probe_timeout_ms: int = 10_000
    health_monitor: bool = True
    send_read_receipts: bool = True
    reaction_notifications: ReactionNotifications = "own"
    context_visibility: ContextVisibility = "all"
    send_transport: SendTransport = "auto"
    allow_to: tuple[str, ...] = ()
    rate_limit: RateLimit = field(default_factory=RateLimit)
    recovery: Recovery = field(default_factory=Recovery)
    owner_notice: OwnerNotice = field(default_factory=OwnerNotice)
    failure_reply: str | None = None
    debounce_ms: int = 100
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def key_path(self, key: str) -> str:
        """The full dotted path of a config key (camelCase, may go deeper: `groups.42.requireMention`).

        Where the value was set: the account, the channel, or the wider block it fell back to. The channel's key
        when it is set nowhere, because that is where a person would set it.
        """
        head, dot, rest = key.partition(".")
        return self.origins.get(head, f"{ROOT}.{head}") + dot + rest
