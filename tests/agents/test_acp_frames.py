"""What a line of an ACP agent is to us: only its answer, and only what the protocol's library can take."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agents.acp.frames import Junk, Pause, Words, is_request_or_response, preview, sift


def update(**keys: Any) -> bytes:
    """A notification about the session."""
    return json.dumps(
        {"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": "s", "update": keys}}
    ).encode()


def chunk(text: Any, kind: str = "agent_message_chunk", **more: Any) -> bytes:
    """A piece of text."""
    return update(sessionUpdate=kind, content={"type": "text", "text": text}, **more)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (chunk("hi"), Words("hi")),
        (chunk(""), Words("")),
        (chunk("hi", messageId="m1"), Words("hi", "m1")),
        (chunk("hi", messageId=7), Words("hi")),
        (chunk("half \ud83d"), Words("half \ud83d")),
        (chunk("secret", "agent_thought_chunk"), Pause()),
        (update(sessionUpdate="tool_call", title="rm", content="anything"), Pause()),
        (update(sessionUpdate="tool_call_update", status="done"), None),
        (update(sessionUpdate="plan", entries=[]), None),
        (chunk("what they said", "user_message_chunk"), None),
        (update(sessionUpdate="something_newer", content=1), None),
        (update(sessionUpdate="agent_message_chunk", content={"type": "image", "data": ""}), None),
        (chunk(5), None),
        (b'{"method": "session/update"}', None),
        (b'{"method": "session/update", "params": [1]}', None),
        (b'{"method": "other/notification", "params": {}}', None),
    ],
)
def test_of_what_the_agent_tells_only_its_answer_is_taken(line: bytes, expected: object) -> None:
    assert sift(line) == expected


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"Welcome to the agent!", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"id": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[1, 2]", "not an object"),
        (b"null", "not an object"),
        (b'{"method": 5}', "a method that is no text"),
        (b'{"result": {}}', "neither a request nor a response"),
        (b'{"id": [1], "result": {}}', "neither a request nor a response"),
        (b'{"id": "1", "result": {}}', "neither a request nor a response"),
    ],
)
def test_what_is_no_frame_is_junk_with_a_reason(line: bytes, why: str) -> None:
    junk = sift(line)
    assert isinstance(junk, Junk)
    assert junk.why.startswith(why)
    assert len(junk.start) <= 120


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"id": 1, "result": {"a": 1}}', {"id": 1, "result": {"a": 1}}),
        (b'{"id": 1, "result": null, "error": null}', {"id": 1, "result": None}),
        (
            b'{"id": 1, "error": {"code": -1, "message": "no"}}',
            {"id": 1, "error": {"code": -1, "message": "no", "data": None}},
        ),
        (b'{"id": 1, "error": "no"}', {"id": 1, "error": {"code": -32603, "message": "no", "data": None}}),
        (
            b'{"id": 1, "error": {"code": "x", "message": 2, "data": 3}}',
            {"id": 1, "error": {"code": -32603, "message": "error", "data": 3}},
        ),
    ],
)
def test_a_response_is_one_the_library_can_read(line: bytes, expected: object) -> None:
    assert sift(line) == expected


def test_a_request_is_handed_over_as_it_is() -> None:
    request = {"jsonrpc": "2.0", "id": "x-1", "method": "session/request_permission", "params": {"a": [1]}}
    assert sift(json.dumps(request).encode()) == request


def test_a_line_that_was_too_long_ends_the_talk_only_if_somebody_waits_for_it() -> None:
    assert not is_request_or_response(update(sessionUpdate="tool_call_update", content="x" * 500)[:300])
    assert is_request_or_response(b'{"jsonrpc":"2.0","id":3,"result":{"stopReason":')
    assert is_request_or_response(b"xxxxxxxxxxxxxxxxxxx")


@given(st.binary(max_size=200))
def test_no_line_breaks_it(line: bytes) -> None:
    sift(line)
    assert len(preview(line)) <= 120


KEYS = ["id", "method", "params", "error", "update", "content", "sessionUpdate", "text", "type"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*KEYS, "agent_message_chunk", "session/update"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
)


@given(JSON)
def test_no_value_breaks_it(value: Any) -> None:
    found = sift(json.dumps(value).encode())
    if isinstance(found, dict) and "method" not in found:
        assert isinstance(found["id"], int)
