"""The demo as people run it: a process that ends well, in time, and leaves nothing behind, interrupted or not."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from actors.agents.extras import MODEL
from actors.control.demo import performance
from actors.control.demo.director import Director
from actors.control.demo.folder import python_command

DEMO = python_command("actors.control.cli.main", "demo")
SECONDS = 60.0


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, of this test and the processes it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def processes_of(folder: Path) -> list[str]:
    """Command lines of the processes that live in ``folder`` or were told of it."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join([process.cwd(), *process.cmdline()])
        except psutil.Error:
            continue
        if str(folder) in words:
            found.append(words)
    return found


def leaves_nothing(folder: Path) -> None:
    """No folder and no process of a demo is left."""
    assert list(folder.glob("gateway-demo-*")) == []
    assert processes_of(folder) == []


class Show(NamedTuple):
    """A demo under way, the folders it was given, and what it writes."""

    process: "subprocess.Popen[bytes]"
    started: float
    home: Path
    temporary: Path
    out: Path
    err: Path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    """A demo that nobody interrupts. It waits a good deal: other tests go on meanwhile."""
    folder = tmp_path_factory.mktemp("whole")
    home, temporary, out, err = (folder / name for name in ("home", "temporary", "out", "err"))
    home.mkdir()
    temporary.mkdir()
    folders = {"HOME": str(home), "OPENCLAW_STATE_DIR": str(home / ".openclaw"), "TMPDIR": str(temporary)}
    with out.open("wb") as stdout, err.open("wb") as stderr:
        demo = subprocess.Popen(
            DEMO, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env={**os.environ, **folders}
        )
    with demo:
        yield Show(demo, time.monotonic(), home, temporary, out, err)
        demo.kill()


@pytest.mark.slow
@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(temporary: Path, number: signal.Signals) -> None:
    with subprocess.Popen(DEMO, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if line.startswith("3. "):
                break
        assert processes_of(temporary) != []
        demo.send_signal(number)
        assert demo.stdout.read().endswith("\nInterrupted.\n")
        assert demo.wait(SECONDS) == 130
    leaves_nothing(temporary)


@pytest.fixture
def own_handlers() -> Iterator[None]:
    """The signal handlers of this process, put back afterwards."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("own_handlers")
def test_a_gateway_that_does_not_start_ends_the_demo_with_its_words_and_keeps_the_folder(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(play: Director) -> None:
        play.folder.furnish({"*": {"requireMention": "perhaps"}}, [])
        play.start_gateway(0)

    monkeypatch.setattr(performance, "SCENES", (prepare,))
    stream = StringIO()
    assert performance.perform(stream, keep=False, imsg_version="0.9") == 1
    said = " ".join(stream.getvalue().split())
    assert 'broke off in "the preparations": the gateway ended by itself' in said
    assert "requireMention" in said
    (kept,) = temporary.glob("gateway-demo-*")
    assert f"folder: {kept} " in said
    assert processes_of(temporary) == []


@pytest.mark.usefixtures("own_handlers")
def test_without_the_libraries_for_models_the_demo_says_what_to_do_and_plays_nothing(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance, "MODEL", MODEL._replace(module="no_such_library"))
    stream = StringIO()
    assert performance.perform(stream, keep=True, imsg_version="0.9") == 1
    assert MODEL.remedy in " ".join(stream.getvalue().split())
    assert list(temporary.iterdir()) == []


def test_a_module_of_the_package_runs_in_an_isolated_interpreter_from_anywhere(tmp_path: Path) -> None:
    command = python_command("actors.control.cli.main", "--version")
    assert command[:2] == (sys.executable, "-I")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0
    assert "imessage-gateway" in done.stdout


@pytest.mark.slow
def test_the_demo_ends_well_within_a_minute_and_leaves_nothing(whole: Show) -> None:
    code = whole.process.wait(SECONDS)
    took = time.monotonic() - whole.started
    said, errors = whole.out.read_text(), whole.err.read_text()
    assert code == 0, said + errors
    assert took < SECONDS
    assert "All 24 held" in said
    assert "\x1b" not in said
    assert errors == ""
    leaves_nothing(whole.temporary)
    assert list(whole.home.iterdir()) == [], "the demo touched the user's home"
