"""Chunks as imsg and the echo memory see them. Pure."""

from collections.abc import Mapping
from typing import Any

from actors.envelopes.control import Spoken
from actors.envelopes.outbound import Chunk

HISTORY = 50


def send_params(chunk: Chunk, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Params of ``send``: exactly one selector, the chat the answer belongs to (imsg protocol 4, 12.9).

    ``extra`` holds the account's ``transport`` and ``region``, keys older versions ignore.
    """
    to = chunk.address
    return {"chat_id": to.chat_id, "text": chunk.text, "service": to.service, **extra}


def history_params(chunk: Chunk) -> dict[str, Any]:
    """Params of ``messages.history`` for looking a chunk up in its chat."""
    return {"chat_id": chunk.address.chat_id, "limit": HISTORY}


def spoken(chunk: Chunk, guid: str, at: float, under_way: bool) -> Spoken:
    """What the echo memory is told of a chunk at ``at`` (unix seconds): attempted, or how its send ended."""
    return Spoken(chunk.address.chat_id, chunk.address.source, chunk.text, guid, at, under_way)
