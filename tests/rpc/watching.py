"""A reader and a caller on a stage over small real children, and the probes around them.

A child is a Python script of a few lines after ``PRELUDE``: ``serve()`` answers like an imsg without messages, and
``RUN`` says how many were started before it. It is an old imsg; ``NEW`` makes it one of today.
"""

import dataclasses
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from actors.envelopes.control import Listen, Reconfigure, Record, Ref, Replay, SourceState, Tick
from actors.envelopes.facts import ChildEnded, ChildStarted
from actors.envelopes.inbound import Received
from actors.envelopes.link import Call, Lines
from actors.rpc.caller import RpcCaller
from actors.rpc.health import LinkHealth, Problem
from actors.rpc.link import Link
from actors.rpc.reader import RpcReader
from actors.runtime.actor import FAULTS_ALLOWED
from actors.runtime.backoff import CHILD
from tests.support.actors import DEADLINE, Probe, Stage, wait_until
from tests.support.scripts import python_script

SOURCE = 3
BROKEN: Any = (5,)
"""Lines that are no lines: no child can write them, and a reader fails on them."""
SHORTEST, LONGEST = CHILD.first * (1 - CHILD.jitter), CHILD.first * (1 + CHILD.jitter)
"""Bounds of the pause before a child is started again the first time (seconds)."""

PRELUDE = """
import json, os, signal, sys, time
if sys.argv[1:] == ["--version"]:
    print("0.9.0")
    sys.exit(0)
if sys.argv[1:] == ["rpc", "--help"]:
    print(os.environ.get("IMSG_HELP", "Usage: imsg rpc [--db PATH]"))
    sys.exit(0)
HELLO = None
NEWEST = []
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

def row(number, subscription=1):
    say({"jsonrpc": "2.0", "method": "message",
         "params": {"subscription": subscription, "message": {"id": number, "text": f"row {number}"}}})

def stream_error(subscription=1):
    say({"jsonrpc": "2.0", "method": "error",
         "params": {"subscription": subscription, "error": {"message": "database locked"}}})

def request():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    with open(FOLDER + "/requests", "a") as log:
        log.write(json.dumps([RUN, json.loads(line)]) + "\\n")
    return json.loads(line)

def answer(asked, subscription=1):
    method, params = asked["method"], asked["params"]
    if method in ("initialize", "status") and HELLO:
        result(asked, HELLO)
    elif method == "initialize":
        error(asked, -32601, "Method not found", "initialize")
    elif method == "watch.subscribe":
        result(asked, {"subscription": subscription})
    elif method == "chats.list":
        result(asked, {"chats": [{"id": 5}] if NEWEST else []})
    elif method == "messages.history":
        result(asked, {"messages": [{"id": n, "created_at": "2020-01-01T00:00:00Z"} for n in NEWEST]})
    elif method == "messages.after":
        result(asked, {"messages": [], "next_rowid": params["since_rowid"], "has_more": False})
    else:
        result(asked, {"ok": True})

def serve():
    while True:
        answer(request())

def until(method):
    while True:
        asked = request()
        if asked["method"] == method:
            return asked
        answer(asked)

def subscribed(subscription=1):
    answer(until("watch.subscribe"), subscription)
"""

