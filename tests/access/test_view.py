"""The view: which patterns, groups and agents are in force, and what could not be used."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.builders import ECHO, config, view

NAMED = {**ECHO, "identity": {"name": "Claw"}}


@pytest.mark.parametrize(
    ("agent", "messages", "mentioned_by"),
    [
        ({**NAMED, "groupChat": {"mentionPatterns": ["alpha"]}}, {"mentionPatterns": ["beta"]}, "alpha"),
        ({**NAMED, "groupChat": {"mentionPatterns": []}}, {"mentionPatterns": ["beta"]}, None),
        ({**NAMED, "groupChat": {}}, {"mentionPatterns": ["beta"]}, "beta"),
        (NAMED, {"mentionPatterns": ["beta"]}, "beta"),
        (NAMED, {"mentionPatterns": []}, None),
        (NAMED, {}, "claw"),
        (ECHO, {}, None),
    ],
)
def test_the_nearest_key_decides_about_patterns(agent: Any, messages: Any, mentioned_by: str | None) -> None:
    conf = config(agents={"list": [agent]}, messages={"groupChat": messages})
    mentions = view(conf).agents["main"].mentions
    found = [word for word in ("alpha", "beta", "claw") if mentions.found_in(f"hi {word}")]
    assert found == ([mentioned_by] if mentioned_by else [])


def test_what_cannot_be_used_is_reported_with_its_path() -> None:
    agents = [{**ECHO, "groupChat": {"mentionPatterns": ["ok", "(?=a)"]}}, {"id": "b"}, {"id": "c"}]
    conf = config(agents={"list": agents}, messages={"groupChat": {"mentionPatterns": ["("]}})
    of = view(
        conf,
        allow_from=("+15552223333", "chat_id:x"),
        group_allow_from=("accessGroup:",),
        groups={"family": True, "0": None, "chat_id:42": None},
    )
    assert [path for path, _ in of.problems] == [
        "channels.imessage.allowFrom.1",
        "channels.imessage.groupAllowFrom.0",
        "channels.imessage.groups.family",
        "channels.imessage.groups.0",
        "agents.list.0.groupChat.mentionPatterns.1",
        "messages.groupChat.mentionPatterns.0",
    ]
    assert set(of.groups) == {42}


def test_a_pattern_of_the_newer_agent_map_is_reported_there() -> None:
    entries = {"claw": {"groupChat": {"mentionPatterns": ["("]}}}
    of = view(config(agents={"list": [ECHO], "entries": entries}))
    assert [path for path, _ in of.problems] == ["agents.entries.claw.groupChat.mentionPatterns.0"]


def test_a_registry_of_unusable_keys_still_shuts_out() -> None:
    of = view(groups={"family": True})
    assert of.groups == {}
    assert of.other_groups is None
    assert view().other_groups is not None


def test_of_two_entries_for_one_chat_the_stricter_one_counts_in_any_order() -> None:
    for groups in ({"7": False, "chat_id:7": True}, {"chat_id:7": True, "07": False}):
        of = view(groups=groups)
        assert of.groups[7].require_mention
        assert of.groups[7].key == "channels.imessage.groups.chat_id:7.requireMention"
        assert [why for _, why in of.problems] == ["names chat 7 a second time: keep one of them"]


def test_access_groups_stand_for_their_people_in_every_list() -> None:
    people = {"family": {"type": "message.senders", "members": {"imessage": ["+15552223333"]}}}
    of = view(config(accessGroups=people), allow_from=("accessGroup:family",), group_allow_from=("accessGroup:family",))
    assert of.problems == ()
    assert of.dm_senders.names("+15552223333")
    assert of.group_senders.names("+15552223333")


def test_an_empty_config_has_an_agent_that_cannot_answer() -> None:
    of = view(config(agents={}))
    assert of.agents["main"].problem
    assert of.routes.fallback == "main"
