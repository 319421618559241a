"""A house per test, torn down whatever happens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty house over the simulator."""
    one = House(tmp_path)
    try:
        yield one
    finally:
        one.close()
