"""Messages that never came: read from a file as imsg would write them, or made up from a handle and a text. Pure.

In: bytes a person gives, or who writes what where. Out: a ``frames.Row`` to be judged like any other, or the ``Junk``
the gateway would set aside. Nothing is added to a row that is given: what stands in it is judged.
"""

from typing import Any, NamedTuple

import msgspec

from actors.access.handles import canonical, without_service
from actors.envelopes.inbound import Inbound
from actors.normalizer.normalize import MAX_ROWID
from actors.rpc.frames import MAX_LINE, Frame, Junk, Row, frame, sort

NEW_GUID = "00000000-0000-4000-8000-000000000000"
"""The GUID of a message that never came: Messages draws no such one."""

NEW_CHAT = MAX_ROWID
"""The number of a direct chat nobody has seen yet: no config names it, and no answer can go there."""

_FRONT, _BACK = b'{"jsonrpc":"2.0","method":"message","params":{"subscription":0,"message":', b"}}"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Setting(NamedTuple):
    """Who writes what where: ``chat_id`` None where no chat is named; ``group`` when it is said to be one."""

    sender: str
    text: str
    chat_id: int | None = None
    group: bool = False


def row_of(data: bytes) -> Row | Junk:
    """The message in ``data``: a message object, or the whole notification around it (imsg protocol 3, 5).

    A bare object is read as the gateway would read it inside its notification.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK).strip()
    if len(data) > MAX_LINE:
        return Junk(f"a line of more than {MAX_LINE >> 20} MiB was passed over", "")
    read, whole = sort(data), frame(data)
    if isinstance(read, Row):
        return read
    if isinstance(whole, Frame) and whole.method is not None:
        what = read.why if isinstance(read, Junk) else f"a notification {whole.method[:40]!r} is no message"
        return Junk(f"a line broken: {what}", "")
    inside = sort(_FRONT + data + _BACK)
    if isinstance(inside, Row):
        return inside
    return Junk(f"a line broken: {whole.why if isinstance(whole, Junk) else 'no message in it'}", "")


def made_up(what: Setting, seen: Inbound | None, region: str, created_at: str) -> bytes:
    """The message object of ``what``, as Messages writes it, at ``created_at`` (ISO 8601).

    ``seen`` is a message of that chat, whose names it then has. A direct chat nobody has seen is ``NEW_CHAT``; a group
    whose number is not told has none. From one's own address it is a message to oneself.
    """
    what = what._replace(sender=_sendable(what.sender), text=_sendable(what.text))
    names = _new(what, region) if seen is None else _known(seen)
    own = seen.own_handle if seen is not None else ""
    value = {
        "id": 1,
        "guid": NEW_GUID,
        **names,
        **({} if what.chat_id is None else {"chat_id": what.chat_id}),
        "is_group": bool(what.group or names["is_group"]),
        "sender": what.sender,
        "destination_caller_id": own or None,
        "is_from_me": own != "" and canonical(what.sender, region) == canonical(own, region),
        "text": what.text,
        "created_at": created_at,
    }
    return msgspec.json.encode({key: one for key, one in value.items() if one is not None})


def _known(seen: Inbound) -> dict[str, Any]:
    chat = seen.chat
    return {
        "chat_id": chat.id,
        "chat_guid": chat.guid,
        "chat_identifier": chat.identifier,
        "chat_name": chat.name,
        "participants": list(chat.participants),
        "is_group": chat.is_group,
    }


def _new(what: Setting, region: str) -> dict[str, Any]:
    if what.group:
        name = f"chat{what.chat_id or 0}"
        return {"chat_guid": f"iMessage;+;{name}", "chat_identifier": name, "is_group": True}
    handle = canonical(what.sender, region) or without_service(what.sender)
    return {
        "chat_id": NEW_CHAT,
        "chat_guid": f"iMessage;-;{handle}",
        "chat_identifier": handle,
        "participants": [handle],
        "is_group": False,
    }


def _sendable(text: str) -> str:
    """Half a surrogate, as a terminal may hand over, cannot stand in JSON."""
    return text.encode("utf-8", "replace").decode()
