"""What a stranger is told, once: access is not set up, who they are to us, how the owner lets them in. Pure.

And what they are told once they were let in.
"""

from actors.access import reasons
from actors.access.handles import can_be_answered, canonical
from actors.envelopes.inbound import Inbound
from actors.normalizer.fences import STALE_BACKLOG

NOTICE_POSITION = 4000
"""The chunk position of the notice in the answer to the row that was challenged: far behind the challenge, and one
name for it however often somebody wants it sent."""

OLDEST = 24 * 3600.0
"""Seconds after which nobody is asked any more about what they wrote."""

NOTICE_TEXT = "Access is set up for you now: this chat is answered by an assistant from your next message on."


def challenge_text(handle: str, code: str) -> str:
    """The pairing answer (inbound 7.2)."""
    return (
        "This chat is answered by an assistant, and access for you is not set up yet.\n\n"
        f"Your iMessage sender id: {handle}\n"
        f"Pairing code: {code}\n\n"
        "To let you in, the owner runs:\n"
        f"bin/gateway pairing approve imessage {code}"
    )


def refusal(row: Inbound, handle: str) -> str:
    """Why no code may go to the chat of ``row`` at all, ``""`` when one may: a second lock behind the policy's.

    Never into a group, to a short code, to an own handle, or about a row that came late.
    """
    if row.chat.is_group:
        return reasons.NOT_IN_GROUP_LIST
    if row.is_from_me or canonical(row.own_handle, None) == handle:
        return reasons.FROM_ME
    if not can_be_answered(handle):
        return reasons.SHORT_CODE
    return STALE_BACKLOG if row.stale else ""


def is_own(created_at: float | None, received_at: float) -> bool:
    """Whether a pending request was made for a row received then, not for an earlier one (times in unix seconds).

    Request times are stored in milliseconds.
    """
    return created_at is not None and created_at + 0.001 >= received_at
