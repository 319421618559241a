"""The RpcReader: owns one imsg child and its watch, and brings both back when they end.

Told ``Lines`` by the pump; tells the Normalizer every row, the RpcCaller every response. A child that ends is no
actor failure: pending calls are answered as lost, and after a growing pause a new child subscribes from the
journal's cursor. Before the first child, one that outlived a killed gateway is awaited and ended.
"""

import random
import signal
import threading
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
    Quiesce,
    Quiet,
    Record,
    Ref,
    Replay,
    Response,
    SourceState,
    Subscribed,
    Tick,
)
from actors.envelopes.facts import Baseline, ChildEnded, ChildStarted
from actors.envelopes.inbound import Received
from actors.rpc.baseline import Survey
from actors.rpc.frames import Junk, frame, message_of, preview
from actors.rpc.health import LinkHealth, explain_exit
from actors.rpc.link import Link, watch_params
from actors.rpc.pipes import PipeWriter, Pump
from actors.runtime.actor import Actor, Context
from actors.runtime.backoff import CHILD
from actors.runtime.process import Child, SpawnError, group_lives, signal_group, spawn, started_at, wait_group

HEALTHY_AFTER = 300.0
SUBSCRIBE_TRIES = 3
ORPHAN_PATIENCE = 10.0
LAST_WORDS = 5


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
        self._child: Child | None = None
        self._pump: Pump | None = None
        self._stdin: PipeWriter | None = None
        self._taken = 0
        self._cursor: int | None = None
        self._subscription: Any = None
        self._subscribed_at: float | None = None
        self._tries = 0
        self._attempt = 0
        self._words: deque[str] = deque(maxlen=LAST_WORDS)
        self._answered = False
        self._survey: Survey | None = None
        self._quiet = False

    def on_start(self) -> None:
        """Ask where the last gateway stopped."""
        self.tell(self._journal, Replay("source", self.actor_ref, source=self._link.source))

    def on_receive(self, message: Any) -> None:
        match message:
            case Lines(epoch, lines):
                self._lines(epoch, lines)
            case Answer(tag, _, _):
                self._answer(tag, message)
            case SourceState():
                self._source(message)
            case ChildGone(epoch, code) if epoch == self._epoch:
                self._gone(code)
            case ChildErrors(_, line):
                self._words.append(line)
                self.log.warning("imsg: {}", line)
            case Tick("launch"):
                self._launch()
            case Tick("relaunch"):
                self.tell(self._journal, Replay("source", self.actor_ref, source=self._link.source))
            case Tick("subscribe") if self._child is not None:
                self._subscribe()
            case Quiesce(reply_to):
                self._quiesce(reply_to)

    def _lines(self, epoch: int, lines: tuple[bytes, ...]) -> None:
        self._taken += len(lines)
        if epoch != self._epoch:
            return
        now, link = self.clock.wall(), self._link
        for line in lines:
            read = frame(line)
            if type(read) is Junk:
                self._junk(read)
                continue
            assert not isinstance(read, Junk)
            if read.method == "message":
                raw = message_of(read.params)
                if raw is None:
                    self._junk(Junk("a message notification without a message", ""))
                elif not self._quiet:
                    self.tell(self._normalizer, Received(link.account, link.source, raw, now))
            elif read.method == "error":
                self._stream_ended(bytes(read.params))
            elif read.method is None and (read.result or read.error):
                self._answered = True
                self.tell(self._caller, Response(read.id, bytes(read.result), bytes(read.error)))
            elif read.method is None:
                self._junk(Junk("neither a response nor a notification", ""))

    def _junk(self, junk: Junk) -> None:
        self._health.junk += 1
        if junk.start:
            self._words.append(junk.start)
        if self._health.junk <= LAST_WORDS or self._health.junk % 1000 == 0:
            self.log.warning("imsg wrote a line that is no JSON-RPC ({}): {}", junk.why, junk.start)

    def _source(self, state: SourceState) -> None:
        self._cursor = state.cursor
        if self._child is not None:
            self._subscribe()
        elif state.child_pid is not None and group_lives(state.child_pid, state.child_started or 0.0):
            self._await_orphan(state.child_pid, state.child_started or 0.0)
        else:
            self._launch()

    def _await_orphan(self, pid: int, started: float) -> None:
        """A killed gateway's child may still be sending: it ends by itself, or is ended, before a new one starts."""
        self._down("an imsg of the last gateway still runs", f"waiting for process {pid} to end", log=True)
        me, after = self.actor_ref, self.clock.after

        def wait() -> None:
            for number in (0, signal.SIGTERM, signal.SIGKILL):
                if number:
                    signal_group(pid, number)
                if wait_group(pid, started, ORPHAN_PATIENCE if not number else 1.0):
                    break
            after(0.0, me, Tick("launch"))

        threading.Thread(target=wait, name=f"orphan-{pid}", daemon=True).start()

    def _launch(self) -> None:
        if self._child is not None or self._quiet:
            return
        self._epoch += 1
        self._words.clear()
        self._answered, self._tries, self._subscription, self._subscribed_at = False, 0, None, None
        try:
            child = spawn(self._link.argv)
        except SpawnError as error:
            self._down(str(error), self._link.remedy_missing, log=True)
            self._again()
            return
        self._child = child
        self._taken = 0
        self._pump = Pump(child, self._epoch, self.actor_ref, self._waiting)
        self._health.pid, self._health.spawned = child.pid, self._health.spawned + 1
        self._stdin = PipeWriter(child.stdin)
        self.tell(self._caller, Connected(self._epoch, self._stdin))
        self._subscribe()
        self.tell(self._journal, Record(ChildStarted(self._link.source, child.pid, started_at(child.pid) or 0.0)))

    def _waiting(self) -> int:
        """Lines between the pipe and the disk (called by the pump's thread)."""
        pump = self._pump
        unread = pump.told - self._taken if pump is not None else 0
        return unread + self._link.waiting()

    def _subscribe(self) -> None:
        self._tries += 1
        params = watch_params(self._link, self._cursor)
        self.tell(
            self._caller,
            Call("watch.subscribe", params, self.actor_ref, ("subscribe", self._epoch), self._link.patience),
        )

    def _answer(self, tag: Any, answer: Answer) -> None:
        what, epoch = tag
        if epoch != self._epoch:
            return
        if what == "subscribe":
            self._subscribe_answered(answer)
        elif self._survey is not None:
            following = self._survey.answered(what, answer.result)
            for method, params, name in following:
                self.tell(self._caller, Call(method, params, self.actor_ref, (name, epoch), self._link.patience))
            if (newest := self._survey.newest()) is not None:
                self.tell(self._journal, Record(Baseline(self._link.source, newest)))
                self._survey = None

    def _subscribe_answered(self, answer: Answer) -> None:
        if answer.result is not None:
            self._subscription = answer.result.get("subscription")
            self._subscribed_at = self.clock.monotonic()
            self._health.state, self._health.reason, self._health.remedy = "ok", "", ""
            self._health.since = self.clock.wall()
            self.tell(self._caller, Subscribed(self._epoch))
            since = "now on" if self._cursor is None else f"row {self._cursor} on"
            self.log.info("watching {} from {}", self._link.name, since)
            if self._cursor is None:
                self._survey = Survey(self.clock.wall())
                method, params, name = self._survey.first()
                self.tell(self._caller, Call(method, params, self.actor_ref, (name, self._epoch), self._link.patience))
            return
        if answer.lost:
            return
        if answer.late and not self._answered:
            self._down(
                f"{self._link.cli} does not answer (watch.subscribe)",
                "on the Mac, look for a permission prompt (Contacts, Full Disk Access) and answer it; "
                "behind ssh, use -T and no output from the login shell",
                log=True,
            )
        elif answer.error is not None:
            detail = str(answer.error.get("data") or answer.error.get("message") or answer.error)
            reason, remedy = explain_exit(self._link.cli, None, [detail], answered=True)
            self._down(reason, remedy, log=True)
        if self._tries < SUBSCRIBE_TRIES and answer.late and self._answered:
            self.clock.after(1.0, self.actor_ref, Tick("subscribe"))
        else:
            self._end_child()

    def _stream_ended(self, params: bytes) -> None:
        self.log.warning("the watch ended ({}); subscribing again from the cursor", preview(params))
        self._tries = 0
        self.tell(self._journal, Replay("source", self.actor_ref, source=self._link.source))

    def _gone(self, code: int | None) -> None:
        if self._pump is not None:
            self._health.dropped += self._pump.dropped
        self._child, self._pump = None, None
        self._health.pid = None
        reason, remedy = explain_exit(self._link.cli, code, list(self._words), self._answered)
        if self._health.state == "ok" or self._health.reason == "starting" or self._words:
            self._down(reason, remedy, log=not self._quiet)
        self.tell(self._caller, Disconnected(self._epoch, reason))
        self.tell(self._journal, Record(ChildEnded(self._link.source)))
        since = self._subscribed_at
        if since is not None and self.clock.monotonic() - since > HEALTHY_AFTER:
            self._attempt = 0
        self._again()

    def _again(self) -> None:
        delay = CHILD.delay(self._attempt, random.random())
        self._attempt += 1
        if not self._quiet:
            self.log.info("starting {} again in {:.0f} s", self._link.cli, delay)
            self.clock.after(delay, self.actor_ref, Tick("relaunch"))

    def _down(self, reason: str, remedy: str, log: bool) -> None:
        self._health.state, self._health.reason, self._health.remedy = "down", reason, remedy
        self._health.last_error = reason
        if log:
            self.log.error("{}. {}", reason, remedy)

    def _end_child(self) -> None:
        child = self._child
        if child is not None:
            threading.Thread(target=child.end, name=f"end-{child.pid}", daemon=True).start()

    def _quiesce(self, reply_to: Ref) -> None:
        """Rows that come from here on are left for the next start: the cursor does not move over them."""
        self._quiet = True
        if self._child is not None and self._subscription is not None:
            params = {"subscription": self._subscription}
            self.tell(self._caller, Call("watch.unsubscribe", params, self.actor_ref, ("unsubscribe", 0), 1.0))
        self.tell(reply_to, Quiet(self.context.name))

    def on_stop(self) -> None:
        """Close the child's input, give it half a second, then end its group."""
        child, pump = self._child, self._pump
        if child is None:
            return
        if pump is not None:
            pump.stop()
        if self._stdin is not None:
            self._stdin.close()
        self.tell(self._caller, Disconnected(self._epoch, "shutting down"))
        if not child.ended.wait(0.5):
            child.end()
        self.tell(self._journal, Record(ChildEnded(self._link.source)))
