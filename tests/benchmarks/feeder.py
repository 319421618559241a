#!/usr/bin/env python3
"""A fast stand-in for imsg that measures: rows out as quickly as they are taken, sends answered at once.

In: imsg's RPC on stdin, just enough of it, and a plan in the environment. ``FEEDER_ROWS`` messages in
``FEEDER_CHATS`` chats, at most ``FEEDER_WINDOW`` of them unanswered at a time (0: no limit). ``FEEDER_KIND``:
``direct``; ``groups``, in random order from the second message of a chat on; ``strangers``, all but the very last
message from people who must not be answered. Out: rows, answers, and what was sent comes back as own rows.

One JSON object a line goes to ``FEEDER_EVENTS`` (a named pipe or a file): ``subscribed``, ``progress`` every 5,000
answers, ``done``, and at the end of input ``ended`` with what was wrong. Times are monotonic seconds, the same for
all processes of a machine.

It shares the processor with what it measures, hence bytes templates instead of JSON, one thread, and one write for
all requests of one read. Standard library only, and little of it: its start is part of the cold start.
"""

import os
import select
import sys
import time
from collections.abc import Iterable

STDIN, STDOUT = 0, 1
READ_SIZE = 1 << 16
BLOCK = 64
PROGRESS = 5_000
FRIEND = "+15550000000"
"""The sender of the last message when all others are strangers."""

ROW = (
    b'{"jsonrpc":"2.0","method":"message","params":{"subscription":1,"message":{"id":%d,'
    b'"guid":"00000001-0000-4000-8000-%012X","text":"m %d","is_from_me":false,"created_at":"%b",%b'
)
SENT = (
    b'{"jsonrpc":"2.0","id":%b,"result":{"ok":true,"id":%d,"guid":"00000002-0000-4000-8000-%012X"}}\n'
    b'{"jsonrpc":"2.0","method":"message","params":{"subscription":1,"message":{"id":%d,'
    b'"guid":"00000002-0000-4000-8000-%012X","text":"echo: m %d","is_from_me":true,"created_at":"%b",%b'
)
TO_CHAT = b',"method":"send","params":{"chat_id":'
WITH_TEXT = b',"text":"echo: m '


class Plan:
    """What to feed, from the environment."""

    def __init__(self, variables: "os._Environ[str]") -> None:
        self.rows = int(variables.get("FEEDER_ROWS", "1000"))
        self.chats = int(variables.get("FEEDER_CHATS", "50"))
        self.window = int(variables.get("FEEDER_WINDOW", "0")) or self.rows
        self.kind = variables.get("FEEDER_KIND", "direct")

    @property
    def answers(self) -> int:
        """How many rows are to be answered."""
        return min(self.rows, 1) if self.kind == "strangers" else self.rows

    def chat_numbers(self) -> list[int]:
        """The chat (from 1) of every row."""
        numbers = list(range(1, self.chats + 1))
        chats: list[int] = []
        while len(chats) < self.rows:
            chats += numbers
            if self.kind == "groups":
                import random

                random.Random(len(chats)).shuffle(numbers)
        del chats[self.rows :]
        if self.kind == "strangers" and chats:
            chats[-1] = self.chats + 1
        return chats

    def chat_ends(self) -> list[bytes]:
        """By chat number: what all rows of the chat end with. The last chat is the friend's."""
        ends = [b""]
        for chat in range(1, self.chats + 2):
            person = f"+1555{chat:07d}" if chat <= self.chats else FRIEND
            group = self.kind == "groups"
            name = f"chat{chat:09d}" if group else person
            ends.append(
                f'"chat_id":{chat},"sender":"{person}","attachments":[],"reactions":[],"chat_identifier":"{name}",'
                f'"chat_guid":"iMessage;{"+" if group else "-"};{name}","chat_name":"","participants":["{person}"],'
                f'"is_group":{"true" if group else "false"}}}}}}}\n'.encode()
            )
        return ends


