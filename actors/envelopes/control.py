"""Messages that steer actors: journaling, remote calls, ticks, life cycle."""

from collections.abc import Callable, Sequence
from typing import Any

from pykka import ActorRef

from actors.envelopes.base import Envelope

Ref = ActorRef[Any]
"""Where to tell something. Refs come by constructor, or inside a message as ``then`` or ``reply_to``."""


class Record(Envelope, gc=True):
    """Store ``fact``; once committed, tell ``then`` a ``Recorded`` (nobody when None)."""

    fact: Any
    then: Ref | None = None


class Recorded(Envelope):
    """``fact`` is on disk. ``seq`` is the row's number for facts about rows, else 0."""

    seq: int
    fact: Any


class Replay(Envelope, gc=True):
    """Tell ``then`` again, in order, everything of ``what`` that is still open.

    ``what``: ``admitted`` (to the sessions), ``challenged`` (to the pairing registry), ``held`` for ``reason``, or
    the held ones among ``seqs`` (to the access controller), ``chunks`` (to the sender of ``account``), ``echoes``
    (to the normalizer), ``source`` (cursor, era and last child, to a reader), ``asked`` (one ``Asked`` or none: who
    was challenged last in ``account`` under the handle ``reason``, to the pairing registry), ``commanded`` (to the
    command desk), ``resumed`` (admitted, challenged and commanded ones of accounts that a newer config names again),
    ``owner`` (to the notices: the newest direct row in ``account`` of an owner who is still ``wanted``, or of whoever
    has the handle ``reason``).
    """

    what: str
    then: Ref
    account: str = ""
    source: int = 0
    reason: str = ""
    seqs: tuple[int, ...] = ()
    wanted: Callable[[Any], bool] = lambda _: True


class Review(Envelope, gc=True):
    """Find what waits in the outbox for somebody who may not speak any more: ``refused`` takes the row that is answered
    and says why, None if they may. ``then`` is told ``Forfeited``. A later one takes the place of an earlier.
    """

    refused: Callable[[Any], Any]
    then: Ref


class Forfeited(Envelope):
    """These chunks of an account were never handed to imsg, and whoever they answer may not speak any more."""

    account: str
    keys: tuple[int, ...]


class Rest(Envelope, gc=True):
    """The rest of a replay, or of a review: the rows ``seqs`` from index ``start`` on are still to be told."""

    replay: Replay | Review
    seqs: Sequence[int]
    start: int


class Discard(Envelope):
    """The operator gives up the held ones among these rows: they end as dropped."""

    seqs: tuple[int, ...]


class Order(Envelope):
    """What the operator wants done with chunk ``key``: ``sent``, ``failed``, ``retry`` or ``discard``.
    ``sent`` and ``failed`` settle an uncertain one by the operator's own knowledge; ``chunk`` is it from the journal.
    ``revoke``, of the access controller: whoever it answers may not speak any more.
    """

    key: int
    what: str
    chunk: Any = None


class OpenChunk(Envelope):
    """A chunk the outbox holds, with its state. ``guid`` is the GUID of ours its last attempt carried, if any."""

    key: int
    address: Any
    text: str
    state: str
    attempted_at: float | None
    until: float | None
    tries: int
    guid: str = ""


class Replayed(Envelope):
    """All of a ``Replay`` has been told; ``items`` carries it where it comes as one value."""

    what: str
    items: tuple[Any, ...] = ()


class Landmark(Envelope):
    """A row the journal knows: its number and chat in this era, and the key of its GUID."""

    rowid: int
    chat_id: int
    key: bytes


class SourceState(Envelope):
    """What the journal knows of a Messages database: the cursor (None before a baseline) and a last child.

    ``era`` counts the databases that stood there, ``file`` names the last one on its file system (empty: unknown),
    ``watched`` is until when a watch was well (unix seconds), ``landmarks`` are its newest rows, the newest first.
    """

    source: int
    cursor: int | None
    child_pid: int | None
    child_started: float | None
    era: int = 0
    file: str = ""
    watched: float | None = None
    landmarks: tuple[Landmark, ...] = ()


class Listen(Envelope, gc=True):
    """From now on tell ``reply_to`` what this one tells its listeners."""

    reply_to: Ref


class Spoken(Envelope):
    """A chunk was attempted, or what became of it is known: what an echo of ours would look like.

    ``at`` is when (unix seconds), -inf for a send that did not start after all; ``open`` while it is under way and its
    GUID may still come.
    """

    chat_id: int
    source: int
    text: str
    guid: str
    at: float
    open: bool = False


class Tick(Envelope):
    """Time passed; ``what`` says which of an actor's deadlines to look at, ``subject`` whose."""

    what: str = ""
    subject: Any = None


class Quiesce(Envelope, gc=True):
    """Shutdown begins: take nothing new, finish what is under way; tell ``reply_to`` a ``Quiet`` then."""

    reply_to: Ref


class Quiet(Envelope):
    """``name`` has nothing under way any more."""

    name: str


class Probe(Envelope):
    """Find out now how the link does; ``done()`` is called when the health says it."""

    done: Any


class AllowedChanged(Envelope):
    """The pairing files changed: re-read them."""


class Died(Envelope):
    """An obituary: actor ``name`` of generation ``generation`` gave up with ``error``."""

    name: str
    generation: int
    error: str


class Ready(Envelope, gc=True):
    """Say ``IsReady`` to ``reply_to``: a proof that ``on_start`` went well and the mailbox is served."""

    reply_to: Ref


class IsReady(Envelope):
    """Actor ``name`` of generation ``generation`` serves its mailbox."""

    name: str
    generation: int


class Keep(Envelope):
    """How many days words and tombstones are kept after the end of a message. Told to the journal when it changes."""

    bodies_days: int = 30
    tombstones_days: int = 365


class Reconfigure(Envelope, gc=True):
    """What an actor goes by from now on, of a newer config: ``view`` is a value of its own module, with refs in it.

    Told in mailbox order, so that each message meets one config.
    """

    view: Any


class Number(Envelope, gc=True):
    """Give each account's Messages database its number, by the names it is known under; ``Numbered`` follows."""

    names: tuple[tuple[str, tuple[str, ...]], ...]
    reply_to: Ref


class Numbered(Envelope):
    """The journal's number of each account's Messages database."""

    sources: tuple[tuple[str, int], ...]


class Overrule(Envelope, gc=True):
    """Lay these edits (``config.edit.Set`` and ``Unset``) over the config, in memory only.

    ``reset``: drop what lies there first. Without either nothing changes. ``reply_to`` is told ``Overruled``.
    """

    edits: tuple[Any, ...]
    reset: bool
    tag: Any
    reply_to: Ref


class Overruled(Envelope):
    """What lies over the config now (a document of plain values), and why an ``Overrule`` was refused: nothing then
    changed. Empty ``problems``: it was not.
    """

    tag: Any
    overrides: Any
    problems: tuple[str, ...] = ()


class Enroll(Envelope, gc=True):
    """``list`` whom pairing let in to ``account``, or ``add`` or ``remove`` ``handle`` (canonical) there.

    ``reply_to`` is told ``Enrolled`` with ``tag``.
    """

    what: str
    account: str
    handle: str
    tag: Any
    reply_to: Ref


class Enrolled(Envelope):
    """Whom pairing lets in now, whether that changed, and why it could not be done (empty: it was)."""

    tag: Any
    handles: tuple[str, ...]
    changed: bool = False
    trouble: str = ""
