"""Pipes: a reader that stalls holds nobody up, a child's output is read no faster than it is stored."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
from pykka import ActorDeadError

from actors.envelopes.link import ChildErrors, ChildGone, Lines
from actors.rpc import pipes
from actors.rpc.frames import HEAD, MAX_LINE
from actors.rpc.pipes import ERROR_LINES, HIGH_WATER, READ_SIZE, Channel, PipeWriter, Pump
from actors.runtime.process import spawn
from tests.support.actors import DEADLINE, Probe, wait_until
from tests.support.scripts import lives, open_descriptors, python_script


class Pipe:
    """A pipe whose far end reads only when the test says so."""

    def __init__(self) -> None:
        self.far, near = os.pipe()
        self.number = near
        self.writer = PipeWriter(near)

    def read(self, size: int) -> bytes:
        parts = []
        while size > 0 and (data := os.read(self.far, min(size, 65536))):
            parts.append(data)
            size -= len(data)
        return b"".join(parts)

    def rest(self) -> bytes:
        return self.read(1 << 40)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    one = Pipe()
    yield one
    one.writer.close()
    with suppress(OSError):
        os.close(one.far)


def test_what_is_written_arrives_and_closing_is_the_end(pipe: Pipe) -> None:
    assert pipe.writer.write(b"one\n")
    assert pipe.writer.write(b"two\n")
    pipe.writer.close()
    assert pipe.rest() == b"one\ntwo\n"
    assert not pipe.writer.write(b"three\n")
    pipe.writer.close()


def test_a_reader_that_stalls_never_blocks_the_writer_and_gets_all_in_order(pipe: Pipe) -> None:
    pieces = [f"{number:06d}".encode() * 1000 for number in range(300)]
    for piece in pieces:
        assert pipe.writer.write(piece)
    expected = b"".join(pieces)
    assert pipe.read(len(expected)) == expected


def test_the_order_is_kept_while_the_reader_catches_up_again_and_again(pipe: Pipe) -> None:
    expected, got = [], []
    for round_ in range(40):
        for number in range(20):
            piece = f"{round_:04d}/{number:04d}\n".encode() * 500
            expected.append(piece)
            assert pipe.writer.write(piece)
        got.append(pipe.read(70_000))
    left = sum(map(len, expected)) - sum(map(len, got))
    got.append(pipe.read(left))
    assert b"".join(got) == b"".join(expected)


def test_a_broken_pipe_is_reported(pipe: Pipe) -> None:
    os.close(pipe.far)
    assert not pipe.writer.write(b"x\n")


def test_a_pipe_that_breaks_while_bytes_wait_is_reported_to_the_next_writer(pipe: Pipe) -> None:
    assert pipe.writer.write(b"x" * 1_000_000)
    os.close(pipe.far)
    wait_until(lambda: not pipe.writer.write(b"y"), what="the broken pipe")


def test_bytes_that_wait_never_go_to_whoever_gets_the_number_next(pipe: Pipe) -> None:
    """The number of a closed pipe is soon another file's: a journal's, a log's."""
    before = set(threading.enumerate())
    assert pipe.writer.write(b"x" * 1_000_000)
    drains = set(threading.enumerate()) - before
    pipe.writer.close()
    with ExitStack() as after:
        read, write = os.pipe()
        far = os.dup(read)
        for end in {far, read, write, os.dup2(write, pipe.number)}:
            after.callback(os.close, end)
        pipe.rest()
        for thread in drains:
            thread.join(DEADLINE)
        assert not any(thread.is_alive() for thread in drains)
        os.set_blocking(far, False)
        with pytest.raises(BlockingIOError):
            os.read(far, 1)


Run = Callable[..., tuple[Pump, Probe]]


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Iterator[Run]:
    """Starts a Python script with a pump on it; returns the pump and the probe that stands for the reader."""
    with ExitStack() as after:

        def run(text: str, waiting: Callable[[], int] = lambda: 0, probe: Probe | None = None) -> tuple[Pump, Probe]:
            child = spawn((python_script(tmp_path / "child", text),))
            after.callback(os.close, child.stdin)
            after.callback(child.end)
            reader = probe or Probe("reader")
            pump = Pump(child, 7, reader.ref, waiting)
            pump.start()
            return pump, reader

        yield run


def lines_of(probe: Probe) -> list[bytes]:
    return [line for told in probe.all(Lines) for line in told.lines]


