"""The program that ``cliPath`` names, and who else uses the database: trusted, told apart, waited for."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.cases import Build, Cases
from tests.faults.town import VERSIONS, Town, wait_for
from tests.support.scripts import python_script

case = Cases()


@case("0.9")
def writable_by_others(build: Build, version: str) -> None:
    """Refused with the command that mends it, never started; mended, it starts by itself."""
    for mode in (0o777, 0o775):
        town = build(version)
        town.cli.chmod(mode)
        town.settle_in(ready=False)
        assert f"chmod go-w {town.cli}" in town.wait_problem("unsafe-program")["remedy"]
        assert town.children() == []
        town.cli.chmod(0o755)
        town.wait_well()
        town.write_and_wait("mended")


@case("0.9")
def in_a_folder_for_everybody(build: Build, version: str) -> None:
    """Anybody could put another in its place: the folder is named."""
    town = build(version)
    town.folder.chmod(0o777)
    town.settle_in(ready=False)
    assert f"chmod o-w {town.folder}" in town.wait_problem("unsafe-program")["remedy"]
    assert town.children() == []
    town.folder.chmod(0o755)
    town.wait_well()


@case("0.9")
def replaced_while_it_runs(build: Build, version: str) -> None:
    """The one that runs goes on; the next is looked at anew, refused, then well, and no message is lost."""
    town = build(version).settle_in()
    town.write_and_wait("before")
    program = town.cli.read_text()
    _replace(town.cli, program, 0o757)
    town.write_and_wait("the old one still runs")
    wait_for("the send to be answered", town.all_answered)
    town.kill_child()
    town.wait_problem("unsafe-program")
    assert len(town.children()) == 1
    town.writes("while it was refused")
    _replace(town.cli, program, 0o755)
    town.wait_answers("before", "the old one still runs", "while it was refused")
    assert len(town.children()) == 2


@case("0.15")
def removed_while_it_runs(build: Build, version: str) -> None:
    """An update takes it away for a while."""
    town = build(version).settle_in()
    town.write_and_wait("before")
    wait_for("the send to be answered", town.all_answered)
    program = town.cli.read_text()
    town.cli.unlink()
    town.kill_child()
    town.wait_problem("not-installed")
    town.writes("while it was gone")
    _replace(town.cli, program, 0o755)
    town.wait_answers("before", "while it was gone")
    assert len(town.children()) == 2


def _replace(path: Path, text: str, mode: int) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(mode)
    new.replace(path)


@case("0.9", "0.15")
def used_by_another_gateway(build: Build, version: str) -> None:
    """The second says who has it and reads nothing; it takes over when the first ends; no answer comes twice."""
    first = build(version).settle_in()
    second = build(version)
    second.db_path = first.db_path
    second.environment["XDG_RUNTIME_DIR"] = first.environment["XDG_RUNTIME_DIR"]
    second.settle_in(ready=False)
    assert first.process is not None
    problem = second.wait_problem("another-gateway")
    assert str(first.process.pid) in problem["reason"]
    assert str(first.state) in problem["reason"]
    code, account = second.channels("--probe")
    assert (code, account["problem"]["code"]) == (1, "another-gateway")
    first.write_and_wait("for the first")
    assert second.journal("SELECT count(*) FROM inbound") == [(0,)]
    assert second.children() == []
    first.kill()
    second.wait_well()
    second.write_and_wait("for the second")
    assert second.sent() == ["echo: for the first", "echo: for the second"]
    first.start(ready=False)
    assert "another gateway" in first.wait_problem("another-gateway")["reason"]


@case("0.9")
def used_by_openclaw(build: Build, version: str) -> None:
    """Its lock, its live process, its config with our database: nothing is read until it ends."""
    town = build(version)
    temporary = town.folder / "tmp"
    town.environment["TMPDIR"] = str(temporary)
    with _openclaw(town, temporary) as other:
        town.settle_in(ready=False)
        problem = town.wait_problem("another-gateway")
        assert f"process {other.pid}" in problem["reason"]
        assert "openclaw gateway stop" in problem["remedy"]
        assert town.children() == []
        other.terminate()
    town.wait_well()
    town.write_and_wait("ours now")


def _openclaw(town: Town, temporary: Path) -> "subprocess.Popen[bytes]":
    """A process that looks like OpenClaw's gateway, with its lock and its config."""
    config = town.folder / "theirs" / "openclaw.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"channels": {"imessage": {"dbPath": str(town.db_path)}}}))
    script = python_script(town.folder / "openclaw", "import sys; print(flush=True); sys.stdin.read()")
    process = subprocess.Popen([script, "gateway"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    lock = temporary / f"openclaw-{os.getuid()}" / "gateway.0123abcd.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"pid": process.pid, "configPath": str(config)}))
    return process


def _told(town: Town, problem: str, code: int) -> None:
    """A probe says the same inside the running gateway and without one, and so does the exit code."""
    for where in ("gateway", "this terminal"):
        exit_code, account = town.channels("--probe")
        assert ((account["problem"] or {}).get("code", ""), exit_code) == (problem, code)
        assert account["probe"] is None or account["probe"]["where"] == where
        assert problem == "" or account["problem"]["remedy"]
        town.stop()


@case("0.5", "0.15")
@case("0.9", soak=True)
def well(build: Build, version: str) -> None:
    """No problem, exit code 0; without a gateway and without a probe nobody knows: 3."""
    town = build(version).settle_in()
    assert town.channels()[0] == 0
    _told(town, "", 0)
    exit_code, account = town.channels()
    assert (exit_code, account["problem"]["code"]) == (3, "not-running")


@case("0.9")
def not_installed(build: Build, version: str) -> None:
    """There is no such program."""
    town = build(version)
    town.cli.unlink()
    town.settle_in(ready=False)
    town.wait_problem("not-installed")
    _told(town, "not-installed", 1)


@case("0.9")
def not_installed_yet(build: Build, version: str) -> None:
    """The gateway stays up, down with a reason and a remedy, and works as soon as imsg is there."""
    town = build(version)
    content = town.cli.read_text()
    town.cli.unlink()
    town.settle_in(ready=False)
    wait_for("words", lambda: "install imsg" in town.words())
    assert str(town.cli) in town.words()
    assert "Traceback" not in town.words()
    status = wait_for("status", town.status)
    assert status["state"] == "down"
    assert status["remedy"]
    _replace(town.cli, content, 0o755)
    town.wait_well()
    assert town.stop() == 0


@case("0.9")
def not_to_be_trusted(build: Build, version: str) -> None:
    """Everybody may write it: not started for a probe either."""
    town = build(version)
    town.cli.chmod(0o777)
    town.settle_in(ready=False)
    town.wait_problem("unsafe-program")
    _told(town, "unsafe-program", 1)
    assert town.children() == []


def _from_the_start(build: Build, version: str, start: str, problem: str) -> None:
    town = build(version)
    town.weather(start=start)
    town.settle_in(ready=False)
    town.wait_problem(problem)
    _told(town, problem, 1)


@case("0.5")
def without_rpc(build: Build, version: str) -> None:
    """An imsg before 0.3."""
    _from_the_start(build, version, "no-rpc", "no-rpc")


@case(*VERSIONS)
def without_disk_access(build: Build, version: str) -> None:
    """It may not read the Messages database, each generation in its own words."""
    _from_the_start(build, version, "no-access", "no-disk-access")


@case("0.5", "0.15")
def hanging(build: Build, version: str) -> None:
    """It says nothing."""
    _from_the_start(build, version, "hang", "hanging")


@case("0.5", "0.15")
@case("0.9", soak=True)
def without_automation(build: Build, version: str) -> None:
    """It reads and may not send, which only a send shows: what the last one said is remembered."""
    town = build(version).settle_in()
    town.weather(send="no-automation")
    town.writes("what it cannot answer")
    assert "Automation" in town.wait_problem("no-automation")["remedy"]
    _told(town, "no-automation", 1)


@pytest.mark.parametrize("name", case.names())
def test_a_program(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
