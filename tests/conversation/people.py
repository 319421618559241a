"""Agents that do as they are told, for the tests of conversations, sessions and the runner."""

from __future__ import annotations

from collections.abc import Callable

from actors.agents.base import AgentError, Cancelled, Said
from actors.envelopes.outbound import Turn


class Thinking:
    """An agent that takes its time: the runner is asked, the test decides when it is done."""

    waits = True

    def answer(self, turn: Turn, _cancelled: Cancelled) -> Said:
        """Not called where the runner is a probe."""
        raise AgentError("nobody asked me")


class Quick:
    """Answers at once with what ``words`` makes of the text."""

    waits = False

    def __init__(self, words: Callable[[str], str] = str.upper) -> None:
        self._words = words

    def answer(self, turn: Turn, _cancelled: Cancelled) -> Said:
        """The answer."""
        return Said(self._words(turn.message.row.text))
