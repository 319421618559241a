"""Where the answers to a row stand in the outbox: each in a block of positions of its own. Pure.

The first answer begins at position 0. A later one (word that somebody was let in, after their pairing code) begins in
a later block: it is queued, waits and is parked by itself, and it can come again long after it was sent.
"""

from actors.envelopes.outbound import POSITION_BITS

ANSWER_BITS = 10
MOST_CHUNKS = 1 << ANSWER_BITS
"""Positions in a block. More bubbles are no answer but an accident; the row is held for the owner."""

LATER = (1 << POSITION_BITS) - MOST_CHUNKS
"""The bits of a key that are all clear in a first answer."""


def answer_of(key: int) -> int:
    """What all chunks of one answer have in common."""
    return key >> ANSWER_BITS


def is_later(key: int) -> bool:
    """Whether the chunk ``key`` belongs to another answer than the first to its row."""
    return key & LATER != 0


def room(first: int) -> int:
    """How many chunks an answer may have that begins at position ``first``.

    Raises:
        ValueError: no answer can begin there.
    """
    if first and not MOST_CHUNKS <= first < 1 << POSITION_BITS:
        raise ValueError(f"no answer can begin at position {first}")
    return MOST_CHUNKS - first % MOST_CHUNKS
