"""What another actor is told for an ``Errand``, and which one. Pure.

In: the order, the command it belongs to, and who wants the answer. Out: ``PAIRING``, ``KEEPER``, ``SESSIONS`` or
``JOURNAL``, and the envelope. Answers carry the row of the command as their tag; a fact is confirmed by itself.
"""

from actors.commands.debug import Overlay
from actors.commands.errands import Adjusting, Enrolment, Looking, Order, Recalling, Renewing, Stopping
from actors.envelopes.base import Envelope
from actors.envelopes.control import Enroll, Overrule, Record, Ref
from actors.envelopes.facts import Adjusted
from actors.envelopes.inbound import Admitted, Commanded
from actors.envelopes.session import Recall
from actors.envelopes.steering import Interrupt, Look, Renew

PAIRING, KEEPER, SESSIONS, JOURNAL = "pairing", "keeper", "sessions", "journal"
STOPPED, ASKED = "stopped", "asked"
"""Why what ran in a session ends, and why a session begins anew."""


def told(order: Order, message: Commanded, me: Ref) -> tuple[str, Envelope]:
    """Who is told what."""
    seq, session, to = message.seq, message.session, message.address
    match order:
        case Enrolment(what, account, handle):
            return PAIRING, Enroll(what, account, handle, seq, me)
        case Overlay(edits, reset):
            return KEEPER, Overrule(edits, reset, seq, me)
        case Stopping(chat):
            return SESSIONS, Interrupt(session, chat, STOPPED, seq, me, before=seq)
        case Renewing():
            return SESSIONS, Renew(session, ASKED, seq, me)
        case Looking():
            return SESSIONS, Look(session, seq, me)
        case Recalling():
            return JOURNAL, Record(Recall(session, to.source, to.chat_id, seq, 0, 0), me)
        case Adjusting(name, value):
            return JOURNAL, Record(Adjusted(session, name, value), me)


def passed_on(message: Commanded, text: str) -> tuple[Envelope, ...]:
    """What the sessions are told where a session begins anew with a message: the row is theirs to settle then.

    Where a part of its answer is in the outbox (``begun``) it began anew before.
    """
    renew = () if message.begun else (Renew(message.session, ASKED),)
    onward = Admitted(
        seq=message.seq,
        session=message.session,
        agent=message.agent,
        mentioned=True,
        address=message.address,
        row=message.row,
        authority=message.authority,
        begun=message.begun,
        text=text,
    )
    return (*renew, onward)
