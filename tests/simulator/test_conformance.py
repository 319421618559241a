"""What the running simulator answers, line by line against the protocol page.

Each case names the section and quotes the words of imsg-protocol.md it stands on.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.simulator.harness import ANNA, DIRECT, SMS, TEAM, Rpc, furnish


class Case(NamedTuple):
    """A line sent, and what must be part of the answer: the page says so in `quote` of `section`."""

    section: str
    quote: str
    sent: str
    expected: dict[str, Any]


def error(code: int, message: str, data: str, request_id: object = 1) -> dict[str, Any]:
    return {"id": request_id, "error": {"code": code, "message": message, "data": data}}


def refused(data: str) -> dict[str, Any]:
    return error(-32602, "Invalid params", data)


def internal(data: str) -> dict[str, Any]:
    return error(-32603, "Internal error", data)


def ask(method: str, **params: object) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


OK = {"id": 1, "result": {"ok": True}}
CODES = "| -32600 | `Invalid Request` | `request must be an object` / `jsonrpc must be 2.0` / `method is required` |"
PARSE = 'the platform\'s JSON error text; also for bare scalars (`5`, `"x"`)'
NOT_JSON = "The data couldn\u2019t be read because it isn\u2019t in the correct format."
COERCION = "strings accept numbers; ints accept numbers (floats truncate) and decimal strings"
SEND_TARGET = (
    "Exclusive with chat_*: -32602 `use to or chat_*; not both`; neither: -32602 `to is required for direct sends`"
)

FRAMING = [
    Case("3", PARSE, "{", error(-32700, "Parse error", NOT_JSON, None)),
    Case("3", PARSE, "5", error(-32700, "Parse error", NOT_JSON, None)),
    Case("3", PARSE, '"x"', error(-32700, "Parse error", NOT_JSON, None)),
    Case("3", "Batch arrays are not supported: one -32600 answer for the whole array.",
         f"[{ask('chats.list')}]", error(-32600, "Invalid Request", "request must be an object", None)),
    Case("3", CODES, '{"jsonrpc":"1.0","id":1,"method":"chats.list"}',
         error(-32600, "Invalid Request", "jsonrpc must be 2.0")),
    Case("3", CODES, '{"id":1}', error(-32600, "Invalid Request", "method is required")),
    Case("3", CODES, '{"id":1,"method":7}', error(-32600, "Invalid Request", "method is required")),
    Case("3", "`jsonrpc` may be missing or a non-string", '{"id":1,"method":"watch.unsubscribe"}',
         refused("subscription is required")),
    Case("3", "`jsonrpc` may be missing or a non-string",
         '{"jsonrpc":1.0,"id":1,"method":"watch.unsubscribe"}', refused("subscription is required")),
    Case("3", "| -32601 | `Method not found` | the method name |", ask("initialize"),
         error(-32601, "Method not found", "initialize")),
    Case("4", "No `status` method exists in RPC", ask("status"), error(-32601, "Method not found", "status")),
    *(
        Case("3", "`id`: anything; echoed as is (string, integer, float, bool, null).",
             f'{{"id":{value},"method":"watch.unsubscribe"}}',
             error(-32602, "Invalid params", "subscription is required", json.loads(value)))
        for value in ('"a"', "7", "1.5", "true", "null")
    ),
    Case("3", 'An explicit `"id":null` gets an answer with id null.',
         '{"id":null,"method":"watch.unsubscribe","params":{"subscription":9}}', {**OK, "id": None}),
    Case("3", '**but an error is still sent, with `"id":null`**', '{"method":"nope"}',
         error(-32601, "Method not found", "nope", None)),
    Case("3", "`params` that is not an object (array, string) is treated as `{}`",
         '{"id":1,"method":"watch.unsubscribe","params":[1]}', refused("subscription is required")),
    Case("3", "lines are trimmed", f"\t {ask('watch.unsubscribe', subscription=9)} \r", OK),
    Case("3", COERCION, ask("watch.unsubscribe", subscription="9"), OK),
    Case("3", COERCION, ask("watch.unsubscribe", subscription=9.7), OK),
    Case("3", "an unparsable int counts as *absent*", ask("watch.unsubscribe", subscription="x"),
         refused("subscription is required")),
    Case("3", COERCION, ask("send", to=5, service=7, text="hi"), refused("invalid service")),
]  # fmt: skip

METHODS = [
    Case("4", "`chat_id` int **required** (-32602 `chat_id is required`)", ask("messages.history"),
         refused("chat_id is required")),
    Case("4", "bad -> **-32603** `Invalid ISO8601 date: X`",
         ask("messages.history", chat_id=DIRECT, start="yesterday"), internal("Invalid ISO8601 date: yesterday")),
    Case("4", "`start`/`end` ISO 8601 with zone", ask("watch.subscribe", end="2026-05-16T12:00:00"),
         internal("Invalid ISO8601 date: 2026-05-16T12:00:00")),
    Case("4", "Unknown chat id: empty list, no error.", ask("messages.history", chat_id=99),
         {"result": {"messages": []}}),
    Case("4", "-32602 `debounce_ms must be a non-negative integer`", ask("watch.subscribe", debounce_ms=-1),
         refused("debounce_ms must be a non-negative integer")),
    Case("4", "`debounce_ms` (alias `debounceMs`) = 500", ask("watch.subscribe", debounceMs=-1),
         refused("debounce_ms must be a non-negative integer")),
    Case("4", "`subscription` int required (-32602 `subscription is required`)", ask("watch.unsubscribe"),
         refused("subscription is required")),
    Case("4", '-> `{"ok":true}`, also for unknown numbers.', ask("watch.unsubscribe", subscription=4711), OK),
    Case("4", "exact lower case, else -32602 `invalid service`", ask("send", to=ANNA, text="x", service="SMS"),
         refused("invalid service")),
    Case("4", "case-insensitive, else -32602 `invalid transport` (0.8.1+)",
         ask("send", to=ANNA, text="x", transport="pigeon"), refused("invalid transport")),
    Case("4", SEND_TARGET, ask("send", to=ANNA, chat_id=DIRECT, text="x"),
         refused("use to or chat_*; not both")),
    Case("4", SEND_TARGET, ask("send", text="x"), refused("to is required for direct sends")),
    Case("4", "at least one: -32602 `text or file is required`", ask("send", to=ANNA),
         refused("text or file is required")),
    Case("4", "`chat_id` wins and is looked up (-32602 `unknown chat_id N`)",
         ask("send", chat_id=99, chat_guid="iMessage;-;x", text="x"), refused("unknown chat_id 99")),
    Case("4", "Check order: service, transport, target exclusivity, contact name, text/file, chat lookup.",
         ask("send", service="x", transport="x"), refused("invalid service")),
    Case("4", "Check order: service, transport, target exclusivity, contact name, text/file, chat lookup.",
         ask("send", transport="x", to=ANNA, chat_id=99), refused("invalid transport")),
    Case("4", "Check order: service, transport, target exclusivity, contact name, text/file, chat lookup.",
         ask("send", chat_id=99), refused("text or file is required")),
    Case("4", "-32602 `bridge transport requires an existing chat target`",
         ask("send", to="+15559998888", text="x", transport="Bridge"),
         refused("bridge transport requires an existing chat target")),
    Case("4", "with both text and file: -32602 `bridge transport does not support text and file together`",
         ask("send", chat_id=DIRECT, text="x", file="/f", transport="bridge"),
         refused("bridge transport does not support text and file together")),
    Case("7", "Missing file: -32603 `AppleScript failed: Attachment not found at PATH`.",
         ask("send", to=ANNA, file="/nowhere/f.png"),
         internal("AppleScript failed: Attachment not found at /nowhere/f.png")),
    Case("7", '`Messages got an error: Can\'t get chat id "..".` (unknown chat)',
         ask("send", chat_guid="iMessage;+;chat0", text="x"),
         internal('AppleScript failed: Messages got an error: Can\'t get chat id "iMessage;+;chat0".')),
]  # fmt: skip


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("conformance") / "chat.db"
    furnish(path)
    return path


@pytest.fixture(scope="module")
def rpc(db: Path) -> Iterator[Rpc]:
    with Rpc(db) as running:
        yield running


@pytest.mark.parametrize("case", [*FRAMING, *METHODS], ids=lambda case: f"{case.section}: {case.sent}")
def test_the_answer_is_the_one_the_page_gives(rpc: Rpc, case: Case) -> None:
    rpc.raw(f"{case.sent}\n".encode())
    answer = rpc.line()
    assert answer["jsonrpc"] == "2.0"
    assert {key: answer.get(key) for key in case.expected} == case.expected, case.quote


def test_a_successful_notification_is_silent_and_blank_lines_are_ignored(rpc: Rpc) -> None:
    # Section 3: "Missing `id` = notification: success is silent"; "Blank lines ignored".
    rpc.raw(b'{"method":"watch.unsubscribe","params":{"subscription":9}}\n\n   \n')
    assert rpc.call("watch.unsubscribe", subscription=9) == {"jsonrpc": "2.0", **OK}


def test_broken_utf8_is_repaired(rpc: Rpc) -> None:
    # Section 3: "Invalid UTF-8 in a line is repaired (U+FFFD) before parsing".
    rpc.raw(b'{"id":1,"method":"a\xff"}\n')
    assert rpc.line()["error"]["data"] == "a\ufffd"


def test_slashes_are_escaped_and_other_characters_are_not(rpc: Rpc) -> None:
    # Section 3: "Output is UTF-8, non-ASCII unescaped, `/` written `\/`".
    rpc.request("chats.list")
    assert "Team \\/ \u00e9t\u00e9".encode() in rpc.raw_line()


def test_chats_list_shows_active_chats_newest_first(rpc: Rpc) -> None:
    # Section 4: "newest activity first, only chats that have at least one joined message"; its key list.
    chats = rpc.call("chats.list")["result"]["chats"]
    assert [chat["id"] for chat in chats] == [DIRECT, SMS, TEAM]
    assert chats[0] == {
        "id": DIRECT, "identifier": ANNA, "guid": f"iMessage;-;{ANNA}", "name": "", "service": "iMessage",
        "last_message_at": "2001-01-01T00:00:10.000Z", "participants": [ANNA], "is_group": False,
    }  # fmt: skip
    assert chats[2]["is_group"] is True
    assert chats[2]["participants"] == sorted(chats[2]["participants"])


@pytest.mark.parametrize(("limit", "count"), [(1, 1), ("2", 2), (2.9, 2), (0, 1), (-5, 1), ("x", 3), (None, 3)])
def test_limits_are_coerced_and_at_least_one(rpc: Rpc, limit: object, count: int) -> None:
    # Section 3: "(so `limit:"x"` silently means the default)"; section 4: "`limit` int = 20 (min 1)".
    assert len(rpc.call("chats.list", limit=limit)["result"]["chats"]) == count


def test_history_is_newest_first_by_date_and_filtered_before_the_limit(rpc: Rpc) -> None:
    # Section 4: "**newest first** (by date, not rowid)"; section 1: "history filters applied before the limit".
    def texts(**params: object) -> list[str]:
        messages = rpc.call("messages.history", chat_id=DIRECT, **params)["result"]["messages"]
        return [message["text"] for message in messages]

    assert texts() == ["later", "text 1"]
    assert texts(limit=1, end="2001-01-01T00:00:10Z") == ["text 1"]
    assert texts(start="2001-01-01T01:00:10+01:00") == ["later"]
    assert texts(participants=f"x, {ANNA}") == ["later", "text 1"]
    assert texts(participants=["+1"]) == []


def test_subscriptions_are_numbered_and_an_unknown_chat_is_accepted(db: Path) -> None:
    # Section 4: "N = 1, 2, ... per process"; "An unknown `chat_id` is accepted and stays silent."
    with Rpc(db) as rpc:
        assert rpc.call("watch.subscribe", chat_id=4711)["result"] == {"subscription": 1}
        assert rpc.call("watch.subscribe")["result"] == {"subscription": 2}
