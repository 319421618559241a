"""The chunks of one account that have not ended: every method here is an arrow in the room's diagram.

In: what the sender learned of a chunk. Out: the chunk in its new place (its lane, in doubt, behind its reply, nowhere),
and a report of it to the journal, the echo memory and the operator. When sends may start is the sender's concern.
"""

from actors.access.reasons import REVOKED
from actors.envelopes.control import OpenChunk, Order, Spoken, Tick
from actors.envelopes.link import OwnRow
from actors.envelopes.outbound import Chunk
from actors.outbound.doubts import Doubt
from actors.outbound.flights import Flight
from actors.outbound.inquiries import Inquiries
from actors.outbound.lanes import Key, Lanes, lane_of
from actors.outbound.leftovers import restore
from actors.outbound.orders import BY_HAND, REVOKE, Where, refusal
from actors.outbound.report import GIVEN_UP, Report
from actors.outbound.settlement import CameToNothing, WentOut
from actors.outbound.strays import Later, Strays
from actors.outbound.verdicts import RETRY_SECONDS, Accepted, Blocked, Hopeless, Meaning, NotStarted, Unknown, Used
from actors.runtime.clock import Clock


class Outbox:
    """``later`` takes seconds and a tick for the sender: ``resume``, ``park``, ``strays`` or one of the inquiries'.

    ``source`` is the Messages database that is sent over, None where there is only one.
    """

    def __init__(self, report: Report, inquiries: Inquiries, clock: Clock, later: Later, source: int | None) -> None:
        self._report = report
        self._inquiries = inquiries
        self._doubts = inquiries.doubts
        self._clock = clock
        self._later = later
        self.lanes = Lanes()
        self.strays = Strays(source, self.lanes, report.stray, later)
        self.anew = set[int]()
        """What goes out without a GUID: Messages has given up the message that bears it."""
        self._insisted = set[int]()
        """What the operator sent again."""
        self._revoked = set[int]()
        """What is being sent to somebody who may not speak any more: where it did not start, it does not again."""
        self._sought: dict[int, Chunk] = {}
        """Dead letters the operator sent again, until the journal says that they are."""
        self._later_answers = set[int]()
        """First keys of answers to rows that had one: they are taken in when the journal says that they are new."""
        self._shut = set[Key]()
        """Lanes that wait for a database that can be read."""
        self._early: list[OwnRow] | None = None
        """Own rows that came before it is known which of them are proofs already."""

    def inherit(self, before: "Outbox") -> None:
        """Know what the journal does not tell: of the same account, under an earlier config."""
        self._inquiries.inherit(before._inquiries)
        self.lanes.inherit(before.lanes)
        self.anew |= before.anew
        self._insisted |= before._insisted
        self._revoked |= before._revoked

    def landed(self, flight: Flight, result: Meaning) -> None:
        """An attempt was answered, or it is known that it will not be."""
        chunk = flight.chunk
        match result:
            case Accepted(guid):
                self._sent(chunk, guid or flight.guid)
            case NotStarted(why, pause):
                self._deferred(chunk, why, pause)
            case Blocked(why):
                self._deferred(chunk, why, 0.0)
            case Used(why):
                self._doubted(flight, why, used=True)
            case Unknown(why):
                self._doubted(flight, why)
            case Hopeless(why):
                self.failed(chunk, why)

    def _sent(self, chunk: Chunk, guid: str) -> None:
        if guid:
            self._doubts.proved(guid)
        if self._insisted or self._revoked:
            self._forget(chunk.key)
        self.lanes.ended(chunk.key)
        self._report.sent(chunk, guid)

    def _deferred(self, chunk: Chunk, why: str, pause: float | None) -> None:
        if chunk.key in self._revoked:
            self._report.deferred(chunk, why, 0.0)
            self._forget(chunk.key)
            self.lanes.ended(chunk.key)
            self._report.discarded(chunk.key, REVOKED)
            return
        # Without a pause of its own it is a try that counts, and the last one is the last.
        tries, delay, where = chunk.tries, pause, lane_of(chunk)
        if delay is None:
            if tries >= len(RETRY_SECONDS):
                self.failed(chunk, why)
                return
            delay, tries = RETRY_SECONDS[tries], tries + 1
        again = Chunk(chunk.key, chunk.address, chunk.text, tries)
        self._report.deferred(again, why, delay)
        self.lanes.hold(chunk.key, again, self._clock.monotonic() + delay)
        if not delay:
            self.lanes.resume(where)
            return
        self._later(delay, Tick("resume", where))
        if pause:
            self._shut.add(where)

    def resume(self, where: Key) -> None:
        """The pause of a lane is over."""
        self._shut.discard(where)
        self.lanes.resume(where, self._clock.monotonic())

    def reopen(self) -> None:
        """A watch runs, so the database can be read."""
        for where in self._shut:
            self.lanes.resume(where)
        self._shut.clear()

    def failed(self, chunk: Chunk, why: str) -> None:
        """It never will go out by itself."""
        self._forget(chunk.key)
        self.lanes.ended(chunk.key)
        self._report.failed(chunk, why)

    def _doubted(self, flight: Flight, why: str, used: bool = False) -> None:
        self.lanes.hold(flight.chunk.key)
        self._report.unknown(flight.chunk, flight.guid, why)
        self._inquiries.add(Doubt(flight.chunk, flight.at, flight.guid, used), self._clock.monotonic())

    def own_row(self, row: OwnRow) -> bool:
        """One of our rows was seen: whether it is the proof of a chunk in doubt, or put aside as it may be."""
        if self._early is not None:
            self._early.append(row)
        elif (doubt := self._doubts.proved_by(row)) is not None:
            self._proved(doubt, row.guid, "its own row")
        else:
            return False
        return True

    def shown(self, flight: Flight, guid: str) -> None:
        """Its own row came, and no answer."""
        self._forget(flight.chunk.key)
        self.lanes.ended(flight.chunk.key)
        self._report.proved(flight.chunk, guid, "its own row, before imsg answered")

    def took_late(self, key: int, guid: str) -> None:
        """imsg said after its deadline that it had taken the chunk."""
        if (doubt := self._doubts.get(key)) is not None:
            self._proved(doubt, guid or doubt.guid, "a late answer of imsg")
        elif guid:
            self._doubts.proved(guid)

    def concluded(self, doubt: Doubt, end: WentOut | CameToNothing | None) -> None:
        """An inquiry came to an end, or went on (None)."""
        chunk = doubt.chunk
        if isinstance(end, WentOut):
            self._proved(doubt, doubt.guid, end.how)
        elif end is not None and chunk.key in self._insisted and chunk.key not in self.anew:
            self.anew.add(chunk.key)
            self._doubts.drop(chunk.key)
            self._report.deferred(chunk, end.why, 0.0)
            self.lanes.again(chunk, doubt.parked)
        elif end is not None:
            self._came_to_nothing(doubt, end.why)

    def _proved(self, doubt: Doubt, guid: str, how: str) -> None:
        self._settled(doubt)
        self._report.proved(doubt.chunk, guid, how)

    def _came_to_nothing(self, doubt: Doubt, why: str) -> None:
        self._settled(doubt)
        self._report.failed(doubt.chunk, why, doubt)

    def _forget(self, key: int) -> None:
        self._insisted.discard(key)
        self._revoked.discard(key)
        self.anew.discard(key)

    def _settled(self, doubt: Doubt) -> None:
        self._forget(doubt.chunk.key)
        self._doubts.drop(doubt.chunk.key)
        self.lanes.settled(doubt.chunk.key, doubt.parked)

    def window_over(self, key: int) -> None:
        """Time to look whether its chat has waited long enough for evidence."""
        doubt = self._doubts.get(key)
        if doubt is not None and doubt.is_over(self._clock.monotonic()):
            doubt.parked = True
            self.lanes.park(key)
            self._report.parked(doubt.chunk, doubt.guid, self._inquiries.goes_on(doubt))

    def order(self, order: Order, under_way: bool) -> None:
        """What the operator wants; ``under_way``: it is being sent. What makes no sense is only logged."""
        key, what, doubt = order.key, order.what, self._doubts.get(order.key)
        if what == REVOKE:
            self._revoke(key, under_way)
            return
        where: Where = "under way" if under_way else self._where(order)
        why_not = refusal(what, where)
        self._report.ordered(key, what, why_not)
        if why_not:
            return
        if doubt is not None:
            self._order_doubted(what, doubt)
        elif what == "retry":
            self._sought[key] = Chunk(key, order.chunk.address, order.chunk.text)
            self._report.requeued(key, confirm=True)
        else:
            self._give_up(key, GIVEN_UP)

    def _revoke(self, key: int, under_way: bool) -> None:
        """Whoever it answers may not speak any more. Of what is not held here the journal knows whether it waits."""
        if under_way:
            self._revoked.add(key)
        elif self._doubts.get(key) is None:
            self._give_up(key, REVOKED)

    def _give_up(self, key: int, why: str) -> None:
        self._sought.pop(key, None)
        if (waiting := self.lanes.waiting(key)) is not None:
            self.lanes.remove(waiting)
        self._report.discarded(key, why)

    def _where(self, order: Order) -> Where:
        key = order.key
        if self._doubts.get(key) is not None:
            return "in doubt"
        if self.lanes.waiting(key) is not None or key in self._sought:
            return "waiting"
        return "gone" if order.chunk is None else "ended"

    def _order_doubted(self, what: str, doubt: Doubt) -> None:
        chunk = doubt.chunk
        match what:
            case "sent":
                self._proved(doubt, doubt.guid, "the operator's word")
            case "failed":
                self._came_to_nothing(doubt, BY_HAND)
            case "discard":
                self._settled(doubt)
                self._report.withdrawn(doubt)
                self._report.discarded(chunk.key)
            case "retry":
                self._doubts.drop(chunk.key)
                self._report.withdrawn(doubt)
                self._insisted.add(chunk.key)
                self._report.requeued(chunk.key)
                self.lanes.again(Chunk(chunk.key, chunk.address, chunk.text), doubt.parked)

    def requeued(self, key: int, found: bool) -> None:
        """The journal has a dead letter in its queue again, or it is none any more (``found`` False)."""
        chunk = self._sought.pop(key, None)
        if chunk is not None and found:
            self._insisted.add(key)
            if not self.strays.keeps((chunk,)):
                self.lanes.add(chunk)
        elif chunk is not None:
            self._report.ordered(key, "retry", refusal("retry", "gone"))

    def expects(self, first: Chunk) -> bool:
        """A later answer to a row waits for the journal's word; False: it does so already."""
        known = first.key in self._later_answers
        self._later_answers.add(first.key)
        return not known

    def queued(self, chunks: tuple[Chunk, ...], new: bool) -> None:
        """The journal has a later answer in its queue, or had it there before (``new`` False)."""
        if chunks and chunks[0].key in self._later_answers:
            self._later_answers.discard(chunks[0].key)
            for chunk in chunks if new and not self.strays.keeps(chunks) else ():
                self.lanes.add(chunk)

    def restore(self, items: tuple[OpenChunk, ...]) -> bool:
        """What the outbox holds; True when it must be known which own rows are proofs already."""
        wall, now = self._clock.wall(), self._clock.monotonic()
        items = tuple(item for item in items if not self.strays.is_one(item.address))
        left = restore(items, self.lanes, self._doubts, wall, now)
        for key in [key for key in self._revoked if self.lanes.waiting(key) is not None]:
            self._give_up(key, REVOKED)
        self._insisted |= left.insisted
        self._report.left(len(items), left.attempted)
        for where, pause in left.waits:
            self._later(pause, Tick("resume", where))
        self._early = [] if self._doubts else None
        return self._early is not None

    def learn(self, items: tuple[Spoken, ...]) -> None:
        """What went out with which GUID lately: those rows prove no other chunk."""
        for said in items:
            if said.guid:
                self._doubts.proved(said.guid)
        early, self._early = self._early or [], None
        for row in early:
            self.own_row(row)
