"""The whole flow on one thread, from a row of Messages to a bubble in it, that can be killed between any two batches.

``Phone`` is Messages and the people: it lives on when the gateway dies. ``Gateway`` is every actor between the reader
and the caller, on a journal file; ``kill`` ends it as ``kill -9`` does, and the next one starts from what the disk
holds. Who gets the next turn is drawn from a seed, so many interleavings are tried and each can be tried again.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from actors.access.controller import AccessController
from actors.access.policy import Allowed
from actors.agents.echo import EchoAgent
from actors.conversation.habits import Habits
from actors.conversation.sessions import Sessions, SessionsView
from actors.envelopes.control import Listen, Record, Ref, Replay, SourceState, Tick
from actors.envelopes.facts import Baseline
from actors.envelopes.inbound import Admitted, Received, Recheck
from actors.envelopes.link import Answer, Call, Subscribed
from actors.envelopes.session import Recall
from actors.journal.actor import Journal
from actors.journal.ledger import Ledger
from actors.journal.schema import connect
from actors.journal.store import Store
from actors.normalizer.actor import Normalizer
from actors.outbound.chunker import OutboundChunker, OutboundView
from actors.outbound.sender import OutboundSender
from actors.outbound.wire import Prefs, namespace_of
from actors.rpc.health import LinkHealth
from actors.runtime.actor import Actor, Context
from tests.access.builders import view
from tests.support.actors import Probe
from tests.support.probes import KillableStage, Turns
from tests.support.rows import ACCOUNT, ANN, raw

LIMIT = 12
"""UTF-16 units in a bubble: echoes of longer texts make several."""


class Drawn(Turns):
    """Turns in an order drawn from a seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)

    def one(self) -> bool:
        """Give a turn to any of those who have work."""
        self._turns.rotate(self._chance.randrange(len(self._turns)) if self._turns else 0)
        return super().one()


class Phone:
    """Messages: rows in order, and what was sent. ``behaviour`` says what becomes of the n-th send request."""

    def __init__(self, behaviour: list[str] | None = None) -> None:
        self.rows: list[bytes] = []
        self.written: list[tuple[int, str]] = []
        self.sent: list[tuple[int, str]] = []
        self.behaviour = behaviour or []
        self._requests = 0
        self.killed = False
        """Whether a gateway ended while requests were under way."""
        self.now: Callable[[], float] = lambda: 1_800_001_000.0

    def write(self, chat: int, text: str, **keys: Any) -> None:
        """A person writes."""
        number = len(self.rows) + 1
        self.rows.append(raw(number, chat, text, created_at=self._stamp(), **keys))
        self.written.append((chat, text))

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self.now() + 0.5, UTC).isoformat()

    def send(self, chat: int, text: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None, bool]:
        """A send request: result, error, and whether an answer comes at all."""
        kind = self.behaviour[self._requests] if self._requests < len(self.behaviour) else "accepts"
        self._requests += 1
        if kind == "is busy":
            return None, {"code": -32000, "message": "Server busy"}, True
        if kind == "refuses":
            return None, {"code": -32602, "message": "Invalid params"}, True
        if kind == "forgets":
            return None, {"code": -32603, "message": "Internal error"}, True
        self.sent.append((chat, text))
        number = len(self.rows) + 1
        own = str(UUID(int=(1 << 100) + number)).upper()
        self.rows.append(raw(number, chat, text, guid=own, is_from_me=True, created_at=self._stamp()))
        if kind == "is silent":
            return None, None, False
        return {"ok": True, "guid": own}, None, True

    def history(self, chat: int) -> dict[str, Any]:
        """The latest rows of a chat, newest first."""
        rows = [json.loads(row) for row in self.rows]
        return {"messages": [row for row in rows if row["chat_id"] == chat][::-1][:50]}


class NotAsked:
    """An echo is reminded of nothing."""

    def recall(self, session: str, agent: str, messages: tuple[Admitted, ...]) -> Recall:
        """Never called."""
        raise AssertionError(session)


class Imsg(Actor):
    """The caller and the child in one: serves requests in order, tells the reader of new rows."""

    def __init__(self, context: Context, phone: Phone) -> None:
        super().__init__(context)
        self._phone = phone
        self.reader: Ref | None = None

    def on_receive(self, message: Any) -> None:
        match message:
            case Listen(reply_to):
                self.tell(reply_to, Subscribed(1))
            case Call("send", params, reply_to, tag, _):
                result, error, answers = self._phone.send(params["chat_id"], params["text"])
                self.tell(self.reader, Tick("rows"))
                if answers:
                    self.tell(reply_to, Answer(tag, result, error))
                else:
                    self.tell(reply_to, Answer(tag, None, None, late=True))
            case Call("messages.history", params, reply_to, tag, _):
                self.tell(reply_to, Answer(tag, self._phone.history(params["chat_id"]), None))


