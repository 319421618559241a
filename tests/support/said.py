"""Sessions and turns put into a journal on disk, row by row, as if a gateway had written them and ended."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from actors.envelopes.outbound import chunk_key
from actors.journal.schema import connect
from tests.support.rows import START, raw

MAIN, GROUP, DIRECT = "agent:main:main", "agent:main:imessage:group:42", "agent:ops:direct:+15552223333"


class Archive:
    """A journal at ``path``. Times are seconds after ``START``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(connect(path)) as connection:
            connection.execute("INSERT INTO source (id, identity, cursor) VALUES (1, 'db', 77)")

    def run(self, statement: str, *rows: Sequence[Any]) -> None:
        """One statement for many rows, in one transaction."""
        with closing(connect(self.path)) as connection:
            connection.execute("BEGIN")
            connection.executemany(statement, rows or ((),))
            connection.execute("COMMIT")

    def session(self, key: str, chat: int = 7, at: float = 0.0, **columns: Any) -> None:
        """A session with a chat, last changed ``at``; ``columns`` are those of its table."""
        values = {"key": key, "agent": key.split(":")[1], "account": "default", "source": 1, "chat_id": chat}
        values |= {"is_group": int(":group:" in key), "label": "", "created_at": START, "updated_at": START + at}
        values |= {"failures": 0} | columns
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self.run(f"INSERT INTO session ({names}) VALUES ({marks})", tuple(values.values()))

    def row(
        self,
        seq: int,
        key: str,
        text: str = "hello",
        outcome: str | None = "replied",
        why: str | None = None,
        at: float = 0.0,
        kind: str = "admit",
        body: bytes | None = None,
        **wire: Any,
    ) -> None:
        """An admitted message; ``wire`` are keys of its message object."""
        self.run(
            "INSERT INTO inbound (seq, source, guid, account, chat_id, received_at, kind, session, agent, outcome, "
            "reason, settled_at, body) VALUES (?, 1, ?, 'default', 7, ?, ?, ?, 'main', ?, ?, ?, ?)",
            (
                *(seq, seq.to_bytes(16), START + at, kind, key, outcome, why, None if outcome is None else START + at),
                raw(seq, text=text, **{"created_at": None, **wire}) if body is None else body,
            ),
        )

    def turn(
        self,
        seq: int,
        key: str,
        text: str | None = "echo: hello",
        others: Sequence[int] = (),
        outcome: str = "replied",
        at: float = 0.0,
        **columns: Any,
    ) -> None:
        """What an agent said to message ``seq`` and ``others``; ``text`` None where its chunks say it."""
        values = {"seq": seq, "session": key, "number": columns.pop("number", seq), "place": 1}
        values |= {"rows": json.dumps(list(others)) if others else None, "outcome": outcome, "agent": key.split(":")[1]}
        values |= {"began_at": START + at, "ended_at": START + at + 1, "text": text} | columns
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self.run(f"INSERT INTO turn ({names}) VALUES ({marks})", tuple(values.values()))

    def exchange(self, seq: int, key: str, text: str, answer: str = "", at: float = 0.0, **wire: Any) -> None:
        """A message and its answer."""
        self.row(seq, key, text, at=at, **wire)
        self.turn(seq, key, answer or f"echo: {text}", at=at)

    def chunk(self, seq: int, text: str, position: int = 0) -> None:
        """A bubble of an answer, sent."""
        self.run(
            "INSERT INTO outbox (key, account, source, chat_id, text, state, queued_at) "
            "VALUES (?, 'default', 1, 7, ?, 'sent', 0)",
            (chunk_key(seq, position), text),
        )

    def renewal(self, key: str, number: int, at: float = 0.0, why: str = "asked") -> None:
        """The session began anew after turn ``number``."""
        self.run("INSERT INTO renewal (session, number, at, why) VALUES (?, ?, ?, ?)", (key, number, START + at, why))

    def reading(self) -> sqlite3.Connection:
        """A connection of the same kind as the command line's; close it."""
        from actors.journal.schema import connect_readonly

        return connect_readonly(self.path)
