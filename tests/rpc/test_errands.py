"""Questions beside the child: seldom, off the flow, and each finding said once."""

import threading

import pytest
from loguru import logger

from actors.rpc import neighbours
from actors.rpc.errands import BOTH, FORGET_SECONDS, SETTLE_SECONDS, Errands
from tests.support.actors import Probe, Stage


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int | None, str | None]]:
    """What the look around was asked; it finds the same reader each time."""
    asked: list[tuple[int | None, str | None]] = []

    def others(pid: int | None, db_path: str | None) -> list[str]:
        asked.append((pid, db_path))
        return ["process 7 reads it"]

    monkeypatch.setattr(neighbours, "others", others)
    return asked


def at_rest() -> None:
    """Wait for the look that is under way."""
    for thread in threading.enumerate():
        if thread.name == "imsg-others":
            thread.join(10.0)


def test_it_looks_for_other_readers_once_it_has_settled_and_then_seldom(
    stage: Stage, looks: list[tuple[int | None, str | None]]
) -> None:
    said: list[str] = []
    sink = logger.add(lambda line: said.append(str(line)), format="{message}")
    try:
        errands = Errands("imsg", Probe("reader").ref, stage.clock)
        for seconds in (0.0, SETTLE_SECONDS - 1, 1.0, 60.0, FORGET_SECONDS):
            stage.advance(seconds)
            errands.others(5, "/x/chat.db")
            at_rest()
    finally:
        logger.remove(sink)
    assert looks == [(5, "/x/chat.db")] * 2
    assert [line.strip() for line in said] == [f"process 7 reads it. {BOTH}"]
