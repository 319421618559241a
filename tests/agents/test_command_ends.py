"""How a command agent's program ends, and what it leaves: hangs, groups, descriptors, stderr. With real programs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from actors.agents.base import AgentError, Job
from actors.agents.command import LOGGED_LINES, MAX_ERRORS, Errors
from actors.agents.watchman import WATCHMAN
from actors.runtime import logs
from tests.agents.programs import Programs, begun, named, written
from tests.agents.turns import message, turn
from tests.support.actors import wait_until
from tests.support.scripts import lives, open_descriptors

ROOT = Path(__file__).resolve().parents[2]
STUBBORN = "trap '' TERM; sleep 300 & while :; do sleep 0.05; done"


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Programs in a folder of the test."""
    return Programs(tmp_path)


# Hangs


def members(group: int) -> list[int]:
    """The living processes of a group."""
    found = []
    for process in psutil.process_iter(["pid", "status"]):
        try:
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except ProcessLookupError:
            continue
    return found


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep 60", id="sleeps"),
        pytest.param("trap '' TERM; while :; do sleep 0.05; done", id="ignores TERM"),
        pytest.param("sleep 60 & sleep 60 & wait", id="has children"),
        pytest.param("exec >&- 2>&-; sleep 60", id="closed its output"),
        pytest.param("while :; do echo x; sleep 0.02; done", id="talks for ever"),
        pytest.param("cat; cat; exec sleep 60", id="reads everything first"),
    ],
)
def test_a_program_that_hangs_is_gone_with_its_group_at_the_deadline(
    programs: Programs, tmp_path: Path, script: str
) -> None:
    started = time.monotonic()
    with pytest.raises(AgentError, match=r"timed out after 0\.3 s"):
        programs.run(f"echo $$ > {tmp_path}/pid; {script}", timeout=0.3)
    assert time.monotonic() - started < 3
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: members(pid) == [], what="the end of its group")


def test_what_a_program_leaves_behind_dies_with_it_and_does_not_delay_the_answer(
    programs: Programs, tmp_path: Path
) -> None:
    started = time.monotonic()
    assert programs.run(f"echo $$ > {tmp_path}/pid; sleep 60 & echo done") == "done"
    assert time.monotonic() - started < 5
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: members(pid) == [], what="the end of its group")


def test_a_turn_nobody_wants_any_more_is_cancelled_within_a_second(programs: Programs, tmp_path: Path) -> None:
    job = programs.job()
    failed: list[str] = []

    def answer() -> None:
        with pytest.raises(AgentError) as raised:
            programs.agent(f"echo $$ > {tmp_path}/pid; trap '' TERM; sleep 60 & wait; wait").answer(job)
        failed.append(str(raised.value))

    thread = threading.Thread(target=answer)
    thread.start()
    wait_until(lambda: (tmp_path / "pid").exists(), what="its start")
    started = time.monotonic()
    programs.cancelled.set()
    thread.join(10.0)
    assert time.monotonic() - started < 1.0
    assert failed == ["cancelled"]
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: members(pid) == [], what="the end of its group")


def test_the_deadline_of_the_turn_holds_too(programs: Programs) -> None:
    job = programs.job(deadline=time.monotonic() + 0.3)
    with pytest.raises(AgentError, match=r"timed out after 0\.\d+ s"):
        programs.agent("sleep 60", timeout=60.0).answer(job)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("exec <&-; echo done", id="closes it"),
        pytest.param("echo done", id="ignores it"),
        pytest.param("head -c 10 >/dev/null; echo done", id="reads a little"),
        pytest.param("sleep 0.2; cat >/dev/null; echo done", id="reads it late"),
    ],
)
def test_a_program_that_does_not_read_its_input_may_answer_all_the_same(programs: Programs, script: str) -> None:
    assert programs.run(script, turn(message(1, "x" * 1_000_000))) == "done"


# Our own end


def gateway(folder: Path, script: str) -> subprocess.Popen[bytes]:
    """Another process of ours, whose agent runs ``script``."""
    program = f"""
import pathlib
from tests.agents.programs import Programs
Programs(pathlib.Path({str(folder)!r})).run({script!r}, timeout=300)
"""
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, start_new_session=True)


def test_nothing_outlives_a_gateway_that_is_killed(tmp_path: Path) -> None:
    with gateway(tmp_path, f"echo $$ > {tmp_path}/pid; {STUBBORN}") as ours:
        pid = written(tmp_path / "pid")
        wait_until(lambda: len(members(pid)) >= 2, what="all it starts")
        # The shell that watches over it is the only other child.
        [shell] = {child.pid for child in psutil.Process(ours.pid).children()} - {pid}
        ours.kill()
    wait_until(lambda: members(pid) == [], 5.0, "the end of its group")
    wait_until(lambda: not lives(shell), what="the end of the one who did it")


