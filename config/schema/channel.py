"""`channels.imessage`, its accounts, and `channels.defaults`.

Account blocks repeat the keys of the channel. No field has a default here, only "unset": an account inherits
what it does not set, and defaults apply after that overlay (`config.account.Account` holds them). A default at
this level would hide what the channel says.
"""

from __future__ import annotations

from pydantic import Field

from config.schema.base import Block, Count, File, Host, Phrase, Positive, Program, Senders
from config.schema.channel_parts import (
    BlockStreamingCoalesce,
    Catchup,
    ChunkMode,
    ContextVisibility,
    DmEntry,
    DmPolicy,
    GroupEntry,
    GroupPolicy,
    HealthMonitor,
    Markdown,
    OwnerNotice,
    RateLimit,
    ReactionNotifications,
    Recovery,
    SendTransport,
    Service,
    Streaming,
)

__all__ = [
    "AccountBlock",
    "ChannelDefaults",
    "Channels",
    "DmEntry",
    "GroupEntry",
    "ImessageBlock",
    "OwnerNotice",
    "RateLimit",
    "Recovery",
]


class AccountBlock(Block):
    """One Messages identity; what it does not set it takes from `channels.imessage`."""

    enabled: bool | None = None
    """Whether it runs."""
    name: Phrase | None = None
    """A label for people."""
    cli_path: Program | None = None
    """The program that talks to Messages: a name, a path, or a script that runs imsg on another Mac."""
    db_path: File | None = None
    """The Messages database, a path on the Mac where imsg runs; imsg's own choice when unset."""
    remote_host: Host | None = None
    """`host` or `user@host` where attachments are fetched from; found in the script of `cliPath` when unset."""
    service: Service | None = None
    """How new messages go out."""
    region: Phrase | None = None
    """Two letters of the country for phone numbers without a country code."""
    dm_policy: DmPolicy | None = None
    """Who may write in a direct chat; open needs "*" in `allowFrom`."""
    allow_from: Senders | None = None
    """Who may write: phone numbers, e-mail addresses, `chat_id:` entries, `accessGroup:` names, or "*"."""
    group_policy: GroupPolicy | None = None
    """Who may write in groups."""
    group_allow_from: Senders | None = None
    """Who may write in groups; `allowFrom` when unset, nobody when empty."""
    groups: dict[str, GroupEntry] | None = None
    """Groups by chat id, "*" for all others. With any entry, groups without one are shut out."""
    history_limit: Count | None = None
    """Messages of a group kept as context, and earlier turns there, at most 200; 0 is off."""
    dm_history_limit: Count | None = None
    """Earlier turns of a direct chat kept as context, at most 200 and so many when unset; 0 is off."""
    dms: dict[str, DmEntry] | None = None
    """Settings of single direct chats, by handle."""
    context_visibility: ContextVisibility | None = None
    """Whose messages the agent sees as context: of all, of those allowed, or of those and what they quote."""
    reaction_notifications: ReactionNotifications | None = None
    """Which reactions the agent is told about: those to its own messages, all, or none."""
    include_attachments: bool | None = None
    """Whether files people send reach the agent."""
    attachment_roots: tuple[File, ...] | None = None
    """Folders whose files are read for agents; absolute, `*` stands for one whole segment."""
    remote_attachment_roots: tuple[File, ...] | None = None
    """The same for files fetched from another Mac; `attachmentRoots` when unset."""
    media_max_mb: Positive | None = None
    """Megabytes a file may have to be read for an agent."""
    text_chunk_limit: Positive | None = None
    """UTF-16 units in one bubble."""
    chunk_mode: ChunkMode | None = None
    """Where long answers are cut: at the limit, or at every paragraph first."""
    streaming: Streaming | None = None
    """Where newer OpenClaw files keep `chunkMode`."""
    markdown: Markdown | None = None
    """How Markdown becomes plain text."""
    block_streaming: bool | None = None
    """Whether finished blocks are sent while the agent still writes."""
    block_streaming_coalesce: BlockStreamingCoalesce | None = None
    """How such blocks are joined."""
    response_prefix: Phrase | None = None
    """Put before every answer; "auto" is the default agent's name, an empty text is none."""
    default_to: Phrase | None = None
    """Where a message without a target goes."""
    allow_to: Senders | None = None
    """Addresses that may be written to before they wrote."""
    rate_limit: RateLimit | None = None
    """How much may be sent."""
    send_transport: SendTransport | None = None
    """How imsg sends: over its bridge, by AppleScript, or as it is able to."""
    send_read_receipts: bool | None = None
    """Whether people see that their message was read."""
    config_writes: bool | None = None
    """Whether /config in a chat may change this file (with `commands.config`)."""
    probe_timeout_ms: Positive | None = None
    """Milliseconds imsg has to answer a probe."""
    debounce_ms: Count | None = None
    """Milliseconds in which imsg joins quick changes."""
    health_monitor: HealthMonitor | None = None
    """The watch over the channel's health."""
    recovery: Recovery | None = None
    """How far back missed messages are answered."""
    catchup: Catchup | None = None
    """Recovery settings of older OpenClaw files, read and not used."""
    owner_notice: OwnerNotice | None = None
    """Failures told to the owner."""
    failure_reply: Phrase | None = None
    """What people are told when their message could not be answered; nothing when unset."""


class ImessageBlock(AccountBlock):
    """`channels.imessage`: the account keys, the accounts themselves, and which of them is the default."""

    accounts: dict[str, AccountBlock] = Field(default_factory=dict)
    """Several identities, by id; without any the channel's own keys are the account "default"."""
    default_account: Phrase | None = None
    """The account that is meant where none is named; "default", else the first, when unset."""


class ChannelDefaults(Block):
    """`channels.defaults`: what every channel starts from."""

    group_policy: GroupPolicy | None = None
    """As `groupPolicy` of a channel that does not set it."""
    context_visibility: ContextVisibility | None = None
    """As `contextVisibility` of a channel that does not set it."""


class Channels(Block):
    """`channels`; the blocks of other channels were taken out before."""

    defaults: ChannelDefaults = Field(default_factory=ChannelDefaults)
    """What every channel starts from."""
    imessage: ImessageBlock | None = None
    """The channel this gateway serves; without it nothing runs."""
