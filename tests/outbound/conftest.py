"""A stage for the actors of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.outbound.desk import TRACKED, Desk
from tests.support.probes import KillableStage, killable


@pytest.fixture
def stage() -> Iterator[KillableStage]:
    """A stage for one test."""
    with killable() as stage:
        yield stage


@pytest.fixture
def desk(stage: KillableStage) -> Desk:
    """A sender whose imsg can track."""
    return Desk(stage, able=TRACKED)
