"""Who has a conversation and who waits for one. Pure: it counts, the sessions start and stop.

Each session that has messages open, or had some lately, holds a seat. There are two benches of them: for agents that
answer at once, and for those that take their time, so that slow ones cannot keep quick ones from answering. On a bench
that is full a session waits, in the order they came, until another is at rest; of those that are the least recently
used one gives its seat up first.

A session is at rest when all it was told has its outcome on disk. A conversation that answers at once keeps nothing in
mind, so it is at rest as soon as it says that it answered as many messages as it was told. Whoever sat in a seat that
is given up serves the next session.

A session whose agent answered at once, and takes its time by another config, leaves its seat as soon as it is at rest,
for one on the other bench; until then what it is told waits.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from actors.envelopes.inbound import Admitted

Who = TypeVar("Who")


class Seat(Generic[Who]):
    """``who`` serves a session. ``number`` names the seat, as nobody has it twice. ``sent`` counts what was told,
    ``open`` what of it has no outcome yet; ``used`` is when it came to rest. ``leaves``: for the other bench.
    """

    __slots__ = ("bench", "leaves", "number", "open", "sent", "session", "used", "who")

    def __init__(self, session: str, bench: "Bench[Who]", who: Who, number: int) -> None:
        self.session = session
        self.bench = bench
        self.who = who
        self.number = number
        self.leaves = False
        self.sent = 0
        self.open = 0
        self.used = 0.0

    def told(self) -> None:
        """One more message."""
        self.bench.resting.pop(self.session, None)
        self.sent += 1
        self.open += 1

    def kept(self) -> None:
        """Something of it has still to end."""
        self.bench.resting.pop(self.session, None)
        self.open += 1

    def ended(self, now: float) -> bool:
        """One of its messages has its outcome on disk, or what had still to end did. Whether it rests by that."""
        self.open -= 1
        return not self.open and self._rest(now)

    @property
    def rests(self) -> bool:
        """Whether it is at rest."""
        return self.session in self.bench.resting

    def answered(self, count: int, now: float) -> bool:
        """The conversation keeps nothing of the first ``count`` messages. Whether it came to rest by that."""
        return count == self.sent and self._rest(now)

    def _rest(self, now: float) -> bool:
        if self.session in self.bench.resting or self.bench.seats.get(self.session) is not self:
            return False  # it rests already, or has given its seat up
        self.used = now
        self.bench.resting[self.session] = None
        return True


class Bench(Generic[Who]):
    """``most`` seats; there may be more for a while after that became less."""

    __slots__ = ("most", "resting", "seats", "waiting")

    def __init__(self, most: int) -> None:
        self.most = most
        self.seats: dict[str, Seat[Who]] = {}
        self.resting: OrderedDict[str, None] = OrderedDict()
        """Sessions at rest, the one longest so first."""
        self.waiting: OrderedDict[str, list[Admitted]] = OrderedDict()
        """Sessions without a seat, with what they were told."""

    @property
    def is_open(self) -> bool:
        """Whether somebody who waits may sit down: a seat is free, or can be given up."""
        free = self.most - len(self.seats)
        return bool(self.waiting) and (free > 0 or (free == 0 and bool(self.resting)))

    @property
    def is_too_full(self) -> bool:
        """Whether a seat is to be given up for nobody."""
        return len(self.seats) > self.most and bool(self.resting)

    @property
    def is_full(self) -> bool:
        """Whether somebody has to give their seat up before another can sit down."""
        return len(self.seats) >= self.most

    def give_up(self) -> Seat[Who]:
        """The seat of the session that is at rest for longest. There must be one."""
        session, _ = self.resting.popitem(last=False)
        return self.seats.pop(session)

    def leave(self, seat: Seat[Who]) -> None:
        """One that is at rest is given up."""
        del self.resting[seat.session], self.seats[seat.session]

    def first(self) -> tuple[str, list[Admitted]]:
        """Who is the next to sit down, with what they were told. There must be one."""
        return self.waiting.popitem(last=False)

    def sit(self, session: str, who: Who, number: int) -> Seat[Who]:
        """A session sits down."""
        seat = self.seats[session] = Seat(session, self, who, number)
        return seat

    def idle(self, since: float) -> Iterator[Seat[Who]]:
        """Those at rest since then give their seats up, and those that are too many."""
        while self.resting:
            if len(self.seats) <= self.most and self.seats[next(iter(self.resting))].used >= since:
                return
            yield self.give_up()


class Seats(Generic[Who]):
    """Both benches."""

    def __init__(self, quick: int, slow: int) -> None:
        self.quick: Bench[Who] = Bench(quick)
        self.slow: Bench[Who] = Bench(slow)
        self.moving: dict[str, list[Admitted]] = {}
        """Sessions that leave their seats for one on the slow bench, with what they were told since."""

    @property
    def benches(self) -> tuple[Bench[Who], Bench[Who]]:
        """The quick one and the slow one."""
        return self.quick, self.slow

    def get(self, session: str) -> Seat[Who] | None:
        """Its seat, if it has one."""
        return self.quick.seats.get(session) or self.slow.seats.get(session)

    def all(self) -> Iterable[Seat[Who]]:
        """Every seat that is taken."""
        return (*self.quick.seats.values(), *self.slow.seats.values())

    def waiting(self, session: str) -> list[Admitted] | None:
        """What a session that waits for a seat was told; None for one that does not wait."""
        return self.quick.waiting.get(session) or self.slow.waiting.get(session) or self.moving.get(session)

    def lines(self) -> list[tuple[str, list[Admitted]]]:
        """All that wait, with what they were told."""
        return [*self.quick.waiting.items(), *self.slow.waiting.items(), *self.moving.items()]

    def leave(self, session: str) -> None:
        """A session waits no longer."""
        for bench in self.benches:
            bench.waiting.pop(session, None)
        self.moving.pop(session, None)
