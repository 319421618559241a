"""The OutboundChunker: an answer in, bubbles out.

Told ``Reply`` by conversations, the command desk, the pairing registry and the notices; tells the sender of the reply's
account one ``Prepared`` with its chunks, or with none where there is nothing to say. Every path out goes through here.
An answer may come in parts, which stand one behind the other (``parts``). What cannot be said is told whoever said
``Inform``. By another config (``Reconfigure``) accounts may come and go: an answer to one that is gone is held.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from actors.access.reasons import ACCOUNTS_KEY, NO_ACCOUNT
from actors.envelopes.control import Reconfigure, Record, Ref
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Corrupt, Held
from actors.envelopes.outbound import Prepared, Reply
from actors.envelopes.steering import Inform
from actors.outbound import alarms
from actors.outbound.answers import is_notice
from actors.outbound.parts import Parts
from actors.outbound.preparing import OutboundView, prepare
from actors.runtime.actor import Actor, Context

__all__ = ["ChunkerView", "OutboundChunker", "OutboundView", "prepare"]


class ChunkerView(NamedTuple):
    """What the chunker goes by: the senders of the accounts that run, and how each of these writes."""

    senders: Mapping[str, Ref]
    views: Mapping[str, OutboundView]


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
        self._parts = Parts()
        self._notices: Ref | None = None

    def on_receive(self, message: Any) -> None:
        match message:
            case Reply():
                self._reply(message)
            case Reconfigure(view):
                self._senders, self._views = view
            case Inform(reply_to):
                self._notices = reply_to

    def _reply(self, message: Reply) -> None:
        account = message.address.account
        sender = self._senders.get(account)
        if sender is None:
            # Rows of the last run, or of a moment ago, may belong to an account that the config does not know any more.
            for seq, _ in message.settles:
                self.tell(self._journal, Record(Settled(seq, Held(NO_ACCOUNT, ACCOUNTS_KEY))))
            return
        if message.media:
            self.log.warning("files cannot be sent yet, left out: {}", ", ".join(message.media))
            self.tell(self._notices, alarms.files(message))
        if message.part or message.goes_on or (self._parts and self._parts.knows(message)):
            self.tell(sender, self._part(message, self._views[account]))
            return
        prepared = prepare(message, self._views[account])
        if not prepared.chunks:
            self._name_held(message, prepared)
        self.tell(sender, prepared)

    def _part(self, message: Reply, view: OutboundView) -> Prepared:
        taken = self._parts.take(message, view)
        if not taken.prepared.chunks and not self._name_held(message, taken.prepared) and taken.why:
            self.tell(self._notices, alarms.cut_off(message, taken.why))
        return taken.prepared

    def _name_held(self, message: Reply, prepared: Prepared) -> bool:
        """Whether rows are held as their answer is too long, which is said then."""
        held = next((outcome for _, outcome in prepared.settles if isinstance(outcome, Held)), None)
        if held is not None:
            self.tell(self._notices, alarms.held(message, held.reason))
        return held is not None

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A reply that cannot be cut: its rows end as corrupt, visibly, and nothing is sent."""
        if not isinstance(message, Reply):
            return
        self._parts.forget(message)
        for seq, _ in message.settles:
            self.tell(self._journal, Record(Settled(seq, Corrupt(f"reply: {error!r}"))))
        if not is_notice(message.first):
            self.tell(self._notices, alarms.broken(message))
