"""Reading sessions and turns from the journal: what the one writer goes on from. No decisions."""

import sqlite3
from typing import Any


class SessionStore:
    """On the journal's one writing connection. Every method may raise ``sqlite3.Error``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def last_number(self) -> int:
        """The number of the latest turn, 0 for none."""
        found = self.connection.execute("SELECT value FROM mark WHERE name = 'turn'").fetchone()
        return int(found[0]) if found else 0

    def renewed_after(self, moment: float) -> dict[str, tuple[int, float]]:
        """By session, the number and the moment it last began anew at, of those that did after ``moment`` (unix
        seconds).
        """
        query = "SELECT session, number, at FROM renewal WHERE at > ? ORDER BY number"
        return {session: (number, at) for session, number, at in self.connection.execute(query, (moment,))}

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
