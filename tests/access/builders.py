"""Rows, accounts and views for the tests of access, with defaults a test overrides by name."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from actors.access.policy import Allowed, decide
from actors.access.view import AccessView
from actors.envelopes.identity import Chat
from actors.envelopes.inbound import Attachment, Inbound, Verdict
from config.account import Account
from config.schema.channel import GroupEntry
from config.schema.root import Config

ANN, BEN, OWN = "+15552223333", "+15554445555", "+15559990000"
CH = "channels.imessage."
ECHO = {"id": "main", "runtime": {"type": "echo"}}
PICTURE = Attachment("/a.jpg", "image/jpeg", "a.jpg", 1, False)


def config(**blocks: Any) -> Config:
    """A config of one echo agent and these blocks."""
    return Config.model_validate({"agents": {"list": [ECHO]}, **blocks}, strict=False)


def view(conf: Config | None = None, **keys: Any) -> AccessView:
    """The view of the default account with these keys; ``groups`` maps chat ids to requireMention."""
    groups = {
        key: GroupEntry.model_validate({"requireMention": value}) for key, value in keys.pop("groups", {}).items()
    }
    return AccessView.build(Account(id="default", groups=groups, **keys), conf or config())


def row(**changes: Any) -> Inbound:
    """A direct message of Ann in chat 7; ``chat_id``, ``guid_of_chat``, ``identifier``, ``group`` shape the chat."""
    group = changes.pop("group", False)
    chat = Chat(
        id=changes.pop("chat_id", 7),
        guid=changes.pop("guid_of_chat", "iMessage;+;chat7" if group else f"iMessage;-;{ANN}"),
        identifier=changes.pop("identifier", "chat7" if group else ANN),
        name="",
        is_group=group,
        participants=(),
    )
    plain = Inbound(
        account="default",
        source=1,
        rowid=1,
        guid="0A",
        chat=chat,
        sender=ANN,
        sender_name="",
        own_handle=OWN,
        is_from_me=False,
        text="hello",
        attachments=(),
        reply_to_guid="",
        is_reaction=False,
        sent_at=0.0,
        received_at=0.0,
        raw=b"{}",
    )
    return replace(plain, **changes)


def note(**changes: Any) -> Inbound:
    """What the owner writes to himself: sender, chat and own handle are one address, and the row is marked as ours."""
    return row(**{"sender": OWN, "identifier": OWN, "guid_of_chat": f"iMessage;-;{OWN}", "is_from_me": True, **changes})


def judge(message: Inbound, of: AccessView, *approved: str) -> Verdict:
    """The verdict when the pairing store holds ``approved``."""
    return decide(message, of, Allowed(frozenset(approved)))
