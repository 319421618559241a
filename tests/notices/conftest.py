"""A stage for one test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.probes import KillableStage, killable


@pytest.fixture
def stage() -> Iterator[KillableStage]:
    """Everything on the test's own thread."""
    with killable() as stage:
        yield stage
