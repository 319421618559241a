"""What an operator sees of a running actor, without asking it.

Each actor writes its own pulse; readers take a snapshot at any time. Numbers may be a message apart.
"""

import threading
from dataclasses import dataclass, field
from typing import Any

from actors.runtime.mailbox import Mailbox


@dataclass(slots=True)
class Pulse:
    """The vital signs of one actor. ``since`` is monotonic seconds and belongs to ``current``."""

    name: str
    parent: str
    generation: int
    mailbox: Mailbox
    state: str = "starting"
    current: Any = None
    since: float = 0.0
    handled: int = 0
    faults: int = 0
    gone: threading.Event = field(default_factory=threading.Event)


class Pulses:
    """The pulses of all living actors by name. Thread-safe by virtue of atomic dict operations."""

    def __init__(self) -> None:
        self._pulses: dict[str, Pulse] = {}

    def add(self, pulse: Pulse) -> None:
        """Enter a pulse; a later generation replaces an earlier one of the same name."""
        self._pulses[pulse.name] = pulse

    def remove(self, pulse: Pulse) -> None:
        """Forget a pulse, unless a later generation has taken its place."""
        if self._pulses.get(pulse.name) is pulse:
            self._pulses.pop(pulse.name, None)

    def get(self, name: str) -> Pulse | None:
        """The pulse called ``name``."""
        return self._pulses.get(name)

    def all(self) -> list[Pulse]:
        """A snapshot of all pulses, in order of birth."""
        return list(self._pulses.values())

    def count(self, names: tuple[str, ...]) -> int:
        """How many messages wait in the mailboxes of ``names`` together."""
        return sum(len(pulse.mailbox) for name in names if (pulse := self._pulses.get(name)) is not None)
