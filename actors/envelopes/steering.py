"""Messages that steer sessions and tell people how they do: stop, begin anew, look, notices, signs of attention."""

from typing import Any

from actors.envelopes.base import Envelope
from actors.envelopes.control import Ref


class Finished(Envelope):
    """These rows reached their outcome, on disk. Told the sessions by the journal, once a commit."""

    seqs: tuple[int, ...]


class Coming(Envelope):
    """Row ``seq``, a control command, may yet become a message of this session: what comes after it waits for that.

    It is told as ``Admitted`` then, or ``Finished`` names it.
    """

    session: str
    seq: int


class Interrupt(Envelope, gc=True):
    """Stop what runs in a session and forget what waits there: of the chat (source, chat id), or (None) of all.

    The rows end as absorbed with ``why``; those from number ``before`` on, which came later, do not (0: all do).
    ``reply_to`` is told ``Interrupted`` with ``tag``.
    """

    session: str
    chat: tuple[int, int] | None
    why: str
    tag: Any
    reply_to: Ref
    before: int = 0


class Abandon(Envelope):
    """Told the journal with an ``Interrupt``: the rows of it that the sessions were not told yet end so, too."""

    session: str
    chat: tuple[int, int] | None
    before: int
    why: str


class Interrupted(Envelope):
    """Whether a turn was running, and how many messages waited."""

    tag: Any
    running: bool
    waiting: int


class Renew(Envelope, gc=True):
    """Let a session begin anew; ``why`` as in ``Renewed``. ``reply_to`` is told ``Fresh`` once that is on disk."""

    session: str
    why: str
    tag: Any = None
    reply_to: Ref | None = None


class Mend(Envelope, gc=True):
    """The operator says that what made turns of a session fail is mended: it is not quarantined any more.

    ``reply_to`` is told ``Fresh`` once that is on disk.
    """

    session: str
    tag: Any
    reply_to: Ref


class Fresh(Envelope):
    """The session began anew, or is mended."""

    tag: Any


class Look(Envelope, gc=True):
    """How does a session do just now? ``reply_to`` is told ``Looked`` with ``tag``."""

    session: str
    tag: Any
    reply_to: Ref


class Looked(Envelope):
    """How many messages wait in a session, and since when its turn runs (unix seconds, None: none does)."""

    tag: Any
    waiting: int
    since: float | None


class Notice(Envelope):
    """Something the owner should know: ``text`` is for a person, ``account`` where it happened.

    ``about`` names the matter: a repeat of it within an hour is not told again.
    """

    account: str
    about: str
    text: str


class Attend(Envelope):
    """A turn of ``number`` begins to answer the message ``guid`` in the chat of ``address``, has said a part of its
    answer (``spoke``), or has ended (``done``). One that has ended as it began is told once, with number 0.
    """

    number: int
    address: Any
    guid: str
    is_group: bool = False
    mentioned: bool = False
    done: bool = False
    spoke: bool = False


class Inform(Envelope, gc=True):
    """From now on tell ``reply_to`` a ``Notice`` of what the owner should know."""

    reply_to: Ref
