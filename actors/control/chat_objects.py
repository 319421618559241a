"""A conversation as an imsg describes it: the chat object of ``chats.list`` (imsg protocol 4, 5, 12.5), read. Pure.

Versions leave different keys out. What is missing is derived where that is certain, and unknown where it is not.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from actors.normalizer.anchors import is_address, is_group
from actors.normalizer.normalize import MAX_ROWID, moment
from actors.runtime.logs import stamp

_GUID = re.compile(r"(?P<service>[^;]*);(?P<mark>[+-]);(?P<identifier>.+)", re.DOTALL)
_GROUP_NAME = re.compile(r"chat[0-9]+")
_ANY = "any"
"""What macOS 26 writes in a guid where it used to name the service (imsg protocol 5)."""


class Chat(NamedTuple):
    """A chat as far as it is known; None stands for unknown. ``own`` is the own address it was last written from."""

    id: int
    guid: str | None
    identifier: str | None
    name: str | None
    service: str | None
    is_group: bool | None
    participants: tuple[str, ...] | None
    last_message_at: str | None
    own: str | None


def read(wire: Mapping[str, Any]) -> Chat | None:
    """The chat of a wire object, None where it has no number."""
    number = wire.get("id")
    if type(number) is not int or not 0 < number <= MAX_ROWID:
        return None
    guid, people = _text(wire, "guid"), wire.get("participants")
    parts = _GUID.fullmatch(guid or "")
    identifier = _text(wire, "identifier") or (parts["identifier"] if parts else None)
    members = tuple(dict.fromkeys(one for one in people if isinstance(one, str))) if isinstance(people, list) else None
    group = _is_group(wire.get("is_group"), guid or "", identifier or "", members or ())
    if not members and group is False and identifier and is_address(identifier):
        members = (identifier,)
    service = parts["service"] if parts and parts["service"].lower() != _ANY else None
    at = moment(_text(wire, "last_message_at"))
    return Chat(
        id=number,
        guid=guid,
        identifier=identifier,
        name=_name(wire, identifier),
        service=_text(wire, "service") or service or None,
        is_group=group,
        participants=members,
        last_message_at=None if at is None else stamp(at),
        own=_text(wire, "last_addressed_handle"),
    )


def _text(wire: Mapping[str, Any], key: str) -> str | None:
    value = wire.get(key)
    return value if isinstance(value, str) and value else None


def _name(wire: Mapping[str, Any], identifier: str | None) -> str | None:
    """What people call it: imsg puts the identifier where there is no name."""
    names = (_text(wire, key) for key in ("name", "display_name", "contact_name"))
    return next((name for name in names if name and name.strip() and name != identifier), None)


def _is_group(flag: Any, guid: str, identifier: str, members: tuple[str, ...]) -> bool | None:
    """As the gateway tells groups by their rows, None where nothing says so."""
    if isinstance(flag, bool) or _GUID.fullmatch(guid) or len(members) > 1:
        return is_group(flag if isinstance(flag, bool) else None, guid, identifier, members)
    if _GROUP_NAME.fullmatch(identifier):
        return True
    return False if is_address(identifier) else None
