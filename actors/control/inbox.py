"""An inbox: where control is told the answer to one question.

Actors tell answers to actors, and control is none: it opens an inbox, gives its ref as ``reply_to``, and waits, with a
time limit, for what the inbox hands on. An inbox lives for one answer or for its time, whichever ends first.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from actors.envelopes.control import Tick
from actors.envelopes.link import Answer
from actors.runtime.actor import Actor, Context

Done = Callable[[Any], None]
"""Takes the answer, None when none came in time. Called on an actor's thread: it must not wait."""


class Question(NamedTuple):
    """A request for imsg. ``patience`` is that of a ``Call``, ``seconds`` how long its answer is waited for at all:
    less than it takes while another request is before it.
    """

    method: str
    params: dict[str, Any]
    patience: float
    seconds: float


class Inbox(Actor):
    """Calls ``done`` exactly once, within ``seconds``, and ends. ``kind`` is that of the answer."""

    def __init__(self, context: Context, seconds: float, done: Done, kind: type = Answer) -> None:
        super().__init__(context)
        self._seconds = seconds
        self._done: Done | None = done
        self._kind = kind

    def on_start(self) -> None:
        """The time runs from here."""
        self.clock.after(self._seconds, self.actor_ref, Tick("over"))

    def on_receive(self, message: Any) -> None:
        match message:
            case Tick("over"):
                self._hand_on(None)
            case _ if isinstance(message, self._kind):
                self._hand_on(message)

    def _hand_on(self, answer: Any) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(answer)
            self.stop()
