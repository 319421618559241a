"""What an imsg can do, from its own words: old ones by their version, new ones by their answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.rpc.capabilities import OLD_METHODS, UNKNOWN, Database, before_strict, from_initialize, parse_version

METHODS = ("chats.list", "messages.after", "send", "send.tracked", "message.send_status")
TODAY: dict[str, Any] = {
    "version": "0.15.9",
    "protocol_version": 1,
    "database": {"path": "/Users/x/Library/Messages/chat.db", "ready": True, "features": {"reactions": True}},
    "bridge": {"ready": True, "v2_ready": True},
    "contacts": {"available": False},
    "methods": [*METHODS],
    "supported_methods": ["chats.list", "poll.send"],
}


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("0.5.0", (0, 5, 0)),
        ("0.9", (0, 9)),
        ("0.15.9", (0, 15, 9)),
        ("imsg 0.15.10-dev (abc)", (0, 15, 10)),
        ("v1.2.3.4", (1, 2, 3)),
        ("", None),
        ("none", None),
        ("12", None),
        ("9" * 5000, None),
    ],
)
def test_versions_are_found_in_what_is_printed(text: str, version: object) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("printed", "version", "generation", "advice"),
    [
        ("0.5.0", "0.5.0", "0.3 to 0.5", ""),
        ("0.4.0", "0.4.0", "0.3 to 0.5", "groups"),
        ("0.9.0\n", "0.9.0", "0.6 to 0.13", ""),
        ("0.13.4", "0.13.4", "0.6 to 0.13", ""),
        ("", "", "before 0.14", ""),
        ("imsg, the command", "", "before 0.14", ""),
        ("0.15.2", "", "before 0.14", ""),  # updated while the child ran: that one is still the old one
    ],
)
def test_an_old_imsg_is_known_by_its_version(printed: str, version: str, generation: str, advice: str) -> None:
    found = before_strict(printed)
    assert (found.version, found.generation, found.strict) == (version, generation, False)
    assert advice in found.advice
    assert bool(found.advice) == bool(advice)
    assert found.methods == OLD_METHODS
    assert not found.tracked
    assert not found.can("messages.after")


def test_an_imsg_of_today_says_all_there_is_to_know() -> None:
    found = from_initialize(TODAY)
    assert (found.version, found.generation, found.strict, found.bridge) == ("0.15.9", "0.14+", True, True)
    assert found.database == Database("/Users/x/Library/Messages/chat.db", True, "")
    assert found.can("messages.after")
    assert not found.can("poll.send")  # compiled in is not usable
    assert found.tracked
    assert found.advice == ""


@pytest.mark.parametrize(
    ("version", "advised"), [("0.14.0", True), ("0.15.7", True), ("0.15.8", False), ("0.16", False)]
)
def test_one_with_a_security_fault_is_advised_against(version: str, advised: bool) -> None:
    assert ("security" in from_initialize({"version": version}).advice) == advised


@pytest.mark.parametrize("missing", ["send.tracked", "message.send_status"])
def test_a_send_can_only_be_tracked_when_it_can_be_asked_for(missing: str) -> None:
    methods = [method for method in METHODS if method != missing]
    assert not from_initialize({**TODAY, "methods": methods}).tracked


@pytest.mark.parametrize(
    ("database", "found"),
    [
        (
            {"path": "/db", "ready": False, "error": "authorization denied"},
            Database("/db", False, "authorization denied"),
        ),
        ({"ready": False, "error": {"detail": "denied", "code": 1}}, Database("", False, "denied")),
        ({"ready": False, "error": {"message": "denied"}}, Database("", False, "denied")),
        ({"ready": False}, Database("", False, "")),
        ({"path": "/db"}, Database("/db", True, "")),
        ({"path": 5, "ready": None, "error": 5}, Database()),
        ({}, Database()),
        (None, Database()),
        ("gone", Database()),
    ],
)
def test_what_it_says_about_its_database(database: object, found: Database) -> None:
    assert from_initialize({"version": "0.15.9", "database": database}).database == found


ODD = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=3)


@given(st.dictionaries(st.sampled_from(sorted(TODAY)), ODD | st.dictionaries(st.text(max_size=7), ODD, max_size=3)))
def test_no_answer_whatever_is_too_odd(result: dict[str, Any]) -> None:
    found = from_initialize(result)
    assert isinstance(found.version, str)
    assert all(isinstance(method, str) for method in found.methods)
    assert (found.strict, found.generation) == (True, "0.14+")
    assert isinstance(found.advice, str)


@pytest.mark.parametrize(
    ("method", "lane"),
    [
        ("initialize", "control"),
        ("watch.subscribe", "control"),
        ("watch.unsubscribe", "control"),
        ("status", "read"),
        ("chats.list", "read"),
        ("chats.get", "read"),
        ("messages.after", "read"),
        ("messages.history", "read"),
        ("message.send_status", "read"),
        ("handles.check", "read"),
        ("send", "mutation"),
        ("send.tracked", "mutation"),
        ("message.edit", "mutation"),
        ("chats.create", "mutation"),
        ("chats.markUnread", "mutation"),
        ("typing", "mutation"),
        ("read", "mutation"),
        ("poll.vote", "mutation"),
    ],
)
def test_a_request_waits_in_the_lane_of_its_kind(method: str, lane: str) -> None:
    assert from_initialize(TODAY).lane(method) == lane
    assert UNKNOWN.lane(method) == before_strict("0.13.4").lane(method) == "all"
