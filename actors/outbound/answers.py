"""Where the answers to a row stand in the outbox: each in a block of positions of its own. Pure.

The first answer begins at position 0; where it comes in parts, they stand there one behind the other. A later one (word
that somebody was let in, after their pairing code) begins in a later block: it is queued, waits and is parked by
itself, and it can come again long after it was sent. The block from ``NOTICES`` on holds what the owner is told on
occasion of nothing they wrote: each position there is an answer by itself, of one bubble.
"""

from actors.envelopes.outbound import POSITION_BITS

ANSWER_BITS = 10
MOST_CHUNKS = 1 << ANSWER_BITS
"""Positions in a block. More bubbles are no answer but an accident; the row is held for the owner."""

LATER = (1 << POSITION_BITS) - MOST_CHUNKS
"""The bits of a key that are all clear in a first answer."""

NOTICES = 2 << ANSWER_BITS
"""The position of the first notice to the owner; there is room for ``MOST_CHUNKS``."""


def answer_of(key: int) -> int:
    """What all chunks of one block have in common."""
    return key >> ANSWER_BITS


def reply_id(key: int) -> int:
    """What all chunks of one answer have in common, and those of no other: they go out in order, or not at all."""
    return ~key if key & LATER == NOTICES else key >> ANSWER_BITS


def is_later(key: int) -> bool:
    """Whether the chunk ``key`` belongs to another answer than the first to its row."""
    return key & LATER != 0


def is_notice(key: int) -> bool:
    """Whether the chunk ``key``, or the one at that position, is a notice to the owner."""
    return key & LATER == NOTICES


def notice_position(used: int) -> int | None:
    """Where the next notice stands on a row that carries ``used`` of them; None when it can carry no more."""
    return NOTICES + used if 0 <= used < MOST_CHUNKS else None


def room(first: int) -> int:
    """How many chunks an answer may have that begins at position ``first``.

    Raises:
        ValueError: no answer can begin there.
    """
    if first and not MOST_CHUNKS <= first < 1 << POSITION_BITS:
        raise ValueError(f"no answer can begin at position {first}")
    return 1 if is_notice(first) else MOST_CHUNKS - first % MOST_CHUNKS
