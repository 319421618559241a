"""The RpcReader: owns one imsg child, and brings it back when it ends.

Told ``Lines`` by the pump; tells the Normalizer every row, the RpcCaller every response. The ``Keeper`` of each child
sees to its watch; here is the child itself: spawned, listened to, ended, and after a growing pause spawned again. A
child that ends is no actor failure: pending calls are answered as lost. Before the first child, one that outlived a
killed gateway is awaited and ended.

Under a newer config (``Reconfigure(Link)``) the child makes way and the next one is started over the new link as soon
as it is gone. The caller's listeners hear ``Disconnected`` in any case: no child they knew is meant any more.
"""

import random
from typing import Any

from actors.envelopes.control import Listen, Probe, Quiesce, Quiet, Reconfigure, Ref, SourceState, Tick
from actors.envelopes.facts import ChildEnded, ChildStarted
from actors.envelopes.link import Answer, ChildErrors, ChildGone, Connected, Disconnected, Lines, Stalled
from actors.rpc.capabilities import before_strict
from actors.rpc.desk import HEALTHY_AFTER, Desk
from actors.rpc.health import (
    BROKEN_PIPE,
    STARTING,
    LinkHealth,
    Problem,
    explain_exit,
    explain_missing,
    explain_no_rpc,
)
from actors.rpc.keeper import Keeper
from actors.rpc.link import Link
from actors.rpc.liveness import Endings
from actors.rpc.pipes import Channel
from actors.rpc.sorting import pass_on
from actors.runtime.actor import Actor, Context
from actors.runtime.backoff import CHILD
from actors.runtime.process import SpawnError, group_lives, started_at, when_ended

ORPHAN_PATIENCE = 10.0
CHANGED = "the config changed"


