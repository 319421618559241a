"""Pauses between attempts: growing, capped, jittered, never absurd."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.backoff import ACTORS, CHILD, Backoff

ATTEMPTS = st.integers(min_value=0, max_value=10**9)
CHANCES = st.floats(min_value=0.0, max_value=1.0, exclude_max=True)


@pytest.mark.parametrize("policy", [CHILD, ACTORS])
@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.9), (0.5, 1.0)])
def test_the_first_pauses_double(policy: Backoff, chance: float, share: float) -> None:
    pauses = [policy.delay(attempt, chance) for attempt in range(4)]
    assert pauses == pytest.approx([policy.first * share * factor for factor in (1, 2, 4, 8)])


@given(st.sampled_from([CHILD, ACTORS]), ATTEMPTS, CHANCES)
def test_no_pause_leaves_the_bounds_however_often_it_failed(policy: Backoff, attempt: int, chance: float) -> None:
    pause = policy.delay(attempt, chance)
    assert math.isfinite(pause)
    assert policy.first * 0.9 <= pause <= policy.cap * 1.1


@given(st.sampled_from([CHILD, ACTORS]), ATTEMPTS, CHANCES)
def test_a_later_attempt_never_waits_less(policy: Backoff, attempt: int, chance: float) -> None:
    assert policy.delay(attempt + 1, chance) >= policy.delay(attempt, chance)


def test_the_policies_are_those_of_the_design() -> None:
    assert (CHILD.first, CHILD.cap, ACTORS.first, ACTORS.cap) == (5.0, 300.0, 0.5, 60.0)
