"""The sessions there are, read from the journal on disk, and how each does.

Every function takes a connection that only reads, beside a running gateway or without one. Times are unix seconds. All
may raise ``sqlite3.Error``.
"""

import sqlite3
from typing import Any, NamedTuple

from actors.envelopes.session import MOST_FAILURES

MESSAGES = "(kind = 'admit' OR (kind = 'command' AND coalesce(mentioned, 0)))"
"""Rows that are put before an agent: also what stands behind a control command."""


class SessionRow(NamedTuple):
    """A session. ``activation``, ``send``, ``queue`` and ``model`` are what was set in it, None where nothing was.

    ``turns`` counts all in the transcript, ``open`` the messages that are not answered yet, and ``started_at`` is when
    it last began anew, or began.
    """

    key: str
    agent: str
    account: str
    chat_id: int
    is_group: bool
    label: str
    updated_at: float
    activation: str | None
    send: str | None
    queue: str | None
    model: str | None
    failures: int
    turns: int
    started_at: float
    open: int

    @property
    def state(self) -> str:
        """``quarantined``, ``busy`` (a message is being answered, or waits for that) or ``idle``."""
        return "quarantined" if self.failures >= MOST_FAILURES else "busy" if self.open else "idle"

    @property
    def kind(self) -> str:
        """``main``, ``group`` or ``direct``."""
        return "group" if self.is_group else "main" if self.key == f"agent:{self.agent}:main" else "direct"


def sessions(
    connection: sqlite3.Connection, *, agent: str | None = None, since: float = 0.0, limit: int | None = None
) -> list[SessionRow]:
    """Sessions with something new from ``since`` on, the latest first, at most ``limit``."""
    wanted = {"key": None, "agent": agent, "since": since, "limit": -1 if limit is None else limit}
    return [_session(one) for one in connection.execute(_SESSIONS, wanted)]


def session(connection: sqlite3.Connection, key: str) -> SessionRow | None:
    """One session, None when there is none of this key."""
    found = connection.execute(_SESSIONS, {"key": key, "agent": None, "since": None, "limit": 1}).fetchone()
    return None if found is None else _session(found)


def keys(connection: sqlite3.Connection) -> list[str]:
    """The keys of all sessions, that of the latest first."""
    return [key for (key,) in connection.execute("SELECT key FROM session ORDER BY updated_at DESC, key")]


def quarantined(connection: sqlite3.Connection) -> int:
    """How many sessions are left alone because their turns failed."""
    return int(connection.execute("SELECT count(*) FROM session WHERE failures >= ?", (MOST_FAILURES,)).fetchone()[0])


def held(connection: sqlite3.Connection, key: str) -> list[int]:
    """The numbers of the held messages of a session, in order."""
    return [seq for (seq,) in connection.execute(_HELD, (key,))]


def _session(found: tuple[Any, ...]) -> SessionRow:
    row = SessionRow._make(found)
    return row._replace(is_group=bool(row.is_group))


_SESSIONS = """
SELECT s.key, s.agent, s.account, coalesce(s.chat_id, 0), s.is_group, coalesce(s.label, ''), s.updated_at,
  s.activation, s.send, s.queue, s.model, s.failures,
  (SELECT count(*) FROM turn WHERE session = s.key AND number >= 0), coalesce(r.at, s.created_at), coalesce(o.n, 0)
FROM session s
LEFT JOIN (SELECT session, max(at) AS at FROM renewal GROUP BY session) r ON r.session = s.key
LEFT JOIN (
  SELECT session, count(*) AS n FROM inbound
  WHERE seq >= coalesce((SELECT value FROM mark WHERE name = 'floor'), 0) AND MESSAGES AND outcome IS NULL
  GROUP BY session
) o ON o.session = s.key
WHERE (:key IS NULL OR s.key = :key) AND (:agent IS NULL OR s.agent = :agent)
  AND (:since IS NULL OR s.updated_at >= :since)
ORDER BY s.updated_at DESC, s.key LIMIT :limit
""".replace("MESSAGES", MESSAGES)
_HELD = """
SELECT seq FROM inbound WHERE session = ? AND MESSAGES AND outcome = 'held' ORDER BY seq
""".replace("MESSAGES", MESSAGES)
