"""A gateway to report on, a journal to read, and ways to wait for what the outside sees."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from actors.control.config_file import load
from actors.control.inbox import Done, Question
from actors.control.view import AccountView, GatewayView
from actors.envelopes.control import Order
from actors.envelopes.outbound import chunk_key
from actors.journal.ledger import Ledger
from actors.journal.schema import connect
from actors.reload.state import ConfigState
from actors.rpc.health import LinkHealth, Problem
from actors.runtime.mailbox import Mailbox
from actors.runtime.pulse import Pulse, Pulses
from config import Places
from tests.support.rows import raw

STARTED = 1_700_000_000.0


def places_now() -> Places:
    """Where this test's files are."""
    return Places.from_env(os.environ)


def account(
    name: str = "default", state: str = "ok", *, enabled: bool = True, cli: str = "imsg", unavailable: bool = False
) -> AccountView:
    """An account in ``state``, with a reason and a remedy when that is not ``ok``."""
    problem = Problem("exited" if state == "down" else "sends-fail", f"{state} reason", "do")
    health = LinkHealth(problem if state == "down" else None, problem if state == "degraded" else None)
    return AccountView(name, None, enabled, 1, cli, health, unavailable)


class Told:
    """What a gateway's actors were told by its levers; ``alive`` False: there are none. ``on_...`` acts like them."""

    def __init__(self) -> None:
        self.alive = True
        self.orders: list[tuple[str, Order]] = []
        self.released: list[tuple[int, ...]] = []
        self.discarded: list[tuple[int, ...]] = []
        self.probed: list[str] = []
        self.notified: list[tuple[str, str]] = []
        self.on_order: Callable[[Order], None] = lambda _: None
        self.on_release: Callable[[tuple[int, ...]], None] = lambda _: None
        self.on_discard: Callable[[tuple[int, ...]], None] = lambda _: None
        self.on_probe: Callable[[Callable[[], None]], None] = lambda done: done()
        self.on_notify: Callable[[str, str], None] = lambda account, handle: None
        self.called: list[tuple[str, Question]] = []
        self.on_call: Callable[[str, Done], None] = lambda account, done: None

    def order(self, account: str, order: Order) -> bool:
        self.orders.append((account, order))
        self.on_order(order)
        return self.alive

    def release(self, seqs: tuple[int, ...]) -> bool:
        self.released.append(seqs)
        self.on_release(seqs)
        return self.alive

    def discard(self, seqs: tuple[int, ...]) -> bool:
        self.discarded.append(seqs)
        self.on_discard(seqs)
        return self.alive

    def probe(self, account: str, done: Callable[[], None]) -> bool:
        self.probed.append(account)
        if self.alive:
            self.on_probe(done)
        return self.alive

    def notify(self, account: str, handle: str) -> bool:
        self.notified.append((account, handle))
        self.on_notify(account, handle)
        return self.alive

    def call(self, account: str, question: Question, done: Done) -> bool:
        self.called.append((account, question))
        if self.alive:
            self.on_call(account, done)
        return self.alive


def gateway(
    *accounts: AccountView,
    places: Places | None = None,
    pulses: Pulses | None = None,
    ledger: Ledger | None = None,
    restarts: Mapping[str, int] | None = None,
    poke: Mapping[str, Callable[[], None]] | None = None,
    told: Told | None = None,
    config: ConfigState | None = None,
) -> GatewayView:
    """A running gateway, as far as reports see it; ``told`` gets what its actors are told."""
    told, where = told or Told(), places or places_now()
    return GatewayView(
        version="0.1.0",
        pid=os.getpid(),
        started_at=STARTED,
        accounts=accounts or (account(),),
        ledger=ledger or Ledger(),
        pulses=pulses or Pulses(),
        restarts=restarts or {},
        places=where,
        poke=poke or {},
        order=told.order,
        release=told.release,
        discard=told.discard,
        probe=told.probe,
        notify=told.notify,
        call=told.call,
        config=config or ConfigState(str(where.config), load(where, os.environ).digest),
    )


def pulse(name: str, **signs: Any) -> Pulse:
    """A running actor's pulse."""
    made = Pulse(name, "supervisor", 1, Mailbox(), state="running")
    for sign, value in signs.items():
        setattr(made, sign, value)
    return made


class JournalOnDisk:
    """A journal made by hand, row by row; closed after each change, as if its gateway had ended."""

    def __init__(self, places: Places) -> None:
        self.path = places.journal
        places.gateway.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.run("INSERT INTO source (id, identity, cursor) VALUES (1, 'db', 77)")

    def run(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        with closing(connect(self.path)) as connection:
            connection.execute(statement, values)

    def row(
        self, seq: int, outcome: str | None = None, at: float = STARTED, who: str = "default", kind: str = "admit"
    ) -> None:
        self.run(
            "INSERT INTO inbound (seq, source, guid, account, received_at, kind, outcome) VALUES (?, 1, ?, ?, ?, ?, ?)",
            (seq, seq.to_bytes(16), who, at, kind, outcome),
        )

    def held(self, seq: int, reason: str = "stale backlog", chat: int = 42, text: str = "hello") -> None:
        """A message of Ann in ``chat``, held for ``reason``."""
        self._stored(seq, chat, "held", reason, raw(seq, chat, text))

    def corrupt(self, seq: int, error: str, body: bytes = b"{") -> None:
        """A row nobody could read."""
        self._stored(seq, 0, "corrupt", error, body)

    def _stored(self, seq: int, chat: int, outcome: str, reason: str, body: bytes) -> None:
        self.run(
            "INSERT INTO inbound (seq, source, guid, account, chat_id, received_at, kind, outcome, reason, config_key, "
            "body) VALUES (?, 1, ?, 'default', ?, ?, 'refused', ?, ?, 'channels.imessage.recovery', ?)",
            (seq, seq.to_bytes(16), chat, STARTED, outcome, reason, body),
        )

    def judge(self, seq: int, outcome: str | None, reason: str | None = None, kind: str = "admit") -> None:
        """Something became of a row."""
        self.run("UPDATE inbound SET outcome = ?, reason = ?, kind = ? WHERE seq = ?", (outcome, reason, kind, seq))

    def chunk(
        self,
        seq: int,
        state: str,
        text: str = "hello",
        at: float | None = None,
        why: str | None = None,
        chat: int = 42,
    ) -> int:
        key = chunk_key(seq, 0)
        self.run(
            "INSERT INTO outbox (key, account, source, chat_id, chat_guid, text, state, queued_at, attempted_at, "
            "ended_at, why) VALUES (?, 'default', 1, ?, 'iMessage;-;+15550001111', ?, ?, 0, ?, ?, ?)",
            (key, chat, text, state, at, at, why),
        )
        return key

    def move(self, key: int, state: str, at: float = STARTED, why: str | None = None) -> None:
        """Something became of a chunk."""
        self.run(
            "UPDATE outbox SET state = ?, attempted_at = ?, ended_at = ?, why = ? WHERE key = ?",
            (state, at, at, why, key),
        )

    def floor(self, seq: int) -> None:
        self.run("INSERT OR REPLACE INTO mark VALUES ('floor', ?)", (seq,))


def eventually(seen: Callable[[], Any], within: float = 5.0) -> Any:
    """The first true value of ``seen``; fails when there is none in time (seconds)."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not (value := seen()):
        assert time.monotonic() < deadline, "nothing of the kind was seen in time"
        pause.wait(0.01)
    return value
