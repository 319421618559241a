"""Keeps the watch of one child: the ports of ``watch`` and ``prober``, turned into messages and health.

One per child, inside the reader's mailbox. It knows since when the link is well, so that every new beginning can say
what was missed, and stores that every minute, so that the next gateway can too.
"""

from typing import Any

from actors.envelopes.control import SourceState
from actors.envelopes.facts import Watched
from actors.envelopes.inbound import Watching
from actors.envelopes.link import Answer, Capable, Subscribed
from actors.rpc.capabilities import Capabilities
from actors.rpc.catchup import MORE_SECONDS, Hundreds, SecondLook
from actors.rpc.desk import Desk, PlainPort
from actors.rpc.frames import Junk, StreamEnd, rows_of
from actors.rpc.health import Problem
from actors.rpc.liveness import PROBE_SECONDS, PULSE_SECONDS, UNSTEADY, Endings, Heartbeat, Verdict
from actors.rpc.prober import BEHIND, Prober
from actors.rpc.salvage import Salvage
from actors.rpc.watch import Watch

NOTE_SECONDS = 60.0
"""How often it is stored that the watch is well."""
FIRST_PROBE = 5.0
KEEPS_ENDING = "it is begun again each time, later each time; what comes meanwhile may be late. Update imsg"
WENT_BACK = (
    "the newest row of {} is {} now, below what came before: a restored backup, or deleted messages. "
    "Watching from there; nothing that was answered is answered again"
)


