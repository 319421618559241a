"""What a message says about the one it replies to (imsg protocol 5). Pure.

In: the row as it came. Before 0.5 imsg names the message in ``reply_to_guid`` alone, then also the first message of the
thread, and from 0.9 on what it says and who wrote it.
"""

from typing import NamedTuple

import msgspec

from actors.envelopes.inbound import Inbound

_HINTS = (b'"reply_to_', b'"thread_originator')


class Named(NamedTuple):
    """The message that is replied to: its GUID, text and sender, each empty where the row does not say."""

    guid: str
    text: str = ""
    sender: str = ""


class _Wire(msgspec.Struct):
    thread_originator_guid: str | None = None
    reply_to_guid: str | None = None
    reply_to_text: str | None = None
    reply_to_sender: str | None = None


_decode = msgspec.json.Decoder(_Wire).decode


def named(row: Inbound) -> Named | None:
    """What ``row`` replies to; None when it is no reply."""
    wire = _Wire()
    if any(hint in row.raw for hint in _HINTS):
        try:
            wire = _decode(row.raw)
        except (ValueError, RecursionError):
            wire = _Wire()
    guid = _bare(wire.thread_originator_guid) or _bare(wire.reply_to_guid) or _bare(row.reply_to_guid)
    found = Named(guid, (wire.reply_to_text or "").strip(), (wire.reply_to_sender or "").strip())
    return found if guid or found.text else None


def _bare(guid: str | None) -> str:
    """A GUID without the part of the message it may name first (``p:0/``)."""
    return (guid or "").rpartition("/")[2].strip()
