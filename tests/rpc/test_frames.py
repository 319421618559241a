"""Lines whatever the chunks, frames whatever the lines."""

import itertools
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.envelopes.link import Response
from actors.rpc.frames import (
    HEAD,
    MAX_LINE,
    Frame,
    Junk,
    Row,
    Splitter,
    StreamEnd,
    frame,
    message_of,
    page_of,
    preview,
    request,
    sort,
    value_of,
)

PIECES = st.lists(
    st.sampled_from(
        [b"\n", b"\r\n", b" ", b"\t", b"a", b"{}", "\u2028".encode(), "\u0085é😀".encode(), b"\x0b\x0c", b"\x00"]
    ),
    max_size=30,
).map(b"".join)
STREAMS = st.one_of(PIECES, st.binary(max_size=60))


def cut(data: bytes, at: list[int]) -> list[bytes]:
    """``data`` in pieces."""
    edges = [0, *sorted(min(edge, len(data)) for edge in at), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def split(chunks: list[bytes], most: int = MAX_LINE) -> tuple[list[bytes], int]:
    """All lines of a stream, and how many were dropped."""
    splitter = Splitter(most)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return [*lines, *splitter.finish()], len(splitter.heads)


@given(STREAMS, st.lists(st.integers(min_value=0, max_value=80), max_size=12))
def test_any_chunking_of_the_bytes_gives_the_same_lines(data: bytes, at: list[int]) -> None:
    assert split(cut(data, at)) == split([data])


@given(STREAMS, st.lists(st.integers(min_value=0, max_value=80), max_size=12), st.integers(min_value=1, max_value=6))
def test_any_chunking_drops_the_same_lines_as_too_long(data: bytes, at: list[int], most: int) -> None:
    expected = [line for line in data.split(b"\n") if line.strip() and len(line) <= most]
    lines, dropped = split(cut(data, at), most)
    assert lines == expected
    assert dropped == sum(len(line) > most for line in data.split(b"\n"))


@given(STREAMS)
def test_lines_are_those_between_line_feeds_without_the_blank_ones(data: bytes) -> None:
    assert split([data])[0] == [line for line in data.split(b"\n") if line.strip()]


def test_line_separators_inside_a_string_do_not_end_a_line() -> None:
    text = "a\u2028b\u2029c\u0085d\x0be"
    wire = json.dumps({"id": 1, "result": {"text": text}}, ensure_ascii=False).encode() + b"\n"
    (line,), dropped = split([wire])
    read = frame(line)
    assert isinstance(read, Frame)
    assert value_of(bytes(read.result)) == {"text": text}
    assert dropped == 0


def test_crlf_and_a_last_line_without_its_end_are_read() -> None:
    lines, _ = split([b'{"id":1,"result":{}}\r\n\r\n{"id":2,"resu', b'lt":{}}'])
    reads = [frame(line) for line in lines]
    assert [read.id for read in reads if isinstance(read, Frame)] == [1, 2]


def test_a_line_without_end_is_passed_over_in_bounded_memory() -> None:
    most = 1 << 20
    splitter = Splitter(most)
    chunk = b"x" * 65536
    tracemalloc.start()
    try:
        for _ in range(40 * most // len(chunk)):
            assert splitter.feed(chunk) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * most
    assert len(splitter.heads) == 1
    assert splitter.feed(b'tail\n{"id":1}\n') == [b'{"id":1}']
    assert splitter.finish() == []


JUNK = [
    b"null",
    b"[]",
    b'[{"id":1,"result":{}}]',
    b"5",
    b"-1.5e3",
    b'"text"',
    b"true",
    b"NaN",
    b"",
    b"imsg 0.2.1 - usage: imsg <command>",
    b"\xe2\x9a\xa0\xef\xb8\x8f  Permission Error: Full Disk Access",
    b'{"id":1,"result":{}',
    b'{"id":1,"result":{}}{"id":2,"result":{}}',
    b'{"id":1 "result":{}}',
    b'{"id":[1],"result":{}}',
    b'{"id":{},"result":{}}',
    b'{"method":5,"params":{}}',
    b'{"id":1,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b"[" * 1_000_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b'{"id":' + b"9" * 4301 + b',"result":{}}',
    b"\x00\x00\x00\x00",
    b"\xff\xfe{\x00}\x00",
    b"\x80" * 1000,
]


@pytest.mark.parametrize("line", JUNK, ids=lambda line: repr(line[:24]))
def test_what_is_no_frame_comes_back_as_junk_with_its_beginning(line: bytes) -> None:
    read = frame(line)
    assert isinstance(read, Junk)
    assert read.why
    assert len(read.start) <= 120
    assert read.start == preview(line)


MENDED: list[tuple[bytes, Any]] = [
    (b'{"id":7,"result":{"a":NaN,"b":-Infinity}}', {"a": None, "b": None}),
    (b'{"id":7,"result":{"a":"\\ud800 and \\udc00"}}', {"a": "? and ?"}),
    (b'{"id":7,"result":{"a":"\\ud83d\\ude00"}}', {"a": "\U0001f600"}),
    (b'\xef\xbb\xbf{"id":7,"result":{"a":1}}', {"a": 1}),
    (b'{"id":6,"id":7,"result":{"a":1},"result":{"a":2}}', {"a": 2}),
    (b'  {"id":7,"result":{}}\t\r', {}),
    (b'{"id":7,"result":{"a":NaN,"b":18446744073709551617}}', {"a": None, "b": 18446744073709551617}),
    (b'{"jsonrpc":null,"id":7,"result":{},"extra":[1,{}]}', {}),
    (b'{"id":7,"result":{"path":"\\/Users\\/x"}}', {"path": "/Users/x"}),
]


@pytest.mark.parametrize(("line", "result"), MENDED, ids=lambda value: repr(value)[:32])
def test_odd_but_readable_lines_are_read(line: bytes, result: Any) -> None:
    read = frame(line)
    assert isinstance(read, Frame)
    assert read.id == 7
    found = value_of(bytes(read.result))
    assert found is not None
    assert found.keys() == result.keys()
    assert [found[key] for key in found] == pytest.approx([result[key] for key in result])


@pytest.mark.parametrize(
    ("wire", "expected"),
    [(b"1", 1), (b'"1"', "1"), (b"1.5", 1.5), (b"true", True), (b"null", None), (b"-3", -3), (b'""', "")],
)
def test_any_scalar_is_an_id_and_keeps_its_type(wire: bytes, expected: object) -> None:
    read = frame(b'{"id":' + wire + b',"result":{}}')
    assert isinstance(read, Frame)
    assert read.id == expected
    assert type(read.id) is type(expected)


@given(st.one_of(st.binary(max_size=80), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_no_line_whatever_makes_the_reader_of_frames_fail(line: bytes) -> None:
    read = frame(line)
    if isinstance(read, Frame):
        message_of(bytes(read.params))
        value_of(bytes(read.result))
        value_of(bytes(read.error))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"]), JSON))
def test_no_object_whatever_makes_the_reader_of_frames_fail(value: dict[str, Any]) -> None:
    read = frame(json.dumps(value).encode())
    if isinstance(read, Frame):
        message_of(bytes(read.params))
        for raw in (read.result, read.error):
            assert value_of(bytes(raw)) is None or isinstance(value_of(bytes(raw)), dict)


@pytest.mark.parametrize("text", ["\\ud800 broken", "NaN"])
def test_a_row_with_a_broken_text_is_a_row_still(text: str) -> None:
    """Passing it over as no JSON at all would lose a person's message."""
    value = text if text == "NaN" else f'"{text}"'
    line = f'{{"method":"message","params":{{"subscription":1,"message":{{"id":3,"text":{value}}}}}}}'.encode()
    read = frame(line)
    assert isinstance(read, Frame)
    assert read.method == "message"
    raw = message_of(bytes(read.params))
    assert raw is not None
    assert json.loads(raw)["id"] == 3


def test_the_message_of_a_notification_stays_as_it_was_written() -> None:
    raw = b'{ "id" : 1.0, "text":"\\u0041", "x":18446744073709551617 }'
    read = frame(b'{"jsonrpc":"2.0","method":"message","params":{"subscription":1,"message":' + raw + b"}}")
    assert isinstance(read, Frame)
    assert message_of(bytes(read.params)) == raw


@pytest.mark.parametrize("params", [b"", b"null", b"[]", b"{}", b'{"message"}', b'{"subscription":[]}', b"[" * 99999])
def test_params_without_a_message_have_none(params: bytes) -> None:
    assert message_of(params) is None


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"", None),
        (b"{}", {}),
        (b'{"ok":true}', {"ok": True}),
        (b"[1]", {"value": [1]}),
        (b'"x"', {"value": "x"}),
        (b"null", {"value": None}),
        (b"9" * 5000, {"value": None}),
        (b"[" * 99999, {"value": None}),
        (b"{broken", {"value": None}),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_results_and_errors_come_as_objects(raw: bytes, value: object) -> None:
    assert value_of(raw) == value


@given(st.text(st.characters()), st.integers(min_value=1, max_value=2**53))
def test_a_request_is_one_line_that_says_what_it_was_given(text: str, number: int) -> None:
    line = request(number, "send", {"text": text, "chat_id": 1})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "jsonrpc": "2.0",
        "id": number,
        "method": "send",
        "params": {"text": text.encode("utf-8", "replace").decode(), "chat_id": 1},
    }


@given(STREAMS, st.lists(st.integers(min_value=0, max_value=80), max_size=12))
def test_of_lines_too_long_the_beginnings_are_kept_once(data: bytes, at: list[int]) -> None:
    splitter = Splitter(most=2)
    for chunk in cut(data, at):
        splitter.feed(chunk)
    expected = [line for line in data.split(b"\n") if len(line) > 2]
    heads = splitter.cut()
    assert len(heads) == len(expected)
    assert all(line.startswith(head) and len(head) > 2 for line, head in zip(expected, heads, strict=True))
    assert splitter.cut() == ()


def test_a_beginning_that_is_kept_is_short() -> None:
    splitter = Splitter(most=MAX_LINE)
    splitter.feed(b"x" * (MAX_LINE + 1) + b"\n" + b"y" * (MAX_LINE + 1))
    assert splitter.cut() == (b"x" * HEAD, b"y" * HEAD)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"method":"message","params":{"subscription":1,"message":{"id":3}}}', Row(b'{"id":3}')),
        (b'{"method":"error","params":{"subscription":2,"error":{"message":"locked"}}}', StreamEnd(2, "locked")),
        (b'{"method":"error","params":{"error":"locked"}}', StreamEnd(None, "locked")),
        (b'{"method":"error","params":{"subscription":"2"}}', StreamEnd("2", '{"subscription":"2"}')),
        (b'{"method":"error","params":[]}', StreamEnd(None, "[]")),
        (b'{"method":"error"}', StreamEnd(None, "")),
        (
            b'{"method":"watch.overflow","params":{"subscription":1,"resume_after_rowid":9,"reason":"full"}}',
            StreamEnd(1, "full"),
        ),
        (b'{"method":"typing","params":{}}', None),
        (b'{"id":1,"result":{"a":1}}', Response(1, b'{"a":1}', b"")),
        (b'{"id":1,"error":{"code":5}}', Response(1, b"", b'{"code":5}')),
        (b'{"id":1}', Junk("neither a response nor a notification", "")),
        (b'{"method":"message","params":{}}', Junk("a message notification without a message", "")),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_every_line_is_one_kind_of_thing(line: bytes, expected: object) -> None:
    read = sort(line)
    assert type(read) is type(expected)
    assert read == expected


def test_the_messages_of_a_page_stay_as_they_were_written() -> None:
    raw = b'{ "id" : 1.0, "text":"\\u0041", "x":18446744073709551617 }'
    page = page_of(b'{"messages":[' + raw + b',{"id":2}],"next_rowid":7,"has_more":true,"more":1}')
    assert page is not None
    assert [bytes(message) for message in page.messages] == [raw, b'{"id":2}']
    assert (page.next_rowid, page.has_more) == (7, True)


def test_a_page_with_a_broken_text_is_a_page_still() -> None:
    page = page_of(b'{"messages":[{"id":1,"text":"\\ud800"},{"id":2,"x":NaN}],"next_rowid":7}')
    assert page is not None
    assert [json.loads(bytes(message))["id"] for message in page.messages] == [1, 2]
    assert not page.has_more


@pytest.mark.parametrize(
    "result",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"messages":[]}',
        b'{"messages":5,"next_rowid":1}',
        b'{"next_rowid":1}',
        b"[" * 9999,
    ],
)
def test_what_is_no_page_is_none(result: bytes) -> None:
    assert page_of(result) is None
