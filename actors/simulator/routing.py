"""Which sends imsg 0.9 accepts, and where they go (imsg protocol 4, 7).

Pure. In: request parameters, then what is known of the chat they name. Out: a checked `Outgoing`, and the
`Buddy` or `Thread` it goes to.
"""

import re
from typing import Literal, NamedTuple

from actors.simulator import params as read
from actors.simulator.frames import invalid_params
from actors.simulator.params import Params

_PREFIX = re.compile(r"(?:imessage|sms|auto):", re.IGNORECASE)
_PHONE = re.compile(r"[+0-9 ()-]*[0-9][+0-9 ()-]*")


class Outgoing(NamedTuple):
    """A checked send request; absent texts are empty."""

    text: str
    file: str
    service: str
    region: str
    transport: str
    to: str
    chat_id: int | None
    identifier: str
    guid: str


class Buddy(NamedTuple):
    """A send to a person: Messages picks the direct chat on `service`, whatever chat was named."""

    handle: str
    service: Literal["iMessage", "SMS"]


class Thread(NamedTuple):
    """A send to exactly the chat with this GUID or identifier."""

    target: str


def check(params: Params) -> Outgoing:
    """Read and check in imsg's order: service, transport, target exclusivity, text or file.

    Raises RpcError -32602 with imsg's texts.
    """
    service = read.string(params, "service") or "auto"
    if service not in ("auto", "imessage", "sms"):
        raise invalid_params("invalid service")
    transport = (read.string(params, "transport") or "auto").lower()
    if transport not in ("auto", "bridge", "applescript"):
        raise invalid_params("invalid transport")
    asked = Outgoing(
        text=read.string(params, "text") or "",
        file=read.string(params, "file") or "",
        service=service,
        region=read.string(params, "region") or "US",
        transport=transport,
        to=read.string(params, "to") or "",
        chat_id=read.integer(params, "chat_id"),
        identifier=read.string(params, "chat_identifier") or "",
        guid=read.string(params, "chat_guid") or "",
    )
    names_chat = asked.chat_id is not None or bool(asked.identifier or asked.guid)
    if asked.to and names_chat:
        raise invalid_params("use to or chat_*; not both")
    if not asked.to and not names_chat:
        raise invalid_params("to is required for direct sends")
    if not asked.text and not asked.file:
        raise invalid_params("text or file is required")
    return asked


def is_handle_like(identifier: str) -> bool:
    """Whether imsg takes a chat identifier for a person (imsg protocol 7, step 1)."""
    return "@" in identifier or bool(_PREFIX.match(identifier) or _PHONE.fullmatch(identifier))


def normalise(handle: str, region: str) -> str:
    """A handle as Messages keeps it: e-mail in lower case, a phone number as E.164.

    National numbers are completed for region US and CA only; others stay as typed, as imsg leaves a number
    it cannot read.
    """
    bare = _PREFIX.sub("", handle, count=1).strip()
    if "@" in bare:
        return bare.lower()
    if not _PHONE.fullmatch(bare):
        return bare
    digits = re.sub(r"[^0-9]", "", bare)
    if bare.startswith("+"):
        return f"+{digits}"
    if region.upper() in ("US", "CA"):
        if len(digits) == 10:
            return f"+1{digits}"
        if len(digits) == 11 and digits.startswith("1"):
            return f"+{digits}"
    return bare


def route(asked: Outgoing, identifier: str, guid: str) -> Buddy | Thread:
    """Where a send goes, given what is known of the chat named; both empty for a send to a person."""
    person = asked.to or (identifier if is_handle_like(identifier) else "")
    if person:
        return Buddy(normalise(person, asked.region), "SMS" if asked.service == "sms" else "iMessage")
    return Thread(guid or identifier)
