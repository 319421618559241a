"""An agenda under one rule, with a clock of its own."""

from __future__ import annotations

from typing import Any

from actors.conversation.turns import COLLECT, Agenda, QueueRule
from actors.envelopes.inbound import Admitted
from tests.support.rows import admitted

WINDOW = 0.5
ONE_BY_ONE = QueueRule()
TOGETHER = QueueRule(COLLECT, True, 1.0, 3)


class Book:
    """An agenda under one rule, and its clock."""

    def __init__(self, rule: QueueRule = ONE_BY_ONE, window: float = 0.0) -> None:
        self.agenda = Agenda()
        self.rule = rule
        self.window = window
        self.now = 100.0
        self.busy = False

    def add(self, seq: int, chat: int = 7, **keys: Any) -> None:
        """A message comes."""
        self.put(admitted(seq, chat, **keys))

    def put(self, message: Admitted) -> None:
        """The same."""
        self.agenda.add(message, self.now, busy=self.busy, window=self.window, cap=self.rule.cap)

    def take(self) -> list[int] | float | None:
        """The rows of the next turn, which is taken; or in how many seconds to look again."""
        found = self.agenda.next(self.now, lambda _: self.rule)
        if isinstance(found, tuple):
            return [message.seq for message in found]
        return None if found is None else round(found - self.now, 3)

    @property
    def all(self) -> list[list[int]]:
        """The turns that can be taken now."""
        turns = []
        while isinstance(rows := self.take(), list):
            turns.append(rows)
        return turns
