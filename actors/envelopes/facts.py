"""Facts: the only things the journal stores. Each is told inside a ``Record`` and confirmed after its commit."""

from actors.envelopes.base import Envelope
from actors.envelopes.inbound import Inbound, Outcome, Verdict
from actors.envelopes.outbound import Chunk
from actors.envelopes.session import TurnRecord


class Appended(Envelope):
    """A row arrived and was judged. Moves the source's cursor in the same transaction."""

    row: Inbound
    verdict: Verdict


class Rejudged(Envelope):
    """A postponed row was judged again."""

    seq: int
    row: Inbound
    verdict: Verdict


class Settled(Envelope):
    """A row reached its one outcome without anything going out. ``turn`` is for the transcript."""

    seq: int
    outcome: Outcome
    turn: TurnRecord | None = None


class Queued(Envelope):
    """Reply chunks enter the outbox and their rows are settled, in one transaction.

    ``attempt`` is the key of a chunk that starts at once (0: none), so that a free lane costs no second commit;
    ``guid`` is the GUID of ours that attempt carries (empty: none), as in ``Attempted``. ``part`` counts the parts of
    an answer that comes in several, ``turn`` goes into the transcript with the last.
    """

    chunks: tuple[Chunk, ...]
    settles: tuple[tuple[int, Outcome], ...]
    attempt: int
    at: float
    guid: str = ""
    part: int = 0
    turn: TurnRecord | None = None


class Renewed(Envelope):
    """A session begins anew: what was said before is not told its agent any more. ``why``: ``asked``, ``daily``,
    ``idle`` or ``operator``."""

    session: str
    at: float
    why: str


class Adjusted(Envelope):
    """A session differs from the config in ``name``, a field of ``Standing``, from now on; None: it does not any more.
    ``failures`` may be set to 0 so."""

    session: str
    name: str
    value: str | int | None


class Attempted(Envelope):
    """About to be handed to imsg; committed before the request is written.

    ``guid`` is the GUID of ours that the request carries (a tracked send), empty when it carries none.
    """

    key: int
    at: float
    guid: str = ""


class Sent(Envelope):
    """imsg accepted the chunk; ``guid`` is the message's GUID, empty when imsg did not say."""

    key: int
    guid: str
    at: float


class Deferred(Envelope):
    """It provably did not start; tried again at ``until`` (unix seconds), for the ``tries``-th time."""

    key: int
    until: float
    tries: int
    why: str


class Uncertain(Envelope):
    """It may or may not have gone out; never sent again without evidence."""

    key: int
    why: str


class Failed(Envelope):
    """It did not go out and will not by itself: a dead letter."""

    key: int
    why: str
    at: float


class Requeued(Envelope):
    """The operator wants a chunk that failed or is uncertain sent again: it waits for its turn like a new one."""

    key: int
    at: float


class Discarded(Envelope):
    """The operator gave a chunk up: it is neither sent nor listed as a dead letter any more."""

    key: int
    why: str
    at: float


class Baseline(Envelope):
    """The newest row before a first run: what came earlier is never answered. -1 for an empty database."""

    source: int
    rowid: int


class Watched(Envelope):
    """The watch of this source was well until ``at`` (unix seconds): what is dated later may have been missed."""

    source: int
    at: float


class Identified(Envelope):
    """Which file the database is: ``file`` names it on its file system (device, inode, birth)."""

    source: int
    file: str


class Replaced(Envelope):
    """Another database stands where this source was, or its rows went back: a new era, watched from ``rowid`` on."""

    source: int
    rowid: int
    file: str


class ChildStarted(Envelope):
    """An imsg child lives: kept so that the next gateway can end one that outlived its parent.

    ``started`` is the process's start time as the operating system reports it (unix seconds).
    """

    source: int
    pid: int
    started: float


class ChildEnded(Envelope):
    """The imsg child of this source is gone."""

    source: int


Fact = (
    Appended
    | Rejudged
    | Settled
    | Queued
    | Renewed
    | Adjusted
    | Attempted
    | Sent
    | Deferred
    | Uncertain
    | Failed
    | Requeued
    | Discarded
    | Baseline
    | Watched
    | Identified
    | Replaced
    | ChildStarted
    | ChildEnded
)
