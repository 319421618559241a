"""A stage for the actors of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.access.builders import ANN
from tests.access.doors import Door, Paper
from tests.support.probes import KillableStage, killable


@pytest.fixture
def stage() -> Iterator[KillableStage]:
    """A stage for one test."""
    with killable() as stage:
        yield stage


@pytest.fixture
def book() -> Paper:
    """Ann is let in."""
    return Paper(ANN)


@pytest.fixture
def door(stage: KillableStage, monkeypatch: pytest.MonkeyPatch, book: Paper) -> Door:
    """A controller."""
    return Door(stage, monkeypatch, book)
