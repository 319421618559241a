"""Values laid over the files in memory: they count like a file, and what is wrong in them is said to be theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from config import Loaded, Places, load

TEXT = """{
  channels: { imessage: { cliPath: "imsg", allowFrom: ["+15555550123", "+15555550124"], groups: { "42": {} } } },
  agents: { list: [{ id: "a", name: "A" }, { id: "b" }] },
}"""


def over(places: Places, overrides: Mapping[str, object] | None, overlay: str = "{}") -> Loaded:
    places.config.write_text(TEXT)
    places.overlay.write_text(overlay)
    return load(places, {}, (), overrides)


@pytest.mark.parametrize("overrides", [None, {}])
def test_none_change_nothing(places: Places, overrides: Mapping[str, object] | None) -> None:
    assert over(places, overrides) == load(places, {})


def test_they_lie_over_file_and_overlay(places: Places) -> None:
    overlay = '{ messages: { responsePrefix: "2", ackReaction: "x" } }'
    found = over(places, {"messages": {"responsePrefix": "3"}}, overlay)
    assert found.config is not None
    assert (found.config.messages.response_prefix, found.config.messages.ack_reaction) == ("3", "x")
    assert found.digest == over(places, None, overlay).digest


def test_objects_merge_and_lists_are_replaced(places: Places) -> None:
    overrides = {
        "channels": {"imessage": {"allowFrom": ("chat_id:7",), "groups": {"43": {"requireMention": False}}}},
        "agents": {"list": [{"id": "b", "name": "B"}]},
    }
    found = over(places, overrides)
    assert found.config is not None
    assert found.accounts[0].allow_from == ("chat_id:7",)
    assert set(found.accounts[0].groups) == {"42", "43"}
    assert [(agent.id, agent.name) for agent in found.config.agents.list] == [("b", "B")]


def test_they_may_refer_to_variables(places: Places) -> None:
    places.config.write_text("{}")
    found = load(places, {"WHO": "me"}, (), {"messages": {"responsePrefix": "${WHO}"}})
    assert found.config is not None
    assert found.config.messages.response_prefix == "me"


@pytest.mark.parametrize(
    ("overrides", "path"),
    [
        ({"channels": {"imessage": {"dmPolicy": "opn"}}}, "channels.imessage.dmPolicy"),
        ({"channels": {"imessage": {"dmPolice": "open"}}}, "channels.imessage.dmPolice"),
        ({"channels": {"imessage": {"allowFrom": [15555550123]}}}, "channels.imessage.allowFrom.0"),
        ({"messages": {"ackReaction": None}}, "messages.ackReaction"),
        ({"messages": {"groupChat": {"historyLimit": 0}}}, "messages.groupChat.historyLimit"),
        ({"channels": "x"}, "channels"),
        ({"messages": {"ackReaction": float("nan")}}, "messages.ackReaction"),
        ({"messages": {"ackReaction": "\ud800"}}, "<root>"),
        ({"messages": {"ackReaction": object()}}, "<root>"),
        ({"messages": {"$include": "x.json5"}}, "messages.$include"),
        ({"channels": {"imessage": {"cliPath": "a;b"}}}, "channels.imessage.cliPath"),
    ],
)
def test_what_is_wrong_names_debug_and_the_path_and_no_line(places: Places, overrides: Any, path: str) -> None:
    found = over(places, overrides)
    assert found.config is None
    assert [(each.path, each.file, each.line, each.column) for each in found.problems] == [(path, "/debug", None, None)]
    assert str(found.problems[0]).endswith("(/debug)")


def test_problems_of_the_file_keep_their_line(places: Places) -> None:
    places.config.write_text("{\n  chanels: {},\n}")
    found = load(places, {}, (), {"messages": {"ackReaction": 1}})
    assert [(each.file, each.line) for each in found.problems] == [(None, 2), ("/debug", None)]


def test_depth_is_bounded(places: Places) -> None:
    deep: Any = "x"
    for _ in range(200_000):
        deep = {"a": deep}
    found = over(places, {"messages": deep})
    assert [each.file for each in found.problems] == ["/debug"]
