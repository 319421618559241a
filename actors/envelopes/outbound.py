"""What goes out: a turn, the agent's words about it, a reply and its chunks."""

from actors.envelopes.base import Envelope
from actors.envelopes.control import Ref
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Admitted, Outcome
from actors.envelopes.session import Recalled, TurnRecord

POSITION_BITS = 12
"""Low bits of a chunk key hold its position in the reply: at most 4096 chunks a reply."""


def chunk_key(seq: int, position: int) -> int:
    """The outbox key of chunk ``position`` (from 0) of the reply to row ``seq``."""
    return seq << POSITION_BITS | position


def reply_of(key: int) -> int:
    """The seq of the row whose reply the chunk ``key`` belongs to."""
    return key >> POSITION_BITS


class Turn(Envelope):
    """Messages put before one agent, oldest first, all of one reply address: one run, one answer.

    ``number`` names it in this process. ``memory`` is what is known of the session (None where the agent asks for
    nothing), ``model`` the one the session asks for (``/model``), empty for the agent's own.
    """

    session: str
    number: int
    agent: str
    messages: tuple[Admitted, ...]
    memory: Recalled | None = None
    model: str = ""

    @property
    def message(self) -> Admitted:
        """The last one: its row carries the answer."""
        return self.messages[-1]


class Run(Envelope, gc=True):
    """Ask the runner for an agent's answer to ``turn``; what it says goes to ``reply_to``.

    ``patience`` is how many seconds it may take, waiting for a place left out.
    """

    turn: Turn
    reply_to: Ref
    patience: float = 600.0


class Cancel(Envelope):
    """Turn ``number`` is not wanted any more: its agent is told to give up; ``TurnEnded`` follows all the same."""

    number: int


class Steer(Envelope):
    """One more message for turn ``number``: the agent takes it in at its next safe point, or not at all."""

    number: int
    message: Admitted


class Spoke(Envelope):
    """The agent said a part of its answer in turn ``number`` and goes on. ``media`` are paths of files."""

    number: int
    text: str
    media: tuple[str, ...] = ()


class Usage(Envelope):
    """What a turn took: the model's name, and tokens in and out."""

    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


class TurnEnded(Envelope):
    """The agent is done with turn ``number``: the rest of what it says (None when it failed), the failure's reason.

    ``media`` are paths of files; ``taken`` the seqs of messages it was steered by and took in.
    """

    number: int
    text: str | None
    failure: str
    media: tuple[str, ...] = ()
    taken: tuple[int, ...] = ()
    usage: Usage | None = None


class Reply(Envelope):
    """An answer on its way out. One of the two serialisable seams.

    ``settles`` are the rows that end with it, each with its outcome, in the same transaction as its chunks. ``first``
    is the position of its first chunk: a second answer to the same row stands behind the first. An answer may come in
    parts: ``goes_on`` says that more follows, ``part`` counts them from 0; they stand one behind the other.
    ``turn`` is for the transcript, with the last part.
    """

    seq: int
    session: str
    address: ReplyAddress
    text: str
    settles: tuple[tuple[int, Outcome], ...]
    first: int = 0
    part: int = 0
    goes_on: bool = False
    media: tuple[str, ...] = ()
    turn: TurnRecord | None = None


class Chunk(Envelope):
    """One bubble: ``key`` names it in the outbox; ``tries`` counts attempts that provably did not start."""

    key: int
    address: ReplyAddress
    text: str
    tries: int = 0


class Prepared(Envelope):
    """A reply cut into chunks (possibly none), for the sender of its account to queue durably.

    ``part`` and ``turn`` are those of the ``Reply``.
    """

    chunks: tuple[Chunk, ...]
    settles: tuple[tuple[int, Outcome], ...]
    part: int = 0
    turn: TurnRecord | None = None
