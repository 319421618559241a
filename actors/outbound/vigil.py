"""The watch over an imsg that does not answer: what its own row shows to be out, when to tell, when to end the child.

In: own rows, the time, what the caller says of the child. Out: chunks that are out after all, the health of the link,
and word to the caller that the child should be ended. In a child that is to be ended nothing more is started; while it
is still there the caller is told again and again, so that nothing waits for ever.
"""

from collections.abc import Callable
from typing import Protocol

from actors.envelopes.control import Tick
from actors.envelopes.inbound import Inbound
from actors.envelopes.link import OwnRow, Stalled
from actors.outbound.doubts import EVIDENCE_SECONDS
from actors.outbound.flights import GRACE_SECONDS, OVERDUE_SECONDS, Flight, Flights, own_row
from actors.outbound.link import BLOCKED, MUTE, Link
from actors.outbound.pace import Pace


class Chunks(Protocol):
    """What takes chunks to their end: the outbox."""

    def own_row(self, row: OwnRow) -> bool:
        """Whether ``row`` is, or may be, the proof of a chunk in doubt."""

    def shown(self, flight: Flight, guid: str) -> None:
        """A send is out, as the row ``guid`` shows."""


class Word(Protocol):
    """Who tells the operator."""

    def overdue(self, seconds: float) -> None:
        """imsg has owed an answer for so long; 0: it owes none."""


class Vigil:
    """For one account. ``now`` is monotonic seconds, ``tell`` reaches the caller, ``later`` is after seconds."""

    def __init__(
        self,
        link: Link,
        flights: Flights,
        outbox: Chunks,
        report: Word,
        now: Callable[[], float],
        tell: Callable[[Stalled], None],
        later: Callable[[float, Tick], None],
    ) -> None:
        self._link = link
        self._flights = flights
        self._outbox = outbox
        self._doubts = flights.doubts
        self._report = report
        self._now = now
        self._tell = tell
        self._later = later
        self._ticking = False

    def start(self) -> None:
        """A request is written: look after it every ``GRACE_SECONDS``."""
        if not self._ticking:
            self._ticking = True
            self._later(GRACE_SECONDS, Tick("watch"))

    def own_row(self, row: Inbound | OwnRow) -> bool:
        """A row of ours was seen; True when it settled something, or may have."""
        if self._doubts and self._outbox.own_row(own_row(row)):
            return True
        if self._flights and self._flights.saw(row, now := self._now()):
            return self._look(now, latest=True)
        return False

    def _look(self, now: float, latest: bool = False) -> bool:
        """Whether a send that imsg has not answered is known to be out; ``latest``: by the last row."""
        found = self._flights.shown(now, latest)
        for flight, row in found:
            self._outbox.shown(flight, row.guid)
        return bool(found)

    def look_after(self) -> None:
        """Sends should be answered by now."""
        now = self._now()
        self._look(now)
        waited = self._flights.waited(now)
        if waited >= GRACE_SECONDS:
            self._link.pace = Pace()
        overdue = waited >= OVERDUE_SECONDS and self._link.ready
        self._report.overdue(waited if overdue and self._flights else 0.0)
        if overdue and not self._flights:
            self.end_child(MUTE)  # nothing is at stake, and what waits goes on with the next
        self._ticking = False
        if self._flights.requests:
            self.start()
        else:
            self._flights.rest()

    def child_ends(self) -> None:
        """Somebody ends this child: nothing more is started in it."""
        if self._link.ready:
            self._link.ends()
            self._doubts.pause(self._now())
            self._later(EVIDENCE_SECONDS, Tick("stalled", self._link.epoch))

    def end_child(self, why: str) -> None:
        """Have it ended."""
        self.child_ends()
        self._tell(Stalled(self._link.epoch, why))

    def still_there(self, epoch: int) -> None:
        """The child that should be ended has had its time."""
        if epoch == self._link.epoch and self._link.ending:
            self._tell(Stalled(epoch, BLOCKED if self._link.blocked else MUTE))
            self._later(EVIDENCE_SECONDS, Tick("stalled", epoch))
