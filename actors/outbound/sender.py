"""The OutboundSender: chunks out, each at most once, in order per chat.

The life of a chunk::

    queued -> attempted -> sent
      ^          |  |  `-> uncertain -> sent (evidence) | parked for the owner
      |          |  `----> failed (a dead letter)
      `-deferred-'  only what provably did not start

``Attempted`` is on disk before the request is written. Without an answer a chunk is uncertain and never sent
again by itself: our own row, on the watch or in the chat's history, is the proof that it went out. While
evidence may come (60 s) its chat waits; after that only the rest of its own reply does.
"""

from collections.abc import Mapping
from typing import Any

from actors.envelopes.control import (
    Answer,
    Call,
    Disconnected,
    Listen,
    OpenChunk,
    OwnRow,
    Quiesce,
    Quiet,
    Record,
    Recorded,
    Ref,
    Replay,
    Replayed,
    Subscribed,
    Tick,
)
from actors.envelopes.facts import Appended, Attempted, Deferred, Failed, Queued, Sent, Uncertain
from actors.envelopes.outbound import Chunk, Prepared
from actors.outbound.doubts import EVIDENCE_SECONDS, HISTORY_AFTER, Doubts, is_fresh
from actors.outbound.lanes import Lanes, Pace, lane_of
from actors.outbound.report import SendReport
from actors.outbound.verdicts import RETRY_SECONDS, Accepted, Hopeless, NotStarted, Unknown, meaning
from actors.outbound.wire import history_params, send_params, spoken
from actors.rpc.health import LinkHealth
from actors.runtime.actor import Actor, Context

PATIENCE = 180.0