class RpcReader(Actor):
    """One per Messages database. ``health`` is what the operator's status reads."""

    def __init__(
        self, context: Context, link: Link, health: LinkHealth, normalizer: Ref, caller: Ref, journal: Ref
    ) -> None:
        super().__init__(context)
        self._link = link
        self._health = health
        self._caller = caller
        self._desk = Desk.of(self, link, health, normalizer, caller, journal)
        self._next: Link | None = None
        """The link of a newer config, until the child of this one is gone."""
        self._epoch = self._connected = 0
        self._first = 1
        """The number of the first child over this link."""
        self._channel: Channel | None = None
        self._keeper: Keeper | None = None
        self._state = SourceState(link.source, None, None, None)
        self._launching = False
        self._asked = 0
        """Counts the beginnings of a child: what an earlier one was to wait for does not matter any more."""
        self._well_at: float | None = None
        self._attempt = 0
        self._endings = Endings()
        self._answered = self._ending = self._pipe_broke = self._quiet = False

    def on_start(self) -> None:
        """Ask where the last gateway stopped."""
        self.tell(self._caller, Listen(self.actor_ref))
        self._ask_journal()

    def on_receive(self, message: Any) -> None:
        match message:
            case Lines(epoch, lines, cut):
                self._lines(epoch, lines, cut)
            case Answer((name, epoch), _, _) if epoch == self._epoch and self._keeper is not None:
                self._keeper.answered(name, message)
            case SourceState():
                self._source(message)
            case ChildGone(epoch, code) if epoch == self._epoch:
                self._gone(code)
            case Disconnected(epoch, why) if epoch == self._epoch:
                self._stuck(why)
            case Stalled(epoch, why) if epoch == self._epoch:
                self._stalled(why)
            case ChildErrors(_, line):
                self._desk.words.append(line)
                self.log.warning("imsg: {}", line)
            case Tick("launch", asked) if asked == self._asked:
                self._launch()
            case Tick("relaunch", asked) if asked == self._asked:
                self._ask_journal()
            case Tick("give up", epoch) if epoch == self._epoch:
                self._end_child()
            case Tick("version", (epoch, found)) if epoch >= self._first:
                self._version(found)
            case Tick("speaks", (epoch, found)) if epoch == self._epoch >= self._first:
                self._speaks(found)
            case Tick(name, epoch) if epoch == self._epoch and self._keeper is not None:
                self._keeper.due(name)
            case Probe(done):
                self._probe(done)
            case Quiesce(reply_to):
                self._quiesce(reply_to)
            case Reconfigure(link):
                self._reconfigure(link)

    def _lines(self, epoch: int, lines: tuple[bytes, ...], cut: tuple[bytes, ...]) -> None:
        keeper = self._keeper
        if epoch != self._epoch or self._channel is None or keeper is None:
            return
        self._channel.taken += len(lines)
        now = self.clock.wall()
        keeper.look(now)
        desk = self._desk
        take = desk.intake(now, keeper.watch.era, keeper.is_quiet)
        if pass_on(lines, take, desk.to_caller, desk.junk, keeper, now):
            self._answered = True
        for head in cut:
            self._health.dropped += 1
            keeper.overlong(head, now)

    def _ask_journal(self) -> None:
        self._launching, self._asked = True, self._asked + 1
        self._desk.ask_journal()

    def _source(self, state: SourceState) -> None:
        if state.source != self._link.source:
            return  # of the database of an earlier config
        if not self._launching:
            if self._keeper is not None:
                self._keeper.state(state)
            return
        self._launching, self._state = False, state
        pid, started = state.child_pid, state.child_started or 0.0
        if self._channel is None and pid is not None and group_lives(pid, started):
            self._await_orphan(pid, started)
        else:
            self._launch()

    def _await_orphan(self, pid: int, started: float) -> None:
        """A killed gateway's child may still be sending: it ends by itself, or is ended, before a new one starts."""
        self._down(Problem("starting", "an imsg of the last gateway still runs", f"waiting for process {pid} to end"))
        me, after, launch = self.actor_ref, self.clock.after, Tick("launch", self._asked)
        when_ended(pid, started, ORPHAN_PATIENCE, lambda: after(0.0, me, launch))

    def _launch(self) -> None:
        if self._channel is not None or self._quiet:
            return
        self._epoch += 1
        self._desk.words.clear()
        self._answered = self._ending = self._pipe_broke = False
        refused = self._link.refusal()
        try:
            if refused is None:
                self._channel = Channel(self._link.argv, self._epoch, self.actor_ref, self._link.waiting)
        except SpawnError as error:
            refused = explain_missing(self._link.cli, str(error))
        channel = self._channel
        if refused is not None or channel is None:
            self._down(refused or explain_missing(self._link.cli, "it cannot be started"))
            self._again()
            return
        pid = self._health.pid = channel.child.pid
        self._health.spawned += 1
        self._connected = self._epoch
        self.tell(self._caller, Connected(self._epoch, channel.stdin))
        self._keeper = Keeper(self._desk, self._epoch, self._state, self._well_at)
        self._keeper.begin()
        self._desk.record(ChildStarted(self._link.source, pid, started_at(pid) or 0.0))

    def _version(self, found: str) -> None:
        """What ``--version`` said, perhaps about the program of an earlier child: it is the same one."""
        known = self._health.capabilities if self._keeper is None else self._keeper.watch.capabilities
        if found and not known.strict:
            self._health.capabilities = before_strict(found)
            if self._keeper is not None:
                self._keeper.watch.capabilities = self._health.capabilities
                self._keeper.capable(self._health.capabilities)

    def _speaks(self, found: bool | None) -> None:
        """What ``rpc --help`` said of a program that ended without an answer."""
        if found is False and self._health.state == "down":
            self._down(explain_no_rpc(self._link.cli, list(self._desk.words)))

    def _gone(self, code: int | None) -> None:
        if (channel := self._channel) is None or (keeper := self._keeper) is None:
            return
        self._health.pid = None
        problem = explain_exit(self._link.cli, code, list(self._desk.words), self._answered)
        by_itself = not self._ending or (self._pipe_broke and channel.ended_by_itself(code))
        if self._health.state != "down":
            self._down(STARTING if keeper.given_up else problem)
        elif not keeper.given_up and by_itself:
            self._down(problem)
        if not self._answered and by_itself:
            self._desk.errands.speaks_rpc(self._epoch)
        if not channel.child.ended.is_set():
            # It closed its output and lives on: without that it is of no use, and must not send beside the next.
            channel.end()
        self._channel, self._keeper, self._well_at = None, None, keeper.well_at
        why = problem.reason if self._next is None else CHANGED
        self.tell(self._caller, Disconnected(self._epoch, why))
        self._desk.record(ChildEnded(self._link.source))
        keeper.probe_over()
        if self._next is not None:
            self._change(self._next)
            return
        now = self.clock.monotonic()
        self._desk.ended(self._endings.another(now)[0])
        if keeper.live_since is not None and now - keeper.live_since > HEALTHY_AFTER:
            self._attempt = 0
        self._again()

    def _again(self) -> None:
        delay = CHILD.delay(self._attempt, random.random())
        self._attempt += 1
        if not self._quiet:
            self.log.info("starting {} again in {:.0f} s", self._link.cli, delay)
            self.clock.after(delay, self.actor_ref, Tick("relaunch", self._asked))

    def _down(self, problem: Problem) -> None:
        self._desk.down(problem, aloud=not self._quiet)

    def _stuck(self, why: str) -> None:
        """The child lives but takes no requests: it makes way for a new one."""
        if self._channel is not None and not self._quiet and not self._ending:
            self._down(Problem("hanging", f"{self._link.cli} is stuck ({why})", "it is ended and started again"))
            self._pipe_broke = why == BROKEN_PIPE
            self._end_child()

    def _stalled(self, why: str) -> None:
        """A send let its deadline pass, or sends are blocked. Other questions see to their own deadlines."""
        if " " in why or why.startswith("send"):
            self._stuck(why)

    def _end_child(self) -> None:
        if self._channel is not None:
            self._ending = True
            self._channel.end()

    def _reconfigure(self, link: Link) -> None:
        self.log.info("the config changed: {} is started anew", link.cli)
        self._health.down(STARTING)
        if self._keeper is None:
            self.tell(self._caller, Disconnected(self._connected, CHANGED))
            self._change(link)
            return
        self._next = link
        # Its rows from here on come again with the next, but it may still answer others.
        self._keeper.is_quiet = self._keeper.given_up = True
        self._keeper.note_well()
        self._keeper.probe_over()
        self._end_child()

    def _change(self, link: Link) -> None:
        """Go over to another link: nothing that is known of the earlier program and of its ends counts."""
        if link.source != self._link.source:
            self._well_at = None
        self._link, self._next, self._desk = link, None, self._desk.over(link)
        self._first, self._attempt, self._endings = self._epoch + 1, 0, Endings()
        self._ask_journal()

    def _probe(self, done: Any) -> None:
        """Somebody wants to know now. Without a child the health says all there is to say."""
        if self._keeper is None or self._quiet:
            done()
        else:
            self._keeper.probe_for(done)

    def _quiesce(self, reply_to: Ref) -> None:
        """Rows that come from here on are left for the next start."""
        self._quiet = True
        if self._keeper is not None:
            self._keeper.quiet()
        self.tell(reply_to, Quiet(self.context.name))

    def on_stop(self) -> None:
        """Close the child's input, give it half a second, then end its group."""
        if self._keeper is not None:
            self._keeper.probe_over()
        if self._channel is None:
            return
        self.tell(self._caller, Disconnected(self._epoch, "shutting down"))
        if self._channel.shut():
            self._desk.record(ChildEnded(self._link.source))

    def on_failure(self, *_: object) -> None:
        """The child of a reader that failed is ended: the next reader waits for that."""
        if self._keeper is not None:
            self._keeper.probe_over()
        if self._channel is not None:
            self.tell(self._caller, Disconnected(self._epoch, "the reader failed"))
            self._channel.abandon()