class Keeper(PlainPort):
    """``epoch`` numbers the child; ``since`` is when the link was last well in this process, None at its start."""

    def __init__(self, desk: Desk, epoch: int, state: SourceState, since: float | None) -> None:
        super().__init__(desk, epoch)
        self._log = desk.actor.log
        self.well_at = since
        self.live_since: float | None = None
        """Monotonic seconds, None before the first subscription of this child."""
        self.given_up = False
        self.is_quiet = False
        self.watch = Watch(desk.link, self, desk.marks.older(state), since)
        self.prober = Prober(desk.link, self, desk.liveness, lambda method: self.watch.capabilities.can(method))
        self._heartbeat = Heartbeat(self._clock.wall(), self._clock.monotonic())
        self._endings, self._second, self._salvage, self._hundreds = Endings(), SecondLook(), Salvage(desk), Hundreds()
        self._probe_at = self._note_at = self._checked_at = 0.0
        self._refreshing = self._checking = False
        self._ended_early: StreamEnd | None = None  # before 0.14 that may come before the watch is granted
        self.on_probed: list[Any] = []

    def begin(self) -> None:
        """The child is up: find out what it can do, then watch."""
        self.watch.begin()
        self.later("pulse", 0.0)

    def answered(self, name: str, answer: Answer) -> None:
        """An answer to a question of the watch or of a probe."""
        if answer.lost or self.given_up:
            return
        if name.startswith("probe"):
            self.prober.answered(name, answer)
            if not self.prober.is_open:
                self.probe_over()
        elif name == "again":
            self._fetched(answer)
        else:
            self.watch.answered(name, answer)

    def due(self, name: str) -> None:
        """A pause of ours is over."""
        if name == "pulse":
            self.pulse()
            self.later("pulse", PULSE_SECONDS)
        elif name == "resubscribe" or (name == "more" and self._hundreds.stand_still()):
            self.refresh()
        else:
            self.watch.due(name)

    def state(self, state: SourceState) -> None:
        """The journal's answer to ``refresh``."""
        if self._refreshing and not self.is_quiet:
            self._refreshing = False
            self._unsubscribe()
            self.watch.resume(self._desk.marks.older(state), self.well_at)
        elif self._checking and self.watch.is_live:
            self.watch.verify(self._desk.marks.older(state), self.well_at)
            self._desk.marks.note(state)
        self._checking = False

    def ended(self, end: StreamEnd) -> None:
        """A watch ended by itself; one we gave up before may say so as well."""
        if not self.watch.is_live:
            self._ended_early = end
            return
        if end.subscription not in (None, self.watch.subscription):
            return
        self._log.warning("the watch ended ({}); subscribing again from the cursor", end.why)
        self.watch.subscription = None
        times, pause = self._endings.another(self._clock.monotonic())
        if times >= UNSTEADY:
            self.notice(Problem("unsteady", f"imsg keeps ending its watch ({end.why})", KEEPS_ENDING))
        self.later("resubscribe", pause)

    def took(self, rows: int) -> None:
        """So many rows of the watch came at once."""
        if self._hundreds.took(rows):
            self.later("more", MORE_SECONDS)

    def overlong(self, head: bytes, now: float) -> None:
        """A line too long to keep."""
        if (params := self._salvage.overlong(head, now, self.watch.capabilities, self.is_quiet)) is not None:
            self.call("messages.after", params, "again")

    def broken(self, line: bytes, junk: Junk, now: float) -> None:
        """A line that is no JSON-RPC."""
        self._salvage.broken(line, junk, now, self.is_quiet)

    def _fetched(self, answer: Answer) -> None:
        for raw in rows_of(answer.result):
            self.deliver(raw, self.watch.era)

    def pulse(self) -> None:
        """Every few seconds: did time jump, is a probe due, is it time to store that all is well?"""
        self.look(self._clock.wall())
        if self.watch.is_live and self._clock.monotonic() >= self._probe_at and not self.is_quiet:
            self.probe()

    def look(self, wall: float) -> None:
        """Did time jump? To be asked before rows are passed on: those from the jump were missed, not late."""
        jump = self._heartbeat.beat(wall, self._clock.monotonic())
        if jump is not None:
            since, seconds = jump
            self._log.warning("{:.0f} s passed unseen (sleep, a clock set forward, or a pause); looking again", seconds)
            self.well_at = since if self.well_at is None else min(self.well_at, since)
            self.begins(self.watch.era, self.well_at)
            if self.watch.is_live:
                self.refresh()

    def probe(self) -> bool:
        """Look whether the watch lives; False when that cannot be asked now (a send is under way before 0.14)."""
        if self.prober.is_open:
            return True
        self._probe_at = self._clock.monotonic() + PROBE_SECONDS
        if (refused := self._desk.link.refusal()) is not None and refused.code == "another-gateway":
            self.hangs(refused)
            return False
        if self.watch.is_other_file():
            self._log.warning("another file stands at {}; imsg is started again to read it", self._desk.link.name)
            self.give_up()
            return False
        if self._desk.health.busy and not self.watch.capabilities.strict:
            return False
        self.prober.start()
        return True

    def probe_for(self, *waiting: Any) -> None:
        """Somebody wants to know now. While a watch is being begun again there is nothing to say yet."""
        self.on_probed.extend(waiting)
        if self._desk.health.reading is not None or (self.watch.is_live and not self.probe()):
            self.probe_over()

    def probe_over(self) -> None:
        """Tell whoever waited for a probe."""
        waiting, self.on_probed = self.on_probed, []
        for done in waiting:
            done()

    def quiet(self) -> None:
        """Rows that come from here on are left for the next start: the cursor does not move over them."""
        self.is_quiet = True
        if self.watch.is_live:
            self.note_well()
            self._unsubscribe()

    def note_well(self) -> None:
        """Store until when the watch was well."""
        if self.well_at is not None:
            self._note_at = self._clock.monotonic() + NOTE_SECONDS
            self._desk.errands.others(self._desk.health.pid, self._desk.link.db_path)
            self.record(Watched(self._desk.link.source, self.well_at))

    def _unsubscribe(self) -> None:
        if self.watch.is_live:
            self.call("watch.unsubscribe", {"subscription": self.watch.subscription}, "unsubscribe")

    def deliver(self, raw: bytes, era: int) -> None:
        """A row that came by another way."""
        self._desk.intake(self._clock.wall(), era, self.is_quiet)(raw)

    def begins(self, era: int, since: float | None) -> None:
        """Rows from now on are of this era; what is dated since then was missed."""
        self._desk.liveness.over(era)
        self._desk.to_normalizer(Watching(self._desk.link.source, era, since, self._clock.wall()))

    def capable(self, capabilities: Capabilities) -> None:
        """What this child can do is known."""
        health = self._desk.health
        known = health.capabilities
        if not capabilities.strict and not capabilities.version and not known.strict:
            capabilities = capabilities._replace(version=known.version)
        health.capabilities = capabilities
        self._desk.to_caller(Capable(self._epoch, capabilities))
        if capabilities.advice:
            self.notice(Problem("old-imsg", capabilities.advice, "brew upgrade imsg"))

    def live(self, cursor: int | None, caught_up: bool) -> None:
        """The watch runs; until it has ``caught_up``, which a probe tells, a new beginning must go back as far."""
        now = self._clock.wall()
        self.well_at, self.prober.floor = now if caught_up else self.well_at, cursor or 0
        self._second.begin(self.prober.floor)
        self.live_since = self.live_since or self._clock.monotonic()
        self._probe_at = self._clock.monotonic() + FIRST_PROBE
        self._desk.health.up(now)
        self._hundreds.count(not caught_up and not self.watch.capabilities.strict)
        path = self._desk.link.file(self.watch.capabilities.database.path)
        self._desk.to_caller(Subscribed(self._epoch, self.watch.capabilities, self.watch.era, path, self.watch.file))
        since = "now on" if cursor is None else f"row {cursor} on" if cursor > 0 else "the beginning"
        self._log.info("watching {} from {}", self._desk.link.name, since)
        self.note_well()
        if not self.watch.capabilities.strict:
            self._desk.errands.version(self._epoch)
        if self.on_probed:
            self.probe_for()
        early, self._ended_early = self._ended_early, None
        if early is not None and early.subscription == self.watch.subscription:
            self.ended(early)

    def down(self, problem: Problem) -> None:
        """Nothing comes in."""
        self._desk.down(problem, aloud=not self.is_quiet)
        self.probe_over()

    def refresh(self) -> None:
        """Another watch in the place of this one: ask the journal anew where to begin."""
        if not self._refreshing and not self.is_quiet:
            self._unsubscribe()
            self._refreshing, self.watch.subscription = True, None
            self._desk.ask_journal()

    def give_up(self) -> None:
        """This child is of no use any more."""
        self.given_up = True
        self.later("give up", 0.0)

    def probed(self, verdict: Verdict, newest: int | None) -> None:
        """A probe is over and this is what to do."""
        if verdict is Verdict.WELL:
            self._desk.forget_notice(self.live_since)
            self._look_twice()
            self._checked_at, self._checking = self._clock.wall(), True
            self._desk.ask_journal()
        elif verdict is Verdict.WAIT:
            self._probe_at = self._clock.monotonic() + FIRST_PROBE
        elif verdict is Verdict.UNSEEN:
            self._log.warning("the watch does not deliver row {}; it is left alone (a hidden row?)", newest)
            self._desk.forget_notice(self.live_since)
        else:
            self.notice(BEHIND)
            if verdict is Verdict.RESUBSCRIBE or self.watch.capabilities.can("messages.after"):
                # What its pages did not bring, another child would not bring either; and this one may be sending.
                self.refresh()
            else:
                self.down(BEHIND)
                self.give_up()

    def grounded(self) -> None:
        """The watch is well, and it is the same database."""
        self.well_at = self._checked_at
        self._hundreds.count(False)
        if self._clock.monotonic() >= self._note_at:
            self.note_well()

    def _look_twice(self) -> None:
        link = self._desk.link
        params = self._second.params(link.delivered(), link.attachments)
        if params is not None and self.watch.is_live and self.watch.capabilities.can("messages.after"):
            self.call("messages.after", params, "again")

    def hangs(self, problem: Problem) -> None:
        """The child does not answer any more."""
        self.down(problem)
        self.give_up()

    def lost_database(self, error: dict[str, Any]) -> None:
        """The child answers, but cannot read its database."""
        self._unsubscribe()
        self.watch.refused(error)

    def rewound(self, rowid: int) -> None:
        """The database went back: what is above this row came since it was last well."""
        self._log.warning(WENT_BACK, self._desk.link.name, rowid)
        self._unsubscribe()
        self.watch.replace(rowid, self.well_at)

    def well_since(self) -> float | None:
        """When the watch was last known to be well, if only by an earlier gateway."""
        return self.watch.missed_since() if self.well_at is None else self.well_at