class Feeder:
    """Feeds rows and counts what comes back."""

    def __init__(self, plan: Plan, events: str) -> None:
        self.plan = plan
        self.events = os.open(events, os.O_WRONLY | os.O_APPEND) if events else None
        self.rest = b""
        self.out: list[bytes] = []
        self.chats: list[int] = []
        self.ends: list[bytes] = []
        self.rowid = 0
        self.fed = 0
        self.answered = 0
        self.counts = bytearray()
        self.latest: list[int] = []
        self.fed_at: list[float] = []
        self.latencies: list[float] = []
        self.twice = self.disorder = self.strays = 0

    def run(self) -> None:
        """Serve until the end of input."""
        os.set_blocking(STDOUT, False)
        while True:
            readable, _, _ = select.select([STDIN], [STDOUT] if self.out else [], [])
            if readable:
                data = os.read(STDIN, READ_SIZE)
                if not data:
                    break
                self.take(data)
            self.flush()
            while not self.out and self.feed():
                self.flush()
        self.say("ended", answered=self.answered, twice=self.twice, disorder=self.disorder, strays=self.strays)
        os.set_blocking(STDOUT, True)
        try:
            self.flush()
        except BrokenPipeError:
            return  # nobody reads any more

    def take(self, data: bytes) -> None:
        """Answer all requests of one read."""
        now, stamp = time.monotonic(), utc()
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        out, ends, rowid = self.out, self.ends, self.rowid
        for line in lines:
            head, send, tail = line.partition(TO_CHAT)
            chat, text, tail = tail.partition(WITH_TEXT)
            if not send or not text:
                self.other(line, now)
                continue
            number = int(tail[: tail.index(b'"')])
            rowid += 1
            place = int(chat)
            request = head[head.rindex(b":") + 1 :]
            out.append(SENT % (request, rowid, rowid, rowid, rowid, number, stamp, ends[place]))
            self.count(number, place, now)
        self.rowid = rowid

    def count(self, number: int, chat: int, now: float) -> None:
        """Row ``number`` was answered in ``chat``."""
        if self.counts[number]:
            self.twice += 1
            return
        self.counts[number] = 1
        if self.chats[number] != chat or (self.plan.kind == "strangers" and number != self.plan.rows - 1):
            self.strays += 1
            return
        if number < self.latest[chat]:
            self.disorder += 1
        self.latest[chat] = number
        self.latencies.append(now - self.fed_at[number])
        self.answered += 1
        if self.answered % PROGRESS == 0:
            self.say("progress", answered=self.answered)
        if self.answered == self.plan.answers:
            self.done(now)

    def feed(self) -> bool:
        """Put the next block of rows out, as far as the window allows; False when there is none."""
        first = self.fed
        last = min(len(self.chats), first + BLOCK)
        if self.plan.kind != "strangers":
            last = min(last, self.answered + self.plan.window)
        stamp, now = utc(), time.monotonic()
        for number in range(first, last):
            self.rowid += 1
            self.out.append(ROW % (self.rowid, number + 1, number, stamp, self.ends[self.chats[number]]))
            self.fed_at.append(now)
        self.fed = last
        return last > first

    def flush(self) -> None:
        """Write what the pipe takes."""
        if not self.out:
            return
        data = b"".join(self.out)
        try:
            written = os.write(STDOUT, data)
        except BlockingIOError:
            written = 0
        self.out = [data[written:]] if written < len(data) else []

    def other(self, line: bytes, now: float) -> None:
        """Any other request. The subscription starts the feeding."""
        subscribes = b'"watch.subscribe"' in line
        if subscribes:
            self.say("subscribed", at=now)
        import json

        request = json.loads(line)
        results = {
            "watch.subscribe": {"subscription": 1},
            "chats.list": {"chats": []},
            "messages.history": {"messages": []},
        }
        result: object = results.get(request["method"], {"ok": True})
        if request["method"] == "send":
            self.strays += 1
        answer = {"jsonrpc": "2.0", "id": request["id"], "result": result}
        self.out.append(json.dumps(answer).encode() + b"\n")
        if subscribes and not self.chats:
            self.chats = self.plan.chat_numbers()
            self.ends = self.plan.chat_ends()
            self.counts = bytearray(self.plan.rows)
            self.latest = [-1] * (self.plan.chats + 2)

    def done(self, now: float) -> None:
        """Everything to be answered was."""
        ordered = sorted(self.latencies)
        self.say("done", seconds=now - self.fed_at[0], **percentiles(ordered, (50, 95, 99)))

    def say(self, event: str, **numbers: float) -> None:
        """One line to whoever measures."""
        if self.events is not None:
            values = "".join(f', "{name}": {value}' for name, value in numbers.items())
            os.write(self.events, f'{{"event": "{event}"{values}}}\n'.encode())


def percentiles(ordered: list[float], which: Iterable[int]) -> dict[str, float]:
    """``p50_ms`` and so on of seconds in ascending order."""
    return {f"p{part}_ms": 1000 * ordered[len(ordered) * part // 100] for part in which}


def utc() -> bytes:
    """Now, as imsg writes it."""
    now = time.time()
    return b"%b.%03dZ" % (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)).encode(), int(now % 1 * 1000))


if __name__ == "__main__" and sys.argv[1:] == ["rpc"]:  # asked anything else, it has nothing to say or to report
    Feeder(Plan(os.environ), os.environ.get("FEEDER_EVENTS", "")).run()
