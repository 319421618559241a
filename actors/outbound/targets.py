"""Where a message goes: the textual targets of the config, the CLI and agents, and the wire fields they become.

In: text such as `+15551234567`, `sms:bob@example.com`, `chat_id:42`, `iMessage;+;chat123`. Out: a `Target`, or
a `TargetError` that says what is wrong. A number is never guessed: a row id is a whole decimal number from 1,
an address looks like a phone number or an e-mail, and any other name needs a service in front of it.
"""

import re
from dataclasses import dataclass
from typing import Literal, cast

Kind = Literal["handle", "chat_id", "chat_guid", "chat_identifier"]
Service = Literal["auto", "imessage", "sms"]
ChatType = Literal["direct", "group", "unknown"]

_SERVICE_PREFIX = re.compile(r"(imessage|sms|auto):\s*", re.IGNORECASE)
_CHAT_PREFIX = re.compile(
    r"(?:(?P<chat_id>chat_?id|chat)|(?P<chat_guid>chat_?guid|guid)|(?P<chat_identifier>chat_?identifier|chat_?ident)):",
    re.IGNORECASE,
)
_ROW_ID = re.compile(r"0*[1-9][0-9]*", re.ASCII)
_LARGEST_ROW_ID = 2**53 - 1  # what JSON numbers carry exactly everywhere
_RAW_GUID = re.compile(r"[a-z]+;[+-];[^\s;].*", re.IGNORECASE)
_HEX_IDENTIFIER = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_PHONE_CHARACTERS = re.compile(r"\+?[0-9\s().+-]*")
_MAIL = re.compile(r"[^\s@:;,<>\"]+@[^\s@:;,<>\"]+")
_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_NOT_IN_A_NAME = re.compile(r"[:;]")
_HINT = "<phone|email|chat_id:ID|auto:contact|imessage:contact|sms:contact>"


class TargetError(ValueError):
    """A text that names no target; the message is for people and names the text."""


@dataclass(frozen=True, slots=True)
class Target:
    """One destination.

    `value` is the row id for `chat_id`, else text as typed. `service` and `explicit_service` only say
    something about handles: `auto:+1555` overrides a configured service, a bare `+1555` does not.
    """

    kind: Kind
    value: str | int
    service: Service = "auto"
    explicit_service: bool = False
    chat_type: ChatType = "direct"


def parse_target(text: str) -> Target:
    """Read a target; raises `TargetError` (mission page: addressing and delivery targets).

    Service prefixes may be nested: the one next to the address counts, as the outer ones often are the name of
    the channel. In front of a chat they say nothing and are dropped.
    """
    rest = text.strip()
    if not rest:
        raise TargetError("iMessage target is required")
    if _UNSHOWABLE.search(rest):
        raise TargetError(f"iMessage target holds characters that cannot be shown: {_shown(ascii(rest))}")
    service: Service | None = None
    while prefix := _SERVICE_PREFIX.match(rest):
        service = cast(Service, prefix[1].lower())
        rest = rest[prefix.end() :]
        if not rest:
            raise TargetError(f"{service}: target is required")
    return _chat(rest) or _handle(rest, service)


def chat_type_of(text: str) -> ChatType:
    """Whether the target in `text` is one person or a group; `unknown` for what is no target. Never raises."""
    try:
        return parse_target(text).chat_type
    except TargetError:
        return "unknown"


def format_target(target: Target) -> str:
    """The canonical text of a target: `parse_target` gives the same target back."""
    if target.kind != "handle":
        return f"{target.kind}:{target.value}"
    return f"{target.service}:{target.value}" if target.explicit_service else str(target.value)


def resolve_service(target: Target, call: Service | None = None, account: Service | None = None) -> Service:
    """The service of a send: that of the call, then an explicit prefix, then the account's, then `auto`."""
    return call or (target.service if target.explicit_service else None) or account or "auto"


def wire_params(
    target: Target,
    text: str,
    service: Service | None = None,
    region: str = "US",
    *,
    call_service: Service | None = None,
    file: str | None = None,
    transport: str | None = None,
) -> dict[str, str | int]:
    """The parameters of a `send` request, with exactly one destination (imsg protocol 4).

    `service` is the account's setting, `call_service` that of this one call; `file` and `transport` are left
    out when None. Raises `ValueError` when there is neither text nor file.
    """
    if not file and not text.strip():
        raise ValueError("iMessage send requires text or media")
    selector = "to" if target.kind == "handle" else target.kind
    params: dict[str, str | int] = {
        selector: target.value,
        "text": text,
        "service": resolve_service(target, call_service, service),
        "region": region,
    }
    if file:
        params["file"] = file
    if transport:
        params["transport"] = transport
    return params


def _chat(text: str) -> Target | None:
    """The chat that `text` names by prefix, by raw GUID or by the 32 hex digits of an identifier, if any."""
    if _HEX_IDENTIFIER.fullmatch(text):
        return Target("chat_identifier", text.lower(), chat_type="group")
    if _RAW_GUID.fullmatch(text):
        return Target("chat_guid", text, chat_type=_type_of_guid(text))
    prefix = _CHAT_PREFIX.match(text)
    if prefix is None:
        return None
    value = text[prefix.end() :].strip()
    kind = cast(Kind, prefix.lastgroup)
    if kind == "chat_id":
        return Target("chat_id", _row_id(value), chat_type="group")
    if not value:
        raise TargetError(f"{kind} is required")
    direct = kind == "chat_guid" and _type_of_guid(value) == "direct"
    return Target(kind, value, chat_type="direct" if direct or _is_address(value) else "group")


def _row_id(value: str) -> int:
    if not _ROW_ID.fullmatch(value) or len(value) > 32 or int(value) > _LARGEST_ROW_ID:
        raise TargetError(f"Invalid chat_id: {_shown(value)}")
    return int(value)


def _type_of_guid(guid: str) -> ChatType:
    return "direct" if ";-;" in guid else "group"


def _handle(text: str, service: Service | None) -> Target:
    if text[:4].lower() == "tel:":
        text = text[4:].strip()
    if not _is_address(text) and not (service and _is_name(text)):
        raise TargetError(f'Unknown target "{_shown(text)}" for iMessage. Hint: {_HINT}')
    return Target("handle", text, service or "auto", explicit_service=service is not None)


def _is_address(text: str) -> bool:
    """Looks like a phone number (short codes included, E.164 with an exit code at most) or an e-mail."""
    if _MAIL.fullmatch(text):
        return True
    if not _PHONE_CHARACTERS.fullmatch(text) or "+" in text[1:]:
        return False
    return 3 <= sum(character.isdigit() for character in text) <= 18


def _is_name(text: str) -> bool:
    # What holds only phone characters is a broken number, not a name; `***` is a redacted value.
    return not (_PHONE_CHARACTERS.fullmatch(text) or _NOT_IN_A_NAME.search(text) or set(text) <= {"*"})


def _shown(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "\u2026"
