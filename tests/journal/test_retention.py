"""What is forgotten when: the rules, without a journal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.envelopes.control import Keep
from actors.journal.retention import DAY, NEWEST, Due, Fate, Limits, Oldest, Seen, due, fate, moments, nearby, parts

NOW = 1_800_000_000.0
LIMITS = Limits.at(NOW, Keep(30, 365), 50_000, 60_000)


def seen(seq: int = 1, days: float = 0.0, **keys: Any) -> Seen:
    """A settled row with words that was received so many days ago."""
    row = Seen(seq, NOW - days * DAY, 0.0, True, True, False, 100)
    return row._replace(**keys)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (seen(days=29.9), Fate.KEEP),
        (seen(days=30.1), Fate.STRIP),
        (seen(days=30.1, is_full=False), Fate.KEEP),
        (seen(days=30.1, is_settled=False), Fate.KEEP),
        (seen(days=30.1, is_witness=True), Fate.STRIP),
        (seen(days=364.9, is_full=False), Fate.KEEP),
        (seen(days=365.1), Fate.GO),
        (seen(days=365.1, is_full=False), Fate.GO),
        (seen(days=365.1, is_settled=False), Fate.KEEP),
        (seen(days=365.1, is_witness=True), Fate.STRIP),
        (seen(days=365.1, is_witness=True, is_full=False), Fate.KEEP),
        (seen(50_000, days=365.1), Fate.STRIP),
        (seen(49_999, days=365.1), Fate.GO),
    ],
)
def test_words_go_first_and_tombstones_later_and_nothing_that_still_matters(row: Seen, what: Fate) -> None:
    assert fate(row, row.received_at, LIMITS) is what


def test_the_newest_rows_stay_whatever_their_age() -> None:
    limits = Limits.at(NOW, Keep(), 60_000, 60_000)
    assert limits.below == 60_000 - NEWEST
    assert fate(seen(limits.below, days=1000), NOW - 1000 * DAY, limits) is Fate.STRIP


def test_a_tombstone_is_kept_at_least_as_long_as_its_words() -> None:
    assert Limits.at(NOW, Keep(90, 7), 1, 1) == Limits(NOW - 90 * DAY, NOW - 90 * DAY, 1 - NEWEST)


@pytest.mark.parametrize(
    ("ages", "before", "after", "ends"),
    [
        ([40, 39, 38], None, None, [40, 39, 38]),
        ([40, 57 * 365, 38], None, None, [40, 40, 38]),  # a clock that woke up in 1970
        ([57 * 365], 40, None, [40]),
        ([40, -3650, 38], None, None, [40, 38, 38]),  # one ten years ahead, put right later
        ([-3650, -3650, 38], None, None, [38, 38, 38]),
        ([40, -3650], None, None, [40, None]),
        ([40, -3650], None, 39, [40, 39]),
        ([40, -3650], None, 57 * 365, [40, 40]),
        ([-1, -1], 40, None, [None, None]),
    ],
)
def test_a_wrong_clock_makes_no_row_older_than_its_neighbours(
    ages: list[float], before: float | None, after: float | None, ends: list[float | None]
) -> None:
    def when(days: float) -> float:
        return NOW - days * DAY

    rows = [seen(number, days) for number, days in enumerate(ages, 1)]
    start = float("-inf") if before is None else when(before)
    found, latest = moments(rows, start, None if after is None else when(after), NOW)
    assert found == [None if days is None else when(days) for days in ends]
    assert latest == max([start, *(row.received_at for row in rows if row.received_at <= NOW)])


def test_the_last_thing_that_happened_counts() -> None:
    assert moments([seen(days=40, ended_at=NOW - 3 * DAY)], 0.0, None, NOW)[0] == [NOW - 3 * DAY]


@settings(max_examples=200)
@given(st.lists(st.floats(-400, 400), min_size=1, max_size=30), st.floats(-100, 100))
def test_moments_never_fall_and_never_lie_ahead(days: list[float], jump: float) -> None:
    rows = [seen(number, age + jump) for number, age in enumerate(days, 1)]
    ends = [end for end in moments(rows, float("-inf"), None, NOW)[0] if end is not None]
    assert ends == sorted(ends)
    assert all(end <= NOW for end in ends)


def test_one_round_takes_the_oldest_day() -> None:
    rows = [seen(number, days) for number, days in enumerate((100, 99.5, 98, 40, 20), 1)]
    found = due(rows, [row.received_at for row in rows], LIMITS)
    assert [(one.seq, one.fate) for one in found] == [(number, Fate.STRIP) for number in (1, 2, 3, 4)]
    oldest = Oldest()
    for one in found:
        oldest = oldest.with_one(one)
    narrow = LIMITS.narrowed(oldest)
    assert narrow == Limits(NOW - 99 * DAY, NOW - 365 * DAY, LIMITS.below)
    assert [one.seq for one in due(rows, [row.received_at for row in rows], narrow)] == [1, 2]


def test_tombstones_do_not_hold_words_up() -> None:
    old = Oldest().with_one(Due(1, Fate.GO, NOW - 400 * DAY, False)).with_one(Due(2, Fate.STRIP, NOW - 31 * DAY, True))
    assert old == Oldest(NOW - 31 * DAY, NOW - 400 * DAY)
    assert LIMITS.narrowed(old) == Limits(NOW - 30 * DAY, NOW - 399 * DAY, LIMITS.below)
    full = Oldest().with_one(Due(1, Fate.GO, NOW - 400 * DAY, True))
    assert full == Oldest(NOW - 400 * DAY, NOW - 400 * DAY)


@pytest.mark.parametrize(
    ("sizes", "runs"),
    [
        ([], []),
        ([1], [(1, 1)]),
        ([40, 40, 40], [(1, 2), (3, 3)]),
        ([200, 1], [(1, 1), (2, 2)]),
        ([1, 200], [(1, 1), (2, 2)]),
        ([100, 100], [(1, 1), (2, 2)]),
        ([0, 0, 100, 0], [(1, 4)]),
    ],
)
def test_a_step_has_so_many_bytes_or_one_row(sizes: list[int], runs: list[tuple[int, int]]) -> None:
    assert list(parts([seen(number, size=size) for number, size in enumerate(sizes, 1)], 100)) == runs


@pytest.mark.parametrize(("sizes", "first"), [([], None), ([200], None), ([200, 50, 50], 2), ([50, 50], 1)])
def test_neighbours_are_taken_along_while_they_are_small(sizes: list[int], first: int | None) -> None:
    assert nearby([seen(number, size=size) for number, size in enumerate(sizes, 1)], 100) == first
