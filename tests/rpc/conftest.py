"""A stage for the actors of the link, and a sandbox for the children they start."""

from collections.abc import Iterator

import pytest

from tests.support.actors import Stage, stage


@pytest.fixture(name="stage")
def _stage() -> Iterator[Stage]:
    """Everything on the test's own thread, but for the children's pipes."""
    with stage() as place:
        yield place