class OutboundSender(Actor):
    """One per account. ``extra`` (transport, region) goes on the wire with every send."""

    def __init__(
        self, context: Context, account: str, caller: Ref, journal: Ref, extra: Mapping[str, Any], health: LinkHealth
    ) -> None:
        super().__init__(context)
        self._account = account
        self._caller = caller
        self._report = SendReport(self.log, context.name, account, health)
        self._journal = journal
        self._extra = extra
        self._lanes = Lanes()
        self._pace = Pace()
        self._doubts = Doubts()
        self._starting, self._calls = set[int](), set[int]()
        self._in_pipe, self._ready = 0, False
        self._attempted_at: dict[int, float] = {}
        self._listeners: list[Ref] = []
        self._quiet_to: Ref | None = None

    def on_start(self) -> None:
        """Pick up what the outbox holds, and learn when sends may start."""
        self.tell(self._journal, Replay("chunks", self.actor_ref, account=self._account))
        self.tell(self._caller, Listen(self.actor_ref))

    def on_receive(self, message: Any) -> None:
        match message:
            case Prepared():
                self._prepared(message)
            case Recorded(_, fact):
                self._recorded(fact)
            case Answer(tag, _, _):
                self._answer(tag, message)
            case Subscribed():
                self._subscribed()
            case Disconnected():
                self._ready = False
            case OwnRow():
                self._own_row(message)
            case Tick("resume", where):
                self._lanes.resume(where)
                self._fill()
            case Tick("park", key):
                self._park(key)
            case Tick("history", key):
                self._ask_history(key)
            case Listen(reply_to):
                self._listeners = [reply_to]
                for chunk in self._doubts.chunks():
                    self._speak(chunk, "", under_way=True)
            case Replayed("chunks", items):
                self._replayed(items)
            case Quiesce(reply_to):
                self._quiet_to = reply_to
                self._report_quiet()

    def _prepared(self, message: Prepared) -> None:
        chunks, now, attempt = message.chunks, self.clock.wall(), 0
        if chunks:
            first = chunks[0]
            if self._lanes.knows(first):
                return  # the row was answered again after a restart, its first answer is on its way
            at_once = self._may_start() and self._lanes.free(first)
            for chunk in chunks:
                self._lanes.add(chunk)
            if at_once and self._lanes.start() is first:
                attempt = first.key
                self._begin(first, now)
        self.tell(
            self._journal,
            Record(Queued(chunks, message.settles, attempt, now), self.actor_ref if attempt else None),
        )
        if not attempt:
            self._fill()

    def _may_start(self) -> bool:
        return self._ready and self._quiet_to is None and self._in_pipe < self._pace.depth

    def _fill(self) -> None:
        while self._may_start():
            chunk = self._lanes.start()
            if chunk is None:
                return
            now = self.clock.wall()
            self._begin(chunk, now)
            self.tell(self._journal, Record(Attempted(chunk.key, now), self.actor_ref))

    def _begin(self, chunk: Chunk, now: float) -> None:
        self._in_pipe += 1
        self._starting.add(chunk.key)
        self._attempted_at[chunk.key] = now
        self._doubts.overtaken(chunk, now)

    def _recorded(self, fact: Any) -> None:
        match fact:
            case Queued(_, _, attempt, _):
                self._dispatch(attempt)
            case Attempted(key, _):
                self._dispatch(key)
            case Appended(row, _):
                self._own_row(OwnRow(row.chat.id, row.text, row.guid, row.sent_at))

    def _dispatch(self, key: int) -> None:
        chunk = self._lanes.under_way(key)
        if chunk is None or key not in self._starting:
            return
        self._starting.discard(key)
        self._calls.add(key)
        self._speak(chunk, "", under_way=True)
        self._call("send", send_params(chunk, self._extra), key)

    def _call(self, method: str, params: dict[str, Any], tag: Any) -> None:
        self.tell(self._caller, Call(method, params, self.actor_ref, tag, PATIENCE))

    def _speak(self, chunk: Chunk, guid: str, under_way: bool = False) -> None:
        said = spoken(chunk, guid, self.clock.wall(), under_way)
        for listener in self._listeners:
            self.tell(listener, said)

    def _answer(self, tag: Any, answer: Answer) -> None:
        if isinstance(tag, tuple):
            for row in self._doubts.rows_of(tag[1], answer.result):
                self._own_row(row)
            return
        chunk, result = self._lanes.under_way(tag), meaning(answer)
        if tag not in self._calls or chunk is None:
            doubted = self._doubts.get(tag)
            if doubted is not None and isinstance(result, Accepted):
                self._resolved(doubted, result.guid, "a late answer of imsg")
            return
        self._calls.discard(tag)
        self._in_pipe -= 1
        match result:
            case Accepted(guid):
                self._pace.took(answer.seconds)
                self._sent(chunk, guid)
            case NotStarted(why):
                self._not_started(chunk, why, counts=not answer.lost)
            case Unknown(why):
                self._unknown(chunk, why)
            case Hopeless(why):
                self._failed(chunk, why)
        self._fill()
        self._report_quiet()

    def _sent(self, chunk: Chunk, guid: str) -> None:
        now = self.clock.wall()
        self.tell(self._journal, Record(Sent(chunk.key, guid, now)))
        self._speak(chunk, guid)
        if guid:
            self._doubts.proved(guid)
        self._attempted_at.pop(chunk.key, None)
        self._lanes.ended(chunk.key)
        self._report.sent(chunk)

    def _not_started(self, chunk: Chunk, why: str, counts: bool) -> None:
        tries = chunk.tries + counts
        if tries > len(RETRY_SECONDS):
            self._failed(chunk, why)
            return
        delay = RETRY_SECONDS[tries - 1] if counts else 0.0
        self.tell(self._journal, Record(Deferred(chunk.key, self.clock.wall() + delay, tries, why)))
        self._speak(chunk, "")
        self._lanes.hold(chunk.key, Chunk(chunk.key, chunk.address, chunk.text, tries))
        if counts:
            self._report.deferred(chunk, why, delay)
            self.clock.after(delay, self.actor_ref, Tick("resume", lane_of(chunk)))
        else:
            self._lanes.resume(lane_of(chunk))

    def _failed(self, chunk: Chunk, why: str) -> None:
        self.tell(self._journal, Record(Failed(chunk.key, why, self.clock.wall())))
        self._speak(chunk, "")
        self._lanes.ended(chunk.key)
        self._report.failed(chunk, why)

    def _unknown(self, chunk: Chunk, why: str) -> None:
        self.tell(self._journal, Record(Uncertain(chunk.key, why)))
        self._doubt(chunk, self._attempted_at.get(chunk.key, self.clock.wall()))
        self._report.unknown(chunk, why)

    def _doubt(self, chunk: Chunk, attempted_at: float) -> None:
        self._lanes.hold(chunk.key)
        self._doubts.add(chunk, attempted_at)
        self._speak(chunk, "", under_way=True)
        self.clock.after(HISTORY_AFTER, self.actor_ref, Tick("history", chunk.key))
        self.clock.after(EVIDENCE_SECONDS, self.actor_ref, Tick("park", chunk.key))

    def _own_row(self, row: OwnRow) -> None:
        doubted = self._doubts.proved_by(row)
        if doubted is not None:
            self._resolved(doubted, row.guid, "its own row")

    def _resolved(self, chunk: Chunk, guid: str, how: str) -> None:
        parked = self._doubts.drop(chunk.key)
        self.tell(self._journal, Record(Sent(chunk.key, guid, self.clock.wall())))
        self._speak(chunk, guid)
        self._report.proved(chunk, how)
        self._lanes.proved(chunk.key, parked)
        self._fill()

    def _park(self, key: int) -> None:
        chunk = self._doubts.get(key)
        if chunk is not None and not self._doubts.is_parked(key):
            self._doubts.park(key)
            self._lanes.park(key)
            self._speak(chunk, "")
            self._report.parked(chunk)
            self._fill()

    def _ask_history(self, key: int) -> None:
        chunk = self._doubts.get(key)
        if chunk is not None and self._ready:
            self._call("messages.history", history_params(chunk), ("history", key))

    def _subscribed(self) -> None:
        self._ready = True
        for key in self._doubts.open():
            self.clock.after(HISTORY_AFTER, self.actor_ref, Tick("history", key))
        self._fill()

    def _replayed(self, items: tuple[OpenChunk, ...]) -> None:
        for item in items:
            chunk = Chunk(item.key, item.address, item.text, item.tries)
            match item.state:
                case "attempted" | "uncertain" if is_fresh(item, self.clock.wall()):
                    self._lanes.adopt(chunk)
                    if item.state == "attempted":
                        self.tell(self._journal, Record(Uncertain(chunk.key, "the gateway ended during the send")))
                    self._doubt(chunk, item.attempted_at or 0.0)
                case "uncertain":
                    self._doubts.add(chunk, item.attempted_at or 0.0)
                    self._doubts.park(chunk.key)
                    self._lanes.adopt_parked(chunk)
                    self.clock.after(HISTORY_AFTER, self.actor_ref, Tick("history", chunk.key))
                case _:
                    self._lanes.add(chunk)
                    wait = (item.until or 0.0) - self.clock.wall()
                    if wait > 0:
                        self._lanes.wait(chunk)
                        self.clock.after(wait, self.actor_ref, Tick("resume", lane_of(chunk)))
        self._report.left(len(items))
        self._fill()

    def _report_quiet(self) -> None:
        if self._quiet_to is not None and not self._in_pipe:
            self.tell(self._quiet_to, Quiet(self.context.name))

    def set_aside(self, _message: Any, error: BaseException) -> None:
        """A message that breaks the sender twice ends it: its successor starts from the outbox."""
        self._die(error)