def test_lines_come_in_order_and_then_the_end_with_its_exit_code(run: Run) -> None:
    pump, reader = run("for n in range(5000): print(n)\nraise SystemExit(3)")
    gone = reader.next(ChildGone)
    assert gone == ChildGone(7, 3)
    assert lines_of(reader) == [str(number).encode() for number in range(5000)]
    assert pump.told == 5000
    assert {told.epoch for told in reader.all(Lines)} == {7}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 0),
        ("import os; os._exit(1)", 1),
        ("import os; os.kill(os.getpid(), 11)", -11),
        ("print('no line feed', end='', flush=True); import os; os.kill(os.getpid(), 9)", -9),
    ],
)
def test_every_end_is_told_exactly_once_and_closes_the_pipes(run: Run, text: str, code: int) -> None:
    before = open_descriptors()
    _, reader = run(text)
    assert reader.next(ChildGone).exit_code == code
    # Of three pipe ends only that of its input is left, which is the writer's to close.
    wait_until(lambda: open_descriptors() == before + 1, what="the closing of the pipes")
    assert len(reader.all(ChildGone)) == 1
    assert reader.told[-1] == reader.all(ChildGone)[0]


def test_its_last_words_come_before_its_end_however_slow_they_are_taken(run: Run) -> None:
    over = threading.Event()

    def slowly(message: object) -> None:
        if isinstance(message, ChildGone):
            over.set()
        elif isinstance(message, ChildErrors):
            over.wait(0.1)

    _, reader = run(LAST_WORDS, probe=Probe("reader", slowly))
    reader.next(ChildGone)
    assert [words.line for words in reader.all(ChildErrors)] == ["why", "more"]
    assert isinstance(reader.told[-1], ChildGone)


LAST_WORDS = "import sys; print('why\\nmore', file=sys.stderr)"


def test_both_streams_are_read(run: Run) -> None:
    _, reader = run("import sys; print('out'); print('why', file=sys.stderr); print('more', end='', file=sys.stderr)")
    reader.next(ChildGone)
    assert [words.line for words in reader.all(ChildErrors)] == ["why", "more"]
    assert lines_of(reader) == [b"out"]
    assert isinstance(reader.told[-1], ChildGone)


def test_a_flood_on_stderr_is_drained_and_only_its_beginning_passed_on(run: Run) -> None:
    flood = "import sys\nfor n in range(50_000): print(n, 'x' * 40, file=sys.stderr)\nprint('survived')"
    _, reader = run(flood)
    reader.next(ChildGone)
    errors = reader.all(ChildErrors)
    assert [words.line.split()[0] for words in errors] == [str(number) for number in range(ERROR_LINES)]
    assert lines_of(reader) == [b"survived"]


def test_an_endless_line_on_stderr_is_passed_over(run: Run) -> None:
    _, reader = run("import sys; sys.stderr.write('x' * 1_000_000 + '\\nnext\\n')")
    reader.next(ChildGone)
    assert [words.line for words in reader.all(ChildErrors)] == ["next"]


def test_of_a_line_that_is_too_long_the_beginning_is_told_and_the_next_one_comes(run: Run) -> None:
    pump, reader = run(f"print('start' + 'x' * {MAX_LINE}); print('next')")
    reader.next(ChildGone)
    assert lines_of(reader) == [b"next"]
    assert [head for told in reader.all(Lines) for head in told.cut] == [b"start" + b"x" * (HEAD - 5)]
    assert pump.told == 1


def _more_than(pump: Pump, lines: int) -> bool:
    return pump.told > lines


def test_it_reads_no_further_than_what_is_stored_and_goes_on_when_it_is(run: Run) -> None:
    line = b"x" * 99
    total = 50 * READ_SIZE // 100
    stored = [0]
    child_text = f"import sys\nfor _ in range({total}): sys.stdout.write('x' * 99 + '\\n')"
    pumps: list[Pump] = []
    pump, reader = run(child_text, lambda: pumps[0].told - stored[0] if pumps else HIGH_WATER)
    pumps.append(pump)
    most = HIGH_WATER + READ_SIZE // 100 + 1
    wait_until(lambda: pump.told >= HIGH_WATER, what="the first lines")
    for _ in range(5):
        told = pump.told
        assert told - stored[0] <= most
        stored[0] = told
        wait_until(partial(_more_than, pump, told), what="more lines")
    assert not reader.all(ChildGone)
    stored[0] = 1 << 40
    reader.next(ChildGone)
    assert lines_of(reader) == [line] * total


