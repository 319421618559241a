"""What watches over the programs of agents: what runs for us ends when we are gone, and nothing else does."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from actors.agents.watchman import WATCHMAN, Watchman
from actors.runtime.process import spawn
from tests.agents.programs import Programs, begun, written
from tests.support.actors import wait_until
from tests.support.scripts import lives


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Programs in a folder of the test."""
    return Programs(tmp_path)


def sleeper() -> int:
    """A process that leads a group and sleeps."""
    return spawn(["sleep", "300"]).pid


def test_the_watchman_ends_what_runs_for_us_when_we_are_gone_and_nothing_else() -> None:
    watchman = Watchman()
    ours, others = sleeper(), sleeper()
    watchman.add(1, ours)
    watchman.add(2, others)
    watchman.remove(2)
    watchman.release()
    wait_until(lambda: not lives(ours), what="its end")
    assert lives(others)
    os.killpg(others, signal.SIGKILL)


def test_a_watchman_that_died_is_replaced_and_knows_everything() -> None:
    watchman = Watchman()
    first, second = sleeper(), sleeper()
    watchman.add(1, first)
    shell = watchman.pid
    assert shell is not None
    os.killpg(shell, signal.SIGKILL)
    wait_until(lambda: not lives(shell), what="its end")
    watchman.remove(3)
    watchman.add(2, second)
    assert watchman.pid not in (None, shell)
    watchman.release()
    wait_until(lambda: not lives(first) and not lives(second), what="both ends")


def test_one_shell_watches_over_all_of_them_and_none_is_started_for_a_turn(programs: Programs) -> None:
    programs.run("echo one")
    shell = WATCHMAN.pid
    assert shell is not None
    for _ in range(3):
        programs.run("echo two")
    assert WATCHMAN.pid == shell


def test_one_that_does_not_read_is_replaced_and_ends_nobody(programs: Programs, tmp_path: Path) -> None:
    """It must not take that for our end."""
    thread = begun(programs, f"echo $$ > {tmp_path}/pid; read line; read line < {tmp_path}/go; echo done")
    os.mkfifo(tmp_path / "go")
    pid, shell = written(tmp_path / "pid"), WATCHMAN.pid
    assert shell is not None
    os.killpg(shell, signal.SIGSTOP)
    for number in range(20_000):
        WATCHMAN.add(-1 - number, 10_000_000 + number)
        WATCHMAN.remove(-1 - number)
    wait_until(lambda: not lives(shell), what="its end")
    assert lives(pid)
    (tmp_path / "go").write_text("go")
    thread.join(10.0)
