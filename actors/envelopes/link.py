"""What passes between an imsg child and the actors that read it, call it and watch it."""

from typing import Any

from actors.envelopes.base import Envelope
from actors.envelopes.control import Ref


class Lines(Envelope):
    """Complete lines from child number ``epoch``, without their LF; ``cut`` are the heads of those too long to keep."""

    epoch: int
    lines: tuple[bytes, ...]
    cut: tuple[bytes, ...] = ()


class ChildGone(Envelope):
    """Child number ``epoch`` closed its output; its last words and exit code where known."""

    epoch: int
    exit_code: int | None


class ChildErrors(Envelope):
    """A line of child number ``epoch`` on stderr."""

    epoch: int
    line: str


class Connected(Envelope):
    """A child is up: ``stdin`` is its writable pipe, an object with ``write(bytes)`` and ``close()``."""

    epoch: int
    stdin: Any


class Capable(Envelope):
    """What child ``epoch`` can do: a ``Capabilities`` of the link."""

    epoch: int
    capabilities: Any


class Subscribed(Envelope):
    """The watch of child ``epoch`` runs over database ``era``: sends may start, as its ``capabilities`` allow.
    ``file`` names the file it reads at ``path``; empty where that is not known."""

    epoch: int
    capabilities: Any = None
    era: int = 0
    path: str = ""
    file: str = ""


class Disconnected(Envelope):
    """Child ``epoch`` is gone: its pending calls get ``Answer(lost=True)``."""

    epoch: int
    why: str


class Stalled(Envelope):
    """Child ``epoch`` let a deadline pass, or its sends are blocked: ``method`` is the call, or the reason in words."""

    epoch: int
    method: str


class Call(Envelope, gc=True):
    """One RPC request. The ``Answer`` goes to ``reply_to`` with the same ``tag``.

    ``patience`` is seconds counted from when the call before it in the child's lane was answered. ``raw``: the
    result comes undecoded, under the key ``raw``.
    """

    method: str
    params: dict[str, Any]
    reply_to: Ref
    tag: Any
    patience: float
    raw: bool = False


class Response(Envelope):
    """A response line: ``result`` or ``error`` is the raw JSON, the other empty."""

    id: Any
    result: bytes
    error: bytes


class Answer(Envelope):
    """What became of a ``Call``: a result, an error, or no answer (``lost`` child or ``late`` deadline).

    ``started`` is False when the request provably never reached the child.
    """

    tag: Any
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    lost: bool = False
    late: bool = False
    started: bool = True
    seconds: float = 0.0


class OwnRow(Envelope):
    """An own row came back on the watch and is journaled: evidence about what was sent.

    ``chat_id`` is its chat in database ``era``; in another era only ``chat_guid`` (empty: unknown) names the chat.
    """

    chat_id: int
    text: str
    guid: str
    sent_at: float | None
    chat_guid: str = ""
    era: int = 0
