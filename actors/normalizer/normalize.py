"""A wire row becomes an ``Inbound``, or is malformed: one wrong type sets the whole row aside (inbound 1.4).

Rows are parsed and type-checked in one pass. Unknown keys are accepted, coercions are not.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from actors.envelopes.identity import Chat
from actors.envelopes.inbound import Attachment, Inbound
from actors.normalizer.anchors import besides, is_group, other_party
from actors.normalizer.fences import MISSED

MAX_ROWID = 2**63 - 1
OBJECT_REPLACEMENT = "\ufffc"

Fence = Callable[[str, int, float | None, float, bool], str]
"""Why a row is stale, or ``fences.MISSED``, by account, source, its date, when it came, and whether it is ours."""


class WireAttachment(msgspec.Struct, frozen=True, gc=False):
    """An attachment object (imsg protocol 5)."""

    original_path: str | None = None
    mime_type: str | None = None
    missing: bool | None = None
    transfer_name: str | None = None
    filename: str | None = None
    uti: str | None = None
    total_bytes: int | float | None = None
    is_sticker: bool | None = None
    converted_path: str | None = None


class WireRow(msgspec.Struct, frozen=True):
    """A message object as imsg sends it (imsg protocol 5, 12.6); absent and null mean the same."""

    id: int
    guid: str | None = None
    chat_id: int | None = None
    chat_guid: str | None = None
    chat_identifier: str | None = None
    chat_name: str | None = None
    sender: str | None = None
    sender_name: str | None = None
    destination_caller_id: str | None = None
    is_from_me: bool | None = None
    is_group: bool | None = None
    text: str | None = None
    reply_to_id: str | int | float | None = None
    reply_to_guid: str | None = None
    thread_originator_guid: str | None = None
    reply_to_text: str | None = None
    reply_to_sender: str | None = None
    created_at: str | None = None
    attachments: tuple[WireAttachment, ...] | None = None
    participants: tuple[str, ...] | None = None
    is_reaction: bool | None = None
    is_tapback: bool | None = None
    is_reaction_add: bool | None = None
    reaction_type: str | None = None
    reaction_emoji: str | None = None
    reacted_to_guid: str | None = None
    associated_message_guid: str | None = None
    associated_message_type: int | float | None = None
    balloon_bundle_id: str | None = None
    poll: dict[str, Any] | None = None


class Malformed(NamedTuple):
    """A row that cannot be trusted: what is wrong with it, and its bytes for the journal."""

    error: str
    row: Inbound


_decode = msgspec.json.Decoder(WireRow).decode


def normalize(
    account: str, source: int, raw: bytes, received_at: float, era: int = 0, fence: Fence | None = None
) -> Inbound | Malformed:
    """The message in a notification's ``message`` object (``raw``: its JSON), or why it is malformed. Never raises.

    Without a ``fence`` no row is stale: one that is read back from the journal is there to be answered.
    """
    try:
        try:
            wire = _decode(raw)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            # Half a surrogate pair is legal JSON but not legal text: repaired, then checked like any other row.
            wire = _decode(repair(raw))
        check(wire)
    except (ValueError, RecursionError) as error:
        return Malformed(str(error), nameless(account, source, raw, received_at, era))
    text = wire.text or ""
    if not text.isascii() or "\r" in text:
        text = text.replace(OBJECT_REPLACEMENT, "").replace("\r\n", "\n").replace("\r", "\n")
    participants, chat_guid, identifier = wire.participants or (), wire.chat_guid or "", wire.chat_identifier or ""
    sender, own_handle, own = wire.sender or "", wire.destination_caller_id or "", bool(wire.is_from_me)
    others = participants if len(participants) < 2 else besides(participants, own_handle)
    group = is_group(wire.is_group, chat_guid, identifier, others)
    # A row that does not say whose it is may be ours: only where imsg says "not from me" is the sender in doubt.
    if own_handle and wire.is_from_me is False and not group:
        sender = other_party(sender, own_handle, identifier, participants)
    sent_at = moment(wire.created_at)
    found = fence(account, source, sent_at, received_at, own) if fence is not None else ""
    return Inbound(
        account,
        source,
        wire.id,
        wire.guid or "",
        Chat(wire.chat_id or 0, chat_guid, identifier, wire.chat_name or "", group, participants),
        sender,
        wire.sender_name or "",
        own_handle,
        own,
        text,
        tuple(map(attachment, wire.attachments)) if wire.attachments else (),
        wire.reply_to_guid or "",
        bool(wire.is_reaction or wire.is_tapback),
        sent_at,
        received_at,
        raw,
        era,
        "" if found == MISSED else found,
        found == MISSED,
    )


def check(wire: WireRow) -> None:
    """Values that have the right type and still cannot be: ValueError says which."""
    if not 0 < wire.id <= MAX_ROWID:
        raise ValueError(f"id is no row number: {shown(wire.id)}")
    if not wire.guid:
        raise ValueError("guid is missing")
    if wire.chat_id is not None and abs(wire.chat_id) > MAX_ROWID:
        raise ValueError(f"chat_id is no row number: {shown(wire.chat_id)}")


def shown(number: int) -> str:
    """A number for people, however many digits it has."""
    return str(number) if number.bit_length() < 128 else f"a number of {number.bit_length()} bits"


def attachment(wire: WireAttachment) -> Attachment:
    """An attachment in our terms."""
    size = -1 if wire.total_bytes is None else int(wire.total_bytes)
    path = wire.original_path or ""
    return Attachment(path, wire.mime_type or "", wire.transfer_name or "", size, bool(wire.missing) or not path)


def moment(text: str | None) -> float | None:
    """Unix seconds of an ISO 8601 time; None when absent or unparsable (inbound 1.4)."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


def repair(raw: bytes) -> bytes:
    """The same JSON with lone surrogates and broken UTF-8 replaced. ValueError when it is no JSON at all.

    Control characters may stand in a text as they are.
    """
    value = json.loads(raw.decode("utf-8", "replace"), strict=False)
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def nameless(account: str, source: int, raw: bytes, received_at: float, era: int = 0) -> Inbound:
    """A stand-in for a row nothing in it can be trusted of: only its bytes."""
    chat = Chat(0, "", "", "", False, ())
    return Inbound(account, source, 0, "", chat, "", "", "", False, "", (), "", False, None, received_at, raw, era)
