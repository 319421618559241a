"""Places for the actors of these tests: a stage moved by hand, and real threads."""

from collections.abc import Iterator

import pytest

from actors.runtime.actor import Context
from tests.support.actors import Stage, context, stage


@pytest.fixture(name="stage")
def _stage() -> Iterator[Stage]:
    """Everything on the test's own thread."""
    with stage() as place:
        yield place


@pytest.fixture
def place() -> Iterator[Context]:
    """One dispatcher with two threads, and the real clock."""
    with context(threads=2) as found:
        yield found
