"""Framing and parameters from 0.14 on (imsg protocol 12.2): what is refused, and in which words."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from actors.simulator.frames import RpcError
from actors.simulator.params import SHAPES
from actors.simulator.strict import read
from tests.simulator.harness import ANNA, DIRECT, Rpc, furnish


@pytest.fixture(scope="module")
def rpc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rpc]:
    path = tmp_path_factory.mktemp("strict") / "chat.db"
    furnish(path)
    with Rpc(path, "--imsg-version", "0.15") as running:
        yield running


def line(**members: object) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "watch.unsubscribe"} | members)


NO_REQUEST = "request must be an object"
NOT_2_0 = "jsonrpc must be exactly 2.0"
BAD_ID = "id must be a string, number, or null"
BAD_PARAMS = "params must be an object when present"


@pytest.mark.parametrize(
    ("sent", "request_id", "code", "data"),
    [
        ("[]", None, -32600, NO_REQUEST),
        (line(jsonrpc="1.0"), 1, -32600, NOT_2_0),
        (line(jsonrpc=2.0), 1, -32600, NOT_2_0),
        ('{"id":1,"method":"status"}', 1, -32600, NOT_2_0),
        ('{"method":"status"}', None, -32600, NOT_2_0),
        (line(id=True), None, -32600, BAD_ID),
        (line(id=[1]), None, -32600, BAD_ID),
        (line(id={}), None, -32600, BAD_ID),
        (line(method=None), 1, -32600, "method is required"),
        (line(params=None), 1, -32602, BAD_PARAMS),
        (line(params=[1]), 1, -32602, BAD_PARAMS),
        (line(params="x", id="a"), "a", -32602, BAD_PARAMS),
        (line(id=1.5), 1.5, -32602, "subscription is required"),
        (line(id=None), None, -32602, "subscription is required"),
    ],
)
def test_a_line_that_is_no_request_is_refused(rpc: Rpc, sent: str, request_id: object, code: int, data: str) -> None:
    rpc.raw(f"{sent}\n".encode())
    answer = rpc.line()
    assert (answer["id"], answer["error"]["code"], answer["error"]["data"]) == (request_id, code, data)


def test_a_notification_never_gets_an_answer_whatever_fails(rpc: Rpc) -> None:
    for method, params in (("nope", {}), ("watch.unsubscribe", {"x": 1}), ("send", []), ("chats.list", {})):
        rpc.raw(f"{json.dumps({'jsonrpc': '2.0', 'method': method, 'params': params})}\n".encode())
    assert rpc.call("watch.unsubscribe", subscription=9)["result"] == {"ok": True}


@pytest.mark.parametrize(
    ("method", "params", "told"),
    [
        ("send", {"z": 1, "b": 2, "to": ANNA}, "unknown send param: b"),
        ("status", {"verbose": True}, "unknown status param: verbose"),
        ("send", {"reply_to": "a", "replyTo": "b"}, "use only one of reply_to, replyTo"),
        ("watch.subscribe", {"bufferLimit": None}, "bufferLimit must not be null"),
        ("chats.list", {"limit": "5"}, "limit must be an integer"),
        ("chats.list", {"limit": 5.0}, "limit must be an integer"),
        ("chats.list", {"limit": True}, "limit must be an integer"),
        ("chats.list", {"limit": 2**63}, "limit must be an integer"),
        ("chats.list", {"unread_only": 1}, "unread_only must be a boolean"),
        ("send", {"to": 5}, "to must be a string"),
        ("watch.subscribe", {"participants": "a,b"}, "participants must be an array of strings"),
        ("watch.subscribe", {"participants": ["a", 1]}, "participants must be an array of strings"),
        ("send", {"formatting": ["x"]}, "formatting must be an array of objects"),
    ],
)
def test_parameters_are_exact(method: str, params: dict[str, Any], told: str) -> None:
    with pytest.raises(RpcError) as refusal:
        read(method, SHAPES[method], params)
    assert (refusal.value.code, refusal.value.data) == (-32602, told)


def test_other_spellings_come_out_under_the_canonical_name() -> None:
    given = {"debounceMs": 5, "chat_id": 2, "participants": []}
    assert read("watch.subscribe", SHAPES["watch.subscribe"], given) == {
        "debounce_ms": 5,
        "chat_id": 2,
        "participants": [],
    }


@pytest.mark.parametrize(
    ("method", "params", "told"),
    [
        ("messages.after", {}, "since_rowid must be a non-negative integer"),
        ("messages.after", {"since_rowid": -1}, "since_rowid must be a non-negative integer"),
        ("messages.after", {"since_rowid": 0, "limit": 501}, "limit must be an integer between 1 and 500"),
        ("messages.after", {"since_rowid": 0, "limit": 0}, "limit must be an integer between 1 and 500"),
        ("messages.search", {"query": "x", "limit": 101}, "limit must be an integer between 1 and 100"),
        ("watch.subscribe", {"buffer_limit": 4097}, "buffer_limit must be an integer between 1 and 4096"),
        ("watch.subscribe", {"chat_id": 0}, "chat_id must be a positive integer"),
        ("initialize", {"protocol_version": 2}, "unsupported protocol_version 2; supported version is 1"),
        ("send", {"chat_guid": "", "text": "x"}, "chat_guid must be a non-empty string"),
        ("send", {"chat_id": DIRECT, "text": ""}, "text must be a non-empty string"),
        ("send", {"chat_id": DIRECT, "text": "x", "service": "SMS"}, "invalid service"),
        ("message.send_status", {}, "guid is required"),
    ],
)
def test_values_are_checked_before_anything_happens(rpc: Rpc, method: str, params: dict[str, Any], told: str) -> None:
    error = rpc.call(method, **params)["error"]
    assert (error["code"], error["data"]) == (-32602, told)
