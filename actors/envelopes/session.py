"""What is kept of a session: its turns, how it stands, and what an agent is reminded of."""

from actors.envelopes.base import Envelope


class TurnRecord(Envelope):
    """One turn for the transcript, stored with its outcome. Times are unix seconds.

    ``seqs`` are the rows it took in, oldest first; the last one carries the answer. ``text`` is what the agent said, as
    it said it, all parts together; ``failure`` why it said nothing (empty: it did not fail). ``before_renewal``: it
    began before its session began anew, and ended after that.
    """

    session: str
    agent: str
    seqs: tuple[int, ...]
    text: str
    began_at: float
    ended_at: float
    failure: str = ""
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    before_renewal: bool = False


class Standing(Envelope):
    """How a session differs from what the config says; as stored, and None or 0 where it does not.

    ``activation`` is ``mention`` or ``always`` (a group), ``send`` ``on`` or ``off``, ``queue`` a queue mode, ``model``
    a model's name. ``failures`` counts its last turns that failed in a row.
    """

    activation: str | None = None
    send: str | None = None
    queue: str | None = None
    model: str | None = None
    failures: int = 0


NORMAL = Standing()
MOST_FAILURES = 3
"""Failed turns in a row after which a session is left alone (quarantined)."""


class Heard(Envelope):
    """A message as it stands in a transcript or in the history of a group. ``at`` is unix seconds.

    ``files`` are the kinds of its attachments (MIME types, empty where unknown); ``from_me``: we wrote it.
    """

    seq: int
    guid: str
    sender: str
    sender_name: str
    text: str
    at: float
    files: tuple[str, ...] = ()
    from_me: bool = False


class Past(Envelope):
    """One earlier turn: ``outcome`` is ``replied``, ``absorbed`` (nothing was said) or ``failed``.

    A message whose words are forgotten (pruned) has an empty text, and so has what was said to it.
    """

    seq: int
    agent: str
    messages: tuple[Heard, ...]
    text: str
    outcome: str
    began_at: float
    ended_at: float
    failure: str = ""
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


class Tapback(Envelope):
    """A reaction to a message: ``emoji``, or the ``kind`` imsg names; ``removed`` when it was taken back.

    ``to_text`` is what it is about, ``to_sender`` who wrote that, each empty where it is not known; ``to_own``: one of
    our own messages.
    """

    sender: str
    sender_name: str
    kind: str
    emoji: str
    removed: bool
    to_guid: str
    to_text: str
    to_own: bool
    at: float
    to_sender: str = ""


class Recall(Envelope):
    """What an agent is to be reminded of before a turn.

    ``source`` and ``chat_id`` name the chat, ``before`` is the first row of the turn. ``turns`` and ``heard`` say how
    many earlier turns and unanswered messages of the group at most. ``quotes`` are GUIDs of messages that are replied
    to.
    """

    session: str
    source: int
    chat_id: int
    before: int
    turns: int
    heard: int
    quotes: tuple[str, ...] = ()


class Recalled(Envelope):
    """The answer to a ``Recall``, everything oldest first.

    ``turns`` are those since the session last began anew, the latest; ``number`` counts all of these with the one that
    begins now. ``started_at`` is when the first of them began, ``last_at`` when the last one ended (None: there is
    none). ``heard`` are messages of the chat that were only listened to since the last turn there, ``tapbacks`` the
    reactions since then, ``quotes`` what was found of the messages asked for.
    """

    session: str
    before: int
    turns: tuple[Past, ...] = ()
    number: int = 1
    started_at: float | None = None
    last_at: float | None = None
    heard: tuple[Heard, ...] = ()
    tapbacks: tuple[Tapback, ...] = ()
    quotes: tuple[Heard, ...] = ()
