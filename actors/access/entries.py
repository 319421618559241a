"""Allow-list entries, and the list they make.

In: the entries of ``allowFrom`` or ``groupAllowFrom`` as the person wrote them. Out: an ``AllowList`` that answers
"is this sender, or this chat, on it?" by looking up sets. Senders and chats are separate namespaces: a sender whose
text is ``chat_id:7`` is not the chat 7. An entry that cannot be understood admits nobody and is reported.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from actors.access.handles import BLANKS, canonical, without_service
from actors.envelopes.identity import Chat

_CHAT = re.compile(
    r"(?P<id>chat_id|chatid|chat)|(?P<guid>chat_guid|chatguid|guid)"
    r"|(?P<identifier>chat_identifier|chatidentifier|chatident)",
    re.ASCII | re.IGNORECASE,
)
_ACCESS_GROUP = re.compile(r"accessgroup:", re.ASCII | re.IGNORECASE)
_CHAT_ID = re.compile(r"0*[1-9][0-9]{0,18}")
_UNUSABLE = frozenset({"Cc", "Cf", "Cs", "Nd", "Zl", "Zp", "Zs"})


class Kind(Enum):
    """What an entry names."""

    ANYONE = "anyone"
    HANDLE = "handle"
    CHAT_ID = "chat_id"
    CHAT_GUID = "chat_guid"
    CHAT_IDENTIFIER = "chat_identifier"
    BLANK = "blank"
    UNUSABLE = "unusable"


class Entry(NamedTuple):
    """One entry: the canonical handle, chat id in decimal or chat name; for UNUSABLE what is wrong with it."""

    kind: Kind
    value: str = ""


def parse(text: str, region: str | None) -> Entry:
    """What ``text`` names (mission page: handles, e-mails, E.164, ``chat_id:``, ``chat_guid:``, ``chat_identifier:``).

    Chat ids are whole numbers from 1; guids and identifiers are taken exactly, case included.
    """
    text = without_service(text)
    if not text:
        return Entry(Kind.BLANK)
    if text == "*":
        return Entry(Kind.ANYONE)
    name, colon, value = text.partition(":")
    if colon and (prefix := _CHAT.fullmatch(name)):
        return _chat(str(prefix.lastgroup), value.strip(BLANKS))
    if _ACCESS_GROUP.match(text):
        return Entry(Kind.UNUSABLE, "access groups are not known here: list their members")
    if strange := next(filter(_is_strange, text), None):
        return Entry(Kind.UNUSABLE, f"holds U+{ord(strange):04X}, which no handle has: type it in plain characters")
    handle = canonical(text, region)
    return Entry(Kind.HANDLE, handle) if handle else Entry(Kind.UNUSABLE, "is neither a handle nor a chat")


def _chat(kind: str, value: str) -> Entry:
    if not value:
        return Entry(Kind.UNUSABLE, f"names no chat: write chat_{kind}:<value>")
    if kind != "id":
        return Entry(Kind.CHAT_GUID if kind == "guid" else Kind.CHAT_IDENTIFIER, value)
    if not _CHAT_ID.fullmatch(value):
        return Entry(Kind.UNUSABLE, "is no chat id: write chat_id:<number from 1>")
    return Entry(Kind.CHAT_ID, str(int(value)))


def _is_strange(character: str) -> bool:
    if character.isascii():
        return character != "\t" and not character.isprintable()
    return unicodedata.category(character) in _UNUSABLE


class AllowList(NamedTuple):
    """A list ready for look-ups; ``problems`` are (index of the entry, what is wrong with it)."""

    wildcard: bool = False
    handles: frozenset[str] = frozenset()
    chat_ids: frozenset[int] = frozenset()
    chat_guids: frozenset[str] = frozenset()
    chat_identifiers: frozenset[str] = frozenset()
    problems: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str], region: str | None) -> "AllowList":
        """The list of these entries. Blank entries are ignored, unusable ones reported."""
        entries = [parse(text, region) for text in texts]

        def named(kind: Kind) -> frozenset[str]:
            return frozenset(entry.value for entry in entries if entry.kind is kind)

        return cls(
            wildcard=Entry(Kind.ANYONE) in entries,
            handles=named(Kind.HANDLE),
            chat_ids=frozenset(map(int, named(Kind.CHAT_ID))),
            chat_guids=named(Kind.CHAT_GUID),
            chat_identifiers=named(Kind.CHAT_IDENTIFIER),
            problems=tuple((i, entry.value) for i, entry in enumerate(entries) if entry.kind is Kind.UNUSABLE),
        )

    @property
    def is_empty(self) -> bool:
        """Whether it admits nobody: an empty list never means everybody."""
        return not (self.wildcard or self.handles or self.chat_ids or self.chat_guids or self.chat_identifiers)

    def admits(self, sender: str, chat: Chat) -> bool:
        """Whether the canonical handle ``sender`` or the conversation ``chat`` is on the list."""
        return (
            self.wildcard
            or sender in self.handles
            or chat.id in self.chat_ids
            or chat.guid in self.chat_guids
            or chat.identifier in self.chat_identifiers
        )
