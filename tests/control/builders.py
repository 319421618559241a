"""A gateway to report on, a journal to read, and ways to wait for what the outside sees."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from actors.control.view import AccountView, GatewayView
from actors.envelopes.outbound import chunk_key
from actors.journal.ledger import Ledger
from actors.journal.schema import connect
from actors.rpc.health import LinkHealth
from actors.runtime.mailbox import Mailbox
from actors.runtime.pulse import Pulse, Pulses
from config import Places

STARTED = 1_700_000_000.0


def places_now() -> Places:
    """Where this test's files are."""
    return Places.from_env(os.environ)


def account(
    name: str = "default", state: str = "ok", *, enabled: bool = True, cli: str = "imsg", unavailable: bool = False
) -> AccountView:
    """An account in ``state``, with a reason and a remedy when that is not ``ok``."""
    health = LinkHealth(
        state=state, reason="" if state == "ok" else f"{state} reason", remedy="" if state == "ok" else "do"
    )
    return AccountView(name, None, enabled, 1, cli, health, unavailable)


def gateway(
    *accounts: AccountView,
    places: Places | None = None,
    pulses: Pulses | None = None,
    ledger: Ledger | None = None,
    restarts: Mapping[str, int] | None = None,
    poke: Mapping[str, Callable[[], None]] | None = None,
) -> GatewayView:
    """A running gateway, as far as reports see it."""
    return GatewayView(
        version="0.1.0",
        pid=os.getpid(),
        started_at=STARTED,
        accounts=accounts or (account(),),
        ledger=ledger or Ledger(),
        pulses=pulses or Pulses(),
        restarts=restarts or {},
        places=places or places_now(),
        poke=poke or {},
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

    def chunk(self, seq: int, state: str, text: str = "hello", at: float | None = None, why: str | None = None) -> int:
        key = chunk_key(seq, 0)
        self.run(
            "INSERT INTO outbox (key, account, source, chat_id, chat_guid, text, state, queued_at, attempted_at, "
            "ended_at, why) VALUES (?, 'default', 1, 42, 'iMessage;-;+15550001111', ?, ?, 0, ?, ?, ?)",
            (key, text, state, at, at, why),
        )
        return key

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
