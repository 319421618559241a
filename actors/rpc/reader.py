"""The RpcReader: owns one imsg child and its watch, and brings both back when they end.

Told ``Lines`` by the pump; tells the Normalizer every row, the RpcCaller every response. A child that ends is no
actor failure: pending calls are answered as lost, and after a growing pause a new child subscribes from the
journal's cursor. Before the first child, one that outlived a killed gateway is awaited and ended.
"""

import random
from collections import deque
from typing import Any

from actors.envelopes.control import (
    Answer,
    Call,
    ChildErrors,
    ChildGone,
    Connected,
    Disconnected,
    Lines,
    Listen,
    Quiesce,
    Quiet,
    Record,
    Ref,
    Replay,
    Response,
    SourceState,
    Stalled,
    Subscribed,
    Tick,
)
from actors.envelopes.facts import Baseline, ChildEnded, ChildStarted
from actors.envelopes.inbound import Overlong, Received
from actors.rpc.baseline import Survey
from actors.rpc.frames import MAX_LINE, Junk, Row, StreamEnd, sort
from actors.rpc.health import LinkHealth, explain_exit, explain_refusal, explain_silence
from actors.rpc.link import Link, watch_params
from actors.rpc.pipes import Channel
from actors.runtime.actor import Actor, Context
from actors.runtime.backoff import CHILD
from actors.runtime.process import SpawnError, group_lives, started_at, when_ended

HEALTHY_AFTER = 300.0
SUBSCRIBE_TRIES = 3
ORPHAN_PATIENCE = 10.0
STREAM_PAUSE, SURVEY_PAUSE = 1.0, 60.0
OPTIONAL = ("chats.list", "messages.history", "watch.unsubscribe")
"""Questions nobody needs an answer to: one that stays open does not make a child stuck."""
LAST_WORDS = 20
JUNK_SHOWN = 5


