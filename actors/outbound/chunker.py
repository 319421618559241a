"""The OutboundChunker: an answer in, bubbles out.

Told ``Reply`` by conversations and the pairing registry; tells the sender of the reply's account one
``Prepared`` with its chunks, or with none where there is nothing to say. Every path out goes through here. By another
config (``Reconfigure``) accounts may come and go: an answer to one that is gone is held.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from actors.access.reasons import ACCOUNTS_KEY, NO_ACCOUNT
from actors.envelopes.control import Reconfigure, Record, Ref
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Absorbed, Corrupt, Held, Outcome
from actors.envelopes.outbound import Chunk, Prepared, Reply, chunk_key
from actors.outbound.answers import room
from actors.outbound.chunks import chunk
from actors.outbound.reply_text import prepare_reply
from actors.runtime.actor import Actor, Context


@dataclass(frozen=True, slots=True)
class OutboundView:
    """How one account writes: ``limit`` in UTF-16 units, the prefix and whose name ``auto`` stands for."""

    limit: int = 4000
    mode: Literal["length", "newline"] = "length"
    prefix: str | None = None
    identity_name: str | None = None


class ChunkerView(NamedTuple):
    """What the chunker goes by: the senders of the accounts that run, and how each of these writes."""

    senders: Mapping[str, Ref]
    views: Mapping[str, OutboundView]


def prepare(reply: Reply, view: OutboundView) -> Prepared:
    """Cut a reply into keyed chunks. Pure. Nothing to say settles its rows as absorbed; too much, as held.

    Raises:
        ValueError: no answer can begin at ``reply.first``.
    """
    most = room(reply.first)
    text = prepare_reply(reply.text, view.prefix, view.identity_name)
    if text is None:
        return _none(reply, Absorbed("no reply"))
    if len(text) > view.limit * most:
        return _none(reply, Held(f"reply too long: {len(text)} characters"))
    pieces = chunk(text, view.limit, view.mode)
    if not pieces:
        return _none(reply, Absorbed("no reply"))
    if len(pieces) > most:
        return _none(reply, Held(f"reply too long: {len(pieces)} chunks"))
    begin = chunk_key(reply.seq, reply.first)
    chunks = tuple(Chunk(key, reply.address, piece) for key, piece in enumerate(pieces, begin))
    return Prepared(chunks, reply.settles)


def _none(reply: Reply, outcome: Outcome) -> Prepared:
    return Prepared((), tuple((seq, outcome) for seq, _ in reply.settles))


class OutboundChunker(Actor):
    """One for all accounts. Every answer it cannot cut is set aside, so none of them ends it."""

    mortal = False

    def __init__(
        self, context: Context, senders: Mapping[str, Ref], views: Mapping[str, OutboundView], journal: Ref
    ) -> None:
        super().__init__(context)
        self._senders = senders
        self._views = views
        self._journal = journal

    def on_receive(self, message: Any) -> None:
        match message:
            case Reply():
                self._reply(message)
            case Reconfigure(view):
                self._senders, self._views = view

    def _reply(self, message: Reply) -> None:
        sender = self._senders.get(message.address.account)
        if sender is None:
            # Rows of the last run, or of a moment ago, may belong to an account that the config does not know any more.
            for seq, _ in message.settles:
                self.tell(self._journal, Record(Settled(seq, Held(NO_ACCOUNT, ACCOUNTS_KEY))))
            return
        self.tell(sender, prepare(message, self._views[message.address.account]))

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A reply that cannot be cut: its rows end as corrupt, visibly, and nothing is sent."""
        if isinstance(message, Reply):
            for seq, _ in message.settles:
                self.tell(self._journal, Record(Settled(seq, Corrupt(f"reply: {error!r}"))))
