"""The age fences: what was missed is answered, what somebody else synchronised late is not."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.envelopes.inbound import Watching
from actors.normalizer.fences import (
    MISSED,
    MISSED_TOO_LONG_AGO,
    MOST_GAPS,
    NO_DATE,
    STALE_BACKLOG,
    TOO_MANY_MISSED,
    Fences,
)
from config.schema.channel import Recovery

NOW = 1_800_000_000.0
LIVE, REPLAY = 15 * 60.0, 48 * 3600.0
HOUR = 3600.0


class Row(NamedTuple):
    """A row by its date and when it came; ours or somebody else's."""

    sent_at: float | None
    received_at: float = NOW
    own: bool = False
    source: int = 1


class House:
    """Fences of one account, with a short way to ask."""

    def __init__(self, rows: int = 5000, live: int = 15, hours: int = 48) -> None:
        self.fences = Fences(
            {"default": Recovery.model_validate({"liveMinutes": live, "replayHours": hours, "maxRows": rows})}
        )

    def missed(self, since: float | None, until: float = NOW, source: int = 1) -> House:
        """A watch begins at ``until``."""
        self.fences.watching(Watching(source, 0, since, until))
        return self

    def stale(self, row: Row) -> str:
        """Why it is stale."""
        found = self.found(row)
        return "" if found == MISSED else found

    def found(self, row: Row) -> str:
        """The same, and whether it was missed."""
        return self.fences.stale("default", row.source, row.sent_at, row.received_at, row.own)


@pytest.mark.parametrize(
    ("sent_at", "reason"),
    [
        (NOW, ""),
        (NOW - LIVE, ""),
        (NOW - LIVE - 0.001, STALE_BACKLOG),
        (NOW - 365 * 24 * HOUR, STALE_BACKLOG),
        (NOW + 10 * 365 * 24 * HOUR, ""),
        (None, ""),
        (math.nan, ""),
        (math.inf, ""),
        (NO_DATE, ""),
        (0.0, ""),
    ],
)
def test_without_a_gap_only_the_live_fence_counts(sent_at: float | None, reason: str) -> None:
    """No date and the date imsg writes for none are never stale, nor is a clock ahead of ours."""
    assert House().stale(Row(sent_at)) == reason
    assert House().missed(None).stale(Row(sent_at)) == reason


@pytest.mark.parametrize(
    ("sent_at", "reason"),
    [
        (NOW - 10 * HOUR, ""),
        (NOW - 10 * HOUR - LIVE, ""),
        (NOW - 10 * HOUR - LIVE - 0.001, STALE_BACKLOG),
        (NOW - 5 * HOUR, ""),
        (NOW - HOUR, ""),
        (NOW - HOUR + 0.001, STALE_BACKLOG),
        (NOW - LIVE, ""),
    ],
)
def test_a_row_dated_in_a_gap_was_missed_and_not_late(sent_at: float, reason: str) -> None:
    """The gap lasted from ten hours ago to one hour ago; the row comes now."""
    assert House().missed(NOW - 10 * HOUR, NOW - HOUR).stale(Row(sent_at)) == reason


def test_what_was_missed_more_than_the_replay_fence_ago_is_held() -> None:
    house = House().missed(NOW - 100 * HOUR)
    assert house.stale(Row(NOW - REPLAY)) == ""
    assert house.stale(Row(NOW - REPLAY - 0.001)) == MISSED_TOO_LONG_AGO
    assert house.stale(Row(NOW - 100 * HOUR - LIVE - 1)) == STALE_BACKLOG


def test_a_gap_lets_so_many_rows_through_and_ours_do_not_count() -> None:
    house = House(rows=3).missed(NOW - HOUR)
    late = Row(NOW - HOUR / 2)
    assert [house.stale(late._replace(own=True)) for _ in range(9)] == [""] * 9
    assert [house.stale(Row(NOW - 90 * HOUR)) for _ in range(9)] == [STALE_BACKLOG] * 9
    assert [house.stale(late) for _ in range(5)] == ["", "", "", TOO_MANY_MISSED, TOO_MANY_MISSED]
    assert house.stale(Row(NOW + 1, NOW + 2)) == "", "what comes live is not what was missed"


