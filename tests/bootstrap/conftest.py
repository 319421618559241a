"""One checkout that is built once, by two starts at the same moment, and copies of it to break."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.bootstrap.checkouts import FakeCheckout, Result, read_line_with


class Built(NamedTuple):
    """A ready checkout, the start that built it and the one that came while it was being built."""

    checkout: FakeCheckout
    first: Result
    second: Result


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A checkout with a ready ``.venv`` (runtime level). Look, do not change; ``copy`` is for changing."""
    checkout = FakeCheckout.create(tmp_path_factory.mktemp("built"))
    first = checkout.start("one")
    announcement = read_line_with(first, "making")
    second = Result.of(checkout.start("two"))
    ended = Result.of(first)
    return Built(checkout, Result(ended.code, ended.stdout, announcement + ended.stderr, ended.pid), second)


@pytest.fixture
def copy(built: Built, tmp_path: Path) -> FakeCheckout:
    """A copy of the ready checkout at another place, which its first start notices."""
    return built.checkout.copy_to(tmp_path / "copy")


@pytest.fixture
def bare(tmp_path: Path) -> FakeCheckout:
    """A checkout without ``.venv``."""
    return FakeCheckout.create(tmp_path / "bare")
