"""What a chat must never be able to do to the config, whoever writes and however it is spelt (threats S9, S15)."""

from __future__ import annotations

import pytest

from actors.envelopes.control import Enrolled
from tests.commands.conftest import Open
from tests.commands.counter import SECRET, TEXT, Counter

ROOT = "channels.imessage"
SPELLINGS = [
    "channels.imessage.cliPath=/bin/sh",
    "channels . imessage.cliPath=/bin/sh",
    ' channels["imessage"].cliPath=/bin/sh',
    "channels['imessage']['cliPath']=/bin/sh",
    "channels[\u201cimessage\u201d].cliPath=/bin/sh",
    "channels.imessage.cli\\Path=/bin/sh",
    'channels={imessage: {cliPath: "/bin/sh"}}',
    'channels.imessage={cliPath: "/bin/sh"}',
    'channels.imessage={"cli\\u0050ath": "/bin/sh"}',
    'channels.imessage.accounts={a: {cliPath: "/bin/sh"}}',
    'channels.imessage.accounts.a={cliPath: "/bin/sh"}',
    'channels.imessage.accounts.a={name: "a", cliPath: "/bin/sh", /* a comment */ }',
    "channels.imessage.accounts.a.cliPath=/bin/sh",
    "channels.imessage.accounts.a.dbPath=/etc/passwd",
    "channels.imessage.accounts.a.remoteHost=evil.example.com",
    "channels.imessage.cliPath=imsg",
    "channels.imessage.dbPath=/x",
    "channels.imessage.remoteHost=-oProxyCommand=x",
    'channels.imessage.attachmentRoots=["/"]',
    "channels.imessage.attachmentRoots[0]=/",
    'channels.imessage.remoteAttachmentRoots=["/"]',
    "agents.list=[]",
    'agents.list=[{id: "main", runtime: {type: "command", command: ["sh"]}}]',
    'agents.list[0]={runtime: {type: "command", command: ["sh"]}}',
    'agents.list[1]={id: "x", runtime: {type: "command", command: ["sh"]}}',
    "agents.list[0].runtime.type=command",
    "agents.list.0.runtime.model=a:b",
    "agents.list[0].runtime.baseUrl=http://evil.example.com",
    "agents.list[0].runtime.apiKey=mine",
    "agents.list[0].workspace=/",
    'agents.entries={x: {runtime: {type: "command", command: ["sh"]}}}',
    "agents.defaults.workspace=/",
    "env.vars.PATH=/tmp",
    'env={vars: {LD_PRELOAD: "/tmp/x.so"}}',
    "logging.file=/etc/cron.d/x",
    "commands.ownerDisplaySecret=x",
    "gateway.auth.token=x",
    "hooks.x=1",
    "plugins.entries.x.path=/tmp",
    "channels.telegram.botToken=x",
    "channels.imessage.responsePrefix=${API_KEY}",
    "channels.imessage.name=x${API_KEY}y",
    'channels.imessage.allowFrom=["${API_KEY}"]',
    "$schema=http://evil.example.com",
]
STRUCTURE = [
    "__proto__.polluted=1",
    "channels.__proto__.x=1",
    'channels["__proto__"].x=1',
    "channels.imessage.constructor=1",
    "channels.imessage.groups.prototype.requireMention=false",
    'channels.imessage.groups={"__proto__": {requireMention: false}}',
    'commands={"constructor": {"prototype": 1}}',
    "channels.imessage.__class__.__init__=1",
    "channels.imessage.model_fields=1",
    "channels.imessage.$include=/etc/passwd",
    'channels.imessage.groups={$include: "/etc/passwd"}',
    "$include=/etc/passwd",
    "channels.imessage.name=__OPENCLAW_REDACTED__",
    'channels.imessage.allowFrom=["__OPENCLAW_REDACTED__"]',
    "agents.list[0].runtime.apiKey=__OPENCLAW_REDACTED__",
    "=x",
    "<root>={}",
]


@pytest.mark.parametrize("text", [*SPELLINGS, *STRUCTURE])
def test_what_reaches_out_of_the_gateway_is_not_set_even_by_an_owner(counter: Counter, text: str) -> None:
    before = counter.file.read_bytes()
    assert counter.say(f"/config set {text}").startswith("Not changed")
    assert counter.file.read_bytes() == before
    assert [line[:2] for line in counter.audited] == [("chat:+15552223333", "rejected")]
    assert SECRET not in counter.everything()


@pytest.mark.parametrize("text", SPELLINGS)
def test_nor_is_it_laid_over_the_config(counter: Counter, text: str) -> None:
    assert counter.say(f"/debug set {text}").startswith("Not changed")
    assert counter.ordered == []


