"""Which chunk goes out next, and which GUID its request carries. Pure.

In: answers that are to be sent, room in the link and in the lanes. Out: flights, each to be put on disk before its
request is written. Once ``closing``, what comes is taken in and nothing is started any more.
"""

from collections.abc import Container, Sequence
from uuid import UUID

from actors.envelopes.outbound import Chunk
from actors.outbound.flights import Flight, Flights
from actors.outbound.lanes import Lanes
from actors.outbound.link import Link
from actors.outbound.wire import attempt_id


class Departures:
    """For one account. ``namespace`` is that of the GUIDs; ``anew`` holds the keys of what goes out without one."""

    def __init__(self, namespace: UUID, link: Link, flights: Flights, lanes: Lanes, anew: Container[int]) -> None:
        self._namespace = namespace
        self._link = link
        self._flights = flights
        self._lanes = lanes
        self._anew = anew
        self.closing = False

    def take(self, chunks: Sequence[Chunk], now: float) -> Flight | None:
        """An answer came, attempted at ``now`` (unix seconds) where it may start at once: its first chunk then."""
        at_once = bool(chunks) and self._may_start() and self._lanes.free(chunks[0])
        for chunk in chunks:
            self._lanes.add(chunk)
        return self.next(now) if at_once else None

    def next(self, now: float) -> Flight | None:
        """What may start now, if anything may."""
        chunk = self._lanes.start() if self._may_start() else None
        return None if chunk is None else self._begin(chunk, now)

    def _may_start(self) -> bool:
        return not self.closing and self._link.has_room(self._flights.requests)

    def _begin(self, chunk: Chunk, now: float) -> Flight:
        tracked = self._link.tracked and chunk.key not in self._anew
        flight = Flight(chunk, now, attempt_id(self._namespace, chunk.key) if tracked else "")
        self._flights.begin(flight)
        self._flights.doubts.overtaken(chunk, flight.guid, now)
        return flight
