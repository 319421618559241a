"""What no chat may change: whatever names a program, a host, a file or a secret, however it is put."""

from __future__ import annotations

import copy
from typing import Annotated, Any

import pytest
from pydantic import Field, SecretStr

from config import forbidden
from config.forbidden import touched, touches, why
from config.known import GUARDS, IGNORED
from config.paths import Path, parse
from config.schema.base import Block, File, Phrase, Reach
from config.schema.walk import Entry, Pattern, reach_of, takes_text, variants, walk

ENTRIES = {entry.pattern: entry for entry in walk()}

OFF_LIMITS = [
    "$schema",
    "env",
    "env.vars.OPENAI_API_KEY",
    "env.FLAT",
    "env.shellEnv.enabled",
    "channels.imessage.cliPath",
    "channels.imessage.dbPath",
    "channels.imessage.remoteHost",
    "channels.imessage.attachmentRoots",
    "channels.imessage.attachmentRoots[0]",
    "channels.imessage.remoteAttachmentRoots",
    "channels.imessage.accounts.bot.cliPath",
    'channels.imessage.accounts["Bot"].dbPath',
    "channels.imessage.accounts.bot.remoteHost",
    "channels.imessage.accounts.bot.remoteAttachmentRoots[2]",
    "agents.list[0].runtime",
    "agents.list[0].runtime.type",
    "agents.list[0].runtime.command[0]",
    "agents.list.0.runtime.acp.cwd",
    "agents.list[0].runtime.acp.command",
    "agents.list[0].runtime.acp.command[0]",
    "agents.entries.bot.runtime.acp.command[1]",
    "agents.entries.bot.runtime.apiKey",
    "models.providers.home.baseUrl",
    "models.providers.home.apiKey",
    "models.providers.home.apiKey.source",
    "models.providers.home.apiKey.id",
    "models.providers.home.api",
    "models.providers.home.headers.Authorization",
    "models.providers.home.models[0].id",
    "models.mode",
    "agents.list[0].workspace",
    "agents.entries.bot.workspace",
    "agents.defaults.workspace",
    "agents.list[0].agentDir",
    "agents.list[0].identity.avatar",
    "agents.defaults.cliBackends",
    "agents.list[0].tools",
    "agents.list[0].sandbox.docker.image",
    "session.store",
    "logging.file",
    "commands.ownerDisplaySecret",
    "gateway.port",
    "gateway.auth.token",
    "gateway.remote",
    "plugins",
    "plugins.load.paths[0]",
    "hooks",
    "tools",
    "browser.executablePath",
    "mcp.servers.x.command",
    "cron",
    "skills",
    "channels.telegram",
    "channels.imessage.actions.reactions",
    "channels.imessage.groups.42.tools",
    "agents.list[0].model.$include",
    "$include",
    'channels.imessage.dms["$include"]',
    "channels.imessage.groups.__proto__.requireMention",
    'channels.imessage.accounts["constructor"].name',
    # None of these is a key, whatever a reader makes of it.
    "channels.imessage.CLIPATH",
    "channels.imessage.clipath",
    "channels.imessage.cli_path",
    'channels.imessage["cliPath "]',
    'channels.imessage["cliPath\u200b"]',
    'channels.imessage["\uff43liPath"]',
    "Channels.imessage.cliPath",
    "Plugins",
    "agents.list[0].Runtime",
    "commands.config.x",
]
ALLOWED = [
    "",
    "channels",
    "channels.imessage",
    "channels.imessage.accounts",
    "channels.imessage.accounts.bot",
    "channels.imessage.accounts.cliPath",
    "channels.imessage.accounts.cliPath.name",
    "channels.imessage.allowFrom",
    "channels.imessage.allowFrom[3]",
    "channels.imessage.dmPolicy",
    "channels.imessage.groups.42.requireMention",
    "channels.imessage.groups.runtime.systemPrompt",
    'channels.imessage.dms["me@example.com"].historyLimit',
    "channels.imessage.accounts.bot.textChunkLimit",
    "channels.imessage.accounts.token.ownerNotice.to",
    "agents",
    "agents.list",
    "agents.list[0]",
    "agents.list[0].model",
    "agents.list[0].model.fallbacks[1]",
    "agents.list[0].contextTokens",
    "agents.defaults.contextTokens",
    "agents.defaults.userTimezone",
    "agents.defaults.envelopeTimezone",
    "agents.defaults.envelopeElapsed",
    "channels.imessage.failureReply",
    "channels.imessage.accounts.bot.failureReply",
    "models.providers",
    "models.providers.home",
    "agents.entries.bot.identity.name",
    "bindings[0].match.peer.id",
    "accessGroups.family.members.imessage[0]",
    "messages.responsePrefix",
    "session.dmScope",
    "session.identityLinks.anna[0]",
    "commands.ownerAllowFrom",
    "commands.allowFrom.imessage[0]",
    "logging.level",
    "gateway",
    "gateway.reload.mode",
    "retention.bodiesDays",
]


