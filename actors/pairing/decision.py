"""Whether a message of a stranger is answered with a pairing code: one decision, for whoever has to know. Pure.

In: the message, the requests that wait in its account, what the guard remembers, the time (unix seconds). Out: the
reason why no code goes out. The registry acts on it, ``explain`` tells it; neither has an opinion of its own.
"""

from actors.access.reasons import PAIRING_PENDING, TOO_MANY_REQUESTS
from actors.envelopes.inbound import Inbound
from actors.normalizer.fences import STALE_BACKLOG
from actors.pairing import codes, guard
from actors.pairing.challenge import OLDEST, is_own, refusal
from actors.pairing.codes import Request


def why_no_code(
    row: Inbound, account: str, handle: str, requests: tuple[Request, ...], record: guard.Record, now: float
) -> str:
    """``""`` when ``handle`` (canonical, not let in) is told a code in answer to ``row``, else the reason to drop it.

    A request that waits was answered already, unless it was made for this very row and a crash prevented its answer.
    """
    if why := refusal(row, handle):
        return why
    request = codes.of_handle(requests, handle, now, account)
    if request is not None:
        return "" if is_owed(request, row, record) else PAIRING_PENDING
    if now - row.received_at > OLDEST:
        return STALE_BACKLOG
    if why := guard.may_challenge(record, account, handle, now):
        return why
    return TOO_MANY_REQUESTS if codes.is_full(codes.live(requests, now), account) else ""


def is_owed(request: Request, row: Inbound, record: guard.Record) -> bool:
    """Whether the request was made for this row, whose answer a crash or unreadable files prevented."""
    answered = guard.row_of(record, request.code)
    return answered == row.guid if answered is not None else is_own(request.created_at, row.received_at)
