"""The times in an envelope: pauses, zones, and how a moment is written."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from actors.agents.briefing.envelope_times import elapsed, stamp, zone_of

PST = ZoneInfo("America/Los_Angeles")
AT = 1_769_969_100.0
"""2026-02-01 18:05 UTC, a Sunday."""


@pytest.mark.parametrize(
    ("since", "at", "text"),
    [
        (0, 0, "0s"),
        (0, 59.9, "59s"),
        (0, 60, "1m"),
        (0, 3_599, "59m"),
        (0, 3_600, "1h"),
        (0, 86_399, "23h"),
        (0, 86_400, "1d"),
        (0, 1e9, "11574d"),
        (1, 0, ""),
        (None, 0, ""),
        (0, None, ""),
        (0, float("inf"), ""),
        (0, float("nan"), ""),
    ],
)
def test_a_pause_is_floored_to_the_largest_unit(since: float | None, at: float | None, text: str) -> None:
    assert elapsed(since, at) == text


@pytest.mark.parametrize(
    ("wanted", "user", "name"),
    [
        (None, None, "local"),
        ("local", "Europe/Berlin", "local"),
        (" LOCAL ", None, "local"),
        ("utc", "Europe/Berlin", "UTC"),
        ("GMT", None, "UTC"),
        ("user", "Europe/Berlin", "Europe/Berlin"),
        ("user", None, "local"),
        ("user", "Nowhere/Here", "local"),
        ("Asia/Tokyo", None, "Asia/Tokyo"),
        ("Nowhere/Here", "Europe/Berlin", "UTC"),
        ("../etc/passwd", None, "UTC"),
        ("/etc/passwd", None, "UTC"),
        ("Europe", None, "UTC"),
    ],
)
def test_the_zone_is_the_one_the_config_asks_for(wanted: str | None, user: str | None, name: str) -> None:
    assert str(zone_of(wanted, user, PST)) == ("America/Los_Angeles" if name == "local" else name)


def test_a_time_follows_summer_and_winter() -> None:
    assert stamp(AT, ZoneInfo("Europe/Berlin")) == "Sun 2026-02-01 19:05 CET"
    assert stamp(AT + 150 * 86_400, ZoneInfo("Europe/Berlin")) == "Wed 2026-07-01 20:05 CEST"
    assert stamp(AT, None)[:4] in ("Sat ", "Sun ", "Mon ")
    assert stamp(1e30, UTC) == ""
