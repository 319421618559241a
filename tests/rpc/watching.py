"""A reader and a caller on a stage over small real children, and the probes around them.

A child is a Python script of a few lines after ``PRELUDE``: ``serve()`` answers like an imsg without messages, and
``RUN`` says how many were started before it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors.envelopes.control import Call, Listen, Record, Ref, Replay, SourceState, Tick
from actors.envelopes.facts import ChildEnded, ChildStarted
from actors.envelopes.inbound import Received
from actors.rpc.caller import RpcCaller
from actors.rpc.health import LinkHealth
from actors.rpc.link import Link
from actors.rpc.reader import RpcReader
from actors.runtime.backoff import CHILD
from tests.support.actors import Probe, Stage, wait_until
from tests.support.scripts import python_script

SOURCE = 3
SHORTEST, LONGEST = CHILD.first * (1 - CHILD.jitter), CHILD.first * (1 + CHILD.jitter)
"""Bounds of the pause before a child is started again the first time (seconds)."""

PRELUDE = """
import json, os, signal, sys, time
FOLDER = os.path.dirname(os.path.abspath(__file__))
with open(FOLDER + "/runs", "ab") as runs:
    RUN = runs.tell()
    runs.write(b"x")

def say(value):
    sys.stdout.write((value if isinstance(value, str) else json.dumps(value)) + "\\n")
    sys.stdout.flush()

def result(request, value):
    say({"jsonrpc": "2.0", "id": request["id"], "result": value})

def error(request, code, message, data):
    say({"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": message, "data": data}})

def row(number):
    say({"jsonrpc": "2.0", "method": "message",
         "params": {"subscription": 1, "message": {"id": number, "text": f"row {number}"}}})

def stream_error():
    say({"jsonrpc": "2.0", "method": "error", "params": {"subscription": 1, "error": {"message": "database locked"}}})

def request():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    with open(FOLDER + "/requests", "a") as log:
        log.write(json.dumps([RUN, json.loads(line)]) + "\\n")
    return json.loads(line)

def answer(asked, subscription=1):
    if asked["method"] == "watch.subscribe":
        result(asked, {"subscription": subscription})
    elif asked["method"] == "chats.list":
        result(asked, {"chats": []})
    else:
        result(asked, {"ok": True})

def serve():
    while True:
        answer(request())

def subscribed():
    answer(request())
"""


class Watching:
    """A link to a scripted child. ``cursor``, ``child_pid`` and ``child_started`` are what the journal says."""

    def __init__(self, stage: Stage, folder: Path, patience: float = 10.0) -> None:
        self.stage = stage
        self.folder = folder
        self.cli = folder / "imsg"
        self.cursor: int | None = 42
        self.child_pid: int | None = None
        self.child_started: float | None = None
        self.health = LinkHealth()
        self.normalizer = Probe("normalizer")
        self.journal = Probe("journal", self._journal)
        self.sender = Probe("sender")
        self.held = 0
        self._patience = patience
        self.caller: Ref = RpcCaller.start(stage.context("caller"))
        self.reader: Ref | None = None

    def script(self, text: str) -> "Watching":
        """Write the child."""
        python_script(self.cli, PRELUDE + text)
        return self

    def start(self) -> "Watching":
        """Start the reader."""
        link = Link("default", SOURCE, str(self.cli), "/x/chat.db", False, 100, self._patience, lambda: self.held)
        self.stage.tell(self.caller, Listen(self.sender.ref))
        self.reader = RpcReader.start(
            self.stage.context("reader"), link, self.health, self.normalizer.ref, self.caller, self.journal.ref
        )
        self.stage.settle()
        return self

    def _journal(self, message: Any) -> None:
        match message:
            case Replay("source", then, _, source):
                assert source == SOURCE
                then.tell(SourceState(SOURCE, self.cursor, self.child_pid, self.child_started))
            case Record(ChildStarted(_, pid, started)):
                self.child_pid, self.child_started = pid, started
            case Record(ChildEnded()):
                self.child_pid = self.child_started = None

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Let real children and staged actors go on until it holds. The clock of the stage stands still."""

        def look() -> object:
            self.stage.settle()
            return condition()

        wait_until(look, what=what)

    def up(self) -> "Watching":
        """Until the watch runs."""
        self.until(lambda: self.health.state == "ok", "the subscription")
        return self

    def gone(self, times: int = 1) -> "Watching":
        """Until so many ends of children were journaled."""
        self.until(lambda: len(self.facts(ChildEnded)) >= times, f"end {times} of a child")
        return self

    def call(self, method: str, tag: object) -> None:
        """Ask something through the caller, as a sender does."""
        self.stage.tell(self.caller, Call(method, {}, self.sender.ref, tag, 60.0))

    def facts(self, *kinds: type[Any]) -> list[Any]:
        """Facts of these types told to the journal so far."""
        return [record.fact for record in self.journal.all(Record) if isinstance(record.fact, kinds)]

    def rows(self) -> list[int]:
        """Row numbers told to the normalizer so far."""
        return [json.loads(received.raw)["id"] for received in self.normalizer.all(Received)]

    def requests(self, method: str = "") -> list[tuple[int, str, dict[str, Any]]]:
        """What the children were asked so far: number of the child (from 0), method, params."""
        path = self.folder / "requests"
        entries = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [(run, asked["method"], asked["params"]) for run, asked in entries if method in ("", asked["method"])]

    def due(self, what: str) -> list[float]:
        """Seconds until the ticks of this name."""
        return [seconds for seconds, tick in self.stage.clock.timers if isinstance(tick, Tick) and tick.what == what]
