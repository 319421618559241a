"""How many notices the owner gets, and which: so many an hour, and none about the same matter twice in one. Pure.

In: what a notice is about, the clocks, the rate. Out: whether it is told, and how many were not since the last one
that was. Those are not lost: each has its line in the log. Times are seconds, of the monotonic clock unless it says
``wall``.
"""

from typing import NamedTuple

HOUR = 3600.0


class Told(NamedTuple):
    """A notice may go; before it ``missed`` could not, since ``since`` (unix seconds)."""

    missed: int = 0
    since: float = 0.0


class Ration:
    """Of one account: a bucket that holds the notices of an hour and fills at that rate."""

    def __init__(self) -> None:
        self._spent = 0.0
        self._at = 0.0
        self._last: dict[str, float] = {}
        """When each matter was told; those of the last hour."""
        self._missed = Told()

    def take(self, about: str, per_hour: int, now: float, wall: float) -> Told | None:
        """Whether the owner is told, and with it how many were not; None: not now."""
        self._last = {matter: at for matter, at in self._last.items() if now - at < HOUR}
        if about in self._last:
            return None
        self._spent, self._at = max(0.0, self._spent - (now - self._at) * per_hour / HOUR), now
        if self._spent + 1 > per_hour:
            self._missed = Told(self._missed.missed + 1, self._missed.since or wall)
            return None
        self._spent += 1
        self._last[about] = now
        missed, self._missed = self._missed, Told()
        return missed

    def give_back(self, about: str, told: Told) -> None:
        """It could not be told after all: nothing of it counts."""
        self._last.pop(about, None)
        self._spent = max(0.0, self._spent - 1)
        since = min(filter(None, (told.since, self._missed.since)), default=0.0)
        self._missed = Told(self._missed.missed + told.missed, since)
