"""Reading sessions and turns from the journal: what the one writer goes on from. No decisions."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from actors.journal.session_rows import UNENDED


class SessionStore:
    """On the journal's one writing connection. Every method may raise ``sqlite3.Error``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def last_number(self) -> int:
        """The number of the latest turn, 0 for none."""
        found = self.connection.execute("SELECT value FROM mark WHERE name = 'turn'").fetchone()
        return int(found[0]) if found else 0

    def last_renewal(self, session: str) -> int:
        """The number a session last began anew at, -1 for never."""
        query = "SELECT coalesce(max(number), -1) FROM renewal WHERE session = ?"
        return int(self.connection.execute(query, (session,)).fetchone()[0])

    def last_place(self, session: str) -> int:
        """How many turns a session had since it began anew."""
        query = "SELECT place FROM turn WHERE session = ? AND number > ? ORDER BY number DESC LIMIT 1"
        found = self.connection.execute(query, (session, self.last_renewal(session))).fetchone()
        return 0 if found is None else int(found[0])

    def standings(self) -> list[tuple[Any, ...]]:
        """``(key, activation, send, queue, model, failures)`` of the sessions that differ from the config."""
        query = (
            "SELECT key, activation, send, queue, model, failures FROM session WHERE failures <> 0 "
            "OR coalesce(activation, send, queue, model) IS NOT NULL"
        )
        rows: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return rows

    def failing(self) -> list[str]:
        """The sessions that have failures."""
        return [key for (key,) in self.connection.execute("SELECT key FROM session WHERE failures <> 0")]

    def of_rows(self, seqs: Sequence[int]) -> dict[int, str]:
        """The session of each of these rows, in their order; empty where a row has none."""
        query = (
            "SELECT i.seq, coalesce(i.session, '') FROM json_each(?) j JOIN inbound i ON i.seq = j.value ORDER BY i.seq"
        )
        return dict(self.connection.execute(query, (json.dumps([*seqs]),)).fetchall())

    def begun_turn(self, seq: int) -> tuple[str | None, float, bool] | None:
        """Of a turn that has said a part of its answer to row ``seq`` and not its end: its other rows, as the table has
        them, when the part was said, and whether the session began anew since. None where there is none.
        """
        query = (
            "SELECT rows, began_at, "
            "EXISTS (SELECT 1 FROM renewal WHERE renewal.session = turn.session AND renewal.at > began_at) "
            "FROM turn WHERE seq = ? AND number = ?"
        )
        found = self.connection.execute(query, (seq, UNENDED)).fetchone()
        return None if found is None else (found[0], found[1], bool(found[2]))
