"""What came in: a wire row, the normalised message, and the verdict about it."""

from collections.abc import Callable

from actors.envelopes.base import Envelope
from actors.envelopes.identity import Chat, ReplyAddress


class Received(Envelope):
    """One ``message`` notification, undecoded: ``raw`` is the UTF-8 JSON of its message object."""

    account: str
    source: int
    raw: bytes
    received_at: float
    era: int = 0


class Overlong(Envelope):
    """A row nobody can read: its line was too long to keep, or broken (``why``). ``head`` is how it began."""

    account: str
    source: int
    received_at: float
    head: bytes = b""
    why: str = ""


class Watching(Envelope):
    """A watch begins (again): rows after this come from it, of database ``era``.

    What is dated from ``since`` to ``until`` (unix seconds) was missed meanwhile; ``since`` None: nothing was.
    """

    source: int
    era: int
    since: float | None
    until: float


class Attachment(Envelope):
    """A file as the row names it; ``path`` is on the Mac that runs Messages, ``total_bytes`` -1 if unknown."""

    path: str
    mime_type: str
    name: str
    total_bytes: int
    missing: bool


class Inbound(Envelope):
    """A message in the gateway's own terms. Times are unix seconds; ``sent_at`` is None when unparsable.

    ``text`` has attachment placeholders (U+FFFC) removed and line ends folded to LF; ``own_handle`` is the
    local address the row belongs to, where imsg knows it; ``raw`` is the row's JSON as it came. ``era`` counts the
    databases that stood at this source; ``stale`` says why the row is too old to be answered unasked, empty if not;
    ``missed``: nobody watched when it was written.
    """

    account: str
    source: int
    rowid: int
    guid: str
    chat: Chat
    sender: str
    sender_name: str
    own_handle: str
    is_from_me: bool
    text: str
    attachments: tuple[Attachment, ...]
    reply_to_guid: str
    is_reaction: bool
    sent_at: float | None
    received_at: float
    raw: bytes
    era: int = 0
    stale: str = ""
    missed: bool = False


class Admit(Envelope):
    """The message may speak to ``agent`` in ``session``; ``waits`` when that agent takes time to answer.

    ``authority`` is what its sender may do besides talking: ``known``, ``authorised`` (read by commands) or ``owner``.
    """

    session: str
    agent: str
    mentioned: bool
    service: str
    waits: bool
    authority: str = "known"


class Challenge(Envelope):
    """The sender is unknown and may ask for access: a pairing request under ``handle``."""

    handle: str
    config_key: str


class Control(Envelope):
    """A control command of somebody who may give it (``authority``): it is carried out, not put before an agent.

    ``onward``: it concerns the session, so that what comes after it there waits until it is carried out.
    ``with_message``: what stands behind it (``/new hello``) goes on to the agent.
    """

    session: str
    agent: str
    service: str
    authority: str
    onward: bool = False
    with_message: bool = False


class Dropped(Envelope):
    """Not for us: the reason, from a closed set, and the config key that decided it."""

    reason: str
    config_key: str = ""


class Held(Envelope):
    """Set aside for the operator, who may release or discard it."""

    reason: str
    config_key: str = ""


class Corrupt(Envelope):
    """Could not be processed: kept with its error, never guessed at."""

    error: str


class Replied(Envelope):
    """Answered: its reply's chunks are in the outbox."""


class Absorbed(Envelope):
    """Taken in without an answer of its own, and why (``no reply``)."""

    why: str


Verdict = Admit | Control | Challenge | Dropped | Held | Corrupt
Outcome = Replied | Absorbed | Dropped | Held | Corrupt


class Judged(Envelope):
    """An inbound row on its way to the journal, with the verdict of a pure function."""

    row: Inbound
    verdict: Verdict


class Admitted(Envelope):
    """A journaled, admitted row on its way to its conversation. One of the two serialisable seams.

    ``begun``: parts of its answer are in the outbox already, of a turn that a restart cut off: it gets no second one.
    ``released``: it was held, and judged again. ``text`` is what the agent is told in place of the row's text, None for
    that: what stands behind ``/new``.
    """

    seq: int
    session: str
    agent: str
    mentioned: bool
    address: ReplyAddress
    row: Inbound
    authority: str = "known"
    begun: bool = False
    released: bool = False
    text: str | None = None

    @property
    def words(self) -> str:
        """What the agent is told."""
        return self.row.text if self.text is None else self.text


class Commanded(Envelope):
    """A journaled control command on its way to the desk that carries it out.

    ``replayed``: after a restart, or judged again: it may have been carried out already, or be out of date. ``begun``
    and ``released`` are those of ``Admitted``: one that is released comes once more, also to whoever knows it.
    """

    seq: int
    session: str
    agent: str
    address: ReplyAddress
    row: Inbound
    authority: str
    replayed: bool = False
    begun: bool = False
    released: bool = False


class Challenged(Envelope):
    """A journaled row whose sender is to be offered a pairing code; ``replayed`` after a restart."""

    seq: int
    handle: str
    address: ReplyAddress
    row: Inbound
    replayed: bool


class Recheck(Envelope):
    """Whoever was admitted up to ``at`` (unix seconds) may have lost that since: ``refused`` says why, None if not.

    ``agent`` says by which agent a row would be answered now: the one it was admitted for may be gone.
    """

    at: float
    refused: Callable[[Inbound], Dropped | None]
    agent: Callable[[Inbound], str] = lambda _: ""


class Notify(Envelope):
    """Tell whoever was let in as ``handle`` (canonical) that they were."""

    account: str
    handle: str


class Asked(Envelope):
    """The row of an account that was last offered a pairing code under a handle, and where its answer went."""

    seq: int
    handle: str
    address: ReplyAddress
