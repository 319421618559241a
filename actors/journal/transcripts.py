"""What was said in a session, read from the journal on disk.

Every function takes a connection that only reads, beside a running gateway or without one. A message whose bytes are
pruned, purged or damaged is there all the same, with ``forgotten``. Times are unix seconds. All may raise
``sqlite3.Error``.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Any, NamedTuple

from actors.envelopes.inbound import Inbound
from actors.envelopes.outbound import chunk_key
from actors.journal.recall_rows import members
from actors.journal.session_list import MESSAGES
from actors.normalizer.normalize import normalize
from actors.outbound.answers import MOST_CHUNKS


class Message(NamedTuple):
    """A message of a person. ``outcome`` is empty while it has none; ``files`` are MIME types, ``file`` where unknown.

    ``sender``, ``guid`` and ``text`` are empty where it is ``forgotten``. ``at`` is when it was sent, or else received.
    """

    seq: int
    guid: str
    sender: str
    sender_name: str
    text: str
    at: float
    files: tuple[str, ...]
    outcome: str
    why: str
    ended_at: float
    forgotten: bool = False


class TurnRow(NamedTuple):
    """One turn. ``outcome`` is ``replied``, ``absorbed`` or ``failed``, ``why`` the reason of the latter two.

    ``forgotten``: something was said, and the words are gone.
    """

    number: int
    seq: int
    agent: str
    outcome: str
    why: str
    began_at: float
    ended_at: float
    messages: tuple[Message, ...]
    text: str
    forgotten: bool
    model: str
    input_tokens: int
    output_tokens: int


class Renewal(NamedTuple):
    """The session began anew; ``why`` as in the fact ``Renewed``."""

    at: float
    why: str


Entry = TurnRow | Renewal | Message
UNENDED = ("", "held")
"""Outcomes of messages that wait."""


def loose(connection: sqlite3.Connection, key: str | None = None) -> dict[str, list[int]]:
    """Messages that carry no answer, by session: of one or of all, in the order in which they ended."""
    found: dict[str, list[int]] = {}
    for session, seq in connection.execute(_LOOSE, {"key": key}):
        found.setdefault(session, []).append(seq)
    return found


def transcript(
    connection: sqlite3.Connection, key: str, last: int | None = None, among: Sequence[int] | None = None
) -> Iterator[Entry]:
    """What was said in a session, oldest first: its last turns (None: all), with what else came after the one before.

    Messages that ended without a turn (stopped, discarded) stand where they ended. ``among`` is what ``loose`` has of
    the session: to be given where many are read, since finding it takes a look at every message.
    """
    number, seq, since = _before(connection, key, last)
    within = {"key": key, "number": number, "seq": seq}
    seqs = loose(connection, key).get(key, ()) if among is None else among
    # Turns stand in the order of their commits, whatever the clock said meanwhile. One that began before the session
    # began anew and ended after it has the number of that.
    told: Iterator[tuple[float, Entry]] = merge(
        _turns(connection, within), _turnless(connection, within, since, seqs), key=lambda one: one[0]
    )
    renewals = [(number, Renewal(at, why)) for number, at, why in connection.execute(_RENEWALS, within)]
    for at, entry in told:
        while renewals and _is_before(renewals[0], entry, at):
            yield renewals.pop(0)[1]
        yield entry
    yield from (renewal for _, renewal in renewals)


def waiting(connection: sqlite3.Connection, key: str, among: Sequence[int] | None = None) -> list[Message]:
    """The messages of a session that have no end yet, oldest first: open ones, and held ones; only ``among`` these."""
    seqs = [seq for (seq,) in connection.execute(_WAITING, (key,))] if among is None else sorted(among)
    found = (_message(connection, seq) for seq in seqs)
    return [message for message in found if message is not None and message.outcome in UNENDED]


def _before(connection: sqlite3.Connection, key: str, last: int | None) -> tuple[int, int, float]:
    """Number, row and end of the turn before the ``last`` ones; below all of them where there is none."""
    found = None if last is None else connection.execute(_NTH, (key, last)).fetchone()
    return (-1, -1, float("-inf")) if found is None else found


def _is_before(renewal: tuple[int, Renewal], entry: Entry, at: float) -> bool:
    return renewal[0] < entry.number if isinstance(entry, TurnRow) else renewal[1].at < at


def _turns(connection: sqlite3.Connection, within: dict[str, Any]) -> Iterator[tuple[float, TurnRow]]:
    latest = float("-inf")
    for columns in connection.execute(_TURNS, within):
        number, seq, agent, outcome, why, began_at, ended_at, said, model, tokens_in, tokens_out, others, *row = columns
        messages = [*(_message(connection, one) for one in members(others)), _read(*row)]
        text = _said(connection, seq) if said is None and outcome == "replied" else said or ""
        # Bodies and answers are forgotten together.
        is_forgotten = outcome == "replied" and not text and row[-1] is None
        heard = tuple(message for message in messages if message is not None)
        spent = (model, tokens_in, tokens_out)
        latest = max(latest, ended_at)
        yield (
            latest,
            TurnRow(number, seq, agent, outcome, why, began_at, ended_at, heard, text, is_forgotten, *spent),
        )


def _said(connection: sqlite3.Connection, seq: int) -> str:
    """What the bubbles of the first answer to a row say; a later one is written out with its turn."""
    first = chunk_key(seq, 0)
    return "\n".join(text for (text,) in connection.execute(_CHUNKS, (first, first + MOST_CHUNKS - 1)))


def _turnless(
    connection: sqlite3.Connection, within: dict[str, Any], since: float, seqs: Sequence[int]
) -> Iterator[tuple[float, Message]]:
    """Messages among ``seqs`` that ended without a turn after ``since``."""
    # ``seqs`` may be older than a turn that took some of them in meanwhile.
    turns = connection.execute(_MEMBERS, within) if seqs else ()
    inside = {one for seq, rows in turns for one in (seq, *members(rows))}
    for message in (_message(connection, seq) for seq in seqs if seq not in inside):
        if message is not None and message.outcome not in UNENDED and message.ended_at > since:
            yield message.ended_at, message


def _message(connection: sqlite3.Connection, seq: int) -> Message | None:
    found = connection.execute(_ROW, (seq,)).fetchone()
    return None if found is None else _read(*found)


def _read(
    seq: int | None,
    source: int,
    account: str,
    at: float,
    outcome: str,
    why: str,
    ended_at: float,
    body: bytes | None,
) -> Message | None:
    """None where the journal has lost the row altogether."""
    if seq is None:
        return None
    row = None if body is None else normalize(account, source, body, at)
    if not isinstance(row, Inbound):
        return Message(seq, "", "", "", "", at, (), outcome, why, ended_at, True)
    sent = at if row.sent_at is None else row.sent_at
    files = tuple(one.mime_type or "file" for one in row.attachments)
    return Message(seq, row.guid, row.sender, row.sender_name, row.text, sent, files, outcome, why, ended_at)


_NTH = """
SELECT number, seq, ended_at FROM turn WHERE session = ? AND number >= 0 ORDER BY number DESC, seq DESC LIMIT 1 OFFSET ?
"""
_TURNS = """
SELECT t.number, t.seq, t.agent, t.outcome, coalesce(nullif(t.failure, ''), i.reason, ''), t.began_at, t.ended_at,
  t.text, coalesce(t.model, ''), coalesce(t.input_tokens, 0), coalesce(t.output_tokens, 0), t.rows,
  i.seq, i.source, i.account, i.received_at, coalesce(i.outcome, ''), coalesce(i.reason, ''),
  coalesce(i.settled_at, i.judged_at, i.received_at), i.body
