"""Directs the demo: keeps looking at the phones, the journal and the log, shows what is new, waits with a deadline.

Nothing is waited for by time alone: every wait has something it looks for, and a limit. All waits together end before
``BUDGET`` is used up, so the demo ends in time whatever happens.
"""

import time
from collections.abc import Callable

from actors.control.client import ControlError, NotRunningError, request
from actors.control.demo.checks import Check
from actors.control.demo.folder import DemoFolder
from actors.control.demo.librarian import reply
from actors.control.demo.observer import Observer, Remark
from actors.control.demo.people import Bubble, Person, Phones
from actors.control.demo.processes import Processes
from actors.control.demo.transcript import Transcript
from actors.simulator.model_server import ModelServer

LOOK_SECONDS = 0.03
PATIENCE = 12.0
BUDGET = 50.0


class StageError(Exception):
    """The play cannot go on; the message says why."""


class Director:
    """One performance. ``checks`` fills up; ``scene_title`` is where it is; once ``is_interrupted``, looking raises
    KeyboardInterrupt (a signal that raised by itself could strike between a process and its name)."""

    def __init__(self, folder: DemoFolder, transcript: Transcript, is_interrupted: Callable[[], bool]) -> None:
        self._is_interrupted = is_interrupted
        self.folder = folder
        self.phones = Phones(folder.messages)
        self.processes = Processes(folder)
        self.observer = Observer(folder)
        self.transcript = transcript
        self.checks: list[Check] = []
        self.scene_title = "the preparations"
        self.started = time.monotonic()
        self._expects_gateway = False
        self.model = ModelServer(reply=reply).start()
        """What stands for a provider of language models."""

    def scene(self, title: str, about: str) -> None:
        """Begin a scene; somebody who watches gets a moment to read."""
        self.pause(1.2)
        self.scene_title = title
        self.transcript.scene(title, about)
        self.pause(0.8)

    def check(self, check: Check) -> None:
        """Note a judgement for the table at the end."""
        self.checks.append(check)

    def start_gateway(self, send_delay_ms: int) -> None:
        """Start the gateway and wait until it watches Messages; a send takes ``send_delay_ms`` from here on."""
        self.transcript.deed("gateway run", "")
        self.processes.start_gateway(send_delay_ms)
        self._expects_gateway = True
        if not self.until(self._is_up):
            raise StageError("the gateway did not get as far as watching Messages")

    def stop_gateway(self) -> int | None:
        """Ask it to stop; its exit code."""
        self._expects_gateway = False
        self.transcript.deed(f"kill -TERM {self.processes.gateway_pid}", "")
        ended = self.processes.stop_gateway()
        self.look()
        return ended.code

    def kill_gateway(self) -> list[int]:
        """End it the hard way; the processes it leaves behind."""
        self._expects_gateway = False
        pid = self.processes.gateway_pid
        left = self.processes.kill_gateway()
        self.transcript.deed(f"kill -9 {pid}", "")
        self.look()
        return left

    def write(self, person: Person, chat: int, text: str) -> int:
        """``person`` writes; the row's number."""
        row = self.phones.write(person, chat, text)
        self.look()
        return row

    def answers(self, chat: int, row: int, wanted: int = 1) -> list[str]:
        """What came in ``chat`` after row ``row``, as soon as it is ``wanted`` messages and all of it is settled."""
        self.until(lambda: len(self.phones.answers(chat, row)) >= wanted and not self.observer.open_work())
        return self.phones.answers(chat, row)

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        """Show what happens until ``condition`` holds (True) or ``seconds`` or the budget are over (False)."""
        deadline = min(time.monotonic() + seconds, self.started + BUDGET)
        while True:
            self.look()
            if condition():
                return True
            if self._expects_gateway and self.processes.gateway_died:
                raise StageError(f"the gateway ended by itself: {self._last_words()}")
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)

    def pause(self, seconds: float) -> None:
        """Time to read, for a person at a terminal; things go on meanwhile."""
        if self.transcript.is_watched:
            self.until(lambda: False, seconds)

    def look(self) -> None:
        """Show what is new, in the order of time."""
        if self._is_interrupted():
            raise KeyboardInterrupt
        # Messages first: what the gateway answered by then, it had judged and journaled before.
        bubbles = self.phones.look()
        news: list[Bubble | Remark] = sorted([*bubbles, *self.observer.look()], key=lambda one: one.at)
        for one in news:
            if isinstance(one, Bubble):
                self.transcript.bubble(one)
            else:
                self.transcript.remark(one)

    def _is_up(self) -> bool:
        try:
            report = request(self.folder.places, {"do": "status"})
        except (NotRunningError, ControlError):
            return False
        return report["pid"] == self.processes.gateway_pid and all(one["state"] == "ok" for one in report["accounts"])

    def _last_words(self) -> str:
        self._expects_gateway = False
        ended = self.processes.last_words()
        return ended.output or f"exit code {ended.code}"

    def close(self) -> None:
        """End every process and let go of the files."""
        self.processes.end_all()
        self.model.close()
        self.phones.close()
