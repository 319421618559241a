"""A simulator process on pipes, and a database to run it over: what the tests of this folder share.

Lines are read by a thread into a queue, so every wait has a deadline and none is a sleep.
"""

import json
import select
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Self

from actors.simulator.messages_db import MessagesDb, NewMessage

REPO = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "actors.simulator")
DEADLINE_S = 30.0

ANNA, BEN, CARA, SMS_PEER = "+15551230001", "+15551230002", "cara@example.org", "+15551230003"
DIRECT, TEAM, SMS, LOOSE = 1, 2, 3, 4


def imsg(*words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, without its standard streams attached to ours."""
    return subprocess.run(
        [*COMMAND, *words],
        cwd=REPO,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


class Rpc:
    """One running `imsg-sim rpc`. Answers and notifications come in wire order from `line()`.

    With `reads` false nobody empties the pipe.
    """

    def __init__(self, db: Path, *flags: str, reads: bool = True) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "rpc", "--db", str(db), *flags],
            cwd=REPO,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._pump = Thread(target=self._read, daemon=True)
        if reads:
            self._pump.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.end()

    def start_reading(self) -> None:
        """Empty the pipe from now on, for one that was started with `reads` false."""
        self._pump.start()

    def wait_for_output(self) -> None:
        """Wait, without reading, until something stands in the pipe."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], DEADLINE_S)
        assert ready, "no output from the simulator in time"

    def raw(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def request(self, method: str, request_id: object = 1, **params: object) -> None:
        """Write a request."""
        self.raw(json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode())
        self.raw(b"\n")

    def raw_line(self) -> bytes:
        """The next line; fails after the deadline, and at the end of the output."""
        try:
            line = self._lines.get(timeout=DEADLINE_S)
        except Empty:
            raise AssertionError("no line from the simulator in time") from None
        assert line, "the simulator closed its output"
        return line

    def line(self) -> dict[str, Any]:
        """The next line, decoded."""
        value = json.loads(self.raw_line())
        assert isinstance(value, dict)
        return value

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """A request and its answer; the next line must be that answer."""
        self.request(method, **params)
        return self.line()

    def answer(self, request_id: object) -> dict[str, Any]:
        """The answer to `request_id`, passing over notifications."""
        return self.until(lambda line: line.get("id") == request_id)

    def message(self) -> dict[str, Any]:
        """The message of the next `message` notification, passing over answers."""
        found = self.until(lambda line: line.get("method") == "message")["params"]["message"]
        assert isinstance(found, dict)
        return found

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next line for which `wanted` holds."""
        while not wanted(line := self.line()):
            pass
        return line

    def end(self) -> int:
        """Close its input and wait; the exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(DEADLINE_S)
        if self._pump.is_alive():
            self._pump.join(DEADLINE_S)
        self.process.stdout.close()
        return code

    def rest(self) -> list[bytes]:
        """The lines not read yet, after `end`."""
        left = []
        while line := self._lines.get(timeout=DEADLINE_S):
            left.append(line)
        return left

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")


def furnish(path: Path) -> None:
    """Write the chats the tables speak of: one direct, one group, one over SMS, one group-ish."""
    db = MessagesDb.open(path)
    with db.transaction():
        assert db.direct_chat(ANNA) == DIRECT
        assert db.group_chat("Team / \u00e9t\u00e9", [BEN, ANNA]) == TEAM
        assert db.direct_chat(SMS_PEER, "SMS") == SMS
        assert db.create_chat("group-ish", [CARA, BEN], guid="iMessage;-;chat77") == LOOSE
        for number, chat_id in enumerate((DIRECT, TEAM, SMS), start=1):
            db.insert(NewMessage(chat_id, f"text {number}", ANNA, date=number * 10**9))
        db.insert(NewMessage(DIRECT, "later", ANNA, date=10 * 10**9))
    db.close()