class Watch(Actor):
    """The reader: rows after the cursor, in order, and what comes after them."""

    def __init__(self, context: Context, phone: Phone, journal: Ref, normalizer: Ref, source: int) -> None:
        super().__init__(context)
        self._phone = phone
        self._journal = journal
        self._normalizer = normalizer
        self._source = source
        self._at: int | None = None

    def on_start(self) -> None:
        """Where did we stop?"""
        self.tell(self._journal, Replay("source", self.actor_ref, source=self._source))

    def on_receive(self, message: Any) -> None:
        match message:
            case SourceState(_, cursor):
                if cursor is None:
                    self.tell(self._journal, Record(Baseline(self._source, -1)))
                self._at = max(cursor or 0, 0)
                self._look()
            case Tick("rows") if self._at is not None:
                self._look()

    def _look(self) -> None:
        assert self._at is not None
        for body in self._phone.rows[self._at :]:
            self.tell(self._normalizer, Received(ACCOUNT, self._source, body, self.clock.wall()))
        self._at = len(self._phone.rows)


class Paper:
    """A pairing book without files: Ann is let in, where it can be read."""

    trouble = "it cannot be read"

    def __init__(self, readable: bool) -> None:
        self._allowed = Allowed(frozenset({ANN})) if readable else Allowed(readable=False)

    def allowed(self, _account: str) -> Allowed:
        """Ann."""
        return self._allowed

    def refresh(self, _account: str) -> bool:
        """Nothing new."""
        return False


class Gateway:
    """One life of the gateway on the journal at ``path``; where nobody can tell who is let in, all is held."""

    def __init__(
        self, path: Path, phone: Phone, seed: int, wall: float = 1_800_001_000.0, readable: bool = True
    ) -> None:
        self.path = path
        self.phone = phone
        self.stage = KillableStage()
        self.stage.dispatcher = Drawn(seed)
        self.stage.clock.epoch = wall - self.stage.clock.now
        phone.now = self.stage.clock.wall
        place, self.ledger = self.stage.place, Ledger()
        self._connection = connect(path)
        self._connection.execute("PRAGMA synchronous = OFF")
        store = Store(self._connection)
        source = store.source_number("/chat.db")
        self.imsg = Imsg.start(place("caller"), phone)
        self.journal = Journal.start(place("journal"), store, path, self.ledger)
        prefs = Prefs(namespace_of(store.identity()), "applescript")
        self.sender = OutboundSender.start(place("sender"), ACCOUNT, self.imsg, self.journal, prefs, LinkHealth())
        self.chunker = OutboundChunker.start(
            place("chunker"), {ACCOUNT: self.sender}, {ACCOUNT: OutboundView(limit=LIMIT)}, self.journal
        )
        self._sessions()
        access = AccessController.start(
            place("access"),
            {ACCOUNT: view()},
            Paper(readable),
            self.journal,
            self.sessions,
            self.journal,
            {ACCOUNT: self.sender},
        )
        normalizer = Normalizer.start(place("normalizer"), access, self.journal, [self.sender])
        self.reader = Watch.start(place("reader"), phone, self.journal, normalizer, source)
        imsg = self.imsg._actor_weakref()
        assert isinstance(imsg, Imsg)
        imsg.reader = self.reader

    def _sessions(self) -> None:
        view = SessionsView({"main": EchoAgent()}, Habits(), NotAsked(), {})
        runner, notices, presence = (Probe(name).ref for name in ("runner", "notices", "presence"))
        self.sessions = Sessions.start(
            self.stage.place("sessions"), view, runner, self.chunker, self.journal, notices, presence
        )

    def restart_sessions(self) -> None:
        """The sessions died and are started again; everything before them in the flow lives on."""
        pulse = self.stage.pulses.get("sessions")
        assert pulse is not None
        self.sessions.stop(block=False)
        while not pulse.gone.is_set():
            assert self.turns(1)
        self._sessions()
        # Whoever stands behind them in the flow is started again too, and says who may still speak.
        Actor.tell(self.sessions, Recheck(0.0, lambda _: None))

    def hear(self, *messages: tuple[int, str]) -> None:
        """People write."""
        for chat, text in messages:
            self.phone.write(chat, text)
        Actor.tell(self.reader, Tick("rows"))

    def turns(self, count: int) -> int:
        """Let that many batches happen."""
        return self.stage.turns(count)

    def finish(self) -> None:
        """Let everything happen that will: within minutes, or half an hour where sends are tried again."""
        for _ in range(30 if self.phone.behaviour else 6):
            self.stage.advance(60.0)

    def kill(self, folder: Path, *, pipe_survives: bool) -> Path:
        """End at once; the disk as it is goes to ``folder``. What stood in the pipe may still reach the phone."""
        folder.mkdir(parents=True)
        for suffix in ("", "-wal"):
            file = self.path.with_name(self.path.name + suffix)
            if file.exists():
                shutil.copyfile(file, folder / (self.path.name + suffix))
        pulse = self.stage.pulses.get("caller")
        pending = [message for message in pulse.mailbox.queue if type(message) is Call] if pulse else []
        self.phone.killed = True
        self.close()
        if pipe_survives:
            for call in pending:
                if call.method == "send":
                    self.phone.send(call.params["chat_id"], call.params["text"])
        return folder / self.path.name

    def close(self) -> None:
        """Leave nothing behind."""
        self.stage.close()
        self._connection.close()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """What another process sees."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()
