"""Child processes: started or refused in plain words, with pipes nobody else holds, and ended with all they started."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil
import pytest

from actors.runtime.process import (
    Child,
    SpawnError,
    end_group,
    group_lives,
    spawn,
    started_at,
    wait_group,
)
from tests.support.actors import DEADLINE, wait_until
from tests.support.scripts import lives, open_descriptors, python_script, shell_script

Start = Callable[..., Child]


@pytest.fixture(name="start")
def _start() -> Iterator[Start]:
    """``spawn``, with an end for every child and its pipes."""
    with ExitStack() as after:

        def start(*argv: str, **options: Any) -> Child:
            child = spawn(argv, **options)
            after.callback(_finish, child)
            return child

        yield start


def _finish(child: Child) -> None:
    child.end()
    assert child.ended.wait(DEADLINE)
    for descriptor in (child.stdin, child.stdout, child.stderr):
        with suppress(OSError):
            os.close(descriptor)


def output(child: Child, stream: str = "stdout") -> bytes:
    """All it writes, up to the end of the pipe."""
    parts = []
    descriptor = getattr(child, stream)
    while data := os.read(descriptor, 65536):
        parts.append(data)
    return b"".join(parts)


def line(child: Child) -> bytes:
    """One line it writes."""
    data = b""
    while not data.endswith(b"\n"):
        byte = os.read(child.stdout, 1)
        assert byte, f"it ended after {data!r}"
        data += byte
    return data[:-1]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "not found, or not executable"),
        ("missing on PATH", "not found, or not executable"),
        ("not executable", "not found, or not executable"),
        ("a folder", "not found, or not executable"),
        ("without an interpreter", "interpreter that its first line (#!) names does not exist"),
        ("no program", "neither a binary nor a script that begins with #!"),
    ],
)
def test_what_cannot_be_started_is_named_in_one_line_and_leaves_nothing_open(
    tmp_path: Path, kind: str, words: str
) -> None:
    path = tmp_path / "imsg"
    match kind:
        case "not executable":
            path.write_text("#!/bin/sh\n")
        case "a folder":
            path.mkdir()
        case "without an interpreter" | "no program":
            path.write_text("#!/no/such/interpreter\n" if kind.startswith("without") else "hello")
            path.chmod(0o755)
    cli = "no-such-program-anywhere" if kind == "missing on PATH" else str(path)
    before = open_descriptors()
    with pytest.raises(SpawnError) as caught:
        spawn((cli, "rpc"))
    text = str(caught.value)
    assert text.startswith(f"{cli}: ")
    assert words in text
    assert "\n" not in text
    assert open_descriptors() == before


def test_a_folder_to_run_in_that_does_not_exist_is_said_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(SpawnError) as caught:
        spawn(("/bin/sh", "-c", "true"), cwd=str(tmp_path / "missing"))
    assert str(tmp_path / "missing") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_only_the_system_refuses_is_said_in_one_line_too() -> None:
    with pytest.raises(SpawnError) as caught:
        spawn(("/bin/echo", "x" * 10_000_000))
    assert str(caught.value).startswith("/bin/echo: cannot be started: ")
    assert "\n" not in str(caught.value)


def test_it_talks_over_three_pipes(start: Start) -> None:
    child = start("/bin/sh", "-c", "read x; echo out $x; echo err $x >&2")
    os.write(child.stdin, b"hello\n")
    assert output(child) == b"out hello\n"
    assert output(child, "stderr") == b"err hello\n"
    assert child.ended.wait(DEADLINE)


@pytest.mark.parametrize(
    ("ending", "code"),
    [("exit 0", 0), ("exit 1", 1), ("exit 255", 255), ("kill -9 $$", -9), ("kill -15 $$", -15), ("kill -11 $$", -11)],
)
def test_its_exit_code_is_told_once(start: Start, ending: str, code: int) -> None:
    codes: SimpleQueue[int] = SimpleQueue()
    child = start("/bin/sh", "-c", ending, on_end=codes.put)
    assert codes.get(timeout=DEADLINE) == code
    assert child.exit_code == code
    assert child.ended.wait(DEADLINE)
    assert not lives(child.pid)
    assert codes.empty()


def test_a_broken_pipe_ends_it_as_usual(start: Start) -> None:
    """Python ignores SIGPIPE; what it starts must not, or a wrapper's pipeline never ends."""
    child = start("/bin/sh", "-c", "kill -PIPE $$; echo survived")
    assert output(child) == b""
    assert child.ended.wait(DEADLINE)
    assert child.exit_code == -signal.SIGPIPE


