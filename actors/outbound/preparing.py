"""An answer, or a part of one, made into keyed chunks and the outcomes of its rows. Pure.

In: a ``Reply`` and how its account writes. Out: ``Prepared`` for the sender. Files cannot be sent yet: an answer of
nothing else ends as absorbed, with that reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from actors.envelopes.inbound import Absorbed, Held, Outcome, Replied
from actors.envelopes.outbound import Chunk, Prepared, Reply, chunk_key
from actors.outbound.answers import is_notice, room
from actors.outbound.chunks import chunk
from actors.outbound.reply_text import prepare_reply

NO_REPLY = Absorbed("no reply")
ONLY_FILES = Absorbed("files cannot be sent yet")
TOO_LONG = "reply too long"


@dataclass(frozen=True, slots=True)
class OutboundView:
    """How one account writes: ``limit`` in UTF-16 units, the prefix and whose name ``auto`` stands for.

    ``names`` are those of agents by id; ``identity_name`` is for answers that no agent gives.
    """

    limit: int = 4000
    mode: Literal["length", "newline"] = "length"
    prefix: str | None = None
    identity_name: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def name_for(self, session: str) -> str | None:
        """The name of the agent that answers in a session."""
        _, _, rest = session.partition(":")
        return self.names.get(rest.partition(":")[0], self.identity_name)


def prepare(reply: Reply, view: OutboundView) -> Prepared:
    """Cut a reply that comes in one part. Nothing to say settles its rows as absorbed; too much, as held.

    Raises:
        ValueError: no answer can begin at ``reply.first``.
    """
    cut = bubbles(reply, view, room(reply.first), view.prefix)
    if not isinstance(cut, tuple):
        return Prepared((), settled_as(reply, cut), reply.part, None if isinstance(cut, Held) else reply.turn)
    return Prepared(keyed(reply, cut, reply.first), reply.settles, reply.part, reply.turn)


def bubbles(reply: Reply, view: OutboundView, most: int, prefix: str | None) -> tuple[str, ...] | Absorbed | Held:
    """The texts of its chunks, at most ``most``; or why there are none. A notice is one bubble, cut where it ends."""
    text = prepare_reply(reply.text, prefix, view.name_for(reply.session) if prefix else None)
    if text is None:
        return ONLY_FILES if reply.media else NO_REPLY
    alone = is_notice(reply.first)
    if len(text) > view.limit * most and not alone:
        return Held(f"{TOO_LONG}: {len(text)} characters")
    pieces = chunk(text, view.limit, view.mode)
    if alone:
        return pieces[:1]
    if len(pieces) > most:
        return Held(f"{TOO_LONG}: {len(pieces)} chunks")
    return pieces or NO_REPLY


def keyed(reply: Reply, texts: tuple[str, ...], position: int) -> tuple[Chunk, ...]:
    """The chunks from that position on."""
    begin = chunk_key(reply.seq, position)
    return tuple(Chunk(key, reply.address, text) for key, text in enumerate(texts, begin))


def settled_as(reply: Reply, outcome: Outcome) -> tuple[tuple[int, Outcome], ...]:
    """The rows of a reply, with this outcome where they were to be replied to."""
    return tuple((seq, outcome if type(own) is Replied else own) for seq, own in reply.settles)
