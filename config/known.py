"""Keys of OpenClaw's config file that this gateway reads past.

The same file may serve OpenClaw, so what belongs to its other parts is accepted, taken out before validation
and named once as ignored. Everything else that is unknown is an error. `GUARDS` are different: they restrict
what an agent may do, nothing here enforces them, and `config.checks` decides whether that is an error; one that
restricts nothing (`{}`, a sandbox whose mode is off) is ignored like the rest. Locations are key patterns in which
`*` stands for any id or index.
"""

from __future__ import annotations

from typing import NamedTuple

from config.paths import Path
from config.tree import Node

Pattern = tuple[str, ...]


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


CHANNELS = _keys(
    "telegram whatsapp discord slack signal googlechat msteams matrix mattermost bluebubbles line nostr zalo"
    " zalouser feishu nextcloud-talk irc twitch tlon synology-chat qqbot wechat wecom dingtalk webchat sms"
    " voice-call rocketchat modelByChannel"
)
_ACCOUNT = _keys("capabilities heartbeat heartbeatVisibility actions coalesceSameSenderDms mentionPatterns")
_GROUP = _keys("skills")
_STREAMING = _keys("mode block preview progress nativeTransport")
_AGENT = _keys(
    "description agentDir utilityModel models modelPolicy thinkingDefault verboseDefault toolProgressDetail"
    " reasoningDefault fastModeDefault contextInjection bootstrapMaxChars bootstrapTotalMaxChars experimental"
    " skills memory memorySearch humanDelay typingMode typingIntervalSeconds tts skillsLimits contextLimits"
    " heartbeat subagents embeddedAgent embeddedPi plugins params cliBackend"
)
_DEFAULTS = _AGENT | _keys(
    "imageModel imageGenerationModel videoGenerationModel musicGenerationModel pdfModel pdfMaxBytesMb pdfMaxPages"
    " repoRoot skipBootstrap bootstrapPromptTruncationWarning timeFormat cliBackends contextPruning compaction"
    " elevatedDefault blockStreamingDefault blockStreamingBreak blockStreamingChunk blockStreamingCoalesce mediaMaxMb"
    " imageMaxDimensionPx additionalSystemPrompt llm"
)

IGNORED: dict[Pattern, frozenset[str]] = {
    (): _keys(
        "meta wizard diagnostics cli crestodian update browser ui secrets auth acp nodeHost broadcast"
        " audio media approvals cron hooks web discovery canvasHost talk plugins skills memory mcp proxy"
        " identity routing"
    ),
    ("channels",): CHANNELS,
    ("channels", "defaults"): _keys("implicitMentions heartbeat heartbeatVisibility"),
    ("channels", "imessage"): _ACCOUNT,
    ("channels", "imessage", "streaming"): _STREAMING,
    ("channels", "imessage", "groups", "*"): _GROUP,
    ("channels", "imessage", "accounts", "*"): _ACCOUNT,
    ("channels", "imessage", "accounts", "*", "streaming"): _STREAMING,
    ("channels", "imessage", "accounts", "*", "groups", "*"): _GROUP,
    ("agents", "defaults"): _DEFAULTS,
    ("agents", "list", "*"): _AGENT,
    ("agents", "list", "*", "identity"): _keys("theme avatar"),
    ("agents", "list", "*", "model"): _keys("timeoutMs"),
    ("agents", "entries", "*"): _AGENT,
    ("agents", "entries", "*", "identity"): _keys("theme avatar"),
    ("agents", "entries", "*", "model"): _keys("timeoutMs"),
    ("agents", "defaults", "model"): _keys("timeoutMs"),
    ("bindings", "*"): _keys("comment acp session sessionKey sessionScope"),
    ("session",): _keys(
        "maintenance agentToAgent threadBindings parentForkMaxTokens transcriptRetentionDays maxRecentTurns groupScope"
    ),
    ("messages",): _keys("messagePrefix tts suppressToolErrors visibleReplies"),
    ("messages", "groupChat"): _keys("visibleReplies unmentionedInbound"),
    ("commands",): _keys("native nativeSkills mcp plugins bashForegroundMs"),
    ("gateway",): _keys(
        "port bind customBindHost controlUi auth trustedProxies allowRealIpFallback tools webchat"
        " channelStaleEventThresholdMinutes channelMaxRestartsPerHour tailscale remote tls http push nodes"
        " handshakeTimeoutMs"
    ),
    ("gateway", "reload"): _keys("deferralTimeoutMs"),
}

GUARDS: dict[Pattern, frozenset[str]] = {
    (): _keys("tools"),
    ("agents", "defaults"): _keys("sandbox tools"),
    ("agents", "list", "*"): _keys("sandbox tools"),
    ("agents", "entries", "*"): _keys("sandbox tools"),
    ("channels", "imessage", "groups", "*"): _keys("tools toolsBySender"),
    ("channels", "imessage", "accounts", "*", "groups", "*"): _keys("tools toolsBySender"),
}

_PREFIXES = {pattern[:length] for pattern in (*IGNORED, *GUARDS) for length in range(len(pattern) + 1)}


class Sifted(NamedTuple):
    """The document without foreign keys; the names of the ignored ones; where guards stand."""

    root: Node
    ignored: tuple[str, ...]
    guards: tuple[Path, ...]


def sift(root: Node) -> Sifted:
    """Takes out what other parts of OpenClaw own. Pure; each ignored key is named once, whatever its id or index."""
    ignored: dict[str, None] = {}
    guards: list[Path] = []
    return Sifted(_sift(root, (), (), ignored, guards), tuple(ignored), tuple(guards))


def _sift(node: Node, pattern: Pattern, path: Path, ignored: dict[str, None], guards: list[Path]) -> Node:
    if pattern not in _PREFIXES:
        return node
    if isinstance(node.value, tuple):
        step = (*pattern, "*")
        items = (_sift(item, step, (*path, index), ignored, guards) for index, item in enumerate(node.value))
        return node.with_value(tuple(items))
    if not isinstance(node.value, dict):
        return node
    kept: dict[str, Node] = {}
    for key, child in node.value.items():
        is_guard = key in GUARDS.get(pattern, ())
        if is_guard and _restricts(key, child):
            guards.append((*path, key))
        elif is_guard or key in IGNORED.get(pattern, ()):
            ignored[".".join((*pattern, key)).replace(".list.*", ".list[]").replace("bindings.*", "bindings[]")] = None
        else:
            step = (*pattern, key)
            step = step if step in _PREFIXES else (*pattern, "*")
            kept[key] = _sift(child, step, (*path, key), ignored, guards)
    return node.with_value(kept)


def _restricts(key: str, guard: Node) -> bool:
    """Whether a guard asks for anything: an empty block does not, nor does a sandbox that is switched off."""
    mode = guard.get("mode") if key == "sandbox" else None
    return bool(guard.value) and (mode is None or mode.value != "off")


def known_keys(path: Path) -> frozenset[str]:
    """The foreign keys that are accepted in the object at `path`: candidates when a key is misspelt."""
    return frozenset().union(
        *(keys for table in (IGNORED, GUARDS) for pattern, keys in table.items() if fits(path, pattern))
    )


def fits(path: Path, pattern: Pattern) -> bool:
    """True when a path is one the pattern describes."""
    return len(path) == len(pattern) and all(p in ("*", str(k)) for k, p in zip(path, pattern, strict=True))
