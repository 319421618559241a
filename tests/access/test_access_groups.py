"""Access groups: whom a name in a list stands for."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.access_groups import members
from actors.access.entries import AllowList, Entry, Kind, parse
from actors.access.handles import canonical
from actors.envelopes.identity import Chat
from config.schema.root import Config

CHAT = Chat(7, "iMessage;-;x", "x", "", False, ())
ANN, BEN = "+15552223333", "+15554445555"
PEOPLE = {
    "family": (ANN, "Kim@X.com"),
    "Empty": (),
    "mixed": ("*", "chat_id:7", "accessGroup:family", "", "x\u200b", BEN),
}


def groups(**blocks: Any) -> dict[str, tuple[str, ...]]:
    return members(Config.model_validate({"accessGroups": blocks}, strict=False))


def senders(**channels: list[str]) -> dict[str, Any]:
    return {"type": "message.senders", "members": channels}


def test_members_of_this_channel_and_of_every_channel_count() -> None:
    everybody = {"*": ["b", "a"], "imessage": ["a"], "telegram": ["c"], "imsg": ["d"]}
    assert groups(family=senders(**everybody)) == {"family": ("a", "b")}
    assert groups(family=senders(telegram=["c"])) == {"family": ()}


@pytest.mark.parametrize("key", ["imessage", "iMessage", " IMSG "])
def test_the_channel_is_known_by_any_of_its_names(key: str) -> None:
    assert groups(family=senders(**{key: ["a"], "telegram": ["b"]})) == {"family": ("a",)}


def test_a_group_of_another_type_has_nobody_here() -> None:
    audience = {"type": "discord.channelAudience", "guildId": "1", "members": {"imessage": [ANN]}}
    assert groups(staff=audience) == {"staff": ()}


def test_names_lose_the_blanks_around_them_and_of_two_alike_the_first_counts() -> None:
    assert groups(**{" family ": senders(imessage=["a"]), "family": senders(imessage=["b"])}) == {"family": ("a",)}


@pytest.mark.parametrize(
    "text", ["accessGroup:family", "accessgroup: family ", "ACCESSGROUP:family", " imessage:accessGroup:family"]
)
def test_an_entry_stands_for_the_people_of_its_group(text: str) -> None:
    entries = AllowList.of(["chat_id:9", text], "US", PEOPLE)
    assert entries.handles == {ANN, "kim@x.com"}
    assert entries.problems == ()
    assert entries.names(canonical("KIM@x.com", "US"))
    assert entries.admits(ANN, CHAT)
    assert not entries.names(BEN)


@pytest.mark.parametrize("text", ["accessGroup:Family", "accessGroup:famil\u0443", "acce\u017f\u017fgroup:family"])
def test_names_and_prefix_are_taken_exactly(text: str) -> None:
    entries = AllowList.of([text], "US", PEOPLE)
    assert not entries.admits(ANN, CHAT)
    assert not entries.wildcard


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accessGroup:Family", 'there is no access group "Family": did you mean "family"?'),
        ("accessGroup:zzz", 'there is no access group "zzz": add it to accessGroups'),
        ("accessGroup:", "names no group: accessGroup:<name>"),
        ("accessGroup:Empty", 'access group "Empty" has nobody for iMessage: it needs type "message.senders"'),
        ("accessGroup:\x1b[2J", 'there is no access group "\\u001b[2J"'),
    ],
)
def test_a_group_that_names_nobody_is_a_problem_of_its_entry(text: str, expected: str) -> None:
    entries = AllowList.of(["", text], "US", PEOPLE)
    assert entries.is_empty
    ((index, why),) = entries.problems
    assert index == 1
    assert why.startswith(expected)


def test_a_member_that_is_no_handle_is_a_problem_and_admits_nobody() -> None:
    entries = AllowList.of(["accessGroup:mixed"], "US", PEOPLE)
    assert entries.handles == {BEN}
    assert entries.chat_ids == frozenset()
    assert not entries.wildcard
    assert [why for _, why in entries.problems] == [
        'access group "mixed": "*" names nobody in a group: write "*" in the list itself',
        'access group "mixed": "chat_id:7" is a chat, and groups hold people: write it in the list itself',
        'access group "mixed": "accessGroup:family" is a group in a group: name both groups in the list',
        'access group "mixed": "x\\u200b" holds U+200B, which no handle has: type it in plain characters',
    ]


def test_a_group_whose_name_is_a_handle_or_a_chat_is_only_a_group() -> None:
    odd = {ANN: (BEN,), "chat_id:7": (BEN,), "*": (BEN,)}
    for name in odd:
        entries = AllowList.of([f"accessGroup:{name}"], "US", odd)
        assert entries == AllowList(handles=frozenset({BEN}))


def test_a_sender_cannot_claim_a_group() -> None:
    entries = AllowList.of(["accessGroup:family"], "US", PEOPLE)
    for sender in ("accessGroup:family", "family", "imessage:accessGroup:family"):
        assert not entries.admits(canonical(sender, "US"), CHAT)


def test_without_groups_every_name_is_unknown() -> None:
    assert AllowList.of(["accessGroup:family"], "US").is_empty
    assert parse("accessGroup:family", None) == Entry(Kind.ACCESS_GROUP, "family")
