"""What keeps pairing from being forced or misused: pure rules over a record of what happened lately.

A sender is challenged at most three times a day, and not at all for a day after a denial. A wrong code counts against
every request it was tried on, the fifth burns that request; ten within ten minutes lock approvals for ten minutes.

Whoever is let in is so from a moment on: that moment is kept for a month, as is who was told which code. Whoever is
revoked stays so until they are approved: imports do not let them in again, however late they come.

Times are unix seconds of a wall clock that may jump. What holds strangers off counts a day either way of its moment:
it ends whatever the clock does. What holds the owner off never outlasts its ten minutes: a clock set back ends it.
"""

from typing import NamedTuple

from actors.access import reasons

DAY = 24 * 3600.0
FORGOTTEN = 7 * DAY
"""Seconds after which a mark is thrown away: so late that a clock that jumps a day ahead and back takes none along."""
APPROVAL_KEPT = 30 * DAY
"""Seconds after which nobody asks any more since when somebody is in: whatever they wrote before is older still."""
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
"""Marks of one kind that are kept, the last ones."""

DENIED, TOO_MANY = reasons.PAIRING_DENIED, reasons.TOO_MANY_CHALLENGES


class Mark(NamedTuple):
    """Somebody was challenged, denied, let in or revoked. Of a challenge: its code, the GUID of the row it answered."""

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
    approvals: tuple[Mark, ...] = ()
    revocations: tuple[Mark, ...] = ()


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


def approved(record: Record, account: str, handle: str, now: float) -> Record:
    """``handle`` is let in from ``now`` on: no denial or revocation stands against it any more."""
    others = forget(record, account, handle)
    return _pruned(others._replace(approvals=(*others.approvals, Mark(account, handle, now))), now)


def revoked(record: Record, account: str, handle: str) -> Record:
    """``handle`` is in no more."""
    kept = tuple(mark for mark in record.approvals if not _is_of(mark, account, handle))
    return record if len(kept) == len(record.approvals) else record._replace(approvals=kept)


def shut_out(record: Record, account: str, handle: str, now: float) -> Record:
    """The owner revokes ``handle``: imports are to leave it out from now on. Only the number of these is bounded."""
    others = tuple(mark for mark in record.revocations if not _is_of(mark, account, handle))
    return record._replace(revocations=(*others, Mark(account, handle, now))[-MOST_KEPT:])


def are_shut_out(record: Record, account: str) -> frozenset[str]:
    """Who was revoked in ``account``, and not approved since."""
    return frozenset(mark.handle for mark in record.revocations if mark.account == account)


def forget(record: Record, account: str, handle: str) -> Record:
    """``handle`` was never denied, let in or revoked. Its challenges stay: rows that were answered may come again."""
    record = revoked(record, account, handle)
    denials = tuple(mark for mark in record.denials if not _is_of(mark, account, handle))
    revocations = tuple(mark for mark in record.revocations if not _is_of(mark, account, handle))
    if len(denials) == len(record.denials) and len(revocations) == len(record.revocations):
        return record
    return record._replace(denials=denials, revocations=revocations)


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
    gone = tuple(strikes.code for strikes in struck if strikes.times >= MOST_STRIKES)
    guesses = (*(at for at in record.guesses if -CLOCK_STEP <= now - at < GUESS_WINDOW), now)
    locks = len(guesses) >= MOST_GUESSES
    others = (strikes for strikes in record.strikes if strikes.code not in codes)
    record = record._replace(
        strikes=(*others, *struck),
        guesses=() if locks else guesses,
        locked_at=now if locks else record.locked_at,
    )
    return _pruned(record, now), gone


def burnt(record: Record) -> tuple[str, ...]:
    """The codes that were burnt, whether or not their requests are gone by now: a kill may come in between."""
    return tuple(strikes.code for strikes in record.strikes if strikes.times >= MOST_STRIKES)


def _is_of(mark: Mark, account: str, handle: str) -> bool:
    return mark.handle == handle and mark.account == account


def _is_today(mark: Mark, now: float) -> bool:
    return abs(now - mark.at) < DAY


def _pruned(record: Record, now: float) -> Record:
    """Without what was over long ago. What still counts is for those to judge who ask."""
    return record._replace(
        challenges=tuple(mark for mark in record.challenges if _is_kept(mark, now))[-MOST_KEPT:],
        denials=tuple(mark for mark in record.denials if _is_kept(mark, now))[-MOST_KEPT:],
        strikes=tuple(one for one in record.strikes if _is_kept(one, now))[-MOST_KEPT:],
        approvals=tuple(mark for mark in record.approvals if abs(now - mark.at) < APPROVAL_KEPT)[-MOST_KEPT:],
    )


def _is_kept(one: Mark | Strikes, now: float) -> bool:
    return abs(now - one.at) < FORGOTTEN
