"""What an agent is reminded of before a turn: earlier turns, what was said in a group meanwhile, reactions, quotes.

Everything is found by number or by index and bounded, however long a session or a group has been there. What is told is
of the session and the chat that is asked for, and of nobody else's. All may raise ``sqlite3.Error``.
"""

import json
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from actors.access.reasons import NO_MENTION
from actors.commands.parse import parse
from actors.conversation.keys import is_group
from actors.envelopes.outbound import POSITION_BITS
from actors.envelopes.session import Heard, Past, Recall, Recalled, Tapback
from actors.journal import recall_rows as sql
from actors.journal.retold import readable
from actors.journal.store import Store, StoredRow
from actors.journal.tapbacks import bare_guid, reaction
from actors.normalizer.guids import guid_key
from actors.outbound.answers import MOST_CHUNKS

MOST_TURNS, MOST_ROWS = 400, 1000
"""Turns told at most, and messages in them."""
MOST_TAPBACKS, MOST_QUOTES = 50, 20
LOOK_BACK = 1000
"""Rows of a chat that were only listened to, and are looked at."""
TURNS_BACK = 200
"""Turns of a session among which the last one in a chat is looked for."""


def recall(store: Store, asked: Recall, beyond: Sequence[int] = ()) -> Recalled:
    """The answer to ``asked``. ``beyond`` are rows that were passed on: of those of this chat that have no outcome yet,
    it is taken that a turn before this one took them in.
    """
    since = store.sessions.last_renewal(asked.session)
    first = store.connection.execute(sql.FIRST_TURN, (asked.session, since)).fetchone()
    last = store.connection.execute(sql.LAST_TURN, (asked.session, since)).fetchone()
    heard, tapbacks = _context(store, asked, _consumed(store, asked, beyond))
    return Recalled(
        session=asked.session,
        before=asked.before,
        turns=_turns(store, asked, since),
        number=store.sessions.last_place(asked.session) + 1,
        started_at=None if first is None else first[0],
        last_at=None if last is None else last[0],
        heard=heard,
        tapbacks=tapbacks,
        quotes=tuple(_quotes(store, asked)),
    )


def _turns(store: Store, asked: Recall, since: int) -> tuple[Past, ...]:
    """The latest, oldest first. A message that was answered anew belongs to its later turn."""
    most = max(0, min(asked.turns, MOST_TURNS))
    wanted: dict[str, object] = {"session": asked.session, "after": since, "most": most}
    wanted |= {"bits": POSITION_BITS, "block": MOST_CHUNKS}
    statement = sql.TURNS
    if is_group(asked.session):
        statement, wanted["source"] = sql.TURNS_OF_DATABASE, asked.source
    found = store.connection.execute(statement, wanted)
    taken: list[tuple[tuple[int, ...], Past]] = []
    seen: set[int] = set()
    for seq, others, agent, outcome, began_at, ended_at, text, failure, model, tokens_in, tokens_out in found:
        members = tuple(one for one in (*sql.members(others), seq) if one not in seen)
        if len(seen) + len(members) > MOST_ROWS:
            break
        seen.update(members)
        past = Past(seq, agent, (), text, outcome, began_at, ended_at, failure, model, tokens_in, tokens_out)
        taken.append((members, past))
    rows = {stored.seq: stored for stored in store.rows([*seen])}
    return tuple(
        replace(past, messages=tuple([_message(rows.get(seq), seq, past.began_at) for seq in members]))
        for members, past in reversed(taken)
        if members
    )


def _message(stored: StoredRow | None, seq: int, began_at: float) -> Heard:
    """A message of an earlier turn: there all the same where its words, or all of it, is forgotten."""
    if stored is None:
        return Heard(seq, "", "", "", "", began_at)
    heard = _heard(stored)
    if heard is None:
        return Heard(seq, "", "", "", "", stored.received_at)
    return heard


def _heard(stored: StoredRow, guid: str = "") -> Heard | None:
    """A message as an agent is told it, under its GUID or the one it was asked for by; None where it is forgotten."""
    row = readable(stored)
    if row is None:
        return None
    text, at = row.text, row.received_at if row.sent_at is None else row.sent_at
    if stored.kind == "command" and (command := parse(text[text.find("/") :])) is not None:
        text = command.arguments  # the agent was told what stands behind it
    files = tuple([one.mime_type for one in row.attachments])
    is_own = row.is_from_me or stored.reason in sql.OURS
    return Heard(stored.seq, guid or row.guid, row.sender, row.sender_name, text, at, files, is_own)


def _consumed(store: Store, asked: Recall, beyond: Sequence[int]) -> int:
    """The first row of the last turn in this chat: what was said before it was told then."""
    run, chat = store.connection.execute, {"source": asked.source, "chat": asked.chat_id}
    of_session = {"session": asked.session, "back": TURNS_BACK}
    last = run(sql.LAST_IN_CHAT, {**chat, **of_session, "before": asked.before}).fetchone()
    last = last or run(sql.BEFORE_THOSE, of_session).fetchone() or (0, None)
    first = min((last[0], *sql.members(last[1])))
    seqs = json.dumps([seq for seq in beyond if seq < asked.before])
    return max(int(first), int(run(sql.OPEN, {**chat, "seqs": seqs}).fetchone()[0]))


def _context(store: Store, asked: Recall, after: int) -> tuple[tuple[Heard, ...], tuple[Tapback, ...]]:
    """What was only listened to, and the reactions, oldest first."""
    chat = {"source": asked.source, "chat": asked.chat_id}
    wanted = {**chat, "after": after, "before": asked.before, "most": LOOK_BACK}
    found = store.connection.execute(sql.CONTEXT, wanted).fetchall()
    heard = [seq for seq, reason in found if reason == NO_MENTION][: max(0, asked.heard)]
    tapbacks = [seq for seq, reason in found if reason != NO_MENTION][:MOST_TAPBACKS]
    rows = {stored.seq: stored for stored in store.rows([*heard, *tapbacks])}
    said = (_heard(rows[seq]) for seq in reversed(heard))
    shown = (_tapback(store, asked, rows[seq]) for seq in reversed(tapbacks))
    return tuple(one for one in said if one is not None), tuple(one for one in shown if one is not None)


def _tapback(store: Store, asked: Recall, stored: StoredRow) -> Tapback | None:
    row = readable(stored)
    if row is None:
        return None
    kind, emoji, removed, guid = reaction(row)
    about = _found(store, asked, guid)
    text, is_own, author = "", False, ""
    if about is not None:
        target = _heard(about)
        text, is_own = ("", about.reason in sql.OURS) if target is None else (target.text, target.from_me)
        author = "" if target is None else target.sender
    at = row.received_at if row.sent_at is None else row.sent_at
    return Tapback(row.sender, row.sender_name, kind, emoji, removed, guid, text, is_own, at, author)


def _quotes(store: Store, asked: Recall) -> Iterator[Heard]:
    for guid in asked.quotes[:MOST_QUOTES]:
        stored = _found(store, asked, bare_guid(guid))
        if stored is not None and (heard := _heard(stored, guid)) is not None:
            yield heard


def _found(store: Store, asked: Recall, guid: str) -> StoredRow | None:
    """A message of this chat by its GUID."""
    wanted = {"guid": guid_key(guid), "source": asked.source, "chat": asked.chat_id}
    found = store.connection.execute(sql.BY_GUID, wanted).fetchone()
    return None if found is None else store.rows(found)[0]
