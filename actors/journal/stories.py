"""The whole life of one message, read from the journal on disk: its row, what was decided, each chunk of its answer.

Every function takes a connection that only reads, beside a running gateway or without one. A row whose bytes are
pruned or damaged has a story all the same. Times are unix seconds. All may raise ``sqlite3.Error``.
"""

import re
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from actors.envelopes.inbound import Inbound
from actors.envelopes.outbound import POSITION_BITS, chunk_key
from actors.journal.recall_rows import OURS, members
from actors.normalizer.guids import guid_key
from actors.normalizer.normalize import MAX_ROWID, Malformed, normalize

LOOK_BACK = 5000
"""Rows looked at for the last message of somebody else, or of a chat."""
REFUSED = frozenset({"refused", "context"})
"""Kinds of rows that are not answered; agents may be told of the latter. A story knows one kind of them."""
NEAR = 1000
"""Rows behind one that may carry the answer to it."""
_NUMBER = re.compile(r"#?([0-9]{1,19})")


class StoryChunk(NamedTuple):
    """A chunk of the answer as it stands now; ``position`` counts from 0, a later answer begins further on."""

    key: int
    position: int
    state: str
    text: str
    queued_at: float
    attempted_at: float | None
    until: float | None
    ended_at: float | None
    tries: int
    guid: str
    why: str


class StoryTurn(NamedTuple):
    """The turn a row was taken in by. ``carrier`` is the row that carries its answer, ``rows`` the others.

    ``outcome`` is ``replied``, ``absorbed`` or ``failed``.
    """

    carrier: int
    rows: tuple[int, ...]
    agent: str
    outcome: str
    began_at: float
    ended_at: float


class Story(NamedTuple):
    """A row and what became of it. Texts are empty where there is none; ``outcome`` is so while the row is open.

    ``judged_at`` is when the verdict that stands was given: ``received_at`` unless the row was judged again.
    ``session`` of a challenged row is the handle its code was made for. ``body`` is the row as imsg gave it, None once
    pruned. ``same`` counts the rows with this GUID: one for each database that had it. ``turn`` is None for a row that
    no agent was asked about, and for one of a turn whose answer another row carries that is far from it.
    """

    seq: int
    source: int
    era: int
    account: str
    guid: str
    chat_id: int
    received_at: float
    judged_at: float
    settled_at: float | None
    kind: str
    session: str
    agent: str
    service: str
    mentioned: bool
    authority: str
    outcome: str
    reason: str
    config_key: str
    body: bytes | None
    chunks: tuple[StoryChunk, ...]
    same: int = 1
    turn: StoryTurn | None = None


def story(connection: sqlite3.Connection, which: str) -> Story | None:
    """The story of ``last``, of a GUID in any case, or of row ``#12`` or ``12``.

    The last row is the newest that is not from us, or is a note to ourselves that config decided about.
    Of several rows with one GUID it is the newest one's. None when there is no such row.
    """
    which = which.strip()
    if which.lower() == "last":
        seq = _last(connection)
    elif number := _NUMBER.fullmatch(which):
        seq = int(number[1])
    else:
        seq = connection.execute(_BY_GUID, _keys(which)).fetchone()[0]
    if seq is None or seq > MAX_ROWID:
        return None
    found = connection.execute(_ROW, (seq,)).fetchone()
    return None if found is None else _story(connection, found, which)


def latest(connection: sqlite3.Connection, source: int, chat: int | None = None) -> Iterator[Inbound]:
    """The latest messages in the database ``source`` as it is now, of one chat or of all, newest first.

    Those whose bytes are pruned or damaged are left out.
    """
    for account, at, body in connection.execute(_BODIES, {"back": LOOK_BACK, "source": source, "chat": chat}):
        row = _inbound(account, source, body, at)
        if row is not None:
            yield row


def chats_seen(connection: sqlite3.Connection, source: int, chat: int | str) -> bytes | None:
    """The newest body in the database ``source`` as it is now of a chat, or of a handle's direct chat.

    A handle is compared as imsg writes it, without regard to case. None where the latest rows have none.
    """
    if isinstance(chat, int):
        return next((row.raw for row in latest(connection, source, chat)), None)
    handle = chat.casefold()
    return next((row.raw for row in latest(connection, source) if _is_with(row, handle)), None)


