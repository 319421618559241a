"""What an agent is: a turn in, text or a failure out; and the job it is given."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import Turn, Usage


class AgentError(Exception):
    """The agent could not answer. The message is for the operator; it never reaches the chat."""


class Said(Struct, frozen=True, gc=False):
    """An agent's answer, or the last part of it; blank text or ``NO_REPLY`` says nothing.

    ``media`` are paths of files, ``taken`` the seqs of messages the agent was steered by and took in.
    """

    text: str
    media: tuple[str, ...] = ()
    usage: Usage | None = None
    taken: tuple[int, ...] = ()


class Cancelled(Protocol):
    """Whether a turn is not wanted any more; a ``threading.Event`` does."""

    def is_set(self) -> bool:
        """True: give up soon."""

    def wait(self, timeout: float | None = None, /) -> bool:
        """Wait for that, at most ``timeout`` seconds; whether it is so."""


class _Wanted:
    """A turn that stays wanted."""

    def is_set(self) -> bool:
        return False

    def wait(self, _timeout: float | None = None, /) -> bool:
        return False


_WANTED = _Wanted()


def _unheard(_text: str, _media: tuple[str, ...]) -> None:
    """Nobody listens to parts."""


class Job(Struct):
    """One turn as an agent gets it.

    ``deadline`` is in monotonic seconds; ``cancelled`` is set when the turn is not wanted any more, at the deadline
    too: the agent gives up soon after. ``say`` sends a finished part of the answer on its way while the agent goes on.
    ``steered`` gives the messages that came in since the turn began, each once: whoever takes them answers them too.
    """

    turn: Turn
    deadline: float = float("inf")
    cancelled: Cancelled = _WANTED
    say: Callable[[str, tuple[str, ...]], None] = _unheard
    steered: Callable[[], tuple[Admitted, ...]] = tuple


class Agent(Protocol):
    """Answers turns.

    ``waits`` is False for one that answers at once and may run inside an actor. ``collects``: several messages that
    wait are one turn for it, unless the config or the session says otherwise. ``steerable``: it takes in what
    ``Job.steered`` gives.
    """

    waits: bool
    collects: bool
    steerable: bool

    def answer(self, job: Job, /) -> Said:
        """The answer to ``job.turn``; gives up soon after ``job.cancelled`` is set. Raises AgentError."""

    def forget(self, session: str, /) -> None:
        """Nothing is kept for ``session`` any more (a process, say): it rests, or began anew. Any thread."""

    def close(self) -> None:
        """The same for all sessions: the agent is not used any more. Any thread."""
