"""When a session begins anew by itself, in a day of 24 hours and in those of 23 and 25."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.conversation.resets import ResetPolicy, due, next_hour

BERLIN = ZoneInfo("Europe/Berlin")
"""Summer time begins on 28 March 2027 at 2:00, and ends on 31 October 2027 at 3:00."""


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    """Unix seconds of a local time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


DAILY = ResetPolicy(at_hour=4)
IDLE = ResetPolicy(idle=3600.0)
BOTH = ResetPolicy(at_hour=4, idle=3600.0)


@pytest.mark.parametrize(
    ("policy", "started", "last", "now", "why"),
    [
        (DAILY, "2027-06-01 10:00", "2027-06-01 23:00", "2027-06-02 03:59:59", None),
        (DAILY, "2027-06-01 10:00", "2027-06-02 03:59", "2027-06-02 04:00", "daily"),
        (DAILY, "2027-06-02 04:00", "2027-06-02 05:00", "2027-06-03 03:00", None),
        (DAILY, "2027-06-02 03:59", "2027-06-02 05:00", "2027-06-02 05:00", "daily"),
        (DAILY, "2027-06-02 03:00", "2027-06-02 03:00", "2027-06-09 03:00", "daily"),
        (IDLE, "2027-06-01 10:00", "2027-06-01 11:00", "2027-06-01 11:59:59", None),
        (IDLE, "2027-06-01 10:00", "2027-06-01 11:00", "2027-06-01 12:00", "idle"),
        (BOTH, "2027-06-01 10:00", "2027-06-02 01:00", "2027-06-02 08:00", "idle"),
        (BOTH, "2027-06-01 10:00", "2027-06-02 03:30", "2027-06-02 08:00", "daily"),
        (BOTH, "2027-06-02 05:00", "2027-06-02 08:00", "2027-06-02 08:30", None),
        (ResetPolicy(), "2020-01-01 00:00", "2020-01-01 00:00", "2027-06-02 08:30", None),
    ],
)
def test_a_session_begins_anew_by_the_hour_or_by_quiet(
    policy: ResetPolicy, started: str, last: str, now: str, why: str | None
) -> None:
    assert due(policy, at(started), at(last), at(now), BERLIN) == why


def test_a_session_without_turns_is_new_as_it_is() -> None:
    assert due(BOTH, None, None, at("2027-06-02 08:30"), BERLIN) is None


@pytest.mark.parametrize(
    ("hour", "after", "expected"),
    [
        # The night that has no half past two.
        (2, at("2027-03-27 12:00"), at("2027-03-28 03:00")),
        (2, at("2027-03-28 03:00"), at("2027-03-29 02:00")),
        (4, at("2027-03-28 01:00"), at("2027-03-28 04:00")),
        # The night that has it twice.
        (2, at("2027-10-31 01:00"), at("2027-10-31 02:00")),
        (2, at("2027-10-31 02:30"), at("2027-11-01 02:00")),
        (2, at("2027-10-31 02:30", fold=1), at("2027-11-01 02:00")),
        (4, at("2027-10-31 02:30", fold=1), at("2027-10-31 04:00")),
        (0, at("2027-12-31 12:00"), at("2028-01-01 00:00")),
    ],
)
def test_the_hour_is_that_of_the_local_clock(hour: int, after: float, expected: float) -> None:
    assert next_hour(hour, after, BERLIN) == expected


@given(
    st.integers(0, 23),
    st.floats(at("2026-01-01 00:00"), at("2029-01-01 00:00")),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
)
def test_the_next_one_is_always_within_a_day_and_an_hour(hour: int, after: float, name: str) -> None:
    zone = ZoneInfo(name)
    found = next_hour(hour, after, zone)
    assert 0 < found - after <= 25 * 3600
    shown = datetime.fromtimestamp(found, zone)
    assert (shown.hour, shown.minute) == (hour, 0) or shown.utcoffset() != datetime.fromtimestamp(
        found - 7200, zone
    ).utcoffset(), "a clock that was put forward has no such hour"


@pytest.fixture
def newfoundland(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This computer stands in St. John's."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "America/St_Johns")
    time.tzset()
    yield
    monkeypatch.undo()
    assert os.environ.get("TZ") == before
    time.tzset()


def test_without_a_zone_it_is_the_clock_of_this_computer(newfoundland: None) -> None:
    zone = ZoneInfo("America/St_Johns")
    for day in ("2027-03-13", "2027-03-14", "2027-06-01", "2027-11-06", "2027-11-07"):
        after = at(f"{day} 12:00", zone)
        assert next_hour(2, after, None) == next_hour(2, after, zone)
