"""Whom a notice goes to, and its words: one short bubble. Pure."""

from datetime import datetime

from actors.access.handles import canonical
from actors.notices.rationing import Told
from actors.rpc.health import quoted

LONGEST = 500
"""Characters of a notice, what was missed aside."""
HEAD = "Gateway: "
CHAT = "chat_id:"


def addressee(to: str | None, region: str) -> str | None:
    """What the journal is asked for by ``ownerNotice.to``: a canonical handle, ``chat_id:N``, or ``""`` for the owner's
    own direct chat where it is unset. None when it names nobody."""
    if to is None or not to.strip():
        return ""
    text = to.strip()
    if text.lower().startswith(CHAT):
        number = text[len(CHAT) :].strip()
        return f"{CHAT}{int(number)}" if number.isascii() and number.isdecimal() and int(number) else None
    return canonical(text, region) or None


def notice_text(text: str, told: Told, wall: float) -> str:
    """What the owner reads; ``wall`` is now (unix seconds), times are local."""
    words = HEAD + quoted(text, LONGEST)
    if not told.missed:
        return words
    return f"{words} (and {told.missed} more since {_clock(told.since, wall)}, see `gateway logs`)"


def _clock(at: float, now: float) -> str:
    then, today = datetime.fromtimestamp(at), datetime.fromtimestamp(now)
    return f"{then:%H:%M}" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M}"
