"""How a real gateway process ends, and what it says of accounts it cannot run."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.control.client import NotAnsweringError, NotRunningError, request
from actors.control.config_file import load
from actors.control.gateway import Gateway
from config import Places
from tests.control.builders import eventually

COMMAND = (sys.executable, "-m", "actors.control.cli.main", "run")
DEADLINE = 20.0

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def hang_up() -> Iterator[Callable[[Any], None]]:
    """``hang_up(handler)`` sets what a process started from here does with SIGHUP; as before after the test."""
    before = signal.getsignal(signal.SIGHUP)

    def handle(handler: Any) -> None:
        signal.signal(signal.SIGHUP, handler)

    yield handle
    signal.signal(signal.SIGHUP, before)


def write(places: Places, channel: str = "enabled: false") -> None:
    """A config with this channel block."""
    places.state.mkdir(parents=True, exist_ok=True)
    places.config.write_text(f"{{channels: {{imessage: {{{channel}}}}}}}")


@pytest.fixture
def start(places: Places) -> Iterator[Start]:
    """``start(channel)`` runs a gateway with that channel block and waits until ``ready()`` is true."""
    running: list[subprocess.Popen[str]] = []

    def run(
        channel: str = "enabled: false", ready: Callable[[], object] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        write(places, channel)
        process = subprocess.Popen(COMMAND, stderr=subprocess.PIPE, text=True, **options)
        running.append(process)
        eventually(ready or (lambda: status(places)), DEADLINE)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


def status(places: Places) -> dict[str, Any] | None:
    """What the gateway reports, None while it does not."""
    try:
        return request(places, {"do": "status"})
    except NotRunningError:
        return None


def silent(places: Places) -> bool:
    """Whether a gateway runs that has no control socket."""
    try:
        request(places, {"do": "status"})
    except NotAnsweringError:
        return True
    except NotRunningError:
        pass
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_each_signal_stops_it_and_is_named(start: Start, number: signal.Signals) -> None:
    process = start()
    process.send_signal(number)
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert f"{number.name}: drains and stops" in said
    assert "Traceback" not in said


def test_a_hang_up_has_the_config_read_again(start: Start, places: Places, hang_up: Callable[[Any], None]) -> None:
    """Even where changes wait for the next start."""
    hang_up(signal.SIG_DFL)
    process = start('enabled: false}}, gateway: {reload: {mode: "off"')
    before = (status(places) or {})["config"]["digest"]
    places.config.write_text("// mine\n" + places.config.read_text().replace("enabled: false", "region: 'DE'"))
    eventually(lambda: (status(places) or {})["config"]["pending"], DEADLINE)
    process.send_signal(signal.SIGHUP)
    eventually(lambda: (status(places) or {})["config"]["digest"] != before, DEADLINE)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=DEADLINE)
    assert (process.returncode, "SIGHUP: reads the config again" in said) == (0, True)


def test_a_life_that_ends_late_does_not_end_the_next(places: Places) -> None:
    """One that was started over, and still had something to stop."""
    write(places)
    gateway = Gateway(places, load(places, {}), {})
    before, now = threading.Event(), threading.Event()
    gateway._over = now
    gateway._ended(before, 1)
    assert (before.is_set(), now.is_set(), gateway._code) == (True, False, 0)


def test_a_terminal_that_is_closed_ends_it(start: Start, places: Places) -> None:
    """It leads the session of a terminal of its own; the other end of that is closed."""
    master, slave = pty.openpty()

    def lead() -> None:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    process = start(preexec_fn=lead)
    os.close(slave)
    os.close(master)
    _, said = process.communicate(timeout=DEADLINE)
    assert (process.returncode, "SIGHUP: drains and stops" in said) == (0, True)


def test_a_hang_up_that_was_ignored_at_the_start_stays_ignored(
    start: Start, places: Places, hang_up: Callable[[Any], None]
) -> None:
    hang_up(signal.SIG_IGN)
    process = start()
    process.send_signal(signal.SIGHUP)
    assert status(places)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=DEADLINE)
    assert (process.returncode, "SIGHUP" in said) == (0, False)


def test_an_account_that_cannot_run_is_reported_with_the_reason(start: Start, places: Places) -> None:
    process = start('cliPath: "${UNSET}"')
    report = status(places)
    assert report is not None
    (account,) = report["accounts"]
    assert (account["enabled"], account["state"], report["state"]) == (False, "down", "down")
    assert "needs the environment variable UNSET" in account["reason"]
    process.terminate()
    _, said = process.communicate(timeout=DEADLINE)
    assert report["reason"] in said


def test_a_journal_that_is_waited_for_is_no_gateway_that_is_not_running(start: Start, places: Places) -> None:
    Path(places.gateway).mkdir(mode=0o700, parents=True)
    places.journal.write_bytes(b"scribbled over" * 1000)
    process = start(ready=lambda: silent(places))
    with pytest.raises(NotAnsweringError, match=rf"a gateway runs \(pid {process.pid}\)"):
        request(places, {"do": "status"})