@pytest.mark.parametrize(
    "path",
    [
        "channels",
        "channels.imessage",
        "channels.imessage.cliPath",
        "agents",
        "agents.list",
        "agents.list[0]",
        "agents.list[0].runtime",
        "agents.list[0].runtime.apiKey",
        "__proto__",
        "",
    ],
)
def test_nor_is_it_removed(counter: Counter, path: str) -> None:
    before = counter.file.read_bytes()
    counter.say(f"/config unset {path}")
    assert counter.file.read_bytes() == before


def test_the_reason_and_the_place_to_do_it_are_said(counter: Counter) -> None:
    assert counter.say(f"/config set {ROOT}.cliPath=/bin/sh") == (
        "Not changed: channels.imessage.cliPath: names a program. No chat may change that, not even an owner: "
        "change it on the computer itself, with gateway config set."
    )


@pytest.mark.parametrize("text", SPELLINGS[:5])
def test_through_an_include_neither(opened: Open, text: str) -> None:
    whole = '{ channels: { imessage: { $include: "part.json5" } }, commands: { config: true } }'
    counter = opened(whole, beside={"part.json5": '{ cliPath: "imsg" }'})
    assert counter.say(f"/config set {text}").startswith("Not changed")
    assert counter.file.with_name("part.json5").read_text() == '{ cliPath: "imsg" }'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('x", cliPath: "/bin/sh', 'x", cliPath: "/bin/sh'),
        ("x}, agents: {list: []}", "x}, agents: {list: []}"),
        ("x // */ \\u0022", "x // */ \\u0022"),
        ("x'],\"", "x'],\""),
        ("\u2028x", "\u2028x".strip()),
        ('"a\\n\\"b"', 'a\n"b'),
    ],
)
def test_a_value_never_becomes_more_than_a_value(counter: Counter, text: str, value: str) -> None:
    before = counter.value
    counter.say(f"/config set {ROOT}.name={text}")
    before["channels"]["imessage"]["name"] = value
    assert counter.value == before


@pytest.mark.parametrize("who", ["authorised", "known"])
def test_whoever_is_no_owner_changes_nothing(counter: Counter, who: str) -> None:
    before = counter.file.read_bytes()
    for text in ("/config set commands.restart=false", "/allowlist add +15551112222", "/debug reset", "/restart"):
        counter.tell(text, who)
    assert counter.file.read_bytes() == before
    assert counter.ordered == counter.pairing.told == counter.restarts == []


def test_a_refused_write_is_on_record_with_its_path(counter: Counter) -> None:
    for who, is_group in (("authorised", False), ("authorised", True)):
        counter.say("/config set commands.restart=false", who, is_group=is_group, sender="+15554445555")
    path = ["commands.restart"]
    assert counter.audited == [
        ("chat:+15554445555", "rejected", "owner", path),
        ("chat:+15554445555", "rejected", "group", path),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "/config",
        "/config show agents",
        "/config show agents.list",
        "/config show agents.list[0].runtime.apiKey",
        "/config show agents.list.0.runtime",
        f"/config set {ROOT}.name={SECRET}",
        f"/config set {SECRET}=1",
        f"/config set {SECRET} 1",
        f"/config set {ROOT}.name {SECRET}",
        f"/config set {ROOT}.allowFrom=[{SECRET}",
        f"/config set {ROOT}.historyLimit={SECRET}",
        f"/config set {ROOT}.allowFrom[{SECRET}]=1",
        f"/config show {ROOT}.x {SECRET}",
        f"/config unset {ROOT}.name {SECRET}",
        f"/config {SECRET}",
        f"/debug set {ROOT}.name {SECRET}",
        f"/debug {SECRET}",
        f"/debug set {SECRET}.x=1",
        f"/allowlist add {SECRET}",
        f"/allowlist add --{SECRET} x",
        f"/allowlist remove --config group {SECRET}",
        f"/allowlist add --account {SECRET} x",
    ],
)
def test_no_secret_is_said_logged_or_recorded(counter: Counter, text: str) -> None:
    seq = counter.tell(text)
    counter.stage.tell(counter.ref, Enrolled(seq, ()))
    assert len(counter.replies) == 1
    assert SECRET not in counter.everything()


def test_nor_in_the_record_of_a_key_in_the_wrong_place(counter: Counter) -> None:
    counter.say(f"/config set commands.{SECRET}=1")
    assert counter.audited == [("chat:+15552223333", "rejected", "forbidden", ["commands.?"])]
    assert SECRET not in str(counter.stage.logged)


def test_the_secrets_of_a_file_survive_a_change_and_its_undoing(counter: Counter) -> None:
    counter.say("/config set agents.list[0].identity.name=Claw")
    assert counter.value["agents"]["list"][0]["runtime"]["apiKey"] == SECRET
    counter.say("/config undo")
    assert counter.file.read_text() == TEXT
    assert SECRET not in counter.everything()