def test_nor_one_that_is_killed_in_the_moment_a_program_starts(tmp_path: Path) -> None:
    with gateway(tmp_path, f"kill -9 $PPID; echo $$ > {tmp_path}/pid; {STUBBORN}") as ours:
        assert ours.wait(30.0) == -9
    pid = written(tmp_path / "pid")
    wait_until(lambda: members(pid) == [], 5.0, "the end of its group")


def test_an_orderly_end_waits_for_turns_that_know_of_it(programs: Programs, tmp_path: Path) -> None:
    thread = begun(programs, f"echo $$ > {tmp_path}/pid; {STUBBORN}")
    pid = written(tmp_path / "pid")
    programs.cancelled.set()
    WATCHMAN.end()
    wait_until(lambda: members(pid) == [], 1.0, "the end of its group")
    thread.join(10.0)
    assert not thread.is_alive()


@pytest.mark.parametrize("patience", [0.0, 0.1])
def test_an_orderly_end_does_not_wait_for_ever(programs: Programs, tmp_path: Path, patience: float) -> None:
    thread = begun(programs, f"echo $$ > {tmp_path}/pid; {STUBBORN}")
    pid = written(tmp_path / "pid")
    started = time.monotonic()
    WATCHMAN.end(patience)
    assert time.monotonic() - started < 2.0
    wait_until(lambda: members(pid) == [], 1.0, "the end of its group")
    thread.join(10.0)
    assert not thread.is_alive()


def test_a_turn_that_is_not_wanted_starts_no_program(programs: Programs, tmp_path: Path) -> None:
    programs.cancelled.set()
    with pytest.raises(AgentError, match="cancelled"):
        programs.run(f"echo $$ > {tmp_path}/pid")
    assert not (tmp_path / "pid").exists()


# Descriptors


def test_no_descriptor_is_left_open_whatever_happens(programs: Programs) -> None:
    programs.run("echo warm")
    before = open_descriptors()
    for script in ("echo hi", "exit 3", "cat /dev/zero", "exec <&-; echo x"):
        try:
            programs.run(script)
        except AgentError:
            continue
    for program in ("/nowhere", "/etc/passwd"):
        with pytest.raises(AgentError):
            named(program).answer(Job(turn()))
    wait_until(lambda: open_descriptors() <= before, what="the closing of every descriptor")


def test_a_descriptor_is_closed_once(programs: Programs, tmp_path: Path) -> None:
    """The number of the closed stdin may belong to another file by the time the program ends."""
    go = tmp_path / "go"
    os.mkfifo(go)
    one = programs.agent(f"cat >/dev/null; echo read > {tmp_path}/read; cat {go} >/dev/null; echo done")
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(one.answer(Job(turn())).text))
    thread.start()
    wait_until(lambda: (tmp_path / "read").exists(), what="the end of the input")
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(20)]
    try:
        go.write_text("go")
        thread.join(10.0)
        assert said == ["done"]
        for file in files:
            os.fstat(file)
    finally:
        for file in files:
            os.close(file)


def test_many_at_once_do_not_disturb_each_other(programs: Programs) -> None:
    one = programs.agent("cat")
    said: dict[str, str] = {}

    def ask(number: int) -> None:
        said[f"{number}"] = one.answer(Job(turn(message(1, f"{number}")))).text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20.0)
    assert len(said) == 12
    assert all(asked == text for asked, text in said.items())


# What it writes to stderr


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The log lines of a test."""
    lines: list[str] = []
    monkeypatch.setattr(logs, "event", lambda _level, _actor, text, **_: lines.append(text))
    return lines


def test_stderr_stands_in_the_log_line_by_line_and_never_in_the_chat(programs: Programs, logged: list[str]) -> None:
    assert programs.run("echo one >&2; echo; echo two >&2; printf three >&2; echo said") == "\nsaid".strip("\n")
    assert logged == ["stderr: one", "stderr: two", "stderr: three"]


def test_what_looks_like_a_credential_is_neither_logged_nor_told(programs: Programs, logged: list[str]) -> None:
    with pytest.raises(AgentError) as raised:
        programs.run("echo 'bad key sk-abcdefghijklmnop' >&2; exit 1")
    assert "sk-abc" not in str(raised.value) + "".join(logged)
    assert len(logged) == 1


def test_a_flood_of_lines_is_cut(logged: list[str]) -> None:
    errors = Errors("agent:main", "s")
    for _ in range(10):
        errors.feed(b"x\n" * 100)
    errors.finish()
    assert len(logged) == LOGGED_LINES + 1
    assert logged[-1] == "stderr: (further lines are left out)"


def test_a_line_without_end_is_cut(logged: list[str]) -> None:
    errors = Errors("agent:main", "s")
    for _ in range(100):
        errors.feed(b"x" * 1000)
    errors.finish()
    assert [len(line) for line in logged] == [MAX_ERRORS + len("stderr: ")]
    assert errors.last_line == ": " + "x" * 300
