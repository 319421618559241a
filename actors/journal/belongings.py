"""What the journal holds of one chat or one person: which rows and chunks, and under which names. Nothing is changed.

A chat is known by its number in the database an account reads now, or by its GUID in any. Of a person these are the
messages they wrote wherever it was, their direct chats with what was said in them, the answers to their messages (also
where these answer others in the same turn), and the codes they were offered. Rows are read back from the bytes imsg
gave; a row nobody can read belongs to whoever its bytes name. What was forgotten before is not found again.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import NamedTuple

from actors.access.handles import canonical
from actors.envelopes.inbound import Inbound
from actors.envelopes.outbound import reply_of
from actors.journal.own_sessions import is_named_in, sessions_of, turns_of
from actors.normalizer.normalize import Malformed, normalize


class AmbiguousChatError(Exception):
    """Several accounts have a chat of this number; ``accounts`` are their ids."""

    def __init__(self, accounts: tuple[str, ...]) -> None:
        super().__init__(f"several accounts have a chat of this number: {', '.join(accounts)}")
        self.accounts = accounts


class Chat(NamedTuple):
    """A chat by its number, or (0) by its GUID; of one account, or of all."""

    number: int = 0
    guid: str = ""
    account: str | None = None


class Person(NamedTuple):
    """Whoever has one of these handles; ``handles`` gives the canonical ones by account, ``region`` as ``canonical``
    takes it.
    """

    handles: Callable[[str], frozenset[str]]
    region: Callable[[str], str]
    account: str | None = None


class Belongings(NamedTuple):
    """Rows and chunks by number. ``open`` and ``held`` rows, and chunks that are ``unsent``, are among them.

    ``names`` are the GUIDs and handles they go by, in lower case. ``personal`` are rows whose session or pairing names
    a handle. ``mentions`` counts the rows of others that have one of the names in them. ``turns`` are the turns those
    rows were taken in by, ``sessions`` the ones that are theirs alone, and ``labels`` those that others use too, and
    that go by their name.
    """

    rows: tuple[int, ...] = ()
    chunks: tuple[int, ...] = ()
    open: tuple[int, ...] = ()
    held: tuple[int, ...] = ()
    unsent: tuple[int, ...] = ()
    personal: tuple[int, ...] = ()
    names: frozenset[str] = frozenset()
    mentions: int = 0
    turns: tuple[int, ...] = ()
    sessions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class _Row(NamedTuple):
    seq: int
    source: int
    account: str
    chat: int
    """0 where the number is another era's."""
    received_at: float
    session: str
    outcome: str | None
    body: bytes | None
    is_challenge: bool
    read: Inbound | None = None


class _Chunk(NamedTuple):
    key: int
    source: int
    account: str
    chat: int
    guid: str
    is_unsent: bool
    is_bare: bool
    """Without words or names."""


def belongings(connection: sqlite3.Connection, of: Chat | Person) -> Belongings:
    """Look through everything. Raises ``AmbiguousChatError``, ``sqlite3.Error``."""
    chunks = [_Chunk(*one) for one in connection.execute(_CHUNKS, (of.account, of.account))]
    whose = _OfPerson(of) if isinstance(of, Person) else _OfChat(of, chunks, list(_rows(connection, of, of.number)))
    answers: dict[int, list[_Chunk]] = {}
    for chunk in chunks:
        answers.setdefault(reply_of(chunk.key), []).append(chunk)
    rows: list[_Row] = []
    for row in _rows(connection, of):
        if whose.has_row(row) or any(map(whose.has_chunk, answers.get(row.seq, ()))):
            # The words are not needed any more, and there may be many.
            rows.append(row._replace(body=row.body and b"", read=None))
            whose.learn(row)
    ours = {row.seq for row in rows}
    turns = turns_of(connection, ours)
    mine = [
        chunk
        for seq, said in answers.items()
        for chunk in said
        if seq in ours or seq in turns.carriers or whose.has_chunk(chunk)
    ]
    names = frozenset(name.lower() for name in whose.names if name)
    theirs, labels = sessions_of(connection, ours, names, isinstance(of, Person))
    found = _sorted(rows, mine, names)._replace(turns=turns.worded, sessions=theirs, labels=labels)
    bodies = connection.execute(_BODIES, (of.account, of.account))
    return found._replace(mentions=sum(seq not in ours and _names(body.lower(), names) for seq, body in bodies))


def _sorted(rows: list[_Row], chunks: list[_Chunk], names: frozenset[str]) -> Belongings:
    personal = [row for row in rows if row.session and (row.is_challenge or is_named_in(row.session, names))]
    named = {row.seq for row in personal}
    left = [row for row in rows if row.body is not None or row.outcome in (None, "held") or row.seq in named]
    return Belongings(
        rows=tuple(row.seq for row in left),
        chunks=tuple(chunk.key for chunk in chunks if chunk.is_unsent or not chunk.is_bare),
        open=tuple(row.seq for row in left if row.outcome is None),
        held=tuple(row.seq for row in left if row.outcome == "held"),
        unsent=tuple(chunk.key for chunk in chunks if chunk.is_unsent),
        personal=tuple(row.seq for row in personal),
        names=names,
    )