@pytest.mark.parametrize("path", OFF_LIMITS)
def test_off_limits(path: str) -> None:
    assert why(parse(path))


@pytest.mark.parametrize("path", ALLOWED)
def test_allowed(path: str) -> None:
    assert why(parse(path)) is None


def test_the_reason_says_what_the_key_is() -> None:
    assert why(parse("channels.imessage.cliPath")) == "names a program"
    assert why(parse("agents.list[0].runtime.command")) == "says which program or model answers"
    assert why(parse("logging.file")) == why(parse("channels.imessage.$include")) == "names a file or a folder"
    assert why(parse("commands.ownerDisplaySecret")) == "is a secret"
    for path in ("plugins.x", "models.mode", "models.providers.home.models"):
        assert why(parse(path)) == "belongs to another part of OpenClaw"
    assert why(parse("models.providers.home.baseUrl")) == "names a host"
    assert why(parse("models.providers.home.apiKey")) == "is a secret"
    assert why(parse("models.providers.home.headers")) == "says which program or model answers"
    assert why(parse("channels.imessage.dmPolici")) == 'unknown key; did you mean "dmPolicy"?'


class TestTheWholeSchema:
    """A new key cannot be forgotten: its type says what it reaches."""

    @pytest.mark.parametrize("pattern", [pytest.param(each, id=".".join(each)) for each in ENTRIES])
    def test_every_key_is_declared(self, pattern: Pattern) -> None:
        entry = ENTRIES[pattern]
        if why(pattern[:-1]) is None and takes_text(entry.info.annotation):
            assert reach_of(entry.info) is not None, (
                "declare it: Phrase, Word, File, Program or Host (config.schema.base)"
            )

    def test_what_reaches_out_is_off_limits_and_nothing_else(self) -> None:
        refused = {pattern for pattern in ENTRIES if why(pattern)}
        outward = {pattern for pattern, entry in ENTRIES.items() if _reaches_out(entry)}
        assert refused == {pattern for pattern in ENTRIES if any(pattern[: len(each)] == each for each in outward)}

    def test_what_the_keys_are_called_fits_what_they_are_declared(self) -> None:
        names = ("path", "file", "dir", "host", "url", "roots", "command", "secret", "store", "workspace", "cwd", "key")
        found = [pattern for pattern in ENTRIES if pattern[-1].lower().endswith(names) and why(pattern) is None]
        assert found == [("session", "mainKey")]

    @pytest.mark.parametrize("table", [IGNORED, GUARDS])
    def test_what_is_not_ours_is_off_limits(self, table: dict[Pattern, frozenset[str]]) -> None:
        for place, keys in table.items():
            assert why(place) is None
            for key in keys:
                assert why((*place, key))

    def test_a_forgotten_declaration_closes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Careless(Block):
            path: str | None = None
            paths: dict[str, tuple[str, ...]] = Field(default_factory=dict)
            said: Phrase | File | None = None
            harmless: Annotated[str | int, Reach.NOTHING] = ""
            token: dict[str, SecretStr] = Field(default_factory=dict)

        monkeypatch.setattr(forbidden, "Config", Careless)
        assert [bool(why((key,))) for key in ("path", "paths", "said", "harmless")] == [True, True, True, False]
        assert why(("token", "x"))


def _reaches_out(entry: Entry) -> bool:
    return reach_of(entry.info) not in {None, Reach.NOTHING} or SecretStr in variants(entry.info.annotation)


BEFORE: dict[str, Any] = {
    "channels": {
        "imessage": {
            "cliPath": "imsg",
            "allowFrom": ("+15555550123", "${ME}"),
            "accounts": {"bot": {"dbPath": "/a/chat.db", "name": "Bot"}, "second": {"name": "Two"}},
        }
    },
    "agents": {"list": ({"id": "a", "runtime": {"type": "echo"}}, {"id": "b"})},
    "messages": {"responsePrefix": "> "},
    "plugins": {"entries": {"x": {"enabled": True}}},
}


