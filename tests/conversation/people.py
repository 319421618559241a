"""Agents that do as they are told, for the tests of conversations and sessions."""

from __future__ import annotations

from collections.abc import Callable

from actors.agents.base import AgentError, Job, Said
from actors.envelopes.inbound import Admitted
from actors.envelopes.session import Recall


class Thinking:
    """An agent that takes its time: the runner is asked, the test decides when it is done."""

    waits = True

    def __init__(self, collects: bool = False, steerable: bool = False) -> None:
        self.collects = collects
        self.steerable = steerable
        self.forgotten: list[str] = []

    def answer(self, job: Job) -> Said:
        """Not called where the runner is a probe."""
        raise AgentError("nobody asked me")

    def forget(self, session: str) -> None:
        """Remembers what it was to forget."""
        self.forgotten.append(session)

    def close(self) -> None:
        """Nothing is open."""


class Quick:
    """Answers at once with what ``words`` makes of the texts."""

    waits = collects = steerable = False

    def __init__(self, words: Callable[[str], str] = str.upper) -> None:
        self._words = words

    def answer(self, job: Job) -> Said:
        """The answer."""
        return Said(self._words(" + ".join(message.words for message in job.turn.messages)))

    def forget(self, session: str) -> None:
        """Nothing is kept."""
        raise AssertionError("an agent that answers at once has nothing to forget")

    def close(self) -> None:
        """Nothing is open."""


class Reminding:
    """Asks the journal for ``turns`` earlier turns; a message that says ``poison`` breaks it."""

    def __init__(self, turns: int = 10) -> None:
        self.turns = turns

    def recall(self, session: str, agent: str, messages: tuple[Admitted, ...]) -> Recall:
        """What to ask the journal for."""
        if any(message.row.text == "poison" for message in messages):
            raise ZeroDivisionError("poison")
        to = messages[-1].address
        return Recall(session, to.source, to.chat_id, messages[0].seq, self.turns, 0)