def test_the_next_gap_lets_as_many_through_again() -> None:
    house = House(rows=1).missed(NOW - 2 * HOUR, NOW - HOUR).missed(NOW - 0.5 * HOUR, NOW)
    assert [house.stale(Row(NOW - 1.5 * HOUR)) for _ in range(2)] == ["", TOO_MANY_MISSED]
    assert [house.stale(Row(NOW - 0.25 * HOUR)) for _ in range(2)] == ["", TOO_MANY_MISSED]


def test_gaps_that_overlap_are_one_and_what_came_counts_on() -> None:
    """The child is lost again in the middle of catching up."""
    house = House(rows=2).missed(NOW - 2 * HOUR, NOW - HOUR)
    assert house.stale(Row(NOW - 2 * HOUR)) == ""
    house.missed(NOW - 2 * HOUR, NOW)
    assert [house.stale(Row(NOW - HOUR)) for _ in range(2)] == ["", TOO_MANY_MISSED]


def test_every_source_has_its_own_gaps() -> None:
    house = House().missed(NOW - 10 * HOUR, source=2)
    assert house.stale(Row(NOW - 5 * HOUR, source=1)) == STALE_BACKLOG
    assert house.stale(Row(NOW - 5 * HOUR, source=2)) == ""


def test_a_row_that_took_its_time_after_the_watch_began_is_not_missed() -> None:
    house = House().missed(NOW - HOUR, NOW)
    assert house.stale(Row(NOW + HOUR, NOW + 2 * HOUR)) == STALE_BACKLOG
    assert house.stale(Row(NOW - 1, NOW + 2 * HOUR)) == ""


@pytest.mark.parametrize("since", [NOW, NOW + 1, math.nan])
def test_no_time_is_no_gap(since: float) -> None:
    assert House().missed(since).stale(Row(NOW - HOUR)) == STALE_BACKLOG


def test_gaps_are_kept_as_long_as_the_replay_fence_and_not_without_bound() -> None:
    house = House(hours=1)
    for number in range(3 * MOST_GAPS):
        at = NOW + number * 10
        house.missed(at, at + 5)
    assert len(house.fences._gaps[1]) <= 361
    wide = House(hours=1000)
    for number in range(3 * MOST_GAPS):
        at = NOW + number * 10
        wide.missed(at, at + 5)
    assert len(wide.fences._gaps[1]) == MOST_GAPS


def test_an_account_without_settings_has_no_fences() -> None:
    assert Fences({}).stale("default", 1, 0.5 * NOW, NOW, own=False) == ""


MINUTE = 60.0
SPANS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=6)
"""Gaps by beginning and length, in minutes after a day in 2027."""


@given(SPANS, st.lists(st.tuples(st.integers(-60, 300), st.integers(-30, 400)), max_size=20), st.integers(5, 6))
def test_it_is_as_the_rules_say_however_gaps_overlap(
    spans: list[tuple[int, int]], rows: list[tuple[int, int]], hours: int
) -> None:
    """Against the rules in plain words; no gap is older than the replay fence, and there is room for all rows."""
    house = House(hours=hours)
    for start, length in spans:
        house.missed(NOW + start * MINUTE, NOW + (start + length) * MINUTE)
    for dated, age in rows:
        missed = any(length and start - 15 <= dated <= start + length for start, length in spans)
        expected = "" if age <= 15 or missed else STALE_BACKLOG
        if missed and age > hours * 60:
            expected = MISSED_TOO_LONG_AGO
        sent_at = NOW + dated * MINUTE
        assert house.stale(Row(sent_at, sent_at + age * MINUTE)) == expected


@given(st.integers(1, 6), st.lists(st.booleans(), max_size=30))
def test_never_more_rows_of_others_than_the_fence_says(most: int, own: list[bool]) -> None:
    house = House(rows=most).missed(NOW - HOUR)
    passed = sum(not mine and not house.stale(Row(NOW - HOUR / 2, own=mine)) for mine in own)
    assert passed == min(most, own.count(False))


def test_what_is_let_through_a_gap_is_known_to_have_been_missed() -> None:
    house = House().missed(NOW - 10 * HOUR, NOW - HOUR)
    assert house.found(Row(NOW - 2 * HOUR)) == MISSED
    assert house.found(Row(NOW - 2 * HOUR)._replace(own=True)) == ""
    assert house.found(Row(NOW - 1)) == ""
