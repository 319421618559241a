"""No secret of a config file is ever shown, and what is no secret is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from config.paths import parse
from config.redaction import MARKER, holds_marker, is_secret, redact
from tests.config import json5_texts as texts

SECRET = [
    "commands.ownerDisplaySecret",
    "agents.list[0].runtime.apiKey",
    "agents.entries.bot.runtime.apiKey",
    "channels.telegram.botToken",
    "channels.slack.accounts.work.appToken",
    "channels.imessage.token",
    "gateway.auth.token",
    "gateway.auth.password",
    "gateway.remote.tls.key",
    "env.OPENAI",
    "env.vars.ANYTHING",
    "skills.entries.x.env.FOO",
    "mcp.servers.x.headers.X-Thing",
    "models.providers.x.apiKey",
    "models.providers.x.api_key",
    "models.providers.x.headers.X-Thing",
    "auth.profiles.x.credentials.deep.value",
    "tokens[3]",
    "talk.OPENAI_API_KEY",
    "channels.googlechat.serviceAccount.private_key_id",
    "hooks.webhookUrl",
]
SHOWN = [
    "channels.imessage.accounts.token.cliPath",
    'channels.imessage.dms["secret@example.com"].historyLimit',
    "channels.imessage.groups.*.requireMention",
    "session.mainKey",
    "session.sendPolicy.rules[0].match.keyPrefix",
    "gateway.auth.mode",
    "gateway.port",
    "env.shellEnv.timeoutMs",
    "env.vars",
    "models.maxTokens",
    "models.providers.x.baseUrl",
    "models.providers.x.api",
    "models.providers.x.models[0].id",
    "agents.list[0].contextTokens",
    "agents.list[0].runtime.acp.command[0]",
    "agents.defaults.contextTokens",
    "channels.telegram.tokenFile",
    "agents.list[0].runtime.model",
    "browser.publicKey",
    "commands.ownerDisplay",
]


@pytest.mark.parametrize("path", SECRET)
def test_secret(path: str) -> None:
    assert is_secret(parse(path))
    for value in ("s3cret", 123456, ["a"], {"b": "c"}):
        shown = json.dumps(redact(value, parse(path)))
        assert MARKER in shown
        assert "s3cret" not in shown
        assert "123456" not in shown


@pytest.mark.parametrize("path", SHOWN)
def test_shown(path: str) -> None:
    assert not is_secret(parse(path))


def test_a_whole_file_shows_everything_but_its_secrets() -> None:
    config = {
        "agents": {"list": [{"id": "main", "runtime": {"type": "model", "model": "openai:gpt", "apiKey": "s3cret"}}]},
        "gateway": {"auth": {"mode": "token", "token": "s3cret", "allow": True}, "port": 18789},
        "env": {"vars": {"A": "s3cret"}, "shellEnv": {"enabled": True}},
        "models": {"providers": {"x": {"baseUrl": "http://x/v1", "apiKey": "s3cret"}, "y": {"apiKey": "${KEY}"}}},
        "channels": {"imessage": {"allowFrom": ("+15555550123",)}},
    }
    assert redact(config) == {
        "agents": {"list": [{"id": "main", "runtime": {"type": "model", "model": "openai:gpt", "apiKey": MARKER}}]},
        "gateway": {"auth": {"mode": "token", "token": MARKER, "allow": True}, "port": 18789},
        "env": {"vars": {"A": MARKER}, "shellEnv": {"enabled": True}},
        "models": {"providers": {"x": {"baseUrl": "http://x/v1", "apiKey": MARKER}, "y": {"apiKey": "${KEY}"}}},
        "channels": {"imessage": {"allowFrom": ["+15555550123"]}},
    }


@pytest.mark.parametrize("value", ["${TOKEN}", "Bearer ${TOKEN}", "${A}${B}", "", None, True])
def test_references_and_what_holds_nothing_are_shown_at_secret_places(value: object) -> None:
    assert redact(value, ("gateway", "auth", "token")) == value


@pytest.mark.parametrize("value", ["$${TOKEN}", "${TOKEN}x", "${lower}", "pre-${TOKEN}"])
def test_a_secret_around_a_reference_is_hidden(value: str) -> None:
    assert redact(value, ("gateway", "auth", "token")) == MARKER


@pytest.mark.parametrize(
    "value",
    [
        "sk-abcdefghijklmnop",
        "ghp_abcdefghijklmnop",
        "xoxb-1234567890-abc",
        "123456789:AAabcdefghijklmnopqrstuvwxyz",
        "Bearer abcdefghijkl",
        "https://me:pw@example.com/v1",
        "--api-key=abc",
        "OPENAI_API_KEY=abc",
        "run --token abc",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_credential_is_hidden_wherever_it_stands(value: str) -> None:
    assert redact({"a": [value]}) == {"a": [MARKER]}


def test_the_word_behind_a_flag_for_a_secret_is_hidden() -> None:
    path = parse("agents.list[0].runtime.command")
    assert redact(["bot", "--token", "abc", "--api-key", "${KEY}", "-v"], path) == [
        "bot",
        "--token",
        MARKER,
        "--api-key",
        "${KEY}",
        "-v",
    ]


@pytest.mark.parametrize(
    "value",
    ["hello", "me@example.com", "chat_guid:iMessage;-;+15555550123", "https://host/v1", "anthropic/claude", "tokens"],
)
def test_plain_text_is_shown(value: str) -> None:
    assert redact(value, ("channels", "imessage", "name")) == value


@given(value=texts.VALUES)
def test_below_a_secret_key_no_text_survives_and_the_shape_stays(value: object) -> None:
    shown = redact({"token": value})
    assert isinstance(shown, dict)
    for path in texts.paths_of(shown["token"]):
        old, new = texts.at(value, path), texts.at(shown["token"], path)
        if not isinstance(old, dict | list | bool) and old is not None and str(old).strip():
            assert new == MARKER
    assert redact(shown) == shown


@given(value=texts.VALUES)
def test_the_marker_is_found_wherever_it_stands(value: object) -> None:
    assert not holds_marker(value)
    for held in ({"a": [value, MARKER]}, {MARKER: value}, [f"x{MARKER}"], (value, (MARKER,))):
        assert holds_marker(held)
