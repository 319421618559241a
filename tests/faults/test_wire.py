"""What comes over the pipe and is not what it should be: passed over or set aside, and the next row is answered."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults.cases import Build, Cases
from tests.faults.town import ANN, VERSIONS, Town, wait_for

case = Cases()
PLATFORM: str = sys.platform
ROOM = 64 << 20
"""Bytes the gateway may grow by, whatever imsg writes."""
HUGE_MB = 200


def _notification(guid: str, **keys: Any) -> str:
    """A row on the watch, from a chat that no database has; values are JSON texts."""
    row = {
        "id": "1",
        "guid": json.dumps(guid),
        "chat_id": "99",
        "chat_guid": json.dumps(f"iMessage;-;{ANN}"),
        "chat_identifier": json.dumps(ANN),
        "sender": json.dumps(ANN),
        "is_from_me": "false",
        "is_group": "false",
        "text": json.dumps(guid),
        "created_at": '"2026-05-16T12:34:56.789Z"',
        **keys,
    }
    message = ",".join(f'"{key}":{value}' for key, value in row.items())
    return f'{{"jsonrpc":"2.0","method":"message","params":{{"subscription":1,"message":{{{message}}}}}}}'


def _hex(data: bytes) -> dict[str, str]:
    return {"bytes_hex": data.hex()}


DEEP = 100_000
GARBAGE: dict[str, list[dict[str, Any]]] = {
    "a banner": [{"text": "Last login: Fri Nov 20 on ttys001"}, {"text": ""}, {"text": "   "}],
    "other JSON": [
        {"text": text} for text in ("null", "true", "12", '"text"', "[]", "[1,2]", "{}", '{"jsonrpc":"2.0"}')
    ],
    "half a line": [{"text": '{"jsonrpc":"2.0","method":"message","par'}],
    "two objects": [{"two_objects": True}],
    "zero bytes": [_hex(b"\0\0\0\n"), _hex(b'{"jsonrpc":"2.0",\0"id":1}\n')],
    "a byte order mark": [_hex(b"\xef\xbb\xbf\n"), _hex(b'\xef\xbb\xbf{"id":77777,"result":{}}\n')],
    "invalid UTF-8": [_hex(b"\xff\xfe\x80\n"), _hex(b'{"id":77777,"result":{"t":"\xc3\x28\xed\xa0\x80"}}\n')],
    "other line ends": [_hex(b'{"id":77777,"result":{}}\r\n\r\n'), _hex(b"one\rtwo\x0bthree\xe2\x80\xa8four\n")],
    "a split character": [{"split": True}],
    "deep JSON": [
        {"text": "[" * DEEP},
        {"text": '{"a":' * DEEP},
        {"text": f'{{"id":77777,"result":{"[" * DEEP}{"]" * DEEP}}}'},
        {"text": f'{{"id":{"[" * DEEP}{"]" * DEEP},"result":1}}'},
    ],
    "numbers without end": [
        {"text": f'{{"jsonrpc":"2.0","id":{"9" * 4300},"result":{{}}}}'},
        {"text": f'{{"jsonrpc":"2.0","id":77777,"result":{{"n":{"9" * 10_000}}}}}'},
        {"text": '{"jsonrpc":"2.0","id":1e400,"result":{}}'},
    ],
    "no numbers": [
        {"text": '{"jsonrpc":"2.0","id":NaN,"result":{}}'},
        {"text": '{"jsonrpc":"2.0","id":77777,"result":{"n":Infinity}}'},
    ],
    "keys twice": [{"text": '{"jsonrpc":"2.0","id":77777,"id":77778,"result":1,"result":{},"error":null,"error":{}}'}],
    "unknown notifications": [
        {"text": '{"jsonrpc":"2.0","method":"message"}'},
        {"text": '{"jsonrpc":"2.0","method":"message","params":[]}'},
        {"text": '{"jsonrpc":"2.0","method":"weather","params":{"message":{}}}'},
    ],
}
STRAYS: list[dict[str, Any]] = [
    *({"unknown_response": stray} for stray in (88888, "88888", "sixteen", None, -1, 1.5, True, [1], {"id": 1})),
    *({"both": stray} for stray in (88888, "88888", None)),
]
NOW = json.dumps(datetime.now(UTC).isoformat())
CORRUPT, UNANCHORED, STALE = "corrupt", "no chat anchor", "stale backlog"
ROWS: dict[str, tuple[str, str]] = {
    "a deep one": (_notification("deep", attachments="[" * DEEP + "]" * DEEP), CORRUPT),
    "a number without end": (_notification("endless", id="9" * 4300), CORRUPT),
    "more digits than Python reads": (_notification("more", id="9" * 9000), CORRUPT),
    "a chat without end": (_notification("endless chat", chat_id="9" * 4300), CORRUPT),
    "no number": (_notification("no number", chat_id="NaN", created_at=NOW), UNANCHORED),
    "an infinite number": (_notification("infinite", id="Infinity"), CORRUPT),
    "a number as text": (_notification("as text", id='"17"'), CORRUPT),
    "a text as number": (_notification("as number", text="17"), CORRUPT),
    "control characters": (_notification("control", text='"a\x01b\tc"'), STALE),
}
"""Rows no message has, and what they are set aside as."""
SHORT_ENOUGH = 200


def _log(town: Town, words: str) -> int:
    return (town.state / "gateway" / "logs" / "gateway.jsonl").read_text().count(words)


def _after(town: Town, output: list[dict[str, Any]], text: str) -> None:
    """This comes out, then somebody is answered: what was written is out before the first send is taken."""
    town.weather(output=output)
    town.write_and_wait(f"meanwhile: {text}")
    town.write_and_wait(text)


@case(*VERSIONS)
def garbage(build: Build, version: str) -> None:
    """Whatever stands between two rows, the second is answered with its very text, by the same child."""
    town = build(version).settle_in()
    for number, (what, output) in enumerate(GARBAGE.items()):
        _after(town, output, f"after {what}: žluťoučký 🦄 {number}")
    assert len(town.answers()) == 2 * len(GARBAGE)
    assert town.account()["state"] == "ok"
    assert len(town.children()) == 1


@case("0.9")
def ten_thousand_lines(build: Build, version: str) -> None:
    """As fast as they come; the log keeps a few of them."""
    town = build(version).settle_in()
    _after(town, [{"text": f"noise {number}"} for number in range(10_000)], "after the noise")
    assert _log(town, "noise ") < 30
    assert len(town.children()) == 1


@case("0.9", "0.15")
def answers_nobody_waits_for(build: Build, version: str) -> None:
    """Unknown ids of every type, with a result or with an error as well: said once each, and ignored."""
    town = build(version).settle_in()
    for number, stray in enumerate(STRAYS):
        _after(town, [stray], f"after stray {number}")
    assert town.account()["state"] == "ok"
    wait_for("the log", lambda: _log(town, "not open") + _log(town, "no JSON-RPC") >= len(STRAYS))
    assert _log(town, "not open") + _log(town, "no JSON-RPC") == len(STRAYS)
    assert len(town.children()) == 1


@case(*VERSIONS)
def answers_with_another_id(build: Build, version: str) -> None:
    """An answer that comes twice counts once; one whose id is a text is the answer."""
    town = build(version).settle_in()
    for fault in ("duplicate-answer", "string-id"):
        town.weather(send=fault)
        for number in range(3):
            town.write_and_wait(f"{fault} {number}")
    wait_for("all sends to be settled", town.all_answered)
    assert town.journal("SELECT DISTINCT state FROM outbox") == [("sent",)]
    assert _log(town, "not open") == 3
    assert len(town.children()) == 1


@case("0.9", "0.15")
def rows_that_cannot_be(build: Build, version: str) -> None:
    """Numbers, types and depths no message has: set aside in few words, never answered, never in the way of others."""
    town = build(version).settle_in()
    for what, (row, _) in ROWS.items():
        _after(town, [{"text": row}], f"after {what}")
    assert len(town.answers()) == 2 * len(ROWS)
    wanted = [kind for _, kind in ROWS.values()]
    wait_for("all to be set aside", lambda: len(_aside(town)) == len(wanted))
    aside = _aside(town)
    assert [CORRUPT if outcome == CORRUPT else reason for outcome, reason in aside] == wanted
    assert max(len(reason) for _, reason in aside) < SHORT_ENOUGH
    assert town.account()["state"] == "ok"
    assert len(town.children()) == 1


def _aside(town: Town) -> list[tuple[Any, ...]]:
    """Outcome and reason of the rows that were not answered, but for our own."""
    others = "kind = 'refused' AND reason NOT IN ('from me', 'echo')"
    return town.journal(f"SELECT outcome, reason FROM inbound WHERE {others} ORDER BY seq")


@case("0.9")
def a_row_with_keys_twice(build: Build, version: str) -> None:
    """One row, one verdict, whatever the pairs say."""
    town = build(version).settle_in()
    twice = _notification("first").replace('"guid":"first"', '"guid":"first","guid":"second"')
    _after(town, [{"text": twice}, {"text": twice}], "after it")
    assert town.journal("SELECT count(*) FROM inbound WHERE chat_id = 99") == [(1,)]


@case("0.9", "0.15")
def a_huge_line(build: Build, version: str) -> None:
    """200 MB on one line: the gateway stays small, and the next line is read."""
    town = build(version).settle_in()
    town.write_and_wait("before")
    before = _peak(town)
    _after(town, [{"line_mb": HUGE_MB}], "after it")
    wait_for("the log", lambda: _log(town, "over 16 MiB") == 1)
    assert _peak(town) - before < ROOM
    assert len(town.children()) == 1
    assert town.stop() == 0
    town.start()
    town.write_and_wait("after a restart")


@case("0.9", "0.15")
def a_huge_message(build: Build, version: str) -> None:
    """A real one of 17 MB: set aside and listed, and the next one is answered."""
    town = build(version).settle_in()
    town.write_and_wait("before")
    before = _peak(town)
    row = town.writes("x" * (17 << 20))
    town.write_and_wait("after it")
    assert _peak(town) - before < ROOM
    assert set(town.answers()) == {"before", "after it"}
    [corrupt] = json.loads(town.command("dead", "list", "--json").stdout)["corrupt"]
    assert row.guid in corrupt["error"]
    assert len(town.children()) == 1


def _peak(town: Town) -> int:
    """The most memory the gateway ever had, in bytes; where the system does not tell, what it has now."""
    assert town.process is not None
    if PLATFORM == "linux":
        lines = Path(f"/proc/{town.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))
    return int(psutil.Process(town.process.pid).memory_info().rss)


@pytest.mark.parametrize("name", case.names())
def test_on_the_wire(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
