"""The reference of the config file (config-ops 2), row by row: each key does what its row says."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

from config import Loaded
from tests.config.conftest import Load

ROWS = {
    # row: (inside of channels.imessage, attribute of the account, its value)
    "enabled": ("enabled: false", "enabled", False),
    "name": ('name: " Home "', "name", "Home"),
    "blank name": ('name: " "', "name", None),
    "cliPath": ('cliPath: " /opt/my imsg "', "cli_path", "/opt/my imsg"),
    "dbPath": ('dbPath: "/x/chat.db"', "db_path", "/x/chat.db"),
    "dbPath on another Mac": ('dbPath: "~/chat.db", remoteHost: "mac"', "db_path", "~/chat.db"),
    "remoteHost": ('remoteHost: "me@[fe80::1]"', "remote_host", "me@[fe80::1]"),
    "service": ('service: "sms"', "service", "sms"),
    "region": ('region: "DE"', "region", "DE"),
    "dmPolicy": ('dmPolicy: "disabled"', "dm_policy", "disabled"),
    "allowFrom": ('allowFrom: ["a@b.c", +15555550123]', "allow_from", ("a@b.c", "+15555550123")),
    "groupPolicy": ('groupPolicy: "open"', "group_policy", "open"),
    "groupAllowFrom": ('groupAllowFrom: ["a@b.c"]', "group_allow_from", ("a@b.c",)),
    "groupAllowFrom unset": ("", "group_allow_from", None),
    "groupAllowFrom empty": ("groupAllowFrom: []", "group_allow_from", ()),
    "groups": ('groups: { "*": { requireMention: true } }', "groups.*.require_mention", True),
    "group prompt": ('groups: { 7: { systemPrompt: "" } }'.replace("7", '"7"'), "groups.7.system_prompt", ""),
    "group tools": ('groups: { "7": { tools: {}, toolsBySender: {}, skills: [] } }', "groups.7.system_prompt", None),
    "historyLimit": ("historyLimit: 0", "history_limit", 0),
    "historyLimit is capped": ("historyLimit: 1000", "history_limit", 200),
    "dmHistoryLimit": ("dmHistoryLimit: 3", "dm_history_limit", 3),
    "dms": ('dms: { "+15555550123": { historyLimit: 0 } }', "dms.+15555550123.history_limit", 0),
    "includeAttachments": ("includeAttachments: true", "include_attachments", True),
    "attachmentRoots": ('attachmentRoots: ["/a/*/b/"]', "attachment_roots.0", "/a/*/b"),
    "remoteAttachmentRoots": ('attachmentRoots: ["/a"]', "remote_attachment_roots.0", "/a"),
    "mediaMaxMb": ("mediaMaxMb: 1", "media_max_mb", 1),
    "textChunkLimit": ("textChunkLimit: 1", "text_chunk_limit", 1),
    "chunkMode": ('chunkMode: "newline"', "chunk_mode", "newline"),
    "chunkMode, newer place": ('streaming: { chunkMode: "newline" }', "chunk_mode", "newline"),
    "chunkMode, nearer place": (
        'chunkMode: "length", accounts: { a: { streaming: { chunkMode: "newline" } } }',
        "chunk_mode",
        "newline",
    ),
    "configWrites": ("configWrites: false", "config_writes", False),
    "responsePrefix": ('responsePrefix: ""', "response_prefix", ""),
    "defaultTo": ('defaultTo: "chat_id:7"', "default_to", "chat_id:7"),
    "blockStreaming": ("blockStreaming: true", "block_streaming", True),
    "blockStreamingCoalesce": (
        "blockStreamingCoalesce: { minChars: 1, maxChars: 2, idleMs: 0 }",
        "block_streaming_coalesce.idle_ms",
        0,
    ),
    "markdown.tables": ('markdown: { tables: "block" }', "markdown_tables", "block"),
    "contextVisibility": ('contextVisibility: "allowlist_quote"', "context_visibility", "allowlist_quote"),
    "probeTimeoutMs": ("probeTimeoutMs: 1", "probe_timeout_ms", 1),
    "healthMonitor.enabled": ("healthMonitor: { enabled: false }", "health_monitor", False),
    "sendReadReceipts": ("sendReadReceipts: false", "send_read_receipts", False),
    "reactionNotifications": ('reactionNotifications: "off"', "reaction_notifications", "off"),
    "sendTransport": ('sendTransport: "bridge"', "send_transport", "bridge"),
    "allowTo": ('allowTo: ["+15555550123"]', "allow_to", ("+15555550123",)),
    "rateLimit": ('rateLimit: { enforce: "all" }', "rate_limit.enforce", "all"),
    "rateLimit, the rest": ('rateLimit: { enforce: "all" }', "rate_limit.per_chat_per_minute", 30),
    "recovery": ("recovery: { maxRows: 1 }", "recovery.max_rows", 1),
    "ownerNotice": ('ownerNotice: { to: "a@b.c" }', "owner_notice.to", "a@b.c"),
    "debounceMs": ("debounceMs: 0", "debounce_ms", 0),
}

BLOCKS = {
    # row: (other blocks, attribute of the config, its value)
    "channels.defaults": ('channels: { defaults: { groupPolicy: "open" } }', "channels.defaults.group_policy", "open"),
    "agents.list": ('agents: { list: [{ id: "A b", default: true, name: "N" }] }', "agents.list.0.id", "a-b"),
    "agents.entries": ('agents: { entries: { Guest: { workspace: "/w" } } }', "agents.list.0.workspace", "/w"),
    "identity": ('agents: { list: [{ id: "a", identity: { emoji: "x" } }] }', "agents.list.0.identity.emoji", "x"),
    "agent defaults": ("agents: { defaults: { maxConcurrent: 1 } }", "agents.defaults.max_concurrent", 1),
    "model": ('agents: { defaults: { model: "a/b" } }', "agents.defaults.model.primary", "a/b"),
    "bindings": (
        'bindings: [{ agentId: "main", match: { channel: "imessage", peer: { kind: "dm", id: "a@b.c" } } }]',
        "bindings.0.match.peer.kind",
        "dm",
    ),
    "session.scope": ('session: { scope: "global" }', "session.scope", "global"),
    "session.dmScope": ('session: { dmScope: "per-account-channel-peer" }', "session.dm_scope", None),
    "session.identityLinks": (
        'session: { identityLinks: { me: ["imessage:x"] } }',
        "session.identity_links.me.0",
        None,
    ),
    "session.reset": ('session: { reset: { mode: "daily", atHour: 0 } }', "session.reset.at_hour", 0),
    "session.resetByType": (
        'session: { resetByType: { dm: { mode: "none" }, direct: {}, group: {}, thread: { idleMinutes: 9 } } }',
        "session.reset_by_type.thread.idle_minutes",
        9,
    ),
    "session.resetByChannel": (
        "session: { resetByChannel: { imessage: { idleMinutes: 9 } }, idleMinutes: 5 }",
        "session.reset_by_channel.imessage.idle_minutes",
        9,
    ),
    "session.resetTriggers": ("session: { resetTriggers: [] }", "session.reset_triggers", ()),
    "session.sendPolicy": (
        'session: { sendPolicy: { default: "allow", rules: [{ action: "deny", match: { chatType: "group" } }] } }',
        "session.send_policy.rules.0.match.chat_type",
        "group",
    ),
    "session.typingMode": (
        'session: { typingMode: "never", typingIntervalSeconds: 6 }',
        "session.typing_mode",
        "never",
    ),
    "messages.groupChat": ("messages: { groupChat: { historyLimit: 1 } }", "messages.group_chat.history_limit", 1),
    "messages.inbound": (
        "messages: { inbound: { byChannel: { imessage: 5 } } }",
        "messages.inbound.by_channel.imessage",
        5,
    ),
    "messages.queue": (
        'messages: { queue: { mode: "collect", byChannel: { imessage: "followup" }, cap: 1, drop: "new" } }',
        "messages.queue.cap",
        1,
    ),
    "messages.ackReaction": (
        'messages: { ackReaction: "x", ackReactionScope: "off", removeAckAfterReply: true, statusReactions: {} }',
        "messages.ack_reaction_scope",
        "off",
    ),
    "commands": ("commands: { config: true, debug: true, restart: false, text: true }", "commands.restart", False),
    "commands.owners": ('commands: { ownerAllowFrom: ["imessage:+15555550123"] }', "commands.owners.0", None),
    "commands.allowFrom": ('commands: { allowFrom: { "*": [] } }', "commands.allow_from.*", ()),
    "logging": ('logging: { level: "trace", maxFileBytes: 1, redactPatterns: ["x"] }', "logging.level", "trace"),
    "gateway.reload": ('gateway: { mode: "local", reload: { mode: "off" } }', "gateway.reload.mode", "off"),
    "gateway.health": ("gateway: { channelHealthCheckMinutes: 0 }", "gateway.channel_health_check_minutes", 0),
    "retention": ("retention: { bodiesDays: 1 }", "retention.tombstones_days", 365),
    "env": (
        'env: { vars: { A: "x" }, shellEnv: { enabled: true, timeoutMs: 15000 } }',
        "env.shell_env.timeout_ms",
        15000,
    ),
    "an OpenClaw file": (
        """$schema: "https://example.test/schema.json", meta: { lastTouchedVersion: "2026.3.2" }, wizard: {},
           gateway: { mode: "local", port: 18789, auth: { token: "x" } }, plugins: {}, web: {}, models: {},
           agents: { defaults: { heartbeat: {} }, list: [{ id: "main", identity: { theme: "t" }, subagents: {} }] },
           channels: { telegram: { botToken: "x" }, imessage: { actions: { edit: true }, capabilities: [] } },
           bindings: [{ agentId: "main", match: { channel: "discord", guildId: "1", roles: ["x"] } }],
           messages: { tts: {} }""",
        "bindings.0.match.guild_id",
        "1",
    ),
}


def look(value: Any, path: str) -> Any:
    """What stands at a dotted path of attributes, keys and indexes."""

    def step(found: Any, name: str) -> Any:
        if isinstance(found, tuple):
            return found[int(name)]
        return found[name] if isinstance(found, dict) else getattr(found, name)

    return reduce(step, path.split("."), value)


@pytest.mark.parametrize(("inside", "path", "expected"), ROWS.values(), ids=ROWS.keys())
def test_a_key_of_the_channel(inside: str, path: str, expected: object, load_text: Load) -> None:
    loaded: Loaded = load_text(f"{{ channels: {{ imessage: {{ {inside} }} }} }}")
    assert loaded.problems == ()
    assert look(loaded.accounts[0], path) == expected


@pytest.mark.parametrize(("inside", "path", "expected"), ROWS.values(), ids=ROWS.keys())
def test_the_same_key_in_an_account(inside: str, path: str, expected: object, load_text: Load) -> None:
    if "accounts:" not in inside:
        inside = f"accounts: {{ a: {{ {inside} }} }}"
    loaded: Loaded = load_text(f"{{ channels: {{ imessage: {{ {inside} }} }} }}")
    assert loaded.problems == ()
    assert look(loaded.accounts[0], path) == expected


@pytest.mark.parametrize(("text", "path", "expected"), BLOCKS.values(), ids=BLOCKS.keys())
def test_a_key_of_another_block(text: str, path: str, expected: object, load_text: Load) -> None:
    loaded: Loaded = load_text(f"{{ {text} }}")
    assert loaded.problems == ()
    found = look(loaded.config, path)
    assert found == expected if expected is not None else found


def test_context_visibility_falls_back_to_the_defaults_of_all_channels(load_text: Load) -> None:
    text = '{ channels: { defaults: { contextVisibility: "allowlist" }, imessage: { accounts: { a: %s } } } }'
    (account,) = load_text(text % "{}").accounts
    assert (account.context_visibility, account.key_path("contextVisibility")) == (
        "allowlist",
        "channels.defaults.contextVisibility",
    )
    (account,) = load_text(text % '{ contextVisibility: "all" }').accounts
    assert account.context_visibility == "all"
