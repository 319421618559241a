"""A furnished Messages database, open for people to write into."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.simulator.messages_db import MessagesDb
from tests.simulator.harness import furnish


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The database's file."""
    found = tmp_path / "chat.db"
    furnish(found)
    return found


@pytest.fixture
def db(path: Path) -> Iterator[MessagesDb]:
    """It, open."""
    opened = MessagesDb.open(path)
    yield opened
    opened.close()
