"""Age fences: which rows come too late to be answered unasked (decisions, Inbound; config ``recovery``). Pure.

A gap is a stretch of time in which nobody watched: the gateway was down, its child lost, the machine asleep. A row
dated in a gap was missed, and is answered for ``replayHours`` and up to ``maxRows`` rows of that gap. Any other row
comes as it is written; one older than ``liveMinutes`` is backlog somebody else synchronised. A row's date is the
sender's, so the start of a gap counts ``liveMinutes`` earlier. In: ``Watching`` for each watch that begins, and each
row's date, both in the order they came. Out: why the row is stale, empty when it is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from actors.envelopes.inbound import Watching
from config.schema.channel import Recovery

STALE_BACKLOG = "stale backlog"
MISSED_TOO_LONG_AGO = "missed too long ago"
TOO_MANY_MISSED = "too many missed"

MISSED = "missed"
"""Not too old, but written while nobody watched."""

KEYS = {
    STALE_BACKLOG: "recovery.liveMinutes",
    MISSED_TOO_LONG_AGO: "recovery.replayHours",
    TOO_MANY_MISSED: "recovery.maxRows",
}
"""By reason: the config key of the fence."""

NO_DATE = 978_307_200.0
"""2001-01-01 UTC: what imsg writes for a row without a date (imsg protocol 5)."""

MOST_GAPS = 1000
NEVER = float("-inf")


class Limits(NamedTuple):
    """An account's fences; ages in seconds."""

    live: float
    replay: float
    rows: int

    @classmethod
    def of(cls, recovery: Recovery) -> "Limits":
        """The limits as configured."""
        return cls(recovery.live_minutes * 60.0, recovery.replay_hours * 3600.0, recovery.max_rows)


@dataclass(slots=True)
class Gap:
    """Nobody watched from ``since`` to ``until`` (unix seconds); ``rows`` of others were let through since."""

    since: float
    until: float
    rows: int = 0


class Fences:
    """The fences of all accounts and the gaps of all sources. An account without settings has no fences."""

    def __init__(self, recoveries: Mapping[str, Recovery]) -> None:
        self._limits: Mapping[str, Limits] = {}
        self.longest = 0.0
        """Seconds a row may be old and is still answered, whatever its account."""
        self.go_by(recoveries)
        self._gaps: dict[int, list[Gap]] = {}
        self._ends: dict[int, float] = {}
        """Until when the last gap of a source lasted: later rows came while it was watched."""

    def go_by(self, recoveries: Mapping[str, Recovery]) -> None:
        """Other fences; the gaps stay what they were."""
        self._limits = {account: Limits.of(recovery) for account, recovery in recoveries.items()}
        self.longest = max((limits.replay for limits in self._limits.values()), default=0.0)

    def watching(self, watch: Watching) -> None:
        """A watch begins (again). Gaps that overlap are one: nothing was well between them."""
        if watch.since is None or not watch.since < watch.until:
            return
        new, apart = Gap(watch.since, watch.until), []
        for gap in self._gaps.get(watch.source, ()):
            if gap.since < new.until and new.since < gap.until:
                new = Gap(min(gap.since, new.since), max(gap.until, new.until), gap.rows + new.rows)
            elif gap.until >= watch.until - self.longest:
                apart.append(gap)
        self._gaps[watch.source] = [*apart, new][-MOST_GAPS:]
        self._ends[watch.source] = max(gap.until for gap in self._gaps[watch.source])

    def stale(self, account: str, source: int, sent_at: float | None, received_at: float, own: bool) -> str:
        """Why a row is too old, ``""`` if it is not, ``MISSED`` if it is let through a gap, where it counts then.

        Rows of ours are neither.

        A row without a date is not stale, nor is one from the future: that is a clock that goes wrong.
        """
        limits = self._limits.get(account)
        if sent_at is None or limits is None:
            return ""
        if received_at - sent_at <= limits.live and sent_at > self._ends.get(source, NEVER):
            return ""
        return "" if own or sent_at <= NO_DATE else self._late(limits, source, sent_at, received_at - sent_at)

    def _late(self, limits: Limits, source: int, sent_at: float, age: float) -> str:
        for gap in reversed(self._gaps.get(source, ())):
            if gap.since - limits.live <= sent_at <= gap.until:
                break
        else:
            return STALE_BACKLOG if age > limits.live else ""
        if age > limits.replay:
            return MISSED_TOO_LONG_AGO
        if gap.rows >= limits.rows:
            return TOO_MANY_MISSED
        gap.rows += 1
        return MISSED
