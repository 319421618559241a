"""A stage, and a desk on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.counter import Counter
from tests.support.probes import KillableStage, killable

Open = Callable[..., Counter]


@pytest.fixture
def stage() -> Iterator[KillableStage]:
    """A stage for one test."""
    with killable() as stage:
        yield stage


@pytest.fixture
def opened(stage: KillableStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a desk at a config of a text of one's own."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, **how: Any) -> Counter:
        return Counter(stage, tmp_path, text, **how)

    return run


@pytest.fixture
def counter(stage: KillableStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    """A desk."""
    monkeypatch.chdir(tmp_path)
    return Counter(stage, tmp_path)
