"""Each mistake gives its problem: where, what, and what to write instead."""

from __future__ import annotations

import pytest

from tests.config.conftest import Load


def channel(inside: str) -> str:
    return f"{{channels:{{imessage:{{\n{inside}\n}}}}}}"


C = "channels.imessage"
A = "agents.list.0"
COMMAND = '{type:"command",command:["x"]}'

CASES = {
    # name: (text, path, a part of the message, line)
    "unknown top-level key": ("{\nchanels: {}}", "chanels", 'did you mean "channels"', 2),
    "unknown key, nothing near": ("{xyzzy: 1}", "xyzzy", "unknown key: remove it", 1),
    "unknown channel": ("{channels:{telegrm:{}}}", "channels.telegrm", 'did you mean "telegram"', 1),
    "misspelt channel key": (channel('cliPaht:"x"'), f"{C}.cliPaht", 'did you mean "cliPath"', 2),
    "misspelt account key": (
        channel('accounts:{bot:{\ndbpath:"x"}}'),
        f"{C}.accounts.bot.dbpath",
        'did you mean "dbPath"',
        3,
    ),
    "snake case": (channel('cli_path:"x"'), f"{C}.cli_path", 'did you mean "cliPath"', 2),
    "group key": (
        channel('groups:{"42":{requireMentions:true}}'),
        f"{C}.groups.42.requireMentions",
        'did you mean "requireMention"',
        2,
    ),
    "dm key with a dot": (
        channel('dms:{"a@b.c":{historyLimit:-1}}'),
        f'{C}.dms["a@b.c"].historyLimit',
        "must be 0 or more",
        2,
    ),
    "dm policy": (
        channel('dmPolicy:"pair"'),
        f"{C}.dmPolicy",
        'must be "pairing", "allowlist", "open" or "disabled"',
        2,
    ),
    "whole number as text": (channel('historyLimit:"5"'), f"{C}.historyLimit", "must be a whole number", 2),
    "whole number as true": (channel("mediaMaxMb:true"), f"{C}.mediaMaxMb", "must be a whole number", 2),
    "fraction": (channel("mediaMaxMb:1.5"), f"{C}.mediaMaxMb", "whole number", 2),
    "zero where positive": (
        channel("textChunkLimit:0"),
        f"{C}.textChunkLimit",
        "must be greater than 0",
        2,
    ),
    "flag as number": (channel("enabled:1"), f"{C}.enabled", "must be true or false", 2),
    "text as number": (channel("name:5"), f"{C}.name", "must be a string", 2),
    "list as text": (channel('allowFrom:"*"'), f"{C}.allowFrom", "must be a list", 2),
    "object as list": (channel("groups:[]"), f"{C}.groups", "must be an object", 2),
    "null": (channel("dmPolicy:null"), f"{C}.dmPolicy", "null is not a value here", 2),
    "null block": ("{messages:null}", "messages", "null is not a value here", 1),
    "open without star": (channel('dmPolicy:"open"'), f"{C}.allowFrom", 'needs "*" in allowFrom', 2),
    "open without star, list elsewhere": (
        channel('dmPolicy:"open",\nallowFrom:["+15555550123"]'),
        f"{C}.allowFrom",
        'needs "*"',
        3,
    ),
    "open in an account": (
        channel('allowFrom:["+1555"],accounts:{bot:{\ndmPolicy:"open"}}'),
        f"{C}.allowFrom",
        'needs "*"',
        2,
    ),
    "open in an account without any list": (
        channel('accounts:{bot:{\ndmPolicy:"open"}}'),
        f"{C}.accounts.bot.allowFrom",
        'needs "*"',
        3,
    ),
    "allowlist without entries": (
        channel('dmPolicy:"allowlist"'),
        f"{C}.allowFrom",
        "needs at least one entry",
        2,
    ),
    "allowlist with blanks only": (
        channel('dmPolicy:"allowlist",allowFrom:["", " "]'),
        f"{C}.allowFrom",
        "needs at least one entry",
        2,
    ),
    "bare number": (
        channel("allowFrom:[15555550123]"),
        f"{C}.allowFrom.0",
        'in quotes, "+15555550123"',
        2,
    ),
    "bare chat id": (channel("groupAllowFrom:[42]"), f"{C}.groupAllowFrom.0", '"chat_id:42"', 2),
    "number of an owner": (
        "{commands:{ownerAllowFrom:[15555550123]}}",
        "commands.ownerAllowFrom.0",
        "quotes",
        1,
    ),
    "hex number": (
        channel("allowTo:[+0x1F]"),
        f"{C}.allowTo.0",
        'in quotes, "+" and the digits with the country code',
        2,
    ),
    "number without a country": (channel("allowFrom:[5555550123]"), f"{C}.allowFrom.0", '"5555550123" as dialled', 2),
    "negative number": (channel("allowFrom:[-1]"), f"{C}.allowFrom.0", "a bare number is no sender", 2),
    "number with an exponent": (channel("allowFrom:[+1e10]"), f"{C}.allowFrom.0", "a number loses its plus", 2),
    "number for commands": (
        "{commands:{allowFrom:{imsg:[15555550123]}}}",
        "commands.allowFrom.imsg.0",
        'in quotes, "+15555550123"',
        1,
    ),
    "shell in cliPath": (channel('cliPath:"imsg; rm"'), f"{C}.cliPath", "must not hold quotes", 2),
    "arguments in cliPath": (channel('cliPath:"imsg rpc"'), f"{C}.cliPath", "wrapper script", 2),
    "option as cliPath": (channel('cliPath:"-x"'), f"{C}.cliPath", "must be a path", 2),
    "blank cliPath": (channel('cliPath:" "'), f"{C}.cliPath", "must name a program", 2),
    "line break in dbPath": (channel(r'dbPath:"/a\nb"'), f"{C}.dbPath", "control characters", 2),
    "ssh option as host": (
        channel('remoteHost:"-oProxyCommand=x"'),
        f"{C}.remoteHost",
        "host or user@host",
        2,
    ),
    "host with port": (channel('remoteHost:"mac:22"'), f"{C}.remoteHost", "host or user@host", 2),
    "relative root": (channel('attachmentRoots:["/a",\n"b"]'), f"{C}.attachmentRoots.1", "absolute", 3),
    "whole disk": (channel('attachmentRoots:["//"]'), f"{C}.attachmentRoots.0", "whole disk", 2),
    "double star": (
        channel('remoteAttachmentRoots:["/a/**"]'),
        f"{C}.remoteAttachmentRoots.0",
        "whole segment",
        2,
    ),
    "same account twice": (
        channel('accounts:{Bot:{},\n"bot":{}}'),
        f"{C}.accounts.bot",
        'the same account id as "Bot"',
        3,
    ),
    "reserved account": (channel('accounts:{"__proto__":{}}'), f"{C}.accounts.__proto__", "reserved", 2),
    "agent without id": ("{agents:{list:[\n{}]}}", f"{A}.id", "is required", 2),
    "agent id twice": (
        '{agents:{list:[{id:"a"},\n{id:"A"}]}}',
        "agents.list.1.id",
        "already has the id a",
        2,
    ),
    "agent id in list and entries": (
        '{agents:{list:[{id:"a"}],\nentries:{a:{}}}}',
        "agents.entries.a",
        "already has the id a",
        2,
    ),
    "unknown runtime": (
        '{agents:{list:[{id:"a",\nruntime:{type:"ecko"}}]}}',
        f"{A}.runtime.type",
        'must be "echo", "command", "model", "embedded" or "acp"',
        2,
    ),
    "runtime without type": ('{agents:{list:[{id:"a",runtime:{}}]}}', f"{A}.runtime.type", "is required", 1),
    "runtime key": (
        '{agents:{list:[{id:"a",runtime:{type:"command",command:["x"],\ntimeoutSecond:1}}]}}',
        f"{A}.runtime.timeoutSecond",
        'did you mean "timeoutSeconds"',
        2,
    ),
    "empty command": (
        '{agents:{list:[{id:"a",runtime:{type:"command",command:[]}}]}}',
        f"{A}.runtime.command",
        "at least one entry",
        1,
    ),
    "wrong model": ('{agents:{list:[{id:"a",model:5}]}}', f"{A}.model", "must be an object", 1),
    "sandbox with a command": (
        f'{{agents:{{defaults:{{sandbox:{{}}}},list:[{{id:"a",\nruntime:{COMMAND}}}]}}}}',
        f"{A}.runtime",
        "agents.defaults.sandbox would not be enforced",
        2,
    ),
    "tools with an acp agent": (
        '{tools:{},agents:{entries:{a:{runtime:{type:"acp"}}}}}',
        "agents.entries.a.runtime",
        "acknowledgeNoSandbox",
        1,
    ),
    "group tools with a command": (
        f'{{channels:{{imessage:{{groups:{{"*":{{tools:{{}}}}}}}}}},agents:{{list:[{{id:"a",runtime:{COMMAND}}}]}}}}',
        f"{A}.runtime",
        "channels.imessage.groups.*.tools would not",
        1,
    ),
    "remote gateway": ('{gateway:{\nmode:"remote"}}', "gateway.mode", "this gateway runs here", 2),
    "binding without match": ('{bindings:[{agentId:"a"}]}', "bindings.0.match", "is required", 1),
    "peer id as number": (
        '{bindings:[{agentId:"a",match:{channel:"imessage",\npeer:{kind:"group",id:42}}}]}',
        "bindings.0.match.peer.id",
        "must be a string",
        2,
    ),
    "hour": ("{session:{reset:{atHour:24}}}", "session.reset.atHour", "must be 23 or less", 1),
    "dm scope": ('{session:{dmScope:"peer"}}', "session.dmScope", '"per-peer"', 1),
    "log level": ('{logging:{level:"verbose"}}', "logging.level", '"silent"', 1),
    "history of zero": (
        "{messages:{groupChat:{historyLimit:0}}}",
        "messages.groupChat.historyLimit",
        "greater",
        1,
    ),
    "rate limit": (channel('rateLimit:{enforce:"on"}'), f"{C}.rateLimit.enforce", '"unsolicited"', 2),
    "huge": (channel("debounceMs:99999999999"), f"{C}.debounceMs", "or less", 2),
}