def changed(path: str, value: object) -> dict[str, Any]:
    """`BEFORE` with a value (or none, for ...) at a path."""
    after = copy.deepcopy(BEFORE)
    place: Any = after
    keys: Path = parse(path)
    for key in keys[:-1]:
        place = place[key]
    if value is ...:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    return after


ECHO, SHELL = {"type": "echo"}, {"type": "command", "command": ("sh",)}
A, B = {"id": "a", "runtime": ECHO}, {"id": "b"}
BOT = "channels.imessage.accounts.bot.dbPath"


@pytest.mark.parametrize(
    ("path", "value", "places"),
    [
        ("channels.imessage.name", "Me", ()),
        ("channels.imessage.cliPath", "imsg", ()),
        ("channels.imessage.cliPath", "/tmp/x", ("channels.imessage.cliPath",)),
        ("channels.imessage.cliPath", ..., ("channels.imessage.cliPath",)),
        ("channels.imessage.accounts.bot", {"name": "Bot"}, (BOT,)),
        ("channels.imessage.accounts.bot", ..., (BOT,)),
        ("channels.imessage.accounts.second", ..., ()),
        ("channels.imessage.accounts.new", {"name": "x", "allowFrom": ("*",)}, ()),
        ("channels.imessage.accounts.new", {"remoteHost": "mac"}, ("channels.imessage.accounts.new.remoteHost",)),
        ("channels.imessage.accounts", [{"dbPath": "x"}], (BOT, "channels.imessage.accounts.0.dbPath")),
        ("channels.imessage", "x", ("channels.imessage.cliPath", BOT)),
        ("agents.list", (A,), ()),
        ("agents.list", (B,), ("agents.list.0.runtime",)),
        ("agents.list", (A, {**B, "runtime": SHELL}), ("agents.list.1.runtime",)),
        ("agents.list", (B, A), ("agents.list.0.runtime", "agents.list.1.runtime")),
        ("agents.list", "a", ("agents.list.0.runtime",)),
        ("plugins", ..., ("plugins",)),
        ("plugins.entries", {}, ("plugins",)),
        ("mcp", {}, ("mcp",)),
        ("Mcp", {}, ("Mcp",)),
        ("messages.groupChat", {"mentionPatterns": ["x"], "$include": "/x"}, ("messages.groupChat.$include",)),
        ("channels.imessage.groups", {"42": {}, "__proto__": {}}, ("channels.imessage.groups.__proto__",)),
    ],
)
def test_what_a_change_touches(path: str, value: object, places: tuple[str, ...]) -> None:
    after = changed(path, value)
    assert touched(BEFORE, after) == places
    if places:
        assert set(touched(after, BEFORE)) >= {
            place for place in places if not place.startswith("channels.imessage.accounts.0")
        }


def test_no_change_touches_nothing_whether_lists_are_lists_or_tuples() -> None:
    again = changed("channels.imessage.allowFrom", ["+15555550123", "${ME}"])
    assert touched(BEFORE, again) == touched(BEFORE, BEFORE) == ()


class TestReferences:
    """A variable that an answer repeats would carry a secret out."""

    @pytest.mark.parametrize("text", ["${OPENAI_API_KEY}", "> ${A}", "$${A}${B}"])
    def test_a_new_one_is_off_limits(self, text: str) -> None:
        after = changed("messages.responsePrefix", text)
        assert touches(BEFORE, after) == ((("messages", "responsePrefix"), forbidden._REFERENCE),)
        assert touched(BEFORE, changed("messages", {"ackReaction": text})) == ("messages.ackReaction",)

    @pytest.mark.parametrize("text", ["$${A}", "$A", "${lower}", "${}", "cheap: 5 $"])
    def test_what_is_none_may_be_written(self, text: str) -> None:
        assert touched(BEFORE, changed("messages.responsePrefix", text)) == ()

    def test_one_that_is_there_may_stay_move_and_go(self) -> None:
        for entries in (["+15555550123", "${ME}", "+1999"], ["${ME}"], ["+15555550123"], ["${ME}", "+15555550123"]):
            assert touched(BEFORE, changed("channels.imessage.allowFrom", entries)) == ()
        entries = ["+15555550123", "${ME}", "${YOU}"]
        assert touched(BEFORE, changed("channels.imessage.allowFrom", entries)) == ("channels.imessage.allowFrom.2",)
