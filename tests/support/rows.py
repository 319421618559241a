"""Messages as imsg sends them, and as the gateway sees them, with defaults a test overrides by name."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Admit, Admitted, Inbound
from actors.normalizer.normalize import Malformed, normalize

ANN, BEN, OWN = "+15552223333", "+15554445555", "+15559990000"
ACCOUNT = "default"
START = 1_800_001_000.0
"""When messages are received unless a test says otherwise (unix seconds)."""


def guid(number: int) -> str:
    """The GUID of message ``number``, as Apple writes them."""
    return str(UUID(int=number)).upper()


def wire(number: int = 1, chat: int = 7, text: str = "hello", **keys: Any) -> dict[str, Any]:
    """The message object of row ``number``: a direct message of Ann in ``chat``."""
    return {
        "id": number,
        "guid": guid(number),
        "chat_id": chat,
        "chat_guid": f"iMessage;-;{ANN}",
        "chat_identifier": ANN,
        "sender": ANN,
        "is_from_me": False,
        "is_group": False,
        "text": text,
        "created_at": "2027-01-15T08:00:00Z",
        **keys,
    }


def raw(number: int = 1, chat: int = 7, text: str = "hello", **keys: Any) -> bytes:
    """The same as bytes on the wire. A key given as ``...`` is left out."""
    value = {key: what for key, what in wire(number, chat, text, **keys).items() if what is not ...}
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def inbound(number: int = 1, chat: int = 7, text: str = "hello", **keys: Any) -> Inbound:
    """The same, normalised; ``account``, ``source`` and ``received_at`` are not on the wire."""
    account, source, at = keys.pop("account", ACCOUNT), keys.pop("source", 1), keys.pop("received_at", START)
    row = normalize(account, source, raw(number, chat, text, **keys), at)
    assert not isinstance(row, Malformed), row.error
    return row


def address(chat: int = 7, source: int = 1, account: str = ACCOUNT) -> ReplyAddress:
    """Where an answer in ``chat`` goes."""
    return ReplyAddress(account, source, chat, f"iMessage;-;{ANN}", "auto")


def admit(session: str = "agent:main:main", agent: str = "main", waits: bool = False) -> Admit:
    """A verdict that lets a message in."""
    return Admit(session, agent, True, "auto", waits)


def admitted(
    seq: int, chat: int = 7, text: str = "hello", session: str = "s", agent: str = "main", **keys: Any
) -> Admitted:
    """A journaled, admitted row on its way to its conversation.

    ``begun``, ``released``, ``words`` (what the agent is told instead of the text) and ``era`` are the envelope's; the
    other keys are those of the row.
    """
    begun, released, words = keys.pop("begun", False), keys.pop("released", False), keys.pop("words", None)
    era = keys.pop("era", 0)
    row = inbound(seq, chat, text, **keys)
    to = replace(address(chat, row.source, row.account), era=era)
    return Admitted(seq, session, agent, True, to, replace(row, era=era), begun=begun, released=released, text=words)