class _OfChat:
    """Rows and chunks of a chat. The GUIDs a number goes by are learnt first; they count in its own database only."""

    def __init__(self, chat: Chat, chunks: list[_Chunk], rows: list[_Row]) -> None:
        self._number = chat.number
        self.names = {chat.guid} if chat.guid else set()
        said = [chunk for chunk in chunks if chunk.chat == chat.number != 0]
        heard = [row for row in rows if row.chat == chat.number != 0]
        sources = {one.source for one in said} | {one.source for one in heard}
        if len(sources) > 1:
            raise AmbiguousChatError(tuple(sorted({one.account for one in said} | {one.account for one in heard})))
        self._source = max(sources, default=0)
        self.names |= {chunk.guid for chunk in said} | {row.read.chat.guid for row in heard if row.read is not None}
        self.names.discard("")
        self._guids = {guid.lower() for guid in self.names}
        # Elsewhere than in the GUID a direct chat goes by the other's handle.
        self.names.update(_direct(guid) for guid in self._guids)

    def has_row(self, row: _Row) -> bool:
        if self._is_number(row):
            return True
        if self._is_elsewhere(row):
            return False
        if row.read is not None:
            return row.read.chat.guid.lower() in self._guids
        return row.outcome == "corrupt" and _names((row.body or b"").lower(), frozenset(self._guids))

    def has_chunk(self, chunk: _Chunk) -> bool:
        return self._is_number(chunk) or (not self._is_elsewhere(chunk) and chunk.guid.lower() in self._guids)

    def learn(self, row: _Row) -> None:
        """Nothing more."""

    def _is_number(self, one: _Row | _Chunk) -> bool:
        return one.chat == self._number != 0 and not self._is_elsewhere(one)

    def _is_elsewhere(self, one: _Row | _Chunk) -> bool:
        return self._number != 0 and one.source != self._source


class _OfPerson:
    """Rows and chunks of a person; ``names`` grows by the ways their handles are written."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self.names: set[str] = set()

    def has_row(self, row: _Row) -> bool:
        handles = self._person.handles(row.account)
        self.names |= handles
        if is_named_in(row.session, {handle.lower() for handle in handles}):
            return True
        read = row.read
        if read is None:
            return row.outcome == "corrupt" and _names((row.body or b"").lower(), frozenset(handles))
        if not read.is_from_me and self._is_them(read.sender, row.account):
            return True
        return not read.chat.is_group and any(
            self._is_them(name, row.account) for name in (read.chat.identifier, _direct(read.chat.guid)) if name
        )

    def has_chunk(self, chunk: _Chunk) -> bool:
        return self._is_them(_direct(chunk.guid), chunk.account)

    def learn(self, row: _Row) -> None:
        """The ways their handle is written in a row of theirs."""
        if (read := row.read) is not None:
            written = (read.sender, read.chat.identifier, _direct(read.chat.guid))
            self.names.update(name for name in written if self._is_them(name, row.account))

    def _is_them(self, name: str, account: str) -> bool:
        return name != "" and canonical(name, self._person.region(account)) in self._person.handles(account)


def _rows(connection: sqlite3.Connection, of: Chat | Person, number: int | None = None) -> Iterator[_Row]:
    """Of the chat with that number, or (None) all."""
    wanted = (of.account, of.account, number, number)
    for seq, source, account, chat, at, session, outcome, body, is_challenge in connection.execute(_ROWS, wanted):
        read = None if body is None else normalize(account, source, body, at)
        row = _Row(seq, source, account, chat, at, session, outcome, body, bool(is_challenge))
        yield row if read is None or isinstance(read, Malformed) else row._replace(read=read)


def _direct(guid: str) -> str:
    """The handle a direct chat's GUID ends with; empty for any other."""
    service, mark, handle = guid.partition(";-;")
    return handle if mark and ";" not in service else ""


def _names(body: bytes, names: frozenset[str]) -> bool:
    return any(name.encode("utf-8", "replace") in body for name in names if name)


_ROWS = """
SELECT i.seq, i.source, i.account, CASE WHEN i.era = s.era THEN coalesce(i.chat_id, 0) ELSE 0 END, i.received_at,
  coalesce(i.session, ''), i.outcome, i.body, i.kind = 'challenge'
FROM inbound i JOIN source s ON s.id = i.source
WHERE (? IS NULL OR i.account = ?) AND (? IS NULL OR i.chat_id = ?) ORDER BY i.seq
"""
_BODIES = "SELECT seq, body FROM inbound WHERE body IS NOT NULL AND (? IS NULL OR account = ?)"
_CHUNKS = """
SELECT o.key, o.source, o.account, CASE WHEN o.era = s.era THEN coalesce(o.chat_id, 0) ELSE 0 END,
  coalesce(o.chat_guid, ''), o.state NOT IN ('sent', 'discarded'), o.text = '' AND coalesce(o.chat_guid, '') = ''
FROM outbox o JOIN source s ON s.id = o.source WHERE ? IS NULL OR o.account = ? ORDER BY o.key
"""
