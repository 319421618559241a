"""What to do next about a chunk in doubt, and what an answer about it means (decisions, Outbound; design I5). Pure.

In: a ``Doubt``, what the link can do, what imsg answered. Out: one ``Step``. For a send with a GUID of ours: ask imsg
for it; where that tells nothing, issue the same GUID again, which can never make two messages. Own rows, on the watch
or in the chat's history, settle any doubt at any time; they are the only evidence about a send without a GUID.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from actors.outbound.doubts import Doubt
from actors.outbound.verdicts import RETRY_SECONDS, Accepted, Hopeless, Meaning, Used

MOST_ISSUES = len(RETRY_SECONDS) + 1
"""Requests with one GUID, the first included."""
STATUS = "message.send_status"


class Powers(NamedTuple):
    """What the link can do about doubts: ``ask`` for a GUID, ``issue`` one again."""

    ask: bool = False
    issue: bool = False


class Ask(NamedTuple):
    """Ask imsg what it knows of the GUID."""


class Issue(NamedTuple):
    """Issue the GUID again in ``pause`` seconds."""

    pause: float


class WentOut(NamedTuple):
    """It was sent; ``how`` that is known."""

    how: str


class CameToNothing(NamedTuple):
    """Messages could not send it: what it was can be seen, so it is no doubt any more."""

    why: str


class Wait(NamedTuple):
    """Nothing to ask: its own row, or the end of its window."""


Step = Ask | Issue | WentOut | CameToNothing | Wait


def begin(doubt: Doubt, powers: Powers) -> Step:
    """The first step while the link is ready: at the start of a doubt, and whenever a link is there again."""
    return Ask() if doubt.guid and powers.ask else _issue(doubt, powers)


def after_asking(doubt: Doubt, result: Mapping[str, Any] | None, powers: Powers) -> Step:
    """What a ``message.send_status`` answer means; ``result`` is None when there was an error or no answer.

    ``pending`` without fields is what imsg says of a GUID it has never seen, so it proves nothing.
    """
    state = result.get("send_state") if result is not None else None
    if state in ("sent", "delivered") or (
        state == "pending" and result is not None and result.get("status_fields") is not None
    ):
        return WentOut(f"imsg, which says {state}")
    if state == "failed":
        return CameToNothing("Messages could not deliver it")
    return _issue(doubt, powers)


def after_issuing(doubt: Doubt, meaning: Meaning, powers: Powers) -> Step:
    """What the answer to an issue of the same GUID means. A refusal tells nothing about the earlier request."""
    match meaning:
        case Accepted():
            return WentOut("imsg, which took its GUID now")
        case Used():
            # A request of ours whose fate is unknown can have used it, and nobody else.
            return WentOut("imsg, which has seen its GUID")
        case Hopeless():
            doubt.issued = MOST_ISSUES
    return begin(doubt, powers)


def can_issue(doubt: Doubt, powers: Powers) -> bool:
    """Whether its GUID may be issued once more."""
    return doubt.guid != "" and powers.issue and not doubt.used and doubt.issued < MOST_ISSUES


def _issue(doubt: Doubt, powers: Powers) -> Step:
    return Issue(RETRY_SECONDS[doubt.issued - 1]) if can_issue(doubt, powers) else Wait()
