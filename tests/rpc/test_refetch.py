"""A line too long to keep: an answer fails at once, a message is asked for once more."""

from typing import Any

import pytest

from actors.envelopes.link import Response
from actors.rpc.capabilities import UNKNOWN, from_initialize
from actors.rpc.frames import HEAD
from actors.rpc.refetch import TOO_LONG, failed_answer, refetch_params

NEW = from_initialize({"version": "0.15.9", "methods": ["messages.after"]})
ROW = b'{"jsonrpc":"2.0","method":"message","params":{"subscription":1,"message":{"chat_id":5,"id":77,"text":"xxxx'


@pytest.mark.parametrize(
    ("head", "number"),
    [
        (b'{"jsonrpc":"2.0","id":8,"result":{"messages":[{"id":77', 8),
        (b'{ "id" : 8 , "result" : {"messages":[', 8),
        (b'{"jsonrpc":"2.0","result":{"messages":[{"id":77', None),  # 77 is a message, and maybe a send's number
        (b'{"id":"eight","result":{"id":77', None),
        (b'{"result":[' + b"x" * HEAD, None),
        (ROW, None),
        (b'{"method":"message","id":8,"params":{"message":{"text":"\\"result\\"', None),
        (b"", None),
        (b"xxxxx", None),
        (b"\xff\xfe\x00", None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_answer_is_one_that_failed_when_its_number_is_sure(head: bytes, number: int | None) -> None:
    expected = None if number is None else Response(number, b"", TOO_LONG)
    assert failed_answer(head) == expected


@pytest.mark.parametrize(
    ("head", "params"),
    [
        (ROW, {"since_rowid": 76, "limit": 1, "attachments": False}),
        (ROW.replace(b"77", b"1"), {"since_rowid": 0, "limit": 1, "attachments": False}),
        (ROW.replace(b'"chat_id":5', b'"reactions":[{"id":5}]'), {"since_rowid": 76, "limit": 1, "attachments": False}),
        (ROW.replace(b"77", b"0"), None),
        (ROW.replace(b"77", b"-7"), None),
        (ROW.replace(b"77", b"9" * 30), None),
        (ROW.replace(b'"id"', b'"x"'), None),
        (b"", None),
    ],
    ids=lambda value: repr(value)[-40:],
)
def test_a_message_is_asked_for_by_the_row_before_it(head: bytes, params: dict[str, Any] | None) -> None:
    assert refetch_params(head, NEW) == params
    assert refetch_params(head, UNKNOWN) is None
