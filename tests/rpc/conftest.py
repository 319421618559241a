"""A stage for the actors of the link, and a sandbox for the children they start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rpc.watching import Watching
from tests.support.actors import Stage, stage


@pytest.fixture(name="stage")
def _stage() -> Iterator[Stage]:
    """Everything on the test's own thread, but for the children's pipes."""
    with stage() as place:
        yield place


@pytest.fixture
def link(stage: Stage, tmp_path: Path) -> Iterator[Watching]:
    """A link to a child that the test writes."""
    one = Watching(stage, tmp_path)
    yield one
    one.close()
