"""Allow-list entries, and the list they make.

In: the entries of ``allowFrom`` or ``groupAllowFrom`` as the person wrote them, and the access groups they may name.
Out: an ``AllowList`` that answers "is this sender, or this chat, on it?" by looking up sets. Senders and chats are
separate namespaces: a sender whose text is ``chat_id:7`` is not the chat 7. An entry that cannot be understood admits
nobody and is reported.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from actors.access.handles import BLANKS, canonical, without_service
from actors.envelopes.identity import Chat

_CHAT = re.compile(
    r"(?P<id>chat_id|chatid|chat)|(?P<guid>chat_guid|chatguid|guid)"
    r"|(?P<identifier>chat_identifier|chatidentifier|chatident)",
    re.ASCII | re.IGNORECASE,
)
GROUP_NAME = re.compile(r"accessgroup:", re.ASCII | re.IGNORECASE)
"""How an entry begins that names an access group."""
_OPEN_VARIABLE = re.compile(r"\$\{[A-Z_][A-Z0-9_]*\}", re.ASCII)
_LONGEST_SHOWN = 60
_CHAT_ID = re.compile(r"0*[1-9][0-9]{0,18}")
_UNUSABLE = frozenset({"Cc", "Cf", "Cs", "Nd", "Zl", "Zp", "Zs"})


class Kind(Enum):
    """What an entry names."""

    ANYONE = "anyone"
    HANDLE = "handle"
    CHAT_ID = "chat_id"
    CHAT_GUID = "chat_guid"
    CHAT_IDENTIFIER = "chat_identifier"
    ACCESS_GROUP = "access_group"
    BLANK = "blank"
    UNUSABLE = "unusable"


CHATS = (Kind.CHAT_ID, Kind.CHAT_GUID, Kind.CHAT_IDENTIFIER)
"""What names a conversation, not a person."""


class Entry(NamedTuple):
    """One entry: the canonical handle, chat id in decimal or chat name; for UNUSABLE what is wrong with it."""

    kind: Kind
    value: str = ""


def parse(text: str, region: str | None) -> Entry:
    """What ``text`` names (mission page: handles, e-mails, E.164, ``chat_id:``, ``chat_guid:``, ``chat_identifier:``).

    Chat ids are whole numbers from 1; guids, identifiers and the names of access groups are taken exactly, case
    included. ``*`` means anyone only when it stands alone.
    """
    if text.strip(BLANKS) == "*":
        return Entry(Kind.ANYONE)
    text = without_service(text)
    if not text:
        return Entry(Kind.BLANK)
    if text == "*":
        return Entry(Kind.UNUSABLE, 'has a prefix before its "*": write "*" alone for anyone')
    if _OPEN_VARIABLE.search(text):
        return Entry(Kind.UNUSABLE, "refers to a variable that is not set: set it, or write the handle itself")
    name, colon, value = text.partition(":")
    if colon and (prefix := _CHAT.fullmatch(name)):
        return _chat(str(prefix.lastgroup), value.strip(BLANKS))
    if prefix := GROUP_NAME.match(text):
        group = text[prefix.end() :].strip(BLANKS)
        return Entry(Kind.ACCESS_GROUP, group) if group else Entry(Kind.UNUSABLE, "names no group: accessGroup:<name>")
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
    def of(
        cls, texts: Iterable[str], region: str | None, groups: Mapping[str, tuple[str, ...]] | None = None
    ) -> "AllowList":
        """The list of these entries; ``groups`` are the members of each access group (``access_groups.members``).

        Blank entries are ignored, unusable ones reported. A group stands for the handles in it and nothing else.
        """
        entries: list[Entry] = []
        problems: list[tuple[int, str]] = []
        for index, text in enumerate(texts):
            for entry in _expanded(parse(text, region), region, groups or {}):
                if entry.kind is Kind.UNUSABLE:
                    problems.append((index, entry.value))
                else:
                    entries.append(entry)

        def named(kind: Kind) -> frozenset[str]:
            return frozenset(entry.value for entry in entries if entry.kind is kind)

        return cls(
            wildcard=Entry(Kind.ANYONE) in entries,
            handles=named(Kind.HANDLE),
            chat_ids=frozenset(map(int, named(Kind.CHAT_ID))),
            chat_guids=named(Kind.CHAT_GUID),
            chat_identifiers=named(Kind.CHAT_IDENTIFIER),
            problems=tuple(dict.fromkeys(problems)),
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

    def names(self, sender: str) -> bool:
        """Whether the list names the canonical handle ``sender`` itself, or anyone: a chat entry names nobody."""
        return self.wildcard or sender in self.handles


def _expanded(entry: Entry, region: str | None, groups: Mapping[str, tuple[str, ...]]) -> Iterator[Entry]:
    """The entry, or the people of the access group it names; what is unusable says of which group it is."""
    if entry.kind is not Kind.ACCESS_GROUP:
        yield entry
        return
    name = entry.value
    if name not in groups:
        yield Entry(Kind.UNUSABLE, _unknown(name, groups))
        return
    people = 0
    for text in groups[name]:
        member = parse(text, region)
        if member.kind is Kind.BLANK:
            continue
        people += 1
        why = _NO_MEMBER.get(member.kind, "")
        if member.kind is Kind.HANDLE:
            yield member
        else:
            yield Entry(Kind.UNUSABLE, f"access group {_shown(name)}: {_shown(text)} {why or member.value}")
    if not people:
        yield Entry(Kind.UNUSABLE, f"access group {_shown(name)} {_NOBODY}")


_NO_MEMBER = {
    Kind.ANYONE: 'names nobody in a group: write "*" in the list itself',
    Kind.ACCESS_GROUP: "is a group in a group: name both groups in the list",
    **dict.fromkeys(
        CHATS,
        "is a chat, and groups hold people: write it in the list itself",
    ),
}
_NOBODY = 'has nobody for iMessage: it needs type "message.senders", and people under members.imessage or members["*"]'


def _unknown(name: str, groups: Iterable[str]) -> str:
    from difflib import get_close_matches  # late: only a misspelt name needs it

    lowered = {known.lower(): known for known in groups}
    nearest = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    remedy = f"did you mean {_shown(lowered[nearest[0]])}?" if nearest else "add it to accessGroups"
    return f"there is no access group {_shown(name)}: {remedy}"


def _shown(text: str) -> str:
    """A text of the config file, quoted, with anything but plain characters escaped."""
    return json.dumps(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "...")
