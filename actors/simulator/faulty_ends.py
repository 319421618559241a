"""How a simulator process ends before its time: by an exit code or by a signal, at once and from any thread."""

import os
import signal
from typing import NoReturn

from actors.simulator.faulty_weather import Death


def die(death: Death) -> NoReturn:
    """End the process without unwinding anything: committed rows stay, what was not written is lost.

    A signal that only stops the process lets it end, with the code a shell would show, when it is continued.
    """
    if death.kind == "exit":
        os._exit(death.number)
    if death.number not in (signal.SIGKILL, signal.SIGSTOP):
        _default(death.number)
    os.kill(os.getpid(), death.number)
    os._exit(128 + death.number)


def _default(number: int) -> None:
    # Python sets handlers for a few signals, and only the main thread may unset them; the rest die anyway.
    try:
        signal.signal(number, signal.SIG_DFL)
    except ValueError:
        return