def test_a_child_that_is_not_read_has_to_wait(run: Run) -> None:
    waiting = [HIGH_WATER]
    pump, reader = run("print('x' * 10_000_000)\nprint('end')", lambda: waiting[0])
    with pytest.raises(AssertionError):
        reader.next(ChildGone, seconds=0.3)
    assert pump.told == 0
    waiting[0] = 0
    reader.next(ChildGone)
    assert lines_of(reader)[-1] == b"end"


def test_stopped_while_it_holds_back_it_lets_go_of_the_child(run: Run) -> None:
    pump, reader = run("while True: print('x' * 1000)", lambda: HIGH_WATER)
    pump.stop()
    assert reader.next(ChildGone).exit_code != 0
    assert len(lines_of(reader)) <= READ_SIZE // 1000 + 1


def test_nobody_to_tell_is_no_reason_to_stop_draining(run: Run) -> None:
    def dead(_: object) -> None:
        raise ActorDeadError("gone")

    before = set(threading.enumerate())
    run("import sys\nfor n in range(20_000): print(n); print(n, file=sys.stderr)", probe=Probe("dead", dead))
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith(("pump-", "stderr-")):
            thread.join(DEADLINE)
            assert not thread.is_alive()


ESCAPES = """
    import os, sys, time
    if os.fork() == 0:
        os.setsid()
        sys.stdout.write(f"{os.getpid()}\\n")
        sys.stdout.flush()
        time.sleep(1000)
    time.sleep(0.2)
    os._exit(4)
"""


@pytest.fixture
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a silent child is still there is looked at ten times a second."""
    monkeypatch.setattr(pipes, "LOOK_MS", 100)


@pytest.mark.usefixtures("looks_often")
def test_a_grandchild_that_left_the_group_does_not_keep_a_dead_child_alive(run: Run) -> None:
    """As ssh with ControlPersist does: it holds the pipes of a child that ended long ago."""
    _, reader = run(ESCAPES)
    grandchild = int(reader.next(Lines).lines[0])
    try:
        assert reader.next(ChildGone).exit_code == 4
        assert lives(grandchild)
    finally:
        psutil.Process(grandchild).kill()


@pytest.mark.usefixtures("looks_often")
def test_a_child_that_closes_its_output_and_lives_on_counts_as_gone_without_a_code(run: Run) -> None:
    _, reader = run("import os, time; os.close(1); os.close(2); time.sleep(1000)")
    assert reader.next(ChildGone).exit_code is None


def test_a_channel_is_shut_politely_first(tmp_path: Path) -> None:
    script = python_script(tmp_path / "child", "import sys; print(len(sys.stdin.read()))")
    reader = Probe("reader")
    channel = Channel((script,), 1, reader.ref, lambda: 0)
    assert channel.stdin.write(b"12345")
    assert channel.shut()
    assert channel.child.exit_code == 0
    assert reader.next(ChildGone).epoch == 1


def test_a_channel_whose_child_ignores_its_end_is_shut_all_the_same(tmp_path: Path) -> None:
    text = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(1000)"
    reader = Probe("reader")
    channel = Channel((python_script(tmp_path / "child", text),), 1, reader.ref, lambda: 0)
    reader.next(Lines)
    assert channel.shut()
    assert channel.child.exit_code == -9


def test_a_channel_counts_what_its_reader_has_not_taken(tmp_path: Path) -> None:
    """A reader that takes nothing is told a bounded number of lines, however much the child writes."""
    text = f"for n in range({100 * HIGH_WATER}): print('x' * 999, flush=True)"
    reader = Probe("reader")
    channel = Channel((python_script(tmp_path / "child", text),), 1, reader.ref, lambda: 0)
    wait_until(lambda: channel.pump.told >= HIGH_WATER, what="the first lines")
    with pytest.raises(AssertionError):
        reader.next(ChildGone, seconds=0.2)
    assert channel.pump.told <= HIGH_WATER + READ_SIZE // 1000 + 1
    channel.taken = 1 << 40
    reader.next(ChildGone)
    assert channel.pump.told == 100 * HIGH_WATER
    channel.shut()
