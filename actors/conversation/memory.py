"""What an agent is reminded of: the journal's answer, and the latest turns that are not in it yet. Pure.

A turn's record goes to the journal behind its answer, through those who cut and send it; a question goes there
straight, so the answer may lack the turns of a moment ago. The conversation keeps those until they are in it. What
counts is the order of turns: a clock may be put back.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from actors.envelopes.inbound import Admitted
from actors.envelopes.session import Heard, Past, Recalled, TurnRecord

KEPT = 32
"""Latest turns kept at most; the chain to the journal holds fewer."""


class Memory:
    """The latest turns of a session, as far as the journal may not know them yet. Times are unix seconds."""

    def __init__(self) -> None:
        self._latest: tuple[Past, ...] = ()

    def add(self, record: TurnRecord, messages: Sequence[Admitted]) -> None:
        """A turn ended. One that began before the session began anew is not told."""
        if not record.before_renewal:
            self._latest = (*self._latest, past(record, messages))[-KEPT:]

    def begin_anew(self) -> None:
        """What was said before is not told any more."""
        self._latest = ()

    def with_latest(self, answer: Recalled, most: int) -> Recalled:
        """The journal's answer to the question for ``most`` turns, with those it lacks."""
        self._latest = missing(self._latest, answer, most)
        return merged(answer, self._latest, most)


def heard(message: Admitted) -> Heard:
    """A message as it stands in a transcript."""
    row = message.row
    at = row.received_at if row.sent_at is None else row.sent_at
    files = tuple(one.mime_type for one in row.attachments)
    return Heard(message.seq, row.guid, row.sender, row.sender_name, message.words, at, files)


def past(record: TurnRecord, messages: Sequence[Admitted]) -> Past:
    """A turn that ended just now, as the journal will tell it."""
    outcome = "replied" if record.text.strip() else "failed" if record.failure else "absorbed"
    return Past(
        record.seqs[-1],
        record.agent,
        tuple(heard(message) for message in messages),
        record.text,
        outcome,
        record.began_at,
        record.ended_at,
        record.failure,
        record.model,
        record.input_tokens,
        record.output_tokens,
    )


def missing(latest: Sequence[Past], answer: Recalled, most: int) -> tuple[Past, ...]:
    """Those of the ``latest`` turns that the journal does not know yet; it was asked for ``most`` turns."""
    if most <= 0:
        # It tells none, only when the last one ended that it knows.
        return tuple(one for one in latest if answer.last_at is None or one.ended_at > answer.last_at)
    known = {one.seq for one in answer.turns}
    places = [place for place, one in enumerate(latest) if one.seq in known]
    # A full answer may leave out what it knows: what came before all it tells.
    begins = places[-1] if places and len(answer.turns) >= most else 0
    return tuple(one for one in latest[begins:] if one.seq not in known)


def merged(answer: Recalled, latest: Sequence[Past], most: int) -> Recalled:
    """The answer with the turns it lacks, ``most`` turns in all. Those will stand behind the others in the journal."""
    if not latest:
        return answer
    turns = (*answer.turns, *latest)
    return replace(
        answer,
        turns=turns[-most:] if most > 0 else (),
        number=answer.number + len(latest),
        started_at=latest[0].began_at if answer.started_at is None else answer.started_at,
        last_at=latest[-1].ended_at,
    )


def renewed(answer: Recalled) -> Recalled:
    """The same for a session that begins anew: nothing was said before; what was only listened to stays."""
    return replace(answer, turns=(), number=1, started_at=None, last_at=None)
