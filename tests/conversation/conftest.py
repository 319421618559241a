"""A stage for the actors of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.probes import KillableStage, killable


@pytest.fixture
def stage() -> Iterator[KillableStage]:
    """A stage for one test."""
    with killable() as stage:
        yield stage
