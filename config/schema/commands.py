"""`commands`: which chat commands exist and who may use them."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr

from config.schema.base import Block, Senders

_SERVICES = re.compile(r"(?:\s*(?:imessage|sms|auto):)+", re.IGNORECASE)
_CHAT = re.compile(r"(?:chat(?:_?id|_?guid|_?identifier|ident)?|guid):", re.IGNORECASE)


class Commands(Block):
    """Which commands there are in a chat, and who may use them."""

    text: bool = True
    """Read and not used: commands in texts are always recognised."""
    config: bool = False
    """Whether /config exists."""
    debug: bool = False
    """Whether /debug exists."""
    bash: bool = False
    """Read and not used: there is no /bash here."""
    restart: bool = True
    """Whether /restart exists."""
    use_access_groups: bool = True
    """Whether the lists of the channel say who may use commands; false: everybody who is let in."""
    owner_allow_from: Senders = ()
    """Who may change things: people only, no "*" and no chats."""
    allow_from: dict[str, Senders] = Field(default_factory=dict)
    """Who may use commands, by channel or "*", in place of the lists of the channel."""
    owner_display: Literal["raw", "hash"] = "raw"
    """How owners appear to the agent."""
    owner_display_secret: SecretStr | None = None
    """The secret of the hash."""

    @property
    def owners(self) -> tuple[str, ...]:
        """`ownerAllowFrom` without wildcards, blanks and chat entries: those never make an owner."""
        return tuple(entry.strip() for entry in self.owner_allow_from if is_owner_entry(entry))


def is_owner_entry(entry: str) -> bool:
    """True for an entry that names people: a handle or an access group, with or without a service prefix."""
    prefix = _SERVICES.match(entry)
    bare = entry[prefix.end() :] if prefix else entry
    return bare.strip() not in {"", "*"} and not _CHAT.match(bare.strip())
