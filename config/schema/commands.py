"""`commands`: which chat commands exist and who may use them."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr

from config.schema.base import Block

_SERVICES = re.compile(r"(?:\s*(?:imessage|sms|auto):)+", re.IGNORECASE)
_CHAT = re.compile(r"(?:chat(?:_?id|_?guid|_?identifier|ident)?|guid):", re.IGNORECASE)


class Commands(Block):
    """`commands`. Writing needs an owner, so `owners` leaves out what must never make one."""

    text: bool = True
    config: bool = False
    debug: bool = False
    bash: bool = False
    restart: bool = True
    use_access_groups: bool = True
    owner_allow_from: tuple[str, ...] = ()
    allow_from: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    owner_display: Literal["raw", "hash"] = "raw"
    owner_display_secret: SecretStr | None = None

    @property
    def owners(self) -> tuple[str, ...]:
        """`ownerAllowFrom` without wildcards, blanks and chat entries: those never make an owner."""
        return tuple(entry.strip() for entry in self.owner_allow_from if is_owner_entry(entry))


def is_owner_entry(entry: str) -> bool:
    """True for an entry that names people: a handle or an access group, with or without a service prefix."""
    prefix = _SERVICES.match(entry)
    bare = entry[prefix.end() :] if prefix else entry
    return bare.strip() not in {"", "*"} and not _CHAT.match(bare.strip())
