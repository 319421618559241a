"""What goes out: a turn, the agent's words about it, a reply and its chunks."""

from actors.envelopes.base import Envelope
from actors.envelopes.control import Ref
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Admitted, Outcome

POSITION_BITS = 12
"""Low bits of a chunk key hold its position in the reply: at most 4096 chunks a reply."""


def chunk_key(seq: int, position: int) -> int:
    """The outbox key of chunk ``position`` (from 0) of the reply to row ``seq``."""
    return seq << POSITION_BITS | position


def reply_of(key: int) -> int:
    """The seq of the row whose reply the chunk ``key`` belongs to."""
    return key >> POSITION_BITS


class Turn(Envelope):
    """One message put before one agent: ``number`` counts the turns of this conversation."""

    session: str
    number: int
    message: Admitted


class Run(Envelope, gc=True):
    """Ask the runner for an agent's answer to ``turn``; what it says goes to ``reply_to``."""

    turn: Turn
    reply_to: Ref


class TurnEnded(Envelope):
    """The agent is done with turn ``number``: its text (None when it failed) and the failure's reason."""

    number: int
    text: str | None
    failure: str


class Reply(Envelope):
    """An answer on its way out. One of the two serialisable seams.

    ``settles`` are the rows that end with it, each with its outcome, in the same transaction as its chunks. ``first``
    is the position of its first chunk: a second answer to the same row stands behind the first.
    """

    seq: int
    session: str
    address: ReplyAddress
    text: str
    settles: tuple[tuple[int, Outcome], ...]
    first: int = 0


class Chunk(Envelope):
    """One bubble: ``key`` names it in the outbox; ``tries`` counts attempts that provably did not start."""

    key: int
    address: ReplyAddress
    text: str
    tries: int = 0


class Prepared(Envelope):
    """A reply cut into chunks (possibly none), for the sender of its account to queue durably."""

    chunks: tuple[Chunk, ...]
    settles: tuple[tuple[int, Outcome], ...]
