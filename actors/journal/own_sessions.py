"""Which turns and sessions belong to a chat or a person whose rows are known. Nothing is changed.

A session is theirs where all of its messages are, and, of a person, where its key names them; but a group is nobody's.
Where others use it too, it may still go by their name: by that of whoever wrote last.
"""

import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from actors.journal.recall_rows import members
from actors.journal.session_rows import is_group_key


class Turns(NamedTuple):
    """``carriers`` are the rows that carry the answers, of all turns; ``worded`` of those that have words."""

    carriers: frozenset[int] = frozenset()
    worded: tuple[int, ...] = ()


class Sessions(NamedTuple):
    """Keys: of sessions that are theirs, and of others that go by their name."""

    theirs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def turns_of(connection: sqlite3.Connection, rows: Collection[int]) -> Turns:
    """The turns that took in one of these rows. Raises ``sqlite3.Error``."""
    found = [
        (seq, is_worded)
        for seq, others, is_worded in connection.execute(_TURNS)
        if seq in rows or any(one in rows for one in members(others))
    ]
    return Turns(frozenset(seq for seq, _ in found), tuple(seq for seq, is_worded in found if is_worded))


def sessions_of(
    connection: sqlite3.Connection, rows: Collection[int], names: Collection[str], is_person: bool
) -> Sessions:
    """Those of these rows; ``names`` are in lower case. Raises ``sqlite3.Error``."""
    mine: dict[str, bool] = {}
    """Of each session they are in, whether they wrote last."""
    others = set[str]()
    for seq, session in connection.execute(_ROWS):
        if seq in rows:
            mine[session] = True
        else:
            others.add(session)
            if session in mine:
                mine[session] = False
    theirs, labels = [], []
    for key, has_label in connection.execute(_SESSIONS):
        is_group = is_group_key(key)
        is_named = is_person and is_named_in(key, names)
        if is_named or (key in mine and key not in others and not (is_person and is_group)):
            theirs.append(key)
        elif mine.get(key) and has_label and not (is_person and is_group):
            labels.append(key)
    return Sessions(tuple(theirs), tuple(labels))


def is_named_in(key: str, names: Collection[str]) -> bool:
    """Whether a session's key, or the handle a pairing code was for, has one of these names (in lower case) in it, from
    colon to colon: ``ann@example.com`` is not in ``agent:main:direct:joann@example.com``.
    """
    whole = f":{key.lower()}:"
    return any(f":{name}:" in whole for name in names)


_TURNS = "SELECT seq, rows, coalesce(text, '') <> '' OR instr(coalesce(failure, ''), ':') > 0 FROM turn ORDER BY seq"
_ROWS = "SELECT seq, session FROM inbound WHERE kind IN ('admit', 'command') AND session IS NOT NULL ORDER BY seq"
_SESSIONS = "SELECT key, label IS NOT NULL FROM session ORDER BY key"
