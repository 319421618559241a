"""When a session begins anew by itself: at an hour of the local day, or after some quiet. Pure.

In: a policy, when the session's first turn began and its last one ended, what time it is and in which time zone. Out:
why it is to begin anew, or that it is not (inbound 6.3). Moments are unix seconds; where both rules are set, whichever
comes first counts. An hour that a change to summer time leaves out is that much later, one that comes twice is the
first of the two.
"""

from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

DAILY = "daily"
IDLE = "idle"


class ResetPolicy(NamedTuple):
    """``at_hour`` is an hour of the local day (0 to 23), ``idle`` seconds of quiet; None: not for that."""

    at_hour: int | None = None
    idle: float | None = None


def due(
    policy: ResetPolicy, started_at: float | None, last_at: float | None, now: float, zone: tzinfo | None
) -> str | None:
    """``daily``, ``idle`` or None. ``zone`` None is the computer's own; a session without turns is new as it is."""
    if started_at is None or last_at is None:
        return None
    moments = []
    if policy.at_hour is not None:
        moments.append((next_hour(policy.at_hour, started_at, zone), DAILY))
    if policy.idle is not None:
        moments.append((last_at + policy.idle, IDLE))
    passed = [moment for moment in moments if moment[0] <= now]
    return min(passed)[1] if passed else None


def next_hour(hour: int, after: float, zone: tzinfo | None) -> float:
    """The first moment later than ``after`` at which the local clock shows ``hour`` o'clock."""
    day = datetime.fromtimestamp(after, zone)
    # A clock that is put back shows the hour a second time that day, which is passed over.
    at = day.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    while at.timestamp() <= after:
        at += timedelta(days=1)
    return at.timestamp()