NEW = """
HELLO = {"version": "0.15.9", "methods": ["chats.list", "messages.after", "messages.history", "send"]}
"""
"""From here on the child is an imsg of today."""


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
        self.delivered = 0
        self.visible = 0
        self.db_path = "/x/chat.db"
        self.refusal: Problem | None = None
        self.era, self.file = 0, ""
        self.watched: float | None = None
        self.others: dict[int, SourceState] = {}
        """What the journal says of other databases."""
        self.normalizer = Probe("normalizer")
        self.journal = Probe("journal", self._journal)
        self.sender = Probe("sender")
        self.held = 0
        self._patience = patience
        self.caller: Ref = RpcCaller.start(stage.context("caller"), self.health)
        self.reader: Ref | None = None
        self.link: Link | None = None

    def script(self, text: str) -> "Watching":
        """Write the child."""
        python_script(self.cli, PRELUDE + text)
        return self

    def start(self) -> "Watching":
        """Start the reader."""
        self.link = Link(
            account="default",
            source=SOURCE,
            cli=str(self.cli),
            db_path=self.db_path,
            local=True,
            attachments=False,
            debounce_ms=100,
            patience=self._patience,
            waiting=lambda: self.held,
            delivered=lambda: self.delivered,
            visible=lambda: self.visible,
            refusal=lambda: self.refusal,
        )
        self.stage.tell(self.caller, Listen(self.sender.ref))
        self.reader = RpcReader.start(
            self.stage.context("reader"), self.link, self.health, self.normalizer.ref, self.caller, self.journal.ref
        )
        self.stage.settle()
        return self

    def reconfigure(self, **changes: Any) -> "Watching":
        """A newer config, with these of the link's settings changed."""
        assert self.link is not None
        self.link = dataclasses.replace(self.link, **changes)
        self.stage.tell(self.actor, Reconfigure(self.link))
        return self

    def _journal(self, message: Any) -> None:
        match message:
            case Replay("source", then, _, source) if source in self.others:
                then.tell(self.others[source])
            case Replay("source", then, _, source):
                assert source == SOURCE
                state = SourceState(SOURCE, self.cursor, self.child_pid, self.child_started)
                then.tell(replace(state, era=self.era, file=self.file, watched=self.watched))
            case Record(ChildStarted(_, pid, started)):
                self.child_pid, self.child_started = pid, started
            case Record(ChildEnded()):
                self.child_pid = self.child_started = None

    @property
    def actor(self) -> Ref:
        """The reader."""
        assert self.reader is not None
        return self.reader

    def poison(self) -> None:
        """Tell the reader what it fails on until it gives up."""
        self.stage.tell(self.actor, *[Lines(self.health.spawned, BROKEN)] * (FAULTS_ALLOWED + 1))

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Let real children and staged actors go on until it holds. No time passes, but what is due now happens."""

        def look() -> object:
            self.stage.advance(0.0)
            return condition()

        wait_until(look, what=what)

    def up(self) -> "Watching":
        """Until the watch runs."""
        self.until(lambda: self.health.state != "down", "the subscription")
        return self

    def gone(self, times: int = 1) -> "Watching":
        """Until so many ends of children were journaled."""
        self.until(lambda: len(self.facts(ChildEnded)) >= times, f"end {times} of a child")
        return self

    def live_through(self, seconds: float) -> None:
        """Let time pass for a child that answers."""
        for _ in range(round(seconds)):
            self.stage.advance(1.0)
            self.until(lambda: not self.health.busy, "the answers")

    def close(self) -> None:
        """Wait for questions to the command line that are still under way."""
        for thread in threading.enumerate():
            if thread.name in ("imsg-version", "imsg-speaks"):
                thread.join(DEADLINE)

    def call(self, method: str, tag: object) -> None:
        """Ask something through the caller, as a sender does."""
        self.stage.tell(self.caller, Call(method, {}, self.sender.ref, tag, 60.0))

    def facts(self, *kinds: type[Any]) -> list[Any]:
        """Facts of these types told to the journal so far."""
        return [record.fact for record in self.journal.all(Record) if isinstance(record.fact, kinds)]

    def rows(self) -> list[int]:
        """Row numbers told to the normalizer so far."""
        return [json.loads(received.raw)["id"] for received in self.normalizer.all(Received)]

    def requests(self, method: str = "", folder: Path | None = None) -> list[tuple[int, str, dict[str, Any]]]:
        """What the children were asked so far: number of the child (from 0), method, params.

        ``folder`` is where their program stands, if it is another one.
        """
        path = (folder or self.folder) / "requests"
        entries = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [(run, asked["method"], asked["params"]) for run, asked in entries if method in ("", asked["method"])]

    def begun(self) -> list[int | None]:
        """From which rows the watches were asked for so far."""
        return [params.get("since_rowid") for _, _, params in self.requests("watch.subscribe")]

    def due(self, what: str) -> list[float]:
        """Seconds until the ticks of this name."""
        return [seconds for seconds, tick in self.stage.clock.timers if isinstance(tick, Tick) and tick.what == what]