FROM turn t LEFT JOIN inbound i ON i.seq = t.seq
WHERE t.session = :key AND (t.number, t.seq) > (:number, :seq) ORDER BY t.number, t.seq
"""
_CHUNKS = "SELECT text FROM outbox WHERE key BETWEEN ? AND ? ORDER BY key"
_ROW = """
SELECT seq, source, account, received_at, coalesce(outcome, ''), coalesce(reason, ''),
  coalesce(settled_at, judged_at, received_at), body
FROM inbound WHERE seq = ?
"""
_RENEWALS = "SELECT number, at, why FROM renewal WHERE session = :key AND number >= :number ORDER BY number, at"
_MEMBERS = "SELECT seq, rows FROM turn WHERE session = :key AND number >= 0"
_LOOSE = """
SELECT session, seq FROM inbound
WHERE MESSAGES AND (:key IS NULL OR session = :key) AND session IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM turn WHERE seq = inbound.seq AND number >= 0)
ORDER BY coalesce(settled_at, judged_at, received_at), seq
""".replace("MESSAGES", MESSAGES)
_WAITING = """
SELECT seq FROM inbound WHERE session = ? AND MESSAGES AND (outcome IS NULL OR outcome = 'held') ORDER BY seq
""".replace("MESSAGES", MESSAGES)
