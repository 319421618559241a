"""Pace: how many sends may stand in the pipe."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.outbound.pace import MOST, Pace


def test_the_pipe_holds_one_request_until_something_is_known() -> None:
    assert Pace().depth == 1


@pytest.mark.parametrize(
    ("seconds", "depth"),
    [(0.0, 100), (0.0001, 100), (0.001, 50), (0.005, 10), (0.05, 1), (2.0, 1), (60.0, 1)],
)
def test_the_depth_follows_what_sends_take(seconds: float, depth: int) -> None:
    pace = Pace()
    for _ in range(100):
        pace.took(seconds)
    assert pace.depth == depth


@given(st.lists(st.floats(min_value=0.0, max_value=1e6, allow_nan=False), max_size=50))
def test_the_depth_stays_within_its_bounds(times: list[float]) -> None:
    pace = Pace()
    for seconds in times:
        pace.took(seconds)
        assert 1 <= pace.depth <= MOST
    assert math.isfinite(pace.depth)
