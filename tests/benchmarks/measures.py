"""The numbers that are shown, each with where it comes from and what the project wants it to be. Pure."""

from collections.abc import Callable, Mapping, Sequence
from statistics import linear_regression, median
from typing import NamedTuple

from tests.benchmarks.subject import Sample

MB = 1_000_000


class Measure(NamedTuple):
    """``of`` takes the number out of a sample of ``scenario``; ``target`` is for people, nothing is asserted."""

    name: str
    unit: str
    scenario: str
    of: Callable[[Sample], float]
    target: str = ""


class Result(NamedTuple):
    """One measure over all runs, of the gateway and of the floor."""

    measure: Measure
    gateway: tuple[float, ...]
    floor: tuple[float, ...]

    @property
    def ratio(self) -> float | None:
        """Gateway over floor, by their medians."""
        below = median(self.floor)
        return median(self.gateway) / below if below > 0 else None


def rate(sample: Sample) -> float:
    """Messages a second, from the first row out to the last answer in."""
    return sample.rows / sample.seconds


def growth(sample: Sample) -> float:
    """Bytes of resident memory gained per message in the second half of a run (least squares)."""
    late = sample.memory[len(sample.memory) // 2 :]
    if len(late) < 2:
        return 0.0
    slope, _ = linear_regression([answered for answered, _ in late], [rss for _, rss in late])
    return slope


MEASURES = (
    Measure("burst: answered", "/s", "burst", rate, ">= 10,000"),
    Measure("burst: CPU per message", "us", "burst", lambda it: it.cpu / it.rows * 1e6),
    Measure("strangers: refused", "/s", "refused", rate, ">= 25,000"),
    Measure("one at a time: p50", "ms", "single", lambda it: it.p50, "< 1.5"),
    Measure("one at a time: p95", "ms", "single", lambda it: it.p95),
    Measure("one at a time: p99", "ms", "single", lambda it: it.p99),
    Measure("exec to watch.subscribe", "s", "idle", lambda it: it.cold_start, "< 0.5"),
    Measure("memory idle", "MB", "idle", lambda it: it.rss / MB, "< 80"),
    Measure("long run: memory", "MB", "long", lambda it: it.rss / MB),
    Measure("long run: memory growth", "B/msg", "long", growth, "flat"),
    Measure("long run: answered", "/s", "long", rate),
    Measure("sessions: answered", "/s", "sessions", rate),
    Measure("sessions: memory", "MB", "sessions", lambda it: it.rss / MB),
    Measure("sessions: threads", "", "sessions", lambda it: it.threads),
    Measure("long run: threads", "", "long", lambda it: it.threads),
    Measure("decided who may speak", "/s", "decisions", rate, ">= 100,000"),
    Measure("long run: open files", "", "long", lambda it: it.fds),
)


def results(gateway: Mapping[str, Sequence[Sample]], floor: Mapping[str, Sequence[Sample]]) -> list[Result]:
    """All measures there are samples for, in the order they are shown."""
    return [
        Result(
            measure,
            tuple(map(measure.of, gateway[measure.scenario])),
            tuple(map(measure.of, floor[measure.scenario])),
        )
        for measure in MEASURES
        if measure.scenario in gateway
    ]
