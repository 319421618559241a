"""The OutboundSender: chunks out, each at most once, in order per chat. The room's docstring shows their states.

``Attempted`` is on disk before the request is written. Without an answer a chunk is uncertain and never sent anew by
itself: ``settlement`` says what to ask. A tracked send carries a GUID made from its key, which is on disk with the
attempt; only what is known to have carried it is issued again, and only with it. Where an earlier send blocks imsg's
lane, nothing is sent until what is open there is settled and a new child is there; ``vigil`` sees to sends that nobody
answers. Windows count only while the link is ready (Subscribed to Disconnected, or to the decision to end the child).

Under a newer config (``Reconfigure(Prefs)``, told once it is quiet or has had its time) it begins as a new one would,
with what the outbox holds. Until the journal has told that, what it is told waits (``meanwhile``).
"""

from functools import partial
from typing import Any

from actors.envelopes.control import (
    Listen,
    OpenChunk,
    Order,
    Quiesce,
    Quiet,
    Reconfigure,
    Recorded,
    Ref,
    Replay,
    Replayed,
    Tick,
)
from actors.envelopes.facts import Appended, Attempted, Queued, Requeued
from actors.envelopes.link import Answer, Call, Disconnected, OwnRow, Stalled, Subscribed
from actors.envelopes.outbound import Prepared
from actors.envelopes.steering import Inform
from actors.outbound.answers import is_later
from actors.outbound.departures import Departures
from actors.outbound.flights import Flight, Flights
from actors.outbound.inquiries import PATIENCE, READ_PATIENCE, Inquiries
from actors.outbound.link import BLOCKED, Link, ends_child
from actors.outbound.meanwhile import Meanwhile
from actors.outbound.outbox import Outbox
from actors.outbound.report import STRANDED, Report
from actors.outbound.verdicts import ELSEWHERE, Accepted, Blocked, NotStarted, Unknown, meaning
from actors.outbound.vigil import Vigil
from actors.outbound.wire import Prefs, send_params, tracked_params
from actors.rpc.capabilities import from_initialize
from actors.rpc.health import LinkHealth
from actors.runtime.actor import Actor, Context


