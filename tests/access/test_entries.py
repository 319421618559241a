"""Allow lists: what an entry admits, and that lists only do what they say."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.access.entries import AllowList, Entry, Kind, parse
from actors.access.handles import canonical
from actors.envelopes.identity import Chat

CHAT = Chat(7, "iMessage;+;chat7", "chat7", "", True, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", Entry(Kind.ANYONE)),
        (" * ", Entry(Kind.ANYONE)),
        ("", Entry(Kind.BLANK)),
        (" \t", Entry(Kind.BLANK)),
        ("+1 (555) 222-3333", Entry(Kind.HANDLE, "+15552223333")),
        ("SMS:+15552223333", Entry(Kind.HANDLE, "+15552223333")),
        ("Kim@X.com", Entry(Kind.HANDLE, "kim@x.com")),
        ("CHAT_ID:123", Entry(Kind.CHAT_ID, "123")),
        ("chatid: 123", Entry(Kind.CHAT_ID, "123")),
        ("CHAT:0123", Entry(Kind.CHAT_ID, "123")),
        ("imessage:chat_id:7", Entry(Kind.CHAT_ID, "7")),
        ("ChatGuid:XYZ", Entry(Kind.CHAT_GUID, "XYZ")),
        ("GUID:XYZ", Entry(Kind.CHAT_GUID, "XYZ")),
        ("CHAT_IDENTIFIER:iMessage;-;chat1", Entry(Kind.CHAT_IDENTIFIER, "iMessage;-;chat1")),
        ("chatident:foo", Entry(Kind.CHAT_IDENTIFIER, "foo")),
        ("chat_identifier:+15552223333", Entry(Kind.CHAT_IDENTIFIER, "+15552223333")),
        ("AccessGroup: Family ", Entry(Kind.ACCESS_GROUP, "Family")),
    ],
)
def test_an_entry_names_one_thing(text: str, expected: Entry) -> None:
    assert parse(text, "US") == expected


@pytest.mark.parametrize(
    "text",
    [
        "chat_id:",
        "chat_id:abc",
        "chat_id:12abc",
        "chat_id:0",
        "chat_id:-1",
        "chat_id:\u0661",
        "chat_id:" + "9" * 30,
        "chat_guid: ",
        "accessGroup:family",
        "accessGroup: ",
        "**",
        "imessage:*",
        "sms: *",
        "\uff0a",
        "@",
        "${MOM}",
        "chat_guid:${FAMILY}",
        "+1555\u200b2223333",
        "\u202a+15552223333\u202c",
        "+1\u00a05552223333",
        "+\uff11\uff15",
        "+15552223333\x00",
    ],
)
def test_an_unusable_entry_is_reported_and_admits_nobody(text: str) -> None:
    entries = AllowList.of(["", text], "US")
    assert entries.is_empty
    assert [index for index, _ in entries.problems] == [1]
    assert not entries.admits(canonical(text, "US"), CHAT)
    assert not entries.admits("+15552223333", CHAT)


def test_senders_and_chats_are_separate_namespaces() -> None:
    chats = AllowList.of(["chat_id:7", "chat_guid:G", "chat_identifier:I"], None)
    other = Chat(8, "other", "other", "", True, ())
    for sender in ("chat_id:7", "7", "chat_guid:G", "G", "I", "imessage:chat_id:7"):
        assert not chats.admits(canonical(sender, None), other)
    assert chats.admits("anyone", CHAT)
    assert chats.admits("anyone", replace(other, guid="G"))
    assert chats.admits("anyone", replace(other, identifier="I"))
    assert not chats.admits("anyone", replace(other, guid="g", identifier="i"))
    assert not AllowList.of(["7", "iMessage;+;chat7", "chat7"], None).admits("anyone", CHAT)


def test_a_chat_entry_names_nobody() -> None:
    entries = AllowList.of(["chat_id:7", "chat_identifier:+15552223333", "kim@x.com"], "US")
    assert not entries.names("+15552223333")
    assert not entries.names("7")
    assert entries.names("kim@x.com")
    assert AllowList.of([" * "], None).names("anyone")


def test_an_empty_list_admits_nobody() -> None:
    for texts in ([], [""], ["  "], ["chat_id:x"]):
        entries = AllowList.of(texts, "US")
        assert entries.is_empty
        assert not entries.admits("+15552223333", CHAT)
        assert not entries.admits("", Chat(0, "", "", "", False, ()))


HANDLES = st.one_of(
    st.from_regex(r"\A\+1[2-9][0-9]{9}\Z"),
    st.from_regex(r"\A[a-zA-Z]{1,5}@[a-z]{1,5}\.com\Z"),
    st.text(max_size=12),
    st.sampled_from(["chat_id:7", "chat_id:8", "chat_guid:iMessage;+;chat7", "555 222 3333", "*"]),
)


@given(st.lists(HANDLES, max_size=5), HANDLES, st.integers(-1, 9))
def test_adding_an_entry_never_removes_access(texts: list[str], sender: str, chat_id: int) -> None:
    chat = replace(CHAT, id=chat_id)
    person = canonical(sender, "US")
    for end in range(len(texts)):
        smaller, larger = AllowList.of(texts[:end], "US"), AllowList.of(texts[: end + 1], "US")
        assert larger.admits(person, chat) or not smaller.admits(person, chat)


@given(st.lists(HANDLES, max_size=5), HANDLES)
def test_nobody_is_admitted_for_another_persons_entry(texts: list[str], sender: str) -> None:
    person = canonical(sender, "US")
    assume(not any(parse(text, "US").kind not in {Kind.HANDLE, Kind.BLANK, Kind.UNUSABLE} for text in texts))
    admitted = AllowList.of(texts, "US").admits(person, CHAT)
    assert admitted == (person in {parse(text, "US").value for text in texts if parse(text, "US").kind is Kind.HANDLE})
