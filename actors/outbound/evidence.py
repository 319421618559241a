"""Whether an own row proves that a chunk went out (design I5). Pure.

A tracked send is proved by the row with its GUID and by no other. Any other one by a row of ours in the same chat,
with the same text, dated at or after the attempt (the attempt's millisecond counts as before: rows carry no more).
"""

from math import floor

from actors.envelopes.identity import ReplyAddress
from actors.envelopes.link import OwnRow
from actors.envelopes.outbound import Chunk
from actors.normalizer.folding import fold


def proves(row: OwnRow, chunk: Chunk, attempted_at: float, guid: str = "") -> bool:
    """Whether ``row`` is the chunk, sent. Times are unix seconds; ``guid`` is ours, empty for an untracked send."""
    if guid:
        return row.guid.lower() == guid
    return (
        row.sent_at is not None
        and row.sent_at >= floor(attempted_at * 1000) / 1000
        and in_chat(row, chunk.address)
        and fold(row.text) == fold(chunk.text)
    )


def in_chat(row: OwnRow, to: ReplyAddress) -> bool:
    """Whether a row stands in this chat; across eras only the GUID tells."""
    if row.era == to.era:
        return row.chat_id == to.chat_id
    return to.chat_guid != "" and row.chat_guid == to.chat_guid
