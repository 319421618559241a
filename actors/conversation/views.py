"""What conversations go by and whom they tell. Pure: two values that the sessions hand to each of theirs."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

from actors.agents.base import Agent
from actors.conversation.habits import Habits
from actors.envelopes.control import Ref
from actors.envelopes.inbound import Admitted
from actors.envelopes.session import Recall, Standing
from actors.envelopes.steering import Interrupt


class Reminder(Protocol):
    """Says what an agent is to be reminded of before a turn."""

    def recall(self, session: str, agent: str, messages: tuple[Admitted, ...], /) -> Recall:
        """What to ask the journal for."""


def always(_: str) -> bool:
    """It may be shown."""
    return True


class SessionsView(NamedTuple):
    """The agents by id, and how conversations behave, of one config. ``standings`` are the sessions that differ.

    ``attends`` says by account id whether people can be shown anything of a turn just now: where they cannot, presence
    need not hear of it. Called from any thread, for each turn.
    """

    agents: Mapping[str, Agent]
    habits: Habits
    briefing: Reminder
    standings: Mapping[str, Standing]
    attends: Callable[[str], bool] = always


class Neighbours(NamedTuple):
    """Whom conversations tell. ``numbers`` gives each turn its number: two of one process have never the same."""

    runner: Ref
    chunker: Ref
    journal: Ref
    notices: Ref
    presence: Ref
    sessions: Ref
    numbers: Iterator[int]


class Seated(NamedTuple):
    """The sessions to a conversation that is at rest: it serves ``session`` from now on. ``seat`` names its seat."""

    session: str
    seat: int


class Answered(NamedTuple):
    """A conversation to its sessions: it answered as many messages at once since it sat down, and has none in mind."""

    session: str
    seat: int
    messages: int


class Stopping(NamedTuple):
    """A conversation to its sessions: a turn that is not wanted any more has still to end; or has ended (``over``)."""

    session: str
    seat: int
    over: bool


class Halt(NamedTuple):
    """The sessions to a conversation: it was interrupted; ``gone`` messages had not reached it and have ended."""

    order: Interrupt
    gone: int


def is_meant(order: Interrupt, message: Admitted) -> bool:
    """Whether an interruption is about this message of its session."""
    to, before = message.address, order.before
    return (not before or message.seq < before) and (order.chat is None or (to.source, to.chat_id) == order.chat)
