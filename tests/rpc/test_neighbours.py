"""Other readers of one database, found by their command lines among real processes."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.rpc import neighbours
from actors.rpc.neighbours import others
from tests.support.scripts import python_script, shell_script

WAIT = "import sys; print(flush=True); sys.stdin.read()"

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a program that waits, as if this gateway had not started it."""
    running: list[subprocess.Popen[bytes]] = []

    def run(*command: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        running.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    monkeypatch.setattr(os, "getpid", lambda: -1)
    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def imsg(tmp_path: Path) -> str:
    (tmp_path / "bin").mkdir()
    return python_script(tmp_path / "bin" / "imsg", WAIT)


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "chat.db")


def test_another_reader_is_named_with_its_parent(start: Start, imsg: str, database: str) -> None:
    process = start(imsg, "rpc", "--db", database)
    (said,) = others(None, database)
    assert said.startswith(f"imsg rpc (process {process.pid}) reads the same database, started by ")
    assert "(process " in said.partition("started by ")[2]


def test_the_way_its_path_is_written_does_not_matter(start: Start, imsg: str, tmp_path: Path, database: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    start(imsg, "rpc", "--json", f"--db={tmp_path}/link/chat.db")
    assert len(others(None, database)) == 1


def test_our_own_child_is_none(start: Start, imsg: str, database: str) -> None:
    process = start(imsg, "rpc", "--db", database)
    assert others(process.pid, database) == []


def test_what_this_gateway_started_is_none(
    start: Start, imsg: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(imsg, "rpc", "--db", database)
    monkeypatch.undo()
    assert others(None, database) == []


def test_another_database_or_another_command_is_none(start: Start, imsg: str, tmp_path: Path, database: str) -> None:
    start(imsg, "rpc", "--db", str(tmp_path / "other.db"))
    start(imsg, "watch", "--db", database)
    start(imsg, "rpc")
    assert others(None, database) == []


def test_without_a_name_it_is_the_database_of_the_home(
    start: Start, imsg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    start(imsg, "rpc")
    assert len(others(None, None)) == len(others(None, f"{tmp_path}/Library/Messages/chat.db")) == 1


def test_a_wrapper_that_waits_counts_once(start: Start, imsg: str, tmp_path: Path, database: str) -> None:
    wrapper = shell_script(tmp_path / "imsg-local", f'{imsg} "$@"\nexit $?')
    start(wrapper, "rpc", "--db", database)
    assert len(others(None, database)) == 1


def test_ssh_is_compared_with_ssh_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = {
        1: (0, "init"),
        2: (1, "ssh -T mac imsg rpc --db /db"),
        3: (1, "/usr/bin/ssh -T mac /opt/bin/imsg rpc --json --db /db"),
        4: (1, "ssh -T other imsg rpc --db /db"),
        5: (1, "imsg rpc --db /db"),
        6: (1, "ssh -T mac imsg rpc --db /db2"),
        7: (1, "ssh -T mac"),
    }
    table = {
        pid: neighbours._Process(pid, parent, Path(line.split()[0]).name, tuple(line.split()))
        for pid, (parent, line) in lines.items()
    }
    monkeypatch.setattr(neighbours, "_alive", lambda: table)
    assert others(2, "/db") == ["imsg rpc (process 3) reads the same database, started by init (process 1)"]
    assert others(None, "/db") == ["imsg rpc (process 5) reads the same database, started by init (process 1)"]