class OutboundSender(Actor):
    """One per account."""

    def __init__(
        self, context: Context, account: str, caller: Ref, journal: Ref, prefs: Prefs, health: LinkHealth
    ) -> None:
        super().__init__(context)
        self._account = account
        self._caller = caller
        self._journal = journal
        self._report = Report(self, account, journal, health)
        self._meanwhile = Meanwhile()
        self._build(prefs, Link(prefs))

    def _build(self, prefs: Prefs, link: Link) -> None:
        self._link = link
        self._extra = prefs.extra
        self._inquiries = Inquiries(link, self._call, self._later)
        self._doubts = self._inquiries.doubts
        self._outbox = Outbox(self._report, self._inquiries, self.clock, self._later, prefs.source)
        self._lanes = self._outbox.lanes
        self._flights = Flights(self._doubts)
        self._departures = Departures(prefs.namespace, link, self._flights, self._lanes, self._outbox.anew)
        now, end = self.clock.monotonic, partial(self.tell, self._caller)
        self._vigil = Vigil(link, self._flights, self._outbox, self._report, now, end, self._later)
        self._quiet_to: Ref | None = None

    def on_start(self) -> None:
        """Pick up what the outbox holds, and learn when sends may start."""
        self._meanwhile.asked()
        self.tell(self._journal, Replay("chunks", self.actor_ref, account=self._account))
        self.tell(self._caller, Listen(self.actor_ref))

    def on_receive(self, message: Any) -> None:
        if self._meanwhile.owed and self._meanwhile.keeps(message):
            return
        match message:
            case Prepared():
                self._prepared(message)
            case Recorded(seq, fact):
                self._recorded(seq, fact)
            case Answer(tag, _, _):
                self._answer(tag, message)
            case OwnRow() if self._vigil.own_row(message):
                self._go_on()
            case Subscribed():
                self._subscribed(message)
            case Disconnected():
                self._link.disconnected()
                self._doubts.pause(self.clock.monotonic())
            case Stalled(epoch, why) if epoch == self._link.epoch and ends_child(why):
                self._vigil.child_ends()
            case Tick(what, subject):
                self._due(what, subject)
            case Order(key):
                self._outbox.order(message, key in self._flights)
                self._go_on()
            case Listen(reply_to):
                self._report.listener = reply_to
                self._report.speak_of(self._doubts)
            case Inform(reply_to):
                self._report.notices = reply_to
            case Replayed("chunks", items):
                self._restore(items)
            case Replayed("echoes", items):
                self._outbox.learn(items)
                self._go_on()
            case Quiesce(reply_to):
                self._departures.closing, self._quiet_to = True, reply_to
                self._go_on()
            case Reconfigure(prefs):
                self._reconfigure(prefs)

    def _reconfigure(self, prefs: Prefs) -> None:
        self._report.changed(flight.chunk for flight in self._flights.unwritten())
        before = self._outbox
        self._build(prefs, Link(prefs, self._link))
        self._outbox.inherit(before)
        self.on_start()

    def _prepared(self, message: Prepared) -> None:
        chunks, now = message.chunks, self.clock.wall()
        if chunks and is_later(chunks[0].key):
            if self._outbox.expects(chunks[0]):
                self._report.queued(message, now, confirm=True)
            return
        if chunks and self._lanes.repeats(chunks[0], message.part):
            return  # the row was answered again after a restart, its first answer is on its way
        flight = None if self._outbox.strays.keeps(chunks) else self._departures.take(chunks, now)
        if flight is not None:
            self._report.queued(message, now, flight.chunk.key, flight.guid, confirm=True)
        else:
            self._report.queued(message, now)
            self._fill()

    def _fill(self) -> None:
        while (flight := self._departures.next(self.clock.wall())) is not None:
            self._report.record(Attempted(flight.chunk.key, flight.at, flight.guid), self.actor_ref)

    def _recorded(self, seq: int, fact: Any) -> None:
        match fact:
            case Queued(chunks, _, 0):
                self._outbox.queued(chunks, seq >= 0)
                self._go_on()
            case Queued(_, _, attempt):
                self._dispatch(attempt)
            case Attempted(key, _):
                self._dispatch(key)
            case Appended(row, _) if self._vigil.own_row(row):
                self._go_on()
            case Requeued(key):
                self._outbox.requeued(key, seq >= 0)
                self._go_on()

    def _dispatch(self, key: int) -> None:
        now = self.clock.monotonic()
        if (flight := self._flights.write(key, now)) is None:
            return
        chunk, guid = flight.chunk, flight.guid
        if self._link.is_elsewhere():
            self._answer(flight, Answer(flight, None, ELSEWHERE))
            return
        selector = self._link.place.selector(chunk.address)
        if selector is None:
            self._flights.land(flight, now)
            self._outbox.failed(chunk, STRANDED.format(key))
            self._go_on()
            return
        self._report.speak(chunk, guid, under_way=True)
        self._vigil.start()
        if guid:
            self._call("send.tracked", tracked_params(chunk, selector, guid), flight, PATIENCE)
        else:
            self._call("send", send_params(chunk, selector, self._extra), flight, PATIENCE)

    def _answer(self, tag: Any, answer: Answer) -> None:
        if answer.late and (type(tag) is Flight or tag in self._inquiries.issuing):
            self._vigil.child_ends()
        if type(tag) is Flight:
            self._landed(tag, answer)
        elif tag == "able":
            if answer.result is not None and "methods" in answer.result:
                self._link.able(from_initialize(answer.result))
        elif (finding := self._inquiries.answered(tag, answer)) is not None:
            for row in finding.rows:
                self._outbox.own_row(row)
            self._outbox.concluded(finding.doubt, finding.end)
            if finding.stuck:
                self._block()
        self._go_on()

    def _landed(self, flight: Flight, answer: Answer) -> None:
        result = meaning(answer, flight.guid != "")
        # What is out is out, whatever imsg says of it; it cannot be out where it never was written.
        sure = isinstance(result, Accepted) or not answer.started
        row = None if sure else self._flights.proof(flight)
        if not self._flights.land(flight, self.clock.monotonic()):
            if isinstance(result, Accepted):
                self._outbox.took_late(flight.chunk.key, result.guid)
            return
        if row is not None:
            self._outbox.shown(flight, row.guid)
        else:
            self._outbox.landed(flight, result)
        if isinstance(result, Accepted):
            self._link.pace.took(answer.seconds)
        elif isinstance(result, Blocked) or (isinstance(result, Unknown) and result.stuck):
            self._block()
        elif isinstance(result, NotStarted) and flight.guid and not answer.lost:
            # The bridge may be gone: then sends without a GUID are what is left.
            self._call("status", {}, "able", READ_PATIENCE)

    def _subscribed(self, message: Subscribed) -> None:
        if message.epoch != self._link.epoch:
            self._flights.replaced()
        self._link.subscribed(message)
        if not self._link.blocked:
            self._report.unblocked()
        self._inquiries.linked(self.clock.monotonic())
        self._outbox.reopen()
        self._fill()

    def _block(self) -> None:
        if not self._link.blocked:
            self._link.blocked = True
            self._report.blocked()

    def _due(self, what: str, subject: Any) -> None:
        match what:
            case "resume":
                self._outbox.resume(subject)
            case "park":
                self._outbox.window_over(subject)
            case "history":
                self._inquiries.ask_history(subject)
            case "ask":
                self._inquiries.take_up(subject, self.clock.monotonic())
            case "again" if not self._departures.closing:
                self._inquiries.issue(subject)
            case "strays":
                self._outbox.strays.name()
            case "watch":
                self._vigil.look_after()
            case "stalled":
                self._vigil.still_there(subject)
        self._go_on()

    def _go_on(self) -> None:
        """Something ended: start what may start, or see whether everything that was waited for is over."""
        self._fill()
        if self._flights or self._inquiries.issuing:
            return
        link = self._link
        if link.blocked and link.ready and not self._doubts.waiting():
            self._vigil.end_child(BLOCKED)
        if self._quiet_to is not None:
            self.tell(self._quiet_to, Quiet(self.context.name))
            self._quiet_to = None

    def _restore(self, items: tuple[OpenChunk, ...]) -> None:
        if self._meanwhile.owed > 1:
            self._meanwhile.answered()  # by an older config
            return
        if self._meanwhile.owed:
            if self._outbox.restore(items):
                self.tell(self._journal, Replay("echoes", self.actor_ref))
            self._report.speak_of(self._doubts)
            self._meanwhile.answered()
        for message in self._meanwhile.told():
            self.on_receive(message)

    def _call(self, method: str, params: dict[str, Any], tag: Any, patience: float) -> None:
        self.tell(self._caller, Call(method, params, self.actor_ref, tag, patience))

    def _later(self, seconds: float, tick: Tick) -> None:
        self.clock.after(seconds, self.actor_ref, tick)

    def on_stop(self) -> None:
        """Whatever still waits is queued for the next run."""
        self._departures.closing = True
        for message in self._meanwhile.told():
            if type(message) is Prepared:
                self._prepared(message)

    def on_restart(self) -> None:
        """What was taken in by half cannot be taken in again: a successor does it."""
        if self._meanwhile.owed:
            raise RuntimeError("what the outbox holds was not taken in")

    def set_aside(self, _message: Any, error: BaseException) -> None:
        """A message that breaks the sender twice ends it: its successor starts from the outbox."""
        self._die(error)