PRINT_ENVIRONMENT = """
    import os, sys
    sys.stdout.buffer.write(b"\\0".join(k + b"=" + v for k, v in os.environb.items()))
"""


# What interpreters (PEP 538), shells, readline and macOS add to their own environment.
ADDED = (b"LC_CTYPE", b"COLUMNS", b"LINES", b"PWD", b"OLDPWD", b"SHLVL", b"_", b"__CF_USER_TEXT_ENCODING")


def environment_of(child: Child) -> dict[bytes, bytes]:
    return without_added(dict(pair.split(b"=", 1) for pair in output(child).split(b"\0") if pair))


def without_added(environment: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: value for name, value in environment.items() if name not in ADDED}


def test_it_inherits_the_whole_environment_unchanged(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent with spaces")
    monkeypatch.setitem(os.environb, b"ODD", b"\xff=\n")
    child = start(python_script(tmp_path / "env", PRINT_ENVIRONMENT))
    assert environment_of(child) == without_added(os.environb)


def test_an_environment_given_replaces_the_inherited_one(start: Start, tmp_path: Path) -> None:
    child = start(python_script(tmp_path / "env", PRINT_ENVIRONMENT), env={"ONLY": "this"})
    assert environment_of(child) == {b"ONLY": b"this"}


def test_it_runs_in_the_folder_given(start: Start, tmp_path: Path) -> None:
    assert output(start("/bin/pwd", cwd=str(tmp_path))).strip() == str(tmp_path).encode()


def test_arguments_arrive_as_they_are(start: Start, tmp_path: Path) -> None:
    words = ["", " ", "a b", "*", "$HOME", "--db", "~", "é", "'\"\\", "-", "{}"]
    script = python_script(tmp_path / "args", "import sys; print(ascii(sys.argv[1:]))")
    assert output(start(script, *words)).decode() == f"{words!a}\n"


def test_it_leads_a_session_of_its_own(start: Start) -> None:
    child = start("/bin/cat")
    assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid
    assert os.getsid(0) != child.pid


LIST_DESCRIPTORS = "import os; print(*sorted(int(name) for name in os.listdir('/dev/fd')))"


def test_children_hold_no_ends_of_each_others_pipes(start: Start, tmp_path: Path) -> None:
    first = start("/bin/cat")
    second = start("/bin/cat")
    looker = start(python_script(tmp_path / "fds", LIST_DESCRIPTORS))
    # 3 is the listing's own.
    assert set(output(looker).split()) <= {b"0", b"1", b"2", b"3"}
    os.close(first.stdin)
    first.stdin = -1
    assert output(first) == b""
    assert first.ended.wait(DEADLINE)
    assert not second.ended.is_set()


def test_ending_it_ends_its_grandchildren_too(start: Start) -> None:
    child = start("/bin/sh", "-c", "sleep 1000 & echo $!; wait")
    grandchild = int(line(child))
    child.end()
    assert child.ended.is_set()
    wait_until(lambda: not lives(grandchild), what="the end of the grandchild")


def test_what_it_left_behind_dies_with_it_and_the_pipe_ends(start: Start) -> None:
    child = start("/bin/sh", "-c", "sleep 1000 & echo $!; exit 3")
    grandchild = int(line(child))
    assert output(child) == b""
    wait_until(lambda: not lives(grandchild), what="the end of the grandchild")
    assert child.exit_code == 3


def test_who_ignores_the_polite_signal_is_killed(start: Start) -> None:
    child = start("/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done")
    assert line(child) == b"ready"
    child.end(patience=0.2)
    assert child.ended.wait(DEADLINE)
    assert child.exit_code == -signal.SIGKILL


def test_a_child_that_ended_is_never_signalled_again(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its number may belong to somebody else's process group by then."""
    child = start("/bin/sh", "-c", "exit 0")
    assert child.ended.wait(DEADLINE)
    signals: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "killpg", lambda pid, number: signals.append((pid, number)))
    child.end()
    child.signal(signal.SIGTERM)
    assert signals == []


def test_many_children_at_once_from_several_threads_are_all_reaped(start: Start) -> None:
    codes: SimpleQueue[int] = SimpleQueue()

    def work(number: int) -> None:
        for count in range(3):
            child = spawn(("/bin/sh", "-c", f"exit {number * 3 + count}"), on_end=codes.put)
            for descriptor in (child.stdin, child.stdout, child.stderr):
                os.close(descriptor)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes.get(timeout=DEADLINE) for _ in range(12)) == list(range(12))


