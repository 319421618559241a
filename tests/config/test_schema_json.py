"""The JSON Schema for editors: it takes what loads, and points out what does not."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import json5
import pytest

from config import describe
from config.known import GUARDS, IGNORED, Pattern
from config.schema.channel import AccountBlock
from config.schema.walk import is_block, variants, walk
from tests.config import mutants
from tests.config.conftest import Load
from tests.config.fits import faults
from tests.config.mistakes import CASES
from tests.config.shown import EVERYTHING, TEXT
from tests.config.test_mutations import Bench, cases, whole, written

SCHEMA = describe.json_schema()
NEEDED: dict[str, dict[str, object]] = {
    "list": {"id": "a"},
    "bindings": {"agentId": "a", "match": {"channel": "imessage"}},
}
"""What entries of these lists must have."""

NOT_FOR_EDITORS = {
    *("bare number", "bare chat id", "number of an owner", "hex number", "number without a country"),
    *("negative number", "number with an exponent", "number for commands"),
    *("open without star", "open without star, list elsewhere", "open in an account"),
    *("open in an account without any list", "allowlist without entries", "allowlist with blanks only"),
    *("shell in cliPath", "arguments in cliPath", "option as cliPath", "blank cliPath", "line break in dbPath"),
    *("zero byte in dbPath, two accounts", "zero byte in cliPath, two accounts"),
    *("ssh option as host", "host with port", "relative root", "whole disk", "double star"),
    *("same account twice", "reserved account", "agent id twice", "agent id in list and entries", "remote gateway"),
    *("sandbox with a command", "tools with an acp agent", "group tools with a command"),
}
"""Mistakes that only the gateway finds: they take several keys, the text as written, or rules about safe texts."""


def test_it_is_json_and_names_its_dialect() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("text", [TEXT, EVERYTHING], ids=["example", "example with its comments"])
def test_the_example_fits(text: str) -> None:
    assert faults(SCHEMA, json5.loads(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        '{ $include: ["a.json5", "b.json5"], channels: { $include: "c.json5" } }',
        '{ agents: { list: { $include: "a.json5" } }, bindings: [{ $include: "b.json5", type: "route" }] }',
        '{ agents: { list: [{ id: "a", runtime: { $include: "r.json5" } }], entries: { $include: "e.json5" } } }',
        '{ accessGroups: { a: { $include: "g.json5" }, b: { type: "message.senders", $include: "m.json5" } } }',
        '{ channels: { imessage: { dmPolicy: "${POLICY}", allowFrom: [+15555550123] } } }',
        '{ accessGroups: { a: { type: "discord.channelAudience", guildId: "1" } } }',
        '{ $schema: "x", env: { FLAT: "x", vars: { A: "b" } } }',
    ],
)
def test_what_the_file_may_hold_fits(text: str) -> None:
    assert faults(SCHEMA, json5.loads(text)) == []


def test_whatever_loads_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bench = Bench(tmp_path)
    seen = 0
    for name, base, rng in cases(800, 6):
        files = deepcopy(base.files)
        mutants.change(files, rng)
        loaded = bench.load(written(files, rng), base.env)
        if loaded.config is not None and not loaded.unresolved:
            assert faults(SCHEMA, whole(files, base.env)) == [], name
            seen += 1
    assert seen > 100


@pytest.mark.parametrize(("text", "path", "message", "line"), CASES.values(), ids=CASES.keys())
def test_mistakes_are_seen(text: str, path: str, message: str, line: int, request: pytest.FixtureRequest) -> None:
    is_seen = bool(faults(SCHEMA, json5.loads(text)))
    assert is_seen is not (request.node.callspec.id in NOT_FOR_EDITORS)


@pytest.mark.parametrize(
    ("pattern", "key"),
    [(pattern, key) for table in (IGNORED, GUARDS) for pattern, keys in table.items() for key in sorted(keys)],
)
def test_foreign_keys_fit_where_they_load(pattern: Pattern, key: str, load_text: Load) -> None:
    document: Any = {key: {"anything": [None, 5]}}
    for number, step in reversed(list(enumerate(pattern))):
        if step == "*" and pattern[number - 1] in NEEDED:
            document = [NEEDED[pattern[number - 1]] | document]
        else:
            document = {"42" if step == "*" else step: document}
    assert load_text(json.dumps(document)).problems == ()
    assert faults(SCHEMA, document) == []


def test_every_key_has_a_text_and_the_schema_shows_it() -> None:
    for place, block, name, info in walk():
        text = describe.text_of(block, name)
        assert text.endswith("."), place
        owner = SCHEMA if block.__name__ == "Config" else SCHEMA["$defs"][block.__name__]
        assert owner["properties"][info.alias or name]["description"] == text


def test_the_defaults_are_those_of_an_empty_channel(load_text: Load) -> None:
    (account,) = load_text("{ channels: { imessage: {} } }").accounts
    shown = SCHEMA["$defs"]["ImessageBlock"]["properties"]
    for name, info in AccountBlock.model_fields.items():
        value = getattr(account, name, None)
        is_plain = value is not None and not any(map(is_block, variants(info.annotation))) and value != {}
        assert shown[info.alias]["description"]
        assert shown[info.alias].get("default") == (json.loads(json.dumps(value)) if is_plain else None)
    assert SCHEMA["$defs"]["Markdown"]["properties"]["tables"]["default"] == account.markdown_tables
    assert SCHEMA["$defs"]["HealthMonitor"]["properties"]["enabled"]["default"] is account.health_monitor
    assert not any("default" in each for each in SCHEMA["$defs"]["AccountBlock"]["properties"].values())


def test_secrets_are_marked() -> None:
    secret = {each.pattern[-1] for each in describe.entries() if each.is_secret}
    assert secret == {"apiKey", "ownerDisplaySecret"}


def test_a_path_is_explained() -> None:
    found = describe.entry(("channels", "imessage", "accounts", "bot", "dmPolicy"))
    assert found is not None
    assert (found.default, found.choices) == (None, ("pairing", "allowlist", "open", "disabled"))
    assert describe.entry(("agents", "list", 0, "runtime", "timeoutSeconds")) is not None
    assert describe.entry(("channels", "telegram")) is None
