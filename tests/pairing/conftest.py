"""A stage for the actors of this room, and a registry on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pairing.office import Office
from tests.support.probes import KillableStage, killable


@pytest.fixture
def stage() -> Iterator[KillableStage]:
    """A stage for one test."""
    with killable() as stage:
        yield stage


@pytest.fixture
def office(stage: KillableStage, tmp_path: Path) -> Office:
    """A registry."""
    return Office(stage, tmp_path)
