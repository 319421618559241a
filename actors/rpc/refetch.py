"""What can be saved of a line too long to keep, from how it begins. Pure.

A message is asked for once more without its attachments; an answer is one that failed, so that whoever waits for it
can ask for less.
"""

import re
from typing import Any

from actors.envelopes.link import Response
from actors.normalizer import heads
from actors.rpc.capabilities import Capabilities

_ID = re.compile(rb'"id"\s*:\s*(\d{1,18})\b')
TOO_LONG = b'{"code":0,"message":"the answer is longer than 16 MiB"}'


def failed_answer(head: bytes) -> Response | None:
    """The response that the line was, as an error; None when it was something else or does not show its id.

    Keys stand in any order: an ``id`` inside the result is a message's, not the request's.
    """
    start, result, _ = head.partition(b'"result"')
    number = _ID.search(start)
    if b'"method"' in head[:256] or not result or number is None:
        return None
    return Response(int(number[1]), b"", TOO_LONG)


def refetch_params(head: bytes, capabilities: Capabilities) -> dict[str, Any] | None:
    """Params of a ``messages.after`` for just that message; None where that cannot be asked."""
    # Keys stand in any order, so the first id may be a reaction's: only the message's own counts.
    found = heads.read(head).id
    number = int(found) if found.isdecimal() and len(found) < 19 else 0
    if number < 1 or not capabilities.can("messages.after"):
        return None
    return {"since_rowid": number - 1, "limit": 1, "attachments": False}
