"""What the operator may do with a chunk, by where it is just now. Pure.

In: the word of an ``Order`` and where the sender holds the chunk. Out: why not, or nothing. What may have gone out is
sent again only by somebody who says so; what is on its way is left alone. Of a chunk that no sender holds the journal
knows the state: it stores no order that comes too late.
"""

from typing import Literal

Where = Literal["under way", "in doubt", "waiting", "ended", "gone"]
REVOKE = "revoke"
"""No word of the operator's: whoever the chunk answers was shut out. What does not wait is left alone, in silence."""
BY_HAND = "the operator says that it did not go out"

_ALLOWED: dict[str, frozenset[Where]] = {
    "sent": frozenset({"in doubt"}),
    "failed": frozenset({"in doubt"}),
    "retry": frozenset({"in doubt", "ended"}),
    "discard": frozenset({"in doubt", "waiting", "ended"}),
}
_IS: dict[Where, str] = {
    "under way": "is being sent just now",
    "in doubt": "is in doubt",
    "waiting": "waits for its turn",
    "ended": "is in doubt no more",
    "gone": "is not in the outbox any more",
}


def refusal(what: str, where: Where) -> str:
    """What the chunk does instead of what the order takes it for; empty when the order makes sense."""
    return "" if where in _ALLOWED.get(what, ()) else _IS[where]