@pytest.mark.parametrize(("text", "path", "message", "line"), CASES.values(), ids=CASES.keys())
def test_a_mistake_is_told_with_its_place(text: str, path: str, message: str, line: int, load_text: Load) -> None:
    loaded = load_text(text)
    assert loaded.config is None
    assert loaded.accounts == ()
    assert [problem.path for problem in loaded.problems] == [path]
    assert message in loaded.problems[0].message
    assert loaded.problems[0].line == line
    assert str(loaded.problems[0]).startswith(f"- {path}: ")


def test_all_problems_come_at_once_from_top_to_bottom(load_text: Load) -> None:
    text = """{
      channels: { imessage: {
        dmPolicy: "opne",
        allowFrom: [15555550123],
        nonsense: 1,
        historyLimit: -1 } },
      agents: { list: [{}] },
    }"""
    problems = load_text(text).problems
    assert [problem.line for problem in problems] == [3, 4, 5, 6, 7]


def test_cross_checks_come_together_too(load_text: Load) -> None:
    text = '{channels:{imessage:{cliPath:"a;b",dmPolicy:"open",remoteHost:"/"}},gateway:{mode:"remote"}}'
    assert len(load_text(text).problems) == 4


def test_schema_and_cross_checks_come_together(load_text: Load) -> None:
    text = """{ channels: { imessage: { dmPolicy: "open",
      nonsense: 1, remoteHost: "-x" } },
      gateway: { mode: "remote" } }"""
    paths = [problem.path for problem in load_text(text).problems]
    assert paths == [f"{C}.{key}" for key in ("allowFrom", "nonsense", "remoteHost")] + ["gateway.mode"]


def test_a_broken_list_is_not_also_called_empty(load_text: Load) -> None:
    text = channel('dmPolicy:"allowlist",allowFrom:[true]')
    assert [problem.path for problem in load_text(text).problems] == [f"{C}.allowFrom.0"]


def test_a_problem_reads_as_one_line(load_text: Load) -> None:
    (problem,) = load_text('{\n  channels: { imessage: { service: "whatsapp" } } }').problems
    expected = 'must be "imessage", "sms" or "auto"'
    assert str(problem) == f"- channels.imessage.service: {expected} (line 2, column 36)"


def test_values_are_never_repeated(load_text: Load) -> None:
    text = '{agents:{list:[{id:"a",runtime:{type:"model",model:"x:y",apiKey:"hunter2",system:"hunter2"}}]}}'
    loaded = load_text(text)
    assert "hunter2" not in repr(loaded)
    assert "hunter2" not in repr(load_text(text.replace(',system:"hunter2"', "")))
