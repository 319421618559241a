"""Whether an own row proves that a chunk went out (design I5). Pure.

The row must be ours, in the same chat, with the same text, dated at or after the attempt (the attempt's
millisecond counts as before: rows carry no more), and not already the proof of another chunk.
"""

from math import floor

from actors.envelopes.outbound import Chunk
from actors.normalizer.echoes import fold


def proves(chunk: Chunk, attempted_at: float, chat_id: int, text: str, sent_at: float | None) -> bool:
    """Whether a row of ours with this chat, text and date (unix seconds) is the chunk, sent."""
    return (
        chat_id == chunk.address.chat_id
        and sent_at is not None
        and sent_at >= floor(attempted_at * 1000) / 1000
        and fold(text) == fold(chunk.text)
    )
