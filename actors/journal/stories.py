"""The whole life of one message, read from the journal on disk: its row, what was decided, each chunk of its answer.

Every function takes a connection that only reads, beside a running gateway or without one. A row whose bytes are
pruned or damaged has a story all the same. Times are unix seconds. All but ``facts`` raise ``sqlite3.Error``.
"""

import re
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from actors.envelopes.inbound import Inbound
from actors.envelopes.outbound import POSITION_BITS, chunk_key
from actors.normalizer.guids import guid_key
from actors.normalizer.normalize import MAX_ROWID, Malformed, normalize

LOOK_BACK = 5000
"""Rows looked at for the last message of somebody else, or of a chat."""
OURS = frozenset({"from me", "echo", "self-chat echo", "agent echo in self-chat"})
"""Reasons that say whose a row is, whatever the row says."""
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


class Story(NamedTuple):
    """A row and what became of it. Texts are empty where there is none; ``outcome`` is so while the row is open.

    ``judged_at`` is when the verdict that stands was given: ``received_at`` unless the row was judged again.
    ``session`` of a challenged row is the handle its code was made for. ``body`` is the row as imsg gave it, None once
    pruned. ``same`` counts the rows with this GUID: one for each database that had it.
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


def story(connection: sqlite3.Connection, which: str) -> Story | None:
    """The story of ``last`` (the newest row that is not from us), of a GUID in any case, or of row ``#12`` or ``12``.

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


def chats_seen(connection: sqlite3.Connection, source: int, chat: int | str) -> bytes | None:
    """The newest body in the database ``source`` as it is now of a chat, or of a handle's direct chat.

    A handle is compared as imsg writes it, without regard to case. None where the latest rows have none.
    """
    number = chat if isinstance(chat, int) else None
    for account, at, body in connection.execute(_BODIES, {"back": LOOK_BACK, "source": source, "chat": number}):
        row = _inbound(account, source, body, at)
        if row is not None and (number is not None or _is_with(row, str(chat).casefold())):
            return bytes(body)
    return None


def facts(told: Story) -> tuple[tuple[float, str], ...]:
    """The row's life in the order of time: when, and what happened. A time to come is when a chunk is due again."""
    return tuple(sorted(_facts(told), key=lambda fact: fact[0]))


def _facts(told: Story) -> Iterator[tuple[float, str]]:
    again = told.judged_at != told.received_at
    ended_later = told.settled_at is not None and told.settled_at != told.judged_at
    verdict = _verdict(told, "held" if told.kind == "refused" and ended_later else _end(told))
    yield told.received_at, "received" if again else f"received and judged: {verdict}"
    if again:
        yield told.judged_at, f"judged again: {verdict}"
    if told.settled_at is not None and (told.kind != "refused" or ended_later):
        yield told.settled_at, f"settled: {_end(told)}"
    for chunk in told.chunks:
        yield from _chunk_facts(chunk)


def _verdict(told: Story, refusal: str) -> str:
    if told.kind == "admit":
        return f"admitted ({told.authority}) to agent {told.agent}, session {told.session}"
    return f"challenged as {told.session}" if told.kind == "challenge" else refusal


def _end(told: Story) -> str:
    return f"{told.outcome}: {told.reason}" if told.reason else told.outcome


def _chunk_facts(chunk: StoryChunk) -> Iterator[tuple[float, str]]:
    name, why = f"chunk {chunk.key}", f": {chunk.why}" if chunk.why else ""
    yield chunk.queued_at, f"{name} queued"
    if chunk.attempted_at is not None:
        yield chunk.attempted_at, f"{name} attempted"
    match chunk.state:
        case "deferred":
            yield chunk.until or chunk.queued_at, f"{name} deferred, due again{why}"
        case "uncertain":
            yield chunk.attempted_at or chunk.queued_at, f"{name} uncertain{why}"
        case "sent" | "failed" | "discarded":
            shown = f" as {chunk.guid}" if chunk.state == "sent" and chunk.guid else why
            yield chunk.ended_at or chunk.attempted_at or chunk.queued_at, f"{name} {chunk.state}{shown}"


def _last(connection: sqlite3.Connection) -> int | None:
    for seq, source, account, at, kind, reason, body in connection.execute(_LATEST, (LOOK_BACK,)):
        if reason in OURS:
            continue
        # A message to oneself is from us, and for us too where it was let in.
        row = _inbound(account, source, body, at) if kind == "refused" else None
        if row is None or not row.is_from_me:
            return int(seq)
    return None


def _story(connection: sqlite3.Connection, found: tuple[Any, ...], which: str) -> Story:
    *columns, key = found
    same = connection.execute(_SAME, (key,)).fetchone()[0]
    bare = Story._make((*columns, tuple(_chunks(connection, found[0])), same))
    row = _inbound(bare.account, bare.source, bare.body, bare.received_at)
    guid = row.guid if row is not None else which if key in _keys(which) else ""
    return bare._replace(guid=guid, mentioned=bool(bare.mentioned))


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
SELECT seq, source, account, received_at, kind, coalesce(reason, ''), body FROM inbound ORDER BY seq DESC LIMIT ?
"""
_ROW = """
SELECT seq, source, era, account, '', coalesce(chat_id, 0), received_at, coalesce(judged_at, received_at),
  CASE WHEN outcome IS NOT NULL THEN coalesce(settled_at, judged_at, received_at) END, kind, coalesce(session, ''),
  coalesce(agent, ''), coalesce(service, ''), coalesce(mentioned, 0),
  CASE WHEN kind = 'admit' THEN coalesce(authority, 'known') ELSE '' END, coalesce(outcome, ''),
  coalesce(reason, ''), coalesce(config_key, ''), body, guid
FROM inbound WHERE seq = ?
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
