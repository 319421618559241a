"""Rows as those who act on them are told: a row with its verdict, also when both are read back from the journal."""

from msgspec.structs import replace

from actors.envelopes.facts import Appended, Fact
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Admit, Admitted, Challenged, Commanded, Control, Corrupt, Inbound
from actors.journal.store import StoredRow
from actors.normalizer.normalize import Malformed, nameless, normalize


def admitted(seq: int, row: Inbound, verdict: Admit, begun: bool = False, released: bool = False) -> Admitted:
    """The envelope for the sessions, with the reply address fixed."""
    to = ReplyAddress(row.account, row.source, row.chat.id, row.chat.guid, verdict.service, row.era)
    session, agent, mentioned = verdict.session, verdict.agent, verdict.mentioned
    return Admitted(seq, session, agent, mentioned, to, row, verdict.authority, begun, released)


def in_place_of(fact: Fact, error: Exception) -> Appended | None:
    """What is stored of a row that cannot be as it is: its bytes, as corrupt. None where there is nothing to keep."""
    if type(fact) is not Appended or type(fact.verdict) is Corrupt:
        return None
    row = fact.row
    stand_in = replace(nameless(row.account, row.source, row.raw, row.received_at), era=row.era)
    return Appended(stand_in, Corrupt(repr(error)))


def inbound(stored: StoredRow) -> Inbound:
    """A row read back from the journal. ValueError when its body is pruned or damaged."""
    if stored.body is None:
        raise ValueError(f"row {stored.seq} has no body any more")
    row = normalize(stored.account, stored.source, stored.body, stored.received_at)
    if isinstance(row, Malformed):
        raise ValueError(row.error)
    return replace(row, era=stored.era) if stored.era else row


def readable(stored: StoredRow) -> Inbound | None:
    """A row read back, None when its body is pruned or damaged."""
    try:
        return inbound(stored)
    except ValueError:
        return None


def restored(stored: StoredRow, row: Inbound, begun: bool) -> Admitted:
    """The envelope of an admitted row read back; ``begun`` as there."""
    verdict = Admit(
        stored.session or "",
        stored.agent or "",
        bool(stored.mentioned),
        stored.service or "auto",
        bool(stored.waits),
        stored.authority or "known",
    )
    return admitted(stored.seq, row, verdict, begun, released=stored.judged_at is not None)


def challenged(seq: int, row: Inbound, handle: str, replayed: bool) -> Challenged:
    """The envelope for the pairing registry."""
    service = "sms" if row.chat.guid.startswith("SMS;") else "auto"
    to = ReplyAddress(row.account, row.source, row.chat.id, row.chat.guid, service, row.era)
    return Challenged(seq, handle, to, row, replayed)


def commanded(
    seq: int, row: Inbound, verdict: Control, replayed: bool, begun: bool = False, released: bool = False
) -> Commanded:
    """The envelope for the command desk, with the reply address fixed."""
    to = ReplyAddress(row.account, row.source, row.chat.id, row.chat.guid, verdict.service, row.era)
    return Commanded(seq, verdict.session, verdict.agent, to, row, verdict.authority, replayed, begun, released)


def told_again(stored: StoredRow, row: Inbound, begun: bool) -> Challenged | Commanded:
    """The envelope of a challenged row, or of a control command, read back; ``begun`` as there."""
    session = stored.session or ""
    if stored.kind == "challenge":
        return challenged(stored.seq, row, session, replayed=True)
    verdict = Control(session, stored.agent or "", stored.service or "auto", stored.authority or "known")
    return commanded(stored.seq, row, verdict, replayed=True, begun=begun)