def _last(connection: sqlite3.Connection) -> int | None:
    for seq, source, account, at, kind, reason, config_key, body in connection.execute(_LATEST, (LOOK_BACK,)):
        # A config key decides about others, and about what we write to ourselves.
        if config_key:
            return int(seq)
        if reason in OURS:
            continue
        # A message to oneself is from us, and for us too where it was let in.
        row = _inbound(account, source, body, at) if kind in REFUSED else None
        if row is None or not row.is_from_me:
            return int(seq)
    return None


def _story(connection: sqlite3.Connection, found: tuple[Any, ...], which: str) -> Story:
    *columns, key = found
    same = connection.execute(_SAME, (key,)).fetchone()[0]
    bare = Story._make((*columns, tuple(_chunks(connection, found[0])), same, _turn(connection, found[0])))
    row = _inbound(bare.account, bare.source, bare.body, bare.received_at)
    guid = row.guid if row is not None else which if key in _keys(which) else ""
    return bare._replace(guid=guid, mentioned=bool(bare.mentioned))


def _turn(connection: sqlite3.Connection, seq: int) -> StoryTurn | None:
    found = connection.execute(_TURN, {"seq": seq, "near": NEAR}).fetchone()
    if found is None:
        return None
    carrier, rows, *columns = found
    return StoryTurn(carrier, members(rows), *columns)


def _keys(guid: str) -> list[bytes]:
    return [guid_key(text) for text in (guid, guid.upper(), guid.lower())]


def _chunks(connection: sqlite3.Connection, seq: int) -> Iterator[StoryChunk]:
    first = chunk_key(seq, 0)
    for key, *columns in connection.execute(_CHUNKS, (first, first + (1 << POSITION_BITS) - 1)):
        yield StoryChunk(key, key - first, *columns)


def _inbound(account: str, source: int, body: bytes | None, received_at: float) -> Inbound | None:
    row = None if body is None else normalize(account, source, body, received_at)
    return None if isinstance(row, Malformed) else row


def _is_with(row: Inbound, handle: str) -> bool:
    names = row.chat.identifier, "" if row.is_from_me else row.sender
    return handle != "" and not row.chat.is_group and handle in (name.casefold() for name in names)


_BY_GUID = "SELECT max(seq) FROM inbound WHERE guid IN (?, ?, ?)"
_SAME = "SELECT count(*) FROM inbound WHERE guid = ?"
_LATEST = """
SELECT seq, source, account, received_at, kind, coalesce(reason, ''), config_key, body
FROM inbound ORDER BY seq DESC LIMIT ?
"""
_ROW = """
SELECT seq, source, era, account, '', coalesce(chat_id, 0), received_at, coalesce(judged_at, received_at),
  CASE WHEN outcome IS NOT NULL THEN coalesce(settled_at, judged_at, received_at) END,
  CASE kind WHEN 'context' THEN 'refused' ELSE kind END, coalesce(session, ''),
  coalesce(agent, ''), coalesce(service, ''), coalesce(mentioned, 0),
  CASE WHEN kind IN ('admit', 'command') THEN coalesce(authority, 'known') ELSE '' END, coalesce(outcome, ''),
  coalesce(reason, ''), coalesce(config_key, ''), body, guid
FROM inbound WHERE seq = ?
"""
_TURN = """
SELECT seq, rows, agent, outcome, began_at, ended_at FROM turn
WHERE seq = :seq OR (
  seq BETWEEN :seq - :near AND :seq + :near AND rows IS NOT NULL
  AND EXISTS (SELECT 1 FROM json_each(rows) WHERE value = :seq)
)
ORDER BY number DESC LIMIT 1
"""
_CHUNKS = """
SELECT key, state, text, queued_at, attempted_at, until, ended_at, tries, coalesce(guid, ''), coalesce(why, '')
FROM outbox WHERE key BETWEEN ? AND ? ORDER BY key
"""
_BODIES = """
SELECT account, received_at, body FROM inbound
WHERE seq > (SELECT coalesce(max(seq), 0) FROM inbound) - :back AND source = :source
  AND era = (SELECT era FROM source WHERE id = :source) AND (:chat IS NULL OR chat_id = :chat) AND body IS NOT NULL
ORDER BY seq DESC
"""
