"""A stage for the actors of this room, a conversation on it, and sessions on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conversation.house import House
from tests.conversation.table import Table
from tests.support.probes import KillableStage, killable


@pytest.fixture
def stage() -> Iterator[KillableStage]:
    """A stage for one test."""
    with killable() as stage:
        yield stage


@pytest.fixture
def table(stage: KillableStage) -> Table:
    """A conversation."""
    return Table(stage)


@pytest.fixture
def house(stage: KillableStage) -> House:
    """Sessions with room for three."""
    return House(stage, cap=3, most=1)