@pytest.fixture
def orphan() -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Processes that lead a group and are not children of ``spawn``: what a killed gateway leaves."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*argv: str) -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen(argv, start_new_session=True, stdout=subprocess.PIPE, stdin=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.poll()
        process.communicate()


Orphan = Callable[..., "subprocess.Popen[bytes]"]


def test_a_group_lives_while_its_leader_does(orphan: Orphan) -> None:
    process = orphan("/bin/cat")
    started = started_at(process.pid)
    assert started is not None
    assert group_lives(process.pid, started)
    assert not wait_group(process.pid, started, 0.0)
    process.communicate()
    assert not group_lives(process.pid, started)
    assert wait_group(process.pid, started, 0.0)
    assert started_at(process.pid) is None


def test_a_number_that_was_given_to_another_process_is_not_ours(orphan: Orphan) -> None:
    process = orphan("/bin/cat")
    started = started_at(process.pid)
    assert started is not None
    assert not group_lives(process.pid, started - 60.0)
    assert end_group(process.pid, started - 60.0, 0.0)
    assert process.poll() is None


def test_a_group_outlives_its_leader_and_is_ended_whole(orphan: Orphan) -> None:
    process = orphan("/bin/sh", "-c", "sleep 1000 >/dev/null & echo $!")
    assert process.stdout is not None
    started = started_at(process.pid) or 0.0
    member = int(process.stdout.readline())
    process.wait(DEADLINE)
    assert group_lives(process.pid, started)
    assert end_group(process.pid, started, 0.0)
    wait_until(lambda: not lives(member), what="the end of the member")


def test_a_leader_nobody_has_waited_for_yet_is_over(orphan: Orphan) -> None:
    process = orphan("/bin/sh", "-c", "exit 0")
    started = started_at(process.pid) or 0.0
    wait_until(lambda: not lives(process.pid), what="its end")
    assert not group_lives(process.pid, started)


def _not_permitted(_pid: int, _number: int) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_macos_answers_not_permitted_for_a_group_of_zombies(orphan: Orphan, monkeypatch: pytest.MonkeyPatch) -> None:
    over, running = orphan("/bin/sh", "-c", "exit 0"), orphan("/bin/cat")
    started = [started_at(process.pid) or 0.0 for process in (over, running)]
    wait_until(lambda: not lives(over.pid), what="its end")
    with monkeypatch.context() as patched:
        patched.setattr(os, "killpg", _not_permitted)
        assert not group_lives(over.pid, started[0])
        assert group_lives(running.pid, started[1])


def test_macos_refuses_to_say_when_a_zombie_started(orphan: Orphan, monkeypatch: pytest.MonkeyPatch) -> None:
    over = orphan("/bin/sh", "-c", "exit 0")
    started = started_at(over.pid) or 0.0
    wait_until(lambda: not lives(over.pid), what="its end")

    def zombie(_self: object) -> float:
        raise psutil.ZombieProcess(over.pid)

    with monkeypatch.context() as patched:
        patched.setattr(os, "killpg", _not_permitted)
        patched.setattr(psutil.Process, "create_time", zombie)
        assert not group_lives(over.pid, started)


def test_a_group_that_ends_by_itself_is_not_signalled(orphan: Orphan, tmp_path: Path) -> None:
    script = shell_script(tmp_path / "ends", f"trap 'echo signalled > {tmp_path}/signalled' TERM\nread x\n")
    process = orphan(script)
    started = started_at(process.pid) or 0.0
    waiter = threading.Thread(target=end_group, args=(process.pid, started, DEADLINE))
    waiter.start()
    process.communicate()
    waiter.join(DEADLINE)
    assert not waiter.is_alive()
    assert not (tmp_path / "signalled").exists()


def test_a_group_that_ignores_the_polite_signal_is_killed(orphan: Orphan) -> None:
    process = orphan(sys.executable, "-ISc", "import signal; signal.signal(15, 1); print(flush=True); input()")
    assert process.stdout is not None
    process.stdout.readline()
    assert end_group(process.pid, started_at(process.pid) or 0.0, 0.0)
    assert process.wait(DEADLINE) == -signal.SIGKILL
