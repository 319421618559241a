"""A stage for the actors of this room, and journals that are closed after the test."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.journal.schema import connect_readonly
from tests.journal.desk import Room
from tests.support.probes import KillableStage, killable

Open = Callable[..., Room]


@pytest.fixture
def stage() -> Iterator[KillableStage]:
    """A stage for one test."""
    with killable() as stage:
        yield stage


@pytest.fixture
def open_room(stage: KillableStage, tmp_path: Path) -> Iterator[Open]:
    """``open_room()`` starts a journal; called again, after a kill, it finds what the first one left."""
    rooms: list[Room] = []

    def start(name: str = "journal.db", **how: Any) -> Room:
        for room in rooms:
            room.close()
        room = Room(stage, tmp_path / name, **how)
        rooms.append(room)
        return room

    yield start
    for room in rooms:
        room.close()


@pytest.fixture
def room(open_room: Open) -> Room:
    """A journal."""
    return open_room()


@pytest.fixture
def looking(room: Room) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, beside the journal."""
    with closing(connect_readonly(room.path)) as connection:
        yield connection
