"""A process under measurement: started in a folder of its own, watched from outside, ended, checked.

In: a scenario and which of the two it is, the gateway or the floor. Out: a ``Sample``. Raises ``WrongError`` when the
process dies, hangs, does not end well, or did not do what the scenario asks for.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.scenarios import Scenario
from tests.benchmarks.verify import WrongError, verify

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PATIENCE = 60.0
IDLE_SECONDS = 1.0
SHIM = """\
#!/bin/sh
exec '{python}' -I -S '{feeder}' "$@"
"""
RUN = "import sys; sys.path.insert(0, {root!r}); from actors.control.cli.main import main; raise SystemExit(main())"


@dataclass(slots=True)
class Sample:
    """One run. Seconds and bytes; ``memory`` is (messages answered, resident bytes); percentiles are in ms."""

    rows: int
    cold_start: float = 0.0
    seconds: float = 0.0
    cpu: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    rss: int = 0
    threads: int = 0
    fds: int = 0
    memory: list[tuple[int, int]] = field(default_factory=list)


def gateway_command() -> list[str]:
    """``bin/gateway run``; another interpreter than the checkout's own runs the same code itself."""
    if Path(sys.prefix).resolve() == ROOT / ".venv":
        return [str(ROOT / "bin" / "gateway"), "run", "--quiet"]
    return [sys.executable, "-I", "-c", RUN.format(root=str(ROOT)), "run", "--quiet"]


def run_gateway(scenario: Scenario, folder: Path) -> Sample:
    """Take the gateway through a scenario in the empty ``folder``."""
    imsg = make_imsg(folder)
    (folder / "openclaw.json").write_text(json.dumps(scenario.config(str(imsg))))
    return run(gateway_command(), scenario, folder, folder / "gateway" / "journal.db")


def run_floor(scenario: Scenario, folder: Path) -> Sample:
    """Take the physical floor through a scenario in the empty ``folder``."""
    journal = folder / "journal.db"
    command = [
        sys.executable,
        "-I",
        str(HERE / "floor.py"),
        str(journal),
        str(make_imsg(folder)),
        scenario.allowed,
    ]
    return run(command, scenario, folder, journal)


def make_imsg(folder: Path) -> Path:
    """A program that runs the feeder; what it feeds is in its environment."""
    imsg = folder / "imsg"
    imsg.write_text(SHIM.format(python=sys.executable, feeder=HERE / "feeder.py"))
    imsg.chmod(0o755)
    return imsg


def run(command: Sequence[str], scenario: Scenario, folder: Path, journal: Path) -> Sample:
    """Start, feed, sample, end, verify."""
    with listening(folder / "events") as events:
        variables = {name: value for name, value in os.environ.items() if not name.startswith("OPENCLAW_")}
        variables |= {"OPENCLAW_STATE_DIR": str(folder), **scenario.variables(str(folder / "events"))}
        with open(folder / "output", "wb") as output:
            begun = time.monotonic()
            process = subprocess.Popen(
                command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            sample, ended = watch(process, events, scenario, begun)
        except WrongError as wrong:
            raise WrongError(f"{wrong}\n{last_words(folder)}") from None
        finally:
            process.kill()
            process.wait()
    verify(scenario, ended, journal)
    return sample


class Events:
    """The feeder's events, as they come."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._rest = b""

    def until(self, name: str, process: "subprocess.Popen[bytes] | None") -> Iterator[dict[str, Any]]:
        """The events up to and including ``name``. WrongError when it does not come, or ``process`` ends before it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            while b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                event: dict[str, Any] = json.loads(line)
                yield event
                if event["event"] == name:
                    return
            readable, _, _ = select.select([self._pipe], [], [], 0.2)
            if readable:
                self._rest += os.read(self._pipe, 1 << 16)
                deadline = time.monotonic() + PATIENCE
            elif process is not None and process.poll() is not None:
                raise WrongError(f"the process ended with {process.returncode} before {name!r}")
            elif time.monotonic() > deadline:
                raise WrongError(f"no {name!r} in {PATIENCE:.0f} s")


@contextmanager
def listening(path: Path) -> Iterator[Events]:
    """A named pipe for the feeder's events. Open for both directions it never ends, whoever comes and goes."""
    os.mkfifo(path, 0o600)
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield Events(pipe)
    finally:
        os.close(pipe)


def watch(
    process: "subprocess.Popen[bytes]", events: Events, scenario: Scenario, begun: float
) -> tuple[Sample, dict[str, Any]]:
    """The sample, and the feeder's last event."""
    sample, seen = Sample(scenario.rows), psutil.Process(process.pid)
    *_, subscribed = events.until("subscribed", process)
    sample.cold_start = subscribed["at"] - begun
    before = seen.cpu_times()
    if scenario.rows:
        for event in events.until("done", process):
            if event["event"] == "progress":
                sample.memory.append((event["answered"], seen.memory_info().rss))
        sample.seconds = event["seconds"]
        sample.p50, sample.p95, sample.p99 = event["p50_ms"], event["p95_ms"], event["p99_ms"]
    else:
        rest(process)
    after = seen.cpu_times()
    sample.cpu = after.user + after.system - before.user - before.system
    sample.rss, sample.threads, sample.fds = seen.memory_info().rss, seen.num_threads(), seen.num_fds()
    process.send_signal(signal.SIGTERM)
    *_, ended = events.until("ended", None)
    try:
        code = process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        raise WrongError(f"still there {PATIENCE:.0f} s after SIGTERM") from None
    if code != 0:
        raise WrongError(f"exit code {code} after SIGTERM")
    return sample, ended


def rest(process: "subprocess.Popen[bytes]") -> None:
    """Let the process come to rest. WrongError when that is for ever."""
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(IDLE_SECONDS)
        raise WrongError(f"the process ended with {code} while it had nothing to do")


def last_words(folder: Path) -> str:
    """The end of what the process printed and logged."""
    files = (folder / "output", folder / "gateway" / "logs" / "gateway.jsonl")
    return "\n".join(file.read_text(errors="replace")[-2000:] for file in files if file.exists())
