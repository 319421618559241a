"""What keeps pairing from being forced or misused: pure rules over a record of what happened lately.

A sender is challenged at most three times a day, and not at all for a day after a denial. A wrong code counts against
every request it was tried on, the fifth burns that request; ten within ten minutes lock approvals for ten minutes.

Times are unix seconds of a wall clock that may jump. What holds strangers off counts a day either way of its moment:
it ends whatever the clock does. What holds the owner off never outlasts its ten minutes: a clock set back ends it.
"""

from typing import NamedTuple

from actors.pairing.codes import LIFETIME

DAY = 24 * 3600.0
MOST_CHALLENGES = 3
"""Challenges of one sender a day."""
MOST_STRIKES = 5
"""Wrong guesses that burn a request."""
MOST_GUESSES = 10
GUESS_WINDOW = 600.0
"""Seconds within which ``MOST_GUESSES`` wrong ones lock approvals."""
LOCK_SECONDS = 600.0
CLOCK_STEP = 1.0
"""Seconds a clock may be set back without anybody noticing."""
MOST_KEPT = 5000
"""Marks of one kind that are kept, the newest."""

DENIED, TOO_MANY = "pairing denied", "too many challenges today"


class Mark(NamedTuple):
    """Somebody was challenged or denied. Of a challenge: its code, and the GUID of the row it was the answer to."""

    account: str
    handle: str
    at: float
    code: str = ""
    row: str = ""


class Strikes(NamedTuple):
    """How often a wrong code was tried while ``code`` was live, and when last."""

    code: str
    times: int
    at: float


class Record(NamedTuple):
    """What happened lately. ``locked_at`` is when approvals were locked last, None when they were not."""

    challenges: tuple[Mark, ...] = ()
    denials: tuple[Mark, ...] = ()
    guesses: tuple[float, ...] = ()
    strikes: tuple[Strikes, ...] = ()
    locked_at: float | None = None


def may_challenge(record: Record, account: str, handle: str, now: float) -> str:
    """``""`` when ``handle`` may be given a new code, else the reason to drop its message."""
    if any(_is_of(mark, account, handle) and _is_today(mark, now) for mark in record.denials):
        return DENIED
    today = sum(_is_of(mark, account, handle) and _is_today(mark, now) for mark in record.challenges)
    return TOO_MANY if today >= MOST_CHALLENGES else ""


def challenged(record: Record, mark: Mark) -> Record:
    """``mark`` is about to be told its code. The same code counts once: then ``record`` itself comes back."""
    if mark.code and row_of(record, mark.code) is not None:
        return record
    return _pruned(record._replace(challenges=(*record.challenges, mark)), mark.at)


def row_of(record: Record, code: str) -> str | None:
    """The GUID of the row that was answered with ``code``; None when nobody was told that code."""
    return next((mark.row for mark in reversed(record.challenges) if mark.code == code), None)


def denied(record: Record, account: str, handle: str, now: float) -> Record:
    """The owner refused ``handle``."""
    return _pruned(record._replace(denials=(*record.denials, Mark(account, handle, now))), now)


def forget(record: Record, account: str, handle: str) -> Record:
    """No denial stands against ``handle`` any more. Its challenges stay: rows that were answered may come again."""
    kept = tuple(mark for mark in record.denials if not _is_of(mark, account, handle))
    return record if len(kept) == len(record.denials) else record._replace(denials=kept)


def locked_until(record: Record, now: float) -> float | None:
    """When approvals are open again, None when they are."""
    at = record.locked_at
    if at is None or not -CLOCK_STEP <= now - at < LOCK_SECONDS:
        return None
    return min(at, now) + LOCK_SECONDS


def guessed_wrong(record: Record, codes: tuple[str, ...], now: float) -> tuple[Record, tuple[str, ...]]:
    """A code was wrong for all requests with ``codes``: the record then, and the codes that are burnt by it."""
    counts = {strikes.code: strikes.times for strikes in record.strikes}
    struck = [Strikes(code, counts.get(code, 0) + 1, now) for code in dict.fromkeys(codes)]
    burnt = tuple(strikes.code for strikes in struck if strikes.times >= MOST_STRIKES)
    guesses = (*(at for at in record.guesses if -CLOCK_STEP <= now - at < GUESS_WINDOW), now)
    locks = len(guesses) >= MOST_GUESSES
    others = (strikes for strikes in record.strikes if strikes.code not in codes)
    record = record._replace(
        strikes=(*others, *(strikes for strikes in struck if strikes.code not in burnt)),
        guesses=() if locks else guesses,
        locked_at=now if locks else record.locked_at,
    )
    return _pruned(record, now), burnt


def _is_of(mark: Mark, account: str, handle: str) -> bool:
    return mark.handle == handle and mark.account == account


def _is_today(mark: Mark, now: float) -> bool:
    return abs(now - mark.at) < DAY


def _pruned(record: Record, now: float) -> Record:
    """Without what is over. A request is live for ``LIFETIME`` either way of its creation."""
    return record._replace(
        challenges=tuple(mark for mark in record.challenges if _is_today(mark, now))[-MOST_KEPT:],
        denials=tuple(mark for mark in record.denials if _is_today(mark, now))[-MOST_KEPT:],
        strikes=tuple(one for one in record.strikes if abs(now - one.at) <= 2 * LIFETIME)[-MOST_KEPT:],
    )
