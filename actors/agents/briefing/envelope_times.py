"""Times in an envelope text (inbound 2.3): in which zone, how they are written, and how long ago. Pure.

The clock is not read: every time is one that was recorded. The zone of this computer may be given, for tests.
"""

from datetime import UTC, datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


class Style(NamedTuple):
    """How an envelope says times.

    ``zone`` None is the zone of this computer, with its summer and winter. ``timestamp`` and ``elapsed``: whether it
    says when a message was written, and how long after the one before.
    """

    zone: tzinfo | None = None
    timestamp: bool = True
    elapsed: bool = True


USUAL = Style()


def zone_of(wanted: str | None, user: str | None, local: tzinfo | None = None) -> tzinfo | None:
    """The zone that ``agents.defaults.envelopeTimezone`` asks for: ``local`` (also when unset), ``utc``, ``user``
    (``agents.defaults.userTimezone``, else local) or a name such as Europe/Berlin; an unknown name means UTC."""
    name = (wanted or "").strip()
    match name.lower():
        case "" | "local":
            return local
        case "utc" | "gmt":
            return UTC
        case "user":
            return _named((user or "").strip()) or local
        case _:
            return _named(name) or UTC


def _named(name: str) -> tzinfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def stamp(at: float, zone: tzinfo | None) -> str:
    """``Sun 2026-02-01 10:05 PST``; in UTC ``Sun 2026-02-01T18:05Z``; empty for what no calendar has.

    ``at`` in unix seconds.
    """
    try:
        moment = datetime.fromtimestamp(at, UTC).astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return ""
    day = _DAYS[moment.weekday()]
    date = f"{day} {moment.year:04}-{moment.month:02}-{moment.day:02}"
    clock = f"{moment.hour:02}:{moment.minute:02}"
    if zone is UTC:
        return f"{date}T{clock}Z"
    return f"{date} {clock} {moment.tzname() or ''}".rstrip()


def elapsed(since: float | None, at: float | None) -> str:
    """``2m``, ``3h``, ``1d``: how long after ``since``, in the largest unit that fits, floored; empty if unknown or
    before it. Both in unix seconds."""
    if since is None or at is None or not 0 <= at - since < float("inf"):
        return ""
    seconds = int(at - since)
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    return f"{seconds // size}{unit}"
