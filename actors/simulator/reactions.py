"""Tapback codes: from a row's associated_message_type and text to what imsg calls it (imsg protocol 5, 9).

Pure. Codes 2000 to 2006 add, 3000 to 3006 take away; 2007 and 3007 (stickers) are no tapbacks to imsg.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

_NAMED = (
    ("love", "\u2764\ufe0f"),
    ("like", "\U0001f44d"),
    ("dislike", "\U0001f44e"),
    ("laugh", "\U0001f602"),
    ("emphasis", "\u203c\ufe0f"),
    ("question", "\u2753"),
)
CUSTOM = 6
"""The kind that is any emoji."""
_VERBS = ("Loved", "Liked", "Disliked", "Laughed at", "Emphasized", "Questioned")
_QUOTED_EMOJI = re.compile(r"Reacted (.+?) to ")
_PICTURE = "[\u203c\u2049\u2190-\u21ff\u2300-\u2bff\u3030\u303d\U0001f000-\U0001faff]"
_MODIFIERS = "[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*"
_FIRST_EMOJI = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}{_MODIFIERS}(?:\u200d{_PICTURE}{_MODIFIERS})*")


class Tapback(NamedTuple):
    """A tapback: `type` and `emoji` are None for a custom one whose emoji cannot be found."""

    type: str | None
    emoji: str | None
    is_add: bool
    target_guid: str


class ReactionRow(NamedTuple):
    """A tapback row of the database; `date` in Apple nanoseconds."""

    id: int
    sender: str
    is_from_me: bool
    date: int | None
    tapback: Tapback


def is_tapback(code: int | None) -> bool:
    """Whether an associated_message_type is a reaction that is added or removed."""
    return code is not None and (2000 <= code <= 2006 or 3000 <= code <= 3006)


def added(kind: int) -> int:
    """The code of a tapback of that kind (0 to 6)."""
    return 2000 + kind


def removed(kind: int) -> int:
    """The code of one that is taken back."""
    return 3000 + kind


def words(code: int, emoji: str, text: str) -> str:
    """The text of a tapback's row, as Messages writes it for those who cannot show one."""
    verb = f"Reacted {emoji}" if emoji else _VERBS[code % 1000]
    return f"{verb} to \u201c{text}\u201d" if emoji else f"{verb} \u201c{text}\u201d"


def target_guid(associated: str | None) -> str:
    """The GUID behind `p:0/GUID`; only text before a slash is cut, so `bp:GUID` keeps its prefix."""
    return (associated or "").rsplit("/", 1)[-1]


def read_tapback(code: int, text: str, associated: str | None) -> Tapback:
    """The tapback of a row for which `is_tapback(code)` holds."""
    kind = code % 1000
    target = target_guid(associated)
    if kind != CUSTOM:
        name, emoji = _NAMED[kind]
        return Tapback(name, emoji, code < 3000, target)
    found = _custom_emoji(text)
    return Tapback("custom" if found else None, found, code < 3000, target)


def current_state(rows: Iterable[ReactionRow]) -> list[ReactionRow]:
    """What is left of a message's tapbacks in row order: one per sender and type, removals applied."""
    left: dict[tuple[str, bool, str, str], ReactionRow] = {}
    for row in rows:
        tapback = row.tapback
        if tapback.type is None or tapback.emoji is None:
            continue
        key = (row.sender, row.is_from_me, tapback.type, tapback.emoji)
        left.pop(key, None)
        if tapback.is_add:
            left[key] = row
    return list(left.values())


def _custom_emoji(text: str) -> str | None:
    quoted = _QUOTED_EMOJI.search(text)
    if quoted:
        return quoted[1]
    first = _FIRST_EMOJI.search(text)
    return first[0] if first else None
