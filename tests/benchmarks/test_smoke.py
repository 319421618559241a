"""The benchmark itself, in small: it still runs, and what it insists on still holds."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.decisions import run_decisions, run_lookups
from tests.benchmarks.measures import MEASURES, results
from tests.benchmarks.scenarios import Scenario, scenarios
from tests.benchmarks.subject import Sample, run_floor, run_gateway
from tests.benchmarks.table import as_json, number, table
from tests.benchmarks.verify import WrongError, verify

SMALL = [scenario for scenario in scenarios(40) if scenario.rows and scenario.kind != "pure"]


@pytest.mark.parametrize("scenario", SMALL, ids=[scenario.name for scenario in SMALL])
def test_the_gateway_answers_every_message_once_and_in_order(scenario: Scenario, tmp_path: Path) -> None:
    sample = run_gateway(scenario, tmp_path)
    assert sample.rows == scenario.rows
    assert sample.rss > 0


@pytest.mark.parametrize("scenario", SMALL, ids=[scenario.name for scenario in SMALL])
def test_the_floor_does_the_same_work(scenario: Scenario, tmp_path: Path) -> None:
    run_floor(scenario, tmp_path)


def test_the_decision_is_measured_and_so_is_its_floor(tmp_path: Path) -> None:
    scenario = next(one for one in scenarios(40) if one.kind == "pure")
    assert run_decisions(scenario, tmp_path).seconds > 0
    assert run_lookups(scenario, tmp_path).seconds > 0


RIGHT = {"answered": 2, "twice": 0, "disorder": 0, "strays": 0}


def journal(folder: Path, *outcomes: str, sent: int = 2) -> Path:
    """A journal with a row for each outcome, and two chunks of which so many were sent."""
    path = folder / "journal.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE inbound (guid, outcome, reason)")
        database.execute("CREATE TABLE outbox (state)")
        database.executemany("INSERT INTO inbound VALUES (?, ?, NULL)", list(enumerate(outcomes)))
        database.executemany(
            "INSERT INTO outbox VALUES (?)", [("sent" if n < sent else "attempted",) for n in range(2)]
        )
    return path


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"answered": 1}, "answered, as imsg saw it: 1 instead of 2"),
        ({"twice": 1}, "answered twice: 1 instead of 0"),
        ({"disorder": 3}, "answered out of order: 3 instead of 0"),
        ({"strays": 1}, "answers nobody should have got: 1 instead of 0"),
    ],
)
def test_a_wrong_answer_fails_the_run(change: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(WrongError, match=complaint):
        verify(Scenario("burst", 2, 1), RIGHT | change, journal(tmp_path, "replied", "replied"))


def test_a_journal_that_lacks_something_fails_the_run(tmp_path: Path) -> None:
    with pytest.raises(WrongError, match="chunks sent: 1 instead of 2"):
        verify(Scenario("burst", 2, 1), RIGHT, journal(tmp_path, "replied", "replied", sent=1))


def test_a_refusal_that_is_not_recorded_fails_the_run(tmp_path: Path) -> None:
    scenario = Scenario("refused", 3, 1, kind="strangers")
    with pytest.raises(WrongError, match="settled as dropped: 1 instead of 2"):
        verify(scenario, RIGHT | {"answered": 1}, journal(tmp_path, "replied", "dropped"))


def test_every_measure_is_shown_with_its_floor_and_target() -> None:
    samples = {
        scenario.name: [Sample(scenario.rows or 1, seconds=2.0, rss=80_000_000, memory=[(1, 5), (2, 6), (3, 8)])]
        for scenario in scenarios()
    }
    found = results(dict(samples), dict(samples))
    assert [result.measure for result in found] == list(MEASURES)
    assert table(found).row_count == len(MEASURES)
    shown = {measure["name"]: measure for measure in as_json({}, found)["measures"]}
    assert shown["burst: answered"]["median"] == 5_000
    assert shown["burst: answered"]["target"] == ">= 10,000"
    assert shown["long run: memory growth"]["median"] == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(10431.7, "10,432"), (74.52, "74.5"), (1.234, "1.23"), (0.7123, "0.712"), (12.0, "12")],
)
def test_numbers_are_shown_in_three_figures(value: float, text: str) -> None:
    assert number(value) == text
