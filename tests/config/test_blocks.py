"""Agents, commands, the other blocks, and what belongs to others."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import (
    AcpRuntime,
    CommandRuntime,
    Config,
    EchoRuntime,
    EmbeddedRuntime,
    ModelRuntime,
)
from tests.config.conftest import Load


def config_of(load_text: Load, text: str) -> Config:
    loaded = load_text(text)
    assert loaded.problems == ()
    assert loaded.config is not None
    return loaded.config


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [
        ('{type:"echo"}', EchoRuntime),
        ('{type:"command",command:["~/bin/agent","-v"],timeoutSeconds:1.5}', CommandRuntime),
        ('{type:"model",model:"anthropic:x",systemPrompt:""}', ModelRuntime),
        ('{type:"embedded"}', EmbeddedRuntime),
        ('{type:"acp",acp:{agent:"codex",mode:"oneshot",cwd:"~/w"}}', AcpRuntime),
    ],
)
def test_runtimes(runtime: str, expected: type, load_text: Load) -> None:
    agent = config_of(load_text, f'{{agents:{{list:[{{id:"a",runtime:{runtime}}}]}}}}').default_agent()
    assert isinstance(agent.runtime, expected)


def test_files_of_agents_are_below_home(load_text: Load, home: Path) -> None:
    text = """{agents:{defaults:{workspace:"~/d"},list:[{id:"a",workspace:"~/a",
               runtime:{type:"command",command:["~/bin/x","~/not"]}}]},logging:{file:"~/log"}}"""
    found = config_of(load_text, text)
    agent = found.default_agent()
    assert isinstance(agent.runtime, CommandRuntime)
    assert agent.runtime.command == (f"{home}/bin/x", "~/not")
    assert (agent.workspace, found.agents.defaults.workspace) == (f"{home}/a", f"{home}/d")
    assert found.logging.file == f"{home}/log"


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        ("{}", "main"),
        ('{list:[{id:"a"},{id:"b"}]}', "a"),
        ('{list:[{id:"a"},{id:"b",default:true}]}', "b"),
        ("{entries:{x:{},y:{default:true}}}", "y"),
        ('{list:[{id:"Big Bot"}]}', "big-bot"),
    ],
)
def test_the_default_agent(agents: str, expected: str, load_text: Load) -> None:
    assert config_of(load_text, f"{{agents:{agents}}}").default_agent().id == expected


def test_entries_and_list_read_the_same(load_text: Load) -> None:
    inside = 'name:"N",model:"p/m",groupChat:{mentionPatterns:[]},identity:{name:"I"},runtime:{type:"echo"}'
    listed = config_of(load_text, f'{{agents:{{list:[{{id:"a",{inside}}}]}}}}').agents.list
    keyed = config_of(load_text, f"{{agents:{{entries:{{a:{{{inside}}}}}}}}}").agents.list
    assert listed == keyed
    assert listed[0].model is not None
    assert listed[0].model.primary == "p/m"
    assert listed[0].group_chat is not None
    assert listed[0].group_chat.mention_patterns == ()


def test_defaults_of_the_blocks(load_text: Load) -> None:
    found = config_of(load_text, "{}")
    assert (found.agents.defaults.timeout_seconds, found.agents.defaults.max_concurrent) == (600, 4)
    assert (found.session.dm_scope, found.session.reset, found.session.reset_triggers) == (
        "main",
        None,
        ("/new", "/reset"),
    )
    assert found.messages.group_chat.mention_patterns is None
    assert (found.messages.queue.mode, found.messages.queue.debounce_ms, found.messages.queue.cap) == (
        None,
        1000,
        20,
    )
    assert (found.commands.config, found.commands.text, found.commands.use_access_groups) == (
        False,
        True,
        True,
    )
    assert (found.logging.level, found.logging.redact_sensitive) == ("info", "tools")
    assert (found.retention.bodies_days, found.retention.tombstones_days) == (30, 365)


def test_retention_may_stand_below_gateway(load_text: Load) -> None:
    assert config_of(load_text, "{gateway:{retention:{bodiesDays:3}}}").retention.bodies_days == 3
    both = "{gateway:{retention:{bodiesDays:3}},retention:{bodiesDays:4}}"
    assert config_of(load_text, both).retention.bodies_days == 4


def test_owners_are_persons(load_text: Load) -> None:
    text = """{commands:{ownerAllowFrom:["*"," +1555 ","chat_id:5","imessage:chat:4","GUID:x","me@x.y","chatty@x.y","",
               "imessage:*","sms: auto:*","imessage:guid:x","accessGroup:us"]}}"""
    loaded = load_text(text)
    assert loaded.config is not None
    assert loaded.config.commands.owners == ("+1555", "me@x.y", "chatty@x.y", "accessGroup:us")
    assert len([warning for warning in loaded.warnings if "never make an owner" in warning]) == 8


def test_ids_of_other_channels_may_be_numbers(load_text: Load) -> None:
    found = config_of(load_text, "{commands:{allowFrom:{telegram:[12345678],imessage:[+15555550123]}}}")
    assert found.commands.allow_from == {"telegram": ("12345678",), "imessage": ("+15555550123",)}


def test_log_level_from_the_environment(load_text: Load) -> None:
    loaded = load_text('{logging:{level:"warn"}}', env={"OPENCLAW_LOG_LEVEL": "Debug"})
    assert loaded.config is not None
    assert (loaded.config.logging.level, loaded.config.logging.console_level) == ("debug", "debug")
    loaded = load_text('{logging:{level:"warn"}}', env={"OPENCLAW_LOG_LEVEL": "loud"})
    assert loaded.config is not None
    assert loaded.config.logging.level == "warn"
    assert any("OPENCLAW_LOG_LEVEL" in warning for warning in loaded.warnings)


def test_foreign_keys_are_named_once_in_one_line(load_text: Load) -> None:
    text = """{plugins:{x:null},channels:{slack:{}},agents:{list:[{id:"a",heartbeat:{}},{id:"b",heartbeat:{}}]},
               gateway:{auth:{token:"${T}"}}}"""
    loaded = load_text(text)
    assert loaded.problems == ()
    names = "plugins, channels.slack, agents.list[].heartbeat, gateway.auth"
    assert loaded.warnings == (f"not used by this gateway, ignored: {names}",)


@pytest.mark.parametrize("runtime", ['{type:"echo"}', '{type:"model",model:"a:b"}', '{type:"embedded"}'])
def test_unenforced_guards_are_a_warning_where_nothing_runs_programs(runtime: str, load_text: Load) -> None:
    loaded = load_text(
        f'{{agents:{{list:[{{id:"a",sandbox:{{mode:"all"}},tools:{{deny:["x"]}},runtime:{runtime}}}]}}}}'
    )
    assert loaded.problems == ()
    assert [warning.split(":")[0] for warning in loaded.warnings[:2]] == [
        "agents.list.0.sandbox",
        "agents.list.0.tools",
    ]


def test_unenforced_guards_may_be_acknowledged(load_text: Load) -> None:
    runtime = '{type:"command",command:["x"],acknowledgeNoSandbox:true}'
    loaded = load_text(f'{{tools:{{deny:["x"]}},agents:{{list:[{{id:"a",runtime:{runtime}}}]}}}}')
    assert loaded.problems == ()
    assert any(warning.startswith("tools: restricts") for warning in loaded.warnings)


@pytest.mark.parametrize("block", ["{}", '{mode:"off"}', '{mode:"off",scope:"agent"}', "null"])
@pytest.mark.parametrize("runtime", ['{type:"command",command:["x"]}', '{type:"acp",acp:{command:["x"]}}'])
def test_a_guard_that_restricts_nothing_is_ignored(block: str, runtime: str, load_text: Load) -> None:
    agents = (
        f'{{defaults:{{sandbox:{block},tools:{{}}}},list:[{{id:"a",sandbox:{block},tools:{{}},runtime:{runtime}}}]}}'
    )
    loaded = load_text(f'{{tools:{{}},channels:{{imessage:{{groups:{{"*":{{tools:{{}}}}}}}}}},agents:{agents}}}')
    assert loaded.problems == ()
    assert not any("restricts" in warning for warning in loaded.warnings)
    assert any("agents.defaults.sandbox" in warning and "ignored" in warning for warning in loaded.warnings)


@pytest.mark.parametrize(
    "block", ['{mode:"non-main"}', '{scope:"agent"}', '{mode:"${SANDBOX}"}', '{mode:"OFF"}', "true"]
)
def test_a_guard_that_may_restrict_something_is_one(block: str, load_text: Load) -> None:
    loaded = load_text(f'{{agents:{{list:[{{id:"a",sandbox:{block},runtime:{{type:"command",command:["x"]}}}}]}}}}')
    assert [problem.path for problem in loaded.problems] == ["agents.list.0.runtime"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{agents:{list:[{id:"a",default:true},{id:"b",default:true}]}}', "a is used"),
        ('{bindings:[{agentId:"x",match:{channel:"imessage"}}]}', "there is no agent x"),
        ('{session:{mainKey:"home"}}', "always called main"),
    ],
)
def test_what_is_legal_and_hardly_meant_is_a_warning(text: str, part: str, load_text: Load) -> None:
    loaded = load_text(text)
    assert loaded.problems == ()
    assert any(part in warning for warning in loaded.warnings)


def test_variables_of_the_file_are_kept_as_secrets(load_text: Load) -> None:
    loaded = load_text('{env:{A:"hunter2",vars:{B:"hunter2"}},channels:{imessage:{name:"${A}-${B}"}}}')
    assert loaded.accounts[0].name == "hunter2-hunter2"
    assert loaded.config is not None
    assert "hunter2" not in repr(loaded.config.env)


def test_a_binding_to_the_implicit_agent_is_fine(load_text: Load) -> None:
    text = '{bindings:[{agentId:"main",match:{channel:"imessage",accountId:"*",peer:{kind:"dm",id:"+1555"}}}]}'
    loaded = load_text(text)
    assert loaded.warnings == ()


def test_keys_of_groups_that_name_no_chat_are_told(load_text: Load) -> None:
    text = '{channels:{imessage:{groups:{"42":{},"*":{},"chat_id:7":{}," 9 ":{},"0":{},"\u0664":{},"Family":{}}}}}'
    loaded = load_text(text)
    odd = [warning for warning in loaded.warnings if "this one never matches" in warning]
    assert [warning.split(": keys")[0] for warning in odd] == [
        f"channels.imessage.groups.{key}" for key in ("0", "\u0664", "Family")
    ]
