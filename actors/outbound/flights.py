"""The sends under way, from their attempt to their answer, and the own rows that came meanwhile. Pure.

In: attempts, answers, own rows, the time. Out: which sends an own row shows to be out although imsg has not answered,
and for how long it has answered nothing. Ordinarily the answer comes first, so rows are only kept until a send has
waited ``GRACE_SECONDS``, and then looked at. A row proves at most one chunk, that of the oldest request.
"""

from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from actors.envelopes.inbound import Inbound
from actors.envelopes.link import OwnRow
from actors.envelopes.outbound import Chunk
from actors.outbound.doubts import Doubts

GRACE_SECONDS = 2.0
"""After that long without an answer own rows are looked at."""
OVERDUE_SECONDS = 30.0
"""After that long the operator hears of it."""
ROWS_KEPT = 256


class Flight(Struct, frozen=True, gc=False):
    """One attempt, from its fact on disk to its answer: ``at`` unix seconds, ``guid`` ours (empty: untracked)."""

    chunk: Chunk
    at: float
    guid: str


class Flights:
    """Of one account. ``now`` is monotonic seconds; ``doubts`` knows which rows are proofs already."""

    def __init__(self, doubts: Doubts) -> None:
        self.doubts = doubts
        self._under_way: dict[int, Flight] = {}
        self._written: dict[int, float] = {}
        """When the request of each was written, the oldest first; before that its attempt is on its way to disk."""
        self._shown: dict[int, tuple[Flight, float]] = {}
        """What an own row showed to be out, and imsg has not answered yet."""
        self._rows = deque[tuple[float, Inbound | OwnRow]](maxlen=ROWS_KEPT)
        self._answered_at = 0.0

    def __len__(self) -> int:
        """How many nobody knows the end of."""
        return len(self._under_way)

    def __contains__(self, key: int) -> bool:
        """Whether the chunk with this key is being sent."""
        return key in self._under_way

    @property
    def requests(self) -> int:
        """How many imsg has not answered, those that are known to be out among them."""
        return len(self._under_way) + len(self._shown)

    def begin(self, flight: Flight) -> None:
        """Its attempt is on its way to disk."""
        self._under_way[flight.chunk.key] = flight

    def write(self, key: int, now: float) -> Flight | None:
        """Its attempt is on disk: what is to be written now, None where that was done before."""
        flight = self._under_way.get(key)
        if flight is None or key in self._written:
            return None
        self._written[key] = now
        return flight

    def unwritten(self) -> list[Flight]:
        """Those whose attempt is on its way to disk: nothing of them has started."""
        return [flight for key, flight in self._under_way.items() if key not in self._written]

    def land(self, flight: Flight, now: float) -> bool:
        """It was answered, or will not be. False when nobody waits for that any more."""
        key = flight.chunk.key
        self._answered_at = now
        if self._under_way.get(key) is flight:
            del self._under_way[key]
            self._written.pop(key, None)
            return True
        if key in self._shown and self._shown[key][0] is flight:
            del self._shown[key]
        return False

    def replaced(self) -> None:
        """There is a new child: the one before answers nothing more."""
        self._shown.clear()

    def saw(self, row: Inbound | OwnRow, now: float) -> bool:
        """Keep an own row; True when a send has waited so long that it should be looked at."""
        self._rows.append((now, row))
        return bool(self._written) and now - next(iter(self._written.values())) >= GRACE_SECONDS

    def shown(self, now: float, latest: bool = False) -> list[tuple[Flight, OwnRow]]:
        """The sends that wait too long and that a row shows to be out; ``latest``: only the last row is looked at."""
        rows, found = self._kept(latest), []
        for key, written in list(self._written.items()):
            if now - written < GRACE_SECONDS:
                break
            flight = self._under_way[key]
            if (row := self._proof(flight, rows)) is not None:
                found.append((flight, row))
                del self._under_way[key], self._written[key]
                self._shown[key] = flight, written
        return found

    def proof(self, flight: Flight) -> OwnRow | None:
        """The row that shows that it is out, if one came since its request was written."""
        return self._proof(flight, self._kept()) if flight.chunk.key in self._written else None

    def _kept(self, latest: bool = False) -> list[tuple[float, OwnRow]]:
        kept: Iterable[tuple[float, Inbound | OwnRow]] = [self._rows[-1]] if latest else self._rows
        return [(at, own_row(row)) for at, row in kept]

    def _proof(self, flight: Flight, rows: list[tuple[float, OwnRow]]) -> OwnRow | None:
        written = self._written[flight.chunk.key]
        for at, row in rows:
            # What came before the request was written is another message, whatever the clock of the Mac says.
            if at >= written and self.doubts.proves(row, flight.chunk, flight.at, flight.guid):
                return row
        return None

    def waited(self, now: float) -> float:
        """For how many seconds imsg has owed an answer to the oldest request; behind others it counts from theirs."""
        starts = [next(iter(self._written.values()))] if self._written else []
        starts += [written for _, written in self._shown.values()]
        return now - max(min(starts), self._answered_at) if starts else 0.0

    def rest(self) -> None:
        """Nothing is under way: no row is of any use."""
        self._rows.clear()


def own_row(row: Inbound | OwnRow) -> OwnRow:
    """A journaled row of ours as evidence."""
    if isinstance(row, OwnRow):
        return row
    return OwnRow(row.chat.id, row.text, row.guid, row.sent_at, row.chat.guid, row.era)
