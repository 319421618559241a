"""Cautions: each thing that lets in more or fewer people than one may think is said once, with its path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import config as example_of
from actors.access.cautions import cautions, of_all
from actors.access.list_check import unusable_lists
from actors.access.view import AccessView
from config import Places, load
from config.account import Account
from config.schema.channel import GroupEntry
from config.schema.root import Config
from tests.access.builders import ANN, BEN, ECHO, config

C = "channels.imessage"
QUIET: dict[str, Any] = {"group_policy": "disabled", "allow_from": (ANN,)}
NAMED = {**ECHO, "identity": {"name": "Clawd"}}


def account(**keys: Any) -> Account:
    groups = {key: GroupEntry.model_validate({"requireMention": one}) for key, one in keys.pop("groups", {}).items()}
    origins = keys.pop("origins", {})
    origins |= {"groupPolicy": f"{C}.groupPolicy"} if "group_policy" in keys else {}
    origins |= {"groupAllowFrom": f"{C}.groupAllowFrom"} if "group_allow_from" in keys else {}
    return Account(id=keys.pop("id", "default"), groups=groups, origins=origins, **keys)


def told(conf: Config | None = None, paired: tuple[str, ...] = (), **keys: Any) -> list[str]:
    """The cautions about an account of these keys."""
    one, conf = account(**keys), conf or config()
    return list(cautions(one, conf, AccessView.build(one, conf), paired))


def paths(lines: list[str]) -> list[str]:
    return [line.partition(": ")[0] for line in lines]


def test_one_person_in_direct_chats_needs_no_caution() -> None:
    assert told(**QUIET) == []
    assert told(group_policy="disabled") == []


def test_a_file_that_says_nothing_about_groups_is_told_nothing_about_them() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("keys", "path", "part"),
    [
        ({"dm_policy": "open", "allow_from": ("*",)}, f"{C}.dmPolicy", '"open" lets anyone talk'),
        ({"allow_from": ("*",)}, f"{C}.allowFrom", '"*" admits anyone, whatever dmPolicy "pairing" says'),
        ({"dm_policy": "allowlist", "allow_from": ("*",)}, f"{C}.allowFrom", 'dmPolicy "allowlist"'),
        ({"group_policy": "open"}, f"{C}.groupPolicy", "every member of any group"),
        ({"group_policy": "open", "groups": {"7": False}}, f"{C}.groupPolicy", "of the groups in groups"),
        (
            {"group_policy": "allowlist", "group_allow_from": ("*",)},
            f"{C}.groupAllowFrom",
            '"*" admits every member of any group',
        ),
        ({"group_policy": "allowlist", "allow_from": ("*",)}, f"{C}.allowFrom", '"*" admits every member'),
        (
            {"group_policy": "allowlist", "group_allow_from": ()},
            f"{C}.groupAllowFrom",
            "nobody is admitted in groups",
        ),
        ({"group_policy": "allowlist", "allow_from": ()}, f"{C}.groupAllowFrom", f"{C}.allowFrom names nobody"),
        ({"group_policy": "allowlist"}, f"{C}.groups.*.requireMention", "agent 'main' has nothing to be mentioned by"),
        (
            {"group_policy": "open", "groups": {"7": True}},
            f"{C}.groups.7.requireMention",
            "nothing to be mentioned by",
        ),
        ({"allow_from": ("chat_id:x", "")}, f"{C}.allowFrom", "no entry of this list can be used; allowFrom.0 is no"),
        (
            {"group_policy": "open", "group_allow_from": ("accessGroup:x",)},
            f"{C}.groupAllowFrom",
            'groupAllowFrom.0 there is no access group "x"',
        ),
        ({"allow_from": (ANN, "Mom")}, f"{C}.allowFrom.1", "contact names are not looked up"),
        ({"allow_from": ("+1555 (call me)",)}, f"{C}.allowFrom.0", "no phone number and no e-mail"),
        ({"allow_from": ("", "555-1234")}, f"{C}.allowFrom.1", f"no phone number of {C}.region (US)"),
        ({"region": "USA"}, f"{C}.region", "no country is written 'USA'"),
    ],
)
def test_what_may_surprise_is_said_with_its_path(keys: dict[str, Any], path: str, part: str) -> None:
    lines = told(**{**QUIET, **keys})
    assert [line for line in lines if line.startswith(f"{path}: ") and part in line]


@pytest.mark.parametrize(
    "keys",
    [
        {"allow_from": ("262966", "urn:biz:0123", "Kim@x.com", "accessGroup:a", "chat_id:7")},
        {"region": "de"},
        {"dm_policy": "disabled", "allow_from": ("*",)},
        {"group_policy": "disabled", "group_allow_from": ("*",)},
    ],
)
def test_what_is_meant_as_it_stands_is_left_alone(keys: dict[str, Any]) -> None:
    groups = {"a": {"type": "message.senders", "members": {"imessage": [ANN]}}}
    blocks = {"accessGroups": groups, "session": {"dmScope": "per-peer"}}
    assert told(config(**blocks), **{**QUIET, **keys}) == []


@pytest.mark.parametrize(
    "keys",
    [
        {"groups": {"*": False}},
        {"groups": {"7": False}},
        {"group_policy": "disabled"},
        {"group_allow_from": ("chat_id:x",)},
    ],
)
def test_a_mention_nobody_asks_for_needs_no_pattern(keys: dict[str, Any]) -> None:
    assert "requireMention" not in str(told(**{"group_policy": "allowlist", "group_allow_from": (ANN,), **keys}))


def test_only_agents_that_answer_in_groups_need_a_pattern() -> None:
    agents = {"list": [NAMED, {"id": "b", "runtime": {"type": "echo"}}]}
    keys: dict[str, Any] = {"group_policy": "open", "groups": {"7": True, "*": True}}
    peers = [("group", "7"), ("group", "8"), ("direct", ANN)]
    bound = [{"agentId": "b", "match": {"channel": "imessage", "peer": {"kind": k, "id": i}}} for k, i in peers]
    for bindings, expected in (
        (bound[2:], []),
        (bound[:1], [f"{C}.groups.7.requireMention"]),
        (bound[1:2], [f"{C}.groups.*.requireMention"]),
    ):
        conf = config(agents=agents, bindings=bindings)
        assert [path for path in paths(told(conf, **keys)) if "requireMention" in path] == expected


def test_two_people_in_one_main_session() -> None:
    (line,) = told(**{**QUIET, "allow_from": (ANN, BEN)})
    assert line.startswith(f"session.dmScope: {ANN}, {BEN} share the session agent:main:main")
    many = (*(f"+1555222000{number}" for number in range(6)), "chat_id:7")
    assert " and 3 more share" in told(**{**QUIET, "allow_from": many})[0]


def test_the_paired_count_under_pairing_only() -> None:
    assert paths(told(None, (BEN,), **QUIET)) == ["session.dmScope"]
    assert told(None, (ANN,), **QUIET) == []
    assert told(None, (BEN,), **QUIET, dm_policy="allowlist") == []
    assert paths(told(None, (ANN, BEN), group_policy="disabled")) == ["session.dmScope"]


def test_a_wildcard_shares_the_session_with_all() -> None:
    lines = told(**{**QUIET, "dm_policy": "open", "allow_from": ("*",)})
    assert "all who write share the session agent:main:main" in lines[-1]


@pytest.mark.parametrize("scope", ["per-peer", "per-channel-peer", "per-account-channel-peer"])
def test_sessions_of_their_own_are_not_shared(scope: str) -> None:
    assert told(config(session={"dmScope": scope}), **{**QUIET, "allow_from": (ANN, BEN, "*")})[1:] == []


def test_the_addresses_of_one_person_are_one_person() -> None:
    conf = config(session={"identityLinks": {"ann": [ANN, "imessage:ann@x.com"]}})
    assert told(conf, **{**QUIET, "allow_from": (ANN, "ann@x.com")}) == []
    assert "ann, +1555" in told(conf, **{**QUIET, "allow_from": (ANN, "ann@x.com", BEN)})[0]


def test_people_with_agents_of_their_own_share_nothing() -> None:
    bindings = [{"agentId": "b", "match": {"channel": "imessage", "peer": {"kind": "direct", "id": BEN}}}]
    conf = config(agents={"list": [ECHO, {**ECHO, "id": "b"}]}, bindings=bindings)
    assert told(conf, **{**QUIET, "allow_from": (ANN, BEN)}) == []


def test_a_session_is_shared_across_accounts() -> None:
    conf = config()
    both = [account(id="a", **QUIET), account(id="b", **{**QUIET, "allow_from": ()})]
    pairs = [(one, AccessView.build(one, conf)) for one in both]
    assert of_all(pairs, conf) == ()
    (line,) = of_all(pairs, conf, {"b": {BEN}})
    assert f"{ANN}, {BEN} share" in line


def test_chat_ids_of_several_databases() -> None:
    blocks: dict[str, Any] = {"a": {}, "b": {}}
    conf = config(channels={"imessage": {"accounts": blocks}})
    keys = {**QUIET, "allow_from": ("chat_id:7", ANN), "groups": {"7": False}}
    assert paths(told(conf, **keys)) == [f"{C}.allowFrom", f"{C}.groups"]
    own = {"allowFrom": f"{C}.accounts.a.allowFrom", "groups": f"{C}.accounts.a.groups"}
    assert told(conf, **keys, origins=own) == []
    blocks["b"] = {"enabled": False}
    conf = config(channels={"imessage": {"accounts": blocks}})
    assert told(conf, **keys) == []


@pytest.mark.parametrize(
    ("agents", "path", "part"),
    [
        ({}, "agents.list", "agent 'main': no runtime and no model"),
        ({"list": [ECHO, {"id": "b"}]}, "agents.list.1", "agent 'b': no runtime and no model"),
        ({"list": [ECHO], "entries": {"B.c": {}}}, 'agents.entries["B.c"]', "agent 'b-c': no runtime and no model"),
        ({"defaults": {"model": "elsewhere/x"}}, "agents.list", "models.providers.elsewhere.baseUrl"),
        ({"list": [{"id": "b", "runtime": {"type": "model", "model": "gpt"}}]}, "agents.list.0", "as provider:name"),
        ({"list": [{"id": "b", "runtime": {"type": "acp"}}]}, "agents.list.0", "runtime.acp.command"),
    ],
)
def test_an_agent_that_cannot_answer(agents: dict[str, Any], path: str, part: str) -> None:
    [line] = told(Config.model_validate({"agents": agents}, strict=False))
    assert line.startswith(f"{path}: ")
    assert part in line
    assert line.endswith("; until then its messages are held")


def test_agents_that_can_answer_and_keys_that_are_not_there_yet() -> None:
    runtimes = ({"type": "acp", "acp": {"agent": "codex"}}, {"type": "model", "model": "openai:gpt-5"})
    agents = [{"id": f"x{number}", "runtime": one} for number, one in enumerate(runtimes)]
    assert told(config(agents={"list": [*agents, {"id": "m", "model": "anthropic/claude"}]})) == []


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ({"ownerAllowFrom": [ANN]}, ""),
        ({"ownerAllowFrom": ["accessGroup:x"]}, "commands.ownerAllowFrom: no entry of this list can be used"),
        ({"useAccessGroups": False}, "commands.useAccessGroups: false lets everybody who is admitted"),
        ({"useAccessGroups": False, "allowFrom": {"imessage": [ANN]}}, ""),
        ({"allowFrom": {"imessage": ["*"]}}, 'commands.allowFrom.imessage: "*" lets everybody'),
        ({"allowFrom": {"*": ["*"]}}, 'commands.allowFrom.*: "*" lets everybody'),
        ({"allowFrom": {"imessage": ["chat_id:0"]}}, "commands.allowFrom.imessage: no entry of this list can be used"),
        ({"allowFrom": {"imessage": ["chat_id:4"]}}, "commands.allowFrom.imessage: no entry of this list can be used"),
        ({"allowFrom": {"imessage": ["chat_guid:x", ""]}}, "commands.allowFrom.imessage: no entry of this list can be"),
        ({"allowFrom": {"imessage": ["chat_id:4", ANN]}}, ""),
        ({"allowFrom": {"imessage": [], "telegram": ["*"]}}, ""),
        ({"allowFrom": {"imessage": [ANN], "*": [BEN]}}, ""),
        (
            {"allowFrom": {"imsg": ["*"], "imessage": [ANN]}},
            "commands.allowFrom.imsg: is not used, because commands.allowFrom.imessage names the same channel",
        ),
    ],
)
def test_commands(commands: dict[str, Any], expected: str) -> None:
    lines = told(config(commands=commands), **QUIET)
    assert [line[: len(expected)] for line in lines] == ([expected] if expected else [])


def test_a_list_of_chats_says_that_they_authorise_nobody() -> None:
    conf = config(commands={"allowFrom": {"imessage": ["chat_id:4"]}})
    (line,) = told(conf, **QUIET)
    assert line.endswith("entry.0 is a chat, and chats authorise nobody: list people")
    conf = config(commands={"allowFrom": {"imessage": [ANN, "chat_id:4"]}})
    assert AccessView.build(account(**QUIET), conf).problems == (
        ("commands.allowFrom.imessage.1", "is a chat, and chats authorise nobody: list people"),
    )


def test_of_two_names_for_the_channel_in_a_group_one_is_ignored_and_said() -> None:
    people = {"type": "message.senders", "members": {"IMESSAGE": [ANN], "imsg": [BEN], "*": []}}
    (line,) = told(config(accessGroups={"family": people}), **QUIET)
    assert line.startswith(
        "accessGroups.family.members.imsg: is not used, because accessGroups.family.members.IMESSAGE"
    )


def test_each_caution_is_one_line_and_says_what_to_do() -> None:
    conf = config(commands={"useAccessGroups": False})
    keys: dict[str, Any] = {"dm_policy": "open", "allow_from": ("*", "Mom\x1b"), "group_policy": "open"}
    one = account(**keys)
    pairs = [(each, AccessView.build(each, conf)) for each in (one, replace(one, id="b"))]
    lines = of_all(pairs, conf)
    assert len(set(lines)) == len(lines) > 3
    assert all(line.isprintable() for line in lines)


def test_the_example_file_calls_for_no_caution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    places = Places.from_env({"HOME": str(tmp_path)})
    places.config.parent.mkdir()
    places.config.write_text((Path(example_of.__file__).parent / "example.json5").read_text())
    loaded = load(places, {}, (unusable_lists,))
    assert loaded.config is not None
    views = [(one, AccessView.build(one, loaded.config)) for one in loaded.accounts]
    assert of_all(views, loaded.config) == ()
    assert [view.problems for _, view in views] == [(), ()]
    assert "+15555550124" in views[0][1].group_senders.handles
