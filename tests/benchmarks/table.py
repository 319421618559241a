"""The results as a table for people and as JSON for programs. Pure."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from rich import box
from rich.table import Table

from tests.benchmarks.measures import Result


def table(results: Sequence[Result]) -> Table:
    """One line a measure: the gateway's median and spread, the floor's median, their ratio, the target."""
    shown = Table(box=box.SIMPLE_HEAD)
    shown.add_column("measure", no_wrap=True)
    for heading in ("gateway", "from .. to", "floor", "ratio", "target"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        measure, gateway, floor = result
        shown.add_row(
            measure.name,
            f"{number(median(gateway))} {measure.unit}".rstrip(),
            f"{number(min(gateway))} .. {number(max(gateway))}",
            number(median(floor)),
            f"{result.ratio:.2f}" if result.ratio is not None else "",
            measure.target,
        )
    return shown


def number(value: float) -> str:
    """Three figures, or all of a whole number: 10,432; 74.5; 0.712."""
    size = abs(value)
    places = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{places}f}"


def as_json(header: dict[str, str], results: Sequence[Result]) -> dict[str, Any]:
    """Everything that was measured, run by run."""
    measures = [
        {
            "name": measure.name,
            "unit": measure.unit,
            "scenario": measure.scenario,
            "gateway": gateway,
            "floor": floor,
            "median": median(gateway),
            "floorMedian": median(floor),
            "target": measure.target or None,
        }
        for measure, gateway, floor in results
    ]
    return {"machine": header, "measures": measures}
