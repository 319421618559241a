"""What the journal remembers of sessions, so that a message costs no look at the disk for them. Pure.

Only what was committed is noted. It may forget: then it is read, or written, once more.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

MOST = 4096
"""Sessions remembered at a time."""
FRESH_SECONDS = 1.0
"""A session that is where it was is not written again within these."""

Where = tuple[Any, ...]
"""Agent, account, source, chat, whether it is a group, and its label, of a session's latest message."""


class Anew(NamedTuple):
    """A session began anew with turn ``number`` behind it, at ``at`` (unix seconds), before row ``row`` came."""

    number: int
    at: float
    row: int


class Roster:
    """``number`` is that of the latest turn (-1: nobody knows), ``failing`` are the sessions whose last turn failed, or
    were said to (None: nobody knows).
    """

    def __init__(self) -> None:
        self.number = -1
        self.anew: dict[str, Anew] = {}
        """The sessions that began anew since the journal was opened: only then a turn may still be on its way."""
        self.places: dict[str, int] = {}
        """How many turns each session had since it began anew."""
        self.failing: set[str] | None = None
        self._written: dict[str, tuple[Where, float]] = {}

    def is_fresh(self, session: str, where: Where | None, now: float) -> bool:
        """Whether nothing is to be written of a session; ``where`` None: it is where it was."""
        found = self._written.get(session)
        return found is not None and where in (None, found[0]) and 0 <= now - found[1] < FRESH_SECONDS

    def learn(self, places: dict[str, int], written: dict[str, tuple[Where, float]], anew: dict[str, Anew]) -> None:
        """Take in what a transaction wrote."""
        if len(self.places) > MOST:
            self.places.clear()
        if len(self._written) > MOST:
            self._written.clear()
        self.places.update(places)
        self._written.update(written)
        for key, one in anew.items():
            self.anew.pop(key, None)  # the latest stand last
            self.anew[key] = one
            if len(self.anew) > MOST:
                del self.anew[next(iter(self.anew))]

    def learn_failing(self, failing: Iterable[str], mended: Iterable[str]) -> None:
        """Which sessions' last turn failed, and which one's did not."""
        if self.failing is not None:
            self.failing.difference_update(mended)
            self.failing.update(failing)
