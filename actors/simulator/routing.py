"""Which sends imsg accepts, and where they go (imsg protocol 4, 7, 12.2, 12.8).

Pure. In: request parameters, then what is known of the chat they name. Out: a checked `Outgoing`, and the
`Buddy` or `Thread` it goes to.
"""

import re
from typing import Literal, NamedTuple

from actors.simulator.frames import RpcError, invalid_params
from actors.simulator.params import Params
from actors.simulator.strict import non_empty, positive

_PREFIX = re.compile(r"(?:imessage|sms|auto):", re.IGNORECASE)
_PHONE = re.compile(r"[+0-9 ()-]*[0-9][+0-9 ()-]*")
_SELECTORS = ("chat_id", "chat_identifier", "chat_guid")

ONE_SELECTOR = "exactly one of chat_id, chat_identifier, or chat_guid is required"


class Target(NamedTuple):
    """Whom a request is for: a person or a chat; absent texts are empty."""

    to: str = ""
    chat_id: int | None = None
    identifier: str = ""
    guid: str = ""

    @property
    def names_chat(self) -> bool:
        """Whether a chat is named, in whatever way."""
        return self.chat_id is not None or bool(self.identifier or self.guid)


class Outgoing(NamedTuple):
    """A checked send request; absent texts are empty."""

    text: str
    file: str
    service: str
    region: str
    transport: str
    target: Target
    reply_to: str = ""


class Buddy(NamedTuple):
    """A send to a person: Messages picks the direct chat on `service`, whatever chat was named."""

    handle: str
    service: Literal["iMessage", "SMS"]


class Thread(NamedTuple):
    """A send to exactly the chat with this GUID or identifier."""

    target: str


def check(params: Params) -> Outgoing:
    """Check in the order of up to 0.13: service, transport, target exclusivity, text or file.

    Raises RpcError -32602 with imsg's texts.
    """
    service, transport = _manner(params)
    target = read_target(params)
    if target.to and target.names_chat:
        raise invalid_params("use to or chat_*; not both")
    if not target.to and not target.names_chat:
        raise invalid_params("to is required for direct sends")
    return _with_content(params, service, transport, target)


def check_strictly(params: Params) -> Outgoing:
    """Check as from 0.14 on: one target, nothing empty, `reply_to` over the bridge only.

    Raises RpcError -32602 with imsg's texts.
    """
    service, transport = _manner(params)
    target = read_strict_target(params)
    for key in ("text", "file", "reply_to"):
        non_empty(params, key)
    asked = _with_content(params, service, transport, target)
    if asked.reply_to and asked.transport == "applescript":
        raise reply_needs_bridge()
    if target.to and not is_handle_like(target.to):
        raise invalid_params("contacts are unavailable: to must be a phone number or an e-mail address")
    return asked


def read_target(params: Params) -> Target:
    """The target of a request, whatever it says."""
    return Target(
        to=params.get("to", ""),
        chat_id=params.get("chat_id"),
        identifier=params.get("chat_identifier", ""),
        guid=params.get("chat_guid", ""),
    )


def read_strict_target(params: Params) -> Target:
    """Exactly one target. Raises RpcError -32602."""
    positive(params, "chat_id")
    for key in ("to", "chat_identifier", "chat_guid"):
        non_empty(params, key)
    selectors = [key for key in _SELECTORS if key in params]
    if "to" in params and selectors:
        raise invalid_params("use to or exactly one chat selector; not both")
    if len(selectors) > 1:
        raise invalid_params(ONE_SELECTOR)
    if "to" not in params and not selectors:
        raise invalid_params("to is required for direct sends")
    return read_target(params)


def reply_needs_bridge() -> RpcError:
    """-32602: AppleScript cannot reply in a thread, and a reply is never sent unthreaded."""
    return invalid_params("reply_to requires bridge transport; AppleScript cannot send threaded replies")


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
    """Where a send goes up to 0.13, given what is known of the chat named; both empty for a send to a person."""
    person = asked.target.to or (identifier if is_handle_like(identifier) else "")
    if person:
        return Buddy(normalise(person, asked.region), "SMS" if asked.service == "sms" else "iMessage")
    return Thread(guid or identifier)


def _manner(params: Params) -> tuple[str, str]:
    service = params.get("service", "auto") or "auto"
    if service not in ("auto", "imessage", "sms"):
        raise invalid_params("invalid service")
    transport = (params.get("transport", "auto") or "auto").lower()
    if transport not in ("auto", "bridge", "applescript"):
        raise invalid_params("invalid transport")
    return service, transport


def _with_content(params: Params, service: str, transport: str, target: Target) -> Outgoing:
    asked = Outgoing(
        text=params.get("text", ""),
        file=params.get("file", ""),
        service=service,
        region=params.get("region", "") or "US",
        transport=transport,
        target=target,
        reply_to=params.get("reply_to", ""),
    )
    if not asked.text and not asked.file:
        raise invalid_params("text or file is required")
    return asked