class RpcReader(Actor):
    """One per Messages database. ``health`` is what the operator's status reads."""

    def __init__(
        self, context: Context, link: Link, health: LinkHealth, normalizer: Ref, caller: Ref, journal: Ref
    ) -> None:
        super().__init__(context)
        self._link = link
        self._health = health
        self._normalizer = normalizer
        self._caller = caller
        self._journal = journal
        self._epoch = 0
        self._channel: Channel | None = None
        self._cursor: int | None = None
        self._purpose = ""
        """What the journal's answer is for: to ``launch`` a child, or to ``subscribe`` again with the one there is."""
        self._subscription: Any = None
        self._subscribed_at: float | None = None
        self._tries = 0
        self._attempt = 0
        self._words: deque[str] = deque(maxlen=LAST_WORDS)
        self._answered = False
        self._ending = False
        self._survey: Survey | None = None
        self._quiet = False

    def on_start(self) -> None:
        """Ask where the last gateway stopped."""
        self.tell(self._caller, Listen(self.actor_ref))
        self._ask("launch")

    def on_receive(self, message: Any) -> None:
        match message:
            case Lines(epoch, lines, cut):
                self._lines(epoch, lines, cut)
            case Answer(tag, _, _):
                self._answer(tag, message)
            case SourceState():
                self._source(message)
            case ChildGone(epoch, code) if epoch == self._epoch:
                self._gone(code)
            case Disconnected(epoch, why) | Stalled(epoch, why) if epoch == self._epoch:
                self._stuck(why)
            case ChildErrors(_, line):
                self._words.append(line)
                self.log.warning("imsg: {}", line)
            case Tick("launch"):
                self._launch()
            case Tick("relaunch"):
                self._ask("launch")
            case Tick("resubscribe") if self._purpose == "subscribe":
                self._ask("subscribe")
            case Tick("subscribe") if self._channel is not None:
                self._subscribe()
            case Tick("look back", epoch) if self._channel is not None and epoch == self._epoch:
                self._look_back()
            case Quiesce(reply_to):
                self._quiesce(reply_to)

    def _lines(self, epoch: int, lines: tuple[bytes, ...], cut: int) -> None:
        if epoch != self._epoch or self._channel is None:
            return
        self._channel.taken += len(lines)
        now, link = self.clock.wall(), self._link
        for line in lines:
            read = sort(line)
            if type(read) is Row:
                if not self._quiet:
                    self.tell(self._normalizer, Received(link.account, link.source, read.raw, now))
            elif type(read) is Response:
                self._answered = True
                self.tell(self._caller, read)
            elif type(read) is StreamEnd:
                self._stream_ended(read.why)
            elif type(read) is Junk:
                self._junk(read)
        for _ in range(cut):
            self.log.error("imsg wrote a line over {} MiB; it is passed over, the next one is read", MAX_LINE >> 20)
            self.tell(self._normalizer, Overlong(link.account, link.source, now))

    def _junk(self, junk: Junk) -> None:
        self._health.junk += 1
        if junk.start:
            self._words.append(junk.start)
        if self._health.junk <= JUNK_SHOWN or self._health.junk % 1000 == 0:
            self.log.warning("imsg wrote a line that is no JSON-RPC ({}): {}", junk.why, junk.start)

    def _ask(self, purpose: str) -> None:
        self._purpose = purpose
        self.tell(self._journal, Replay("source", self.actor_ref, source=self._link.source))

    def _source(self, state: SourceState) -> None:
        purpose, self._purpose = self._purpose, ""
        self._cursor = state.cursor
        if purpose == "subscribe" and not self._quiet:
            self._subscription = None
            self._subscribe()
        elif purpose != "launch" or self._channel is not None:
            return
        elif state.child_pid is not None and group_lives(state.child_pid, state.child_started or 0.0):
            self._await_orphan(state.child_pid, state.child_started or 0.0)
        else:
            self._launch()

    def _await_orphan(self, pid: int, started: float) -> None:
        """A killed gateway's child may still be sending: it ends by itself, or is ended, before a new one starts."""
        self._down("an imsg of the last gateway still runs", f"waiting for process {pid} to end")
        me, after = self.actor_ref, self.clock.after
        when_ended(pid, started, ORPHAN_PATIENCE, lambda: after(0.0, me, Tick("launch")))

    def _launch(self) -> None:
        if self._channel is not None or self._quiet:
            return
        self._epoch += 1
        self._words.clear()
        self._answered, self._ending, self._tries, self._subscription, self._subscribed_at = False, False, 0, None, None
        try:
            channel = self._channel = Channel(self._link.argv, self._epoch, self.actor_ref, self._link.waiting)
        except SpawnError as error:
            self._down(str(error), self._link.remedy_missing)
            self._again()
            return
        pid = self._health.pid = channel.child.pid
        self._health.spawned += 1
        self.tell(self._caller, Connected(self._epoch, channel.stdin))
        self._subscribe()
        self.tell(self._journal, Record(ChildStarted(self._link.source, pid, started_at(pid) or 0.0)))

    def _subscribe(self) -> None:
        self._tries += 1
        self._call("watch.subscribe", watch_params(self._link, self._cursor), "subscribe")

    def _call(self, method: str, params: dict[str, Any], what: str) -> None:
        self.tell(self._caller, Call(method, params, self.actor_ref, (what, self._epoch), self._link.patience))

    def _answer(self, tag: Any, answer: Answer) -> None:
        what, epoch = tag
        if epoch != self._epoch or self._channel is None or answer.lost:
            return
        if what == "subscribe":
            self._subscribe_answered(answer)
        elif self._survey is not None and what != "unsubscribe":
            for question in self._survey.answered(what, answer.result):
                self._call(*question)
            if (newest := self._survey.newest()) is not None:
                self.tell(self._journal, Record(Baseline(self._link.source, newest)))
                self._survey = None
            elif self._survey.failed:
                self.log.warning("imsg does not tell its newest rows; until a row comes, a restart begins at its end")
                self._survey = None
                self.clock.after(SURVEY_PAUSE, self.actor_ref, Tick("look back", epoch))

    def _look_back(self) -> None:
        """A first run: learn the newest row from before the subscription."""
        self._survey = Survey(self.clock.wall())
        self._call(*self._survey.first())

    def _subscribe_answered(self, answer: Answer) -> None:
        if answer.result is not None and self._subscription is not None:
            # An attempt given up for lost was answered late, and the next one too: one watch is enough.
            self._call("watch.unsubscribe", {"subscription": answer.result.get("subscription", 0)}, "unsubscribe")
            return
        if answer.result is not None:
            self._subscription = answer.result.get("subscription", 0)
            self._subscribed_at = self.clock.monotonic()
            self._health.up(self.clock.wall())
            self.tell(self._caller, Subscribed(self._epoch))
            since = "now on" if self._cursor is None else f"row {self._cursor} on"
            self.log.info("watching {} from {}", self._link.name, since)
            if self._cursor is None:
                self._look_back()
            return
        if answer.late and not self._answered:
            self._down(*explain_silence(self._link.cli))
        elif answer.error is not None:
            self._down(*explain_refusal(self._link.cli, answer.error))
        if self._tries < SUBSCRIBE_TRIES and answer.late and self._answered:
            self.clock.after(1.0, self.actor_ref, Tick("subscribe"))
        else:
            self._end_child()

    def _stream_ended(self, why: str) -> None:
        self.log.warning("the watch ended ({}); subscribing again from the cursor", why)
        self._tries = 0
        if self._purpose == "":
            self._purpose = "subscribe"
            self.clock.after(STREAM_PAUSE, self.actor_ref, Tick("resubscribe"))

    def _gone(self, code: int | None) -> None:
        if (channel := self._channel) is None:
            return
        self._health.dropped, self._health.pid = self._health.dropped + channel.pump.dropped, None
        reason, remedy = explain_exit(self._link.cli, code, list(self._words), self._answered)
        if self._health.state == "ok" or self._health.reason == "starting" or (self._words and not self._ending):
            self._down(reason, remedy)
        if not channel.child.ended.is_set():
            # It closed its output and lives on: without that it is of no use, and must not send beside the next.
            channel.end()
        self._channel, self._purpose = None, ""
        self.tell(self._caller, Disconnected(self._epoch, reason))
        self.tell(self._journal, Record(ChildEnded(self._link.source)))
        if self._subscribed_at is not None and self.clock.monotonic() - self._subscribed_at > HEALTHY_AFTER:
            self._attempt = 0
        self._again()

    def _again(self) -> None:
        delay = CHILD.delay(self._attempt, random.random())
        self._attempt += 1
        if not self._quiet:
            self.log.info("starting {} again in {:.0f} s", self._link.cli, delay)
            self.clock.after(delay, self.actor_ref, Tick("relaunch"))

    def _down(self, reason: str, remedy: str) -> None:
        self._health.down(reason, remedy)
        if not self._quiet:
            self.log.error("{}. {}", reason, remedy)

    def _stuck(self, why: str) -> None:
        """The child lives but takes no requests, or let a deadline pass: it makes way for a new one."""
        if self._channel is not None and self._subscription is not None and not self._quiet and why not in OPTIONAL:
            self._down(f"{self._link.cli} is stuck ({why})", "it is ended and started again")
            self._end_child()

    def _end_child(self) -> None:
        if self._channel is not None:
            self._ending = True
            self._channel.end()

    def _quiesce(self, reply_to: Ref) -> None:
        """Rows that come from here on are left for the next start: the cursor does not move over them."""
        self._quiet = True
        if self._subscription is not None:
            self._call("watch.unsubscribe", {"subscription": self._subscription}, "unsubscribe")
        self.tell(reply_to, Quiet(self.context.name))

    def on_stop(self) -> None:
        """Close the child's input, give it half a second, then end its group."""
        if self._channel is None:
            return
        self.tell(self._caller, Disconnected(self._epoch, "shutting down"))
        if self._channel.shut():
            self.tell(self._journal, Record(ChildEnded(self._link.source)))

    def on_failure(self, *_: object) -> None:
        """The child of a reader that failed is ended: the next reader waits for that."""
        if self._channel is not None:
            self._channel.abandon()
