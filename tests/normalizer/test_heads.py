"""The head of a line too long to keep tells which row it was, where it can."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.normalizer.heads import Head, read
from tests.support.rows import guid, wire


def line(**keys: Any) -> bytes:
    """A notification."""
    return json.dumps({"jsonrpc": "2.0", "method": "message", "params": {"subscription": 1, "message": keys}}).encode()


def test_the_names_of_the_message_are_read_from_any_order() -> None:
    assert read(line(**wire(5, 7))) == Head("5", "7", guid(5))
    assert read(line(text="x", guid="A", chat_id=-1, id=9)) == Head("9", "-1", "A")
    assert read(line(**wire(5, 7))).words == f"id 5, chat_id 7, guid {guid(5)}"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"", Head()),
        (b"\xff\x00{", Head()),
        (b'{"id":3,"result":{"messages":[{"id":5,"guid":"A"', Head()),
        (b'{"params":{"message":{"id":5,"guid":"A', Head("5")),
        (b'{"params":{"message":{"guid":"A","id":12', Head(guid="A")),
        (b'{"params":{"message":{"guid":"A","id":12,', Head("12", "", "A")),
        (b'{"params":{"message":{"text":"\\"id\\":5,{\\"guid\\":\\"B\\"', Head()),
        (b'{"params":{"message":{"url_preview":{"id":1,"guid":"B"},"reactions":[{"id":2}],"id":5,', Head("5")),
        (b'{"params":{"message":{"attachments":[[{"id":1}]],"participants":["guid","x"],"chat_id":5}', Head("", "5")),
        (b'{"params":{"subscription":1,"message":{"id":null,"guid":null,', Head("null", "", "null")),
        (b'{ "params" : { "message" : { "id" : 5 , "guid" : "A" , "te', Head("5", "", "A")),
        (b'{"params":{"message":{"id":5,"id":6,', Head("5")),
        (b"]]}}:::,,,", Head()),
    ],
)
def test_only_the_messages_own_names_count_and_nothing_half(head: bytes, expected: Head) -> None:
    assert read(head) == expected


@given(st.binary(max_size=80) | st.text(alphabet='{}[]:,"\\ id5guid', max_size=80).map(str.encode))
def test_no_bytes_break_it(head: bytes) -> None:
    read(head)


@given(st.integers(0, 400))
def test_what_is_read_of_a_part_is_what_the_whole_says(cut: int) -> None:
    whole = line(text='"id":1', **{key: value for key, value in wire(123456, 78).items() if key != "text"})
    full, part = read(whole), read(whole[:cut])
    assert all(some in ("", all_) for some, all_ in zip(part, full, strict=True))
