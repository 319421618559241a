"""The processes of the demo: the gateway, the CLI, and whatever they start; none of them outlives the demo.

Every process leads a session of its own, so a Ctrl-C on the terminal reaches the demo alone, which then ends the rest.
"""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import psutil

from actors.control.demo.folder import DemoFolder, python_command
from actors.runtime.process import Child, spawn

CLI = "actors.control.cli.main"
STOP_SECONDS = 10.0
CLI_SECONDS = 15.0
LONGEST_OUTPUT = 60_000


class Ended(NamedTuple):
    """How a command ended: its exit code (None: it did not end in time) and what it printed."""

    code: int | None
    output: str


class Processes:
    """Starts, kills and buries the gateway of one demo folder; runs its command line."""

    def __init__(self, folder: DemoFolder) -> None:
        self._folder = folder
        self._gateway: Child | None = None
        self._known: dict[int, psutil.Process] = {}

    @property
    def gateway_died(self) -> bool:
        """Whether the gateway that should be running is not."""
        return self._gateway is not None and self._gateway.ended.is_set()

    @property
    def gateway_pid(self) -> int:
        """The process id of the gateway that runs, 0 when none does."""
        return self._gateway.pid if self._gateway is not None else 0

    def start_gateway(self, send_delay_ms: int) -> None:
        """Start it. ``send_delay_ms`` is what a send takes in this run's Messages."""
        command = python_command(CLI, "run", "--quiet")
        environment = self._folder.environment(send_delay_ms)
        self._gateway = spawn(command, env=environment, cwd=str(self._folder.path))
        self._remember(self._gateway.pid)

    def stop_gateway(self) -> Ended:
        """SIGTERM, as a service manager does, and its end."""
        child = self._take()
        child.signal(signal.SIGTERM)
        return _finish(child, STOP_SECONDS)

    def kill_gateway(self) -> list[int]:
        """kill -9; the process ids of what it leaves behind."""
        child = self._take()
        child.signal(signal.SIGKILL)
        _finish(child, STOP_SECONDS)
        return [pid for pid, process in self._known.items() if pid != child.pid and _alive(process)]

    def last_words(self) -> Ended:
        """What a gateway that ended by itself had to say."""
        return _finish(self._take(), 0.0)

    def run(self, *words: str) -> Ended:
        """The ``gateway`` command with these words, to its end."""
        child = spawn(python_command(CLI, *words), env=self._folder.environment(), cwd=str(self._folder.path))
        self._remember(child.pid)
        return _finish(child, CLI_SECONDS)

    def alive(self, pids: Sequence[int]) -> list[int]:
        """Those of the demo's processes ``pids`` that still run."""
        return [pid for pid in pids if pid in self._known and _alive(self._known[pid])]

    def end_all(self) -> None:
        """End everything that still runs: first asked, then made to."""
        if self._gateway is not None:
            self._remember_family(self._gateway.pid)
            self._gateway.end(patience=3.0)
        # Left to themselves the rest ends too, as its input has closed; nobody waits for that.
        processes = list(self._known.values())
        for send in (psutil.Process.terminate, psutil.Process.kill):
            for process in filter(_alive, processes):
                with suppress(psutil.Error):
                    send(process)
            psutil.wait_procs(processes, timeout=1.0)

    def _take(self) -> Child:
        child, self._gateway = self._gateway, None
        assert child is not None, "no gateway was started"
        self._remember_family(child.pid)
        return child

    def _remember(self, pid: int) -> None:
        with suppress(psutil.Error):
            self._known[pid] = psutil.Process(pid)

    def _remember_family(self, pid: int) -> None:
        with suppress(psutil.Error):
            for process in psutil.Process(pid).children(recursive=True):
                self._known[process.pid] = process


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _finish(child: Child, seconds: float) -> Ended:
    """Wait for a child, end it if need be, and take what it wrote; its pipes are closed."""
    in_time = child.ended.wait(seconds)
    child.end()
    said = b""
    for descriptor in (child.stdout, child.stderr):
        os.set_blocking(descriptor, False)
        with suppress(BlockingIOError):
            said += os.read(descriptor, LONGEST_OUTPUT)
    for descriptor in (child.stdin, child.stdout, child.stderr):
        os.close(descriptor)
    return Ended(child.exit_code if in_time else None, said.decode("utf-8", "replace").strip())
