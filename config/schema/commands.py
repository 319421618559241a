"""`commands`: which chat commands exist and who may use them."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr

from config.schema.base import Block

_CHAT_ENTRY = re.compile(
    r"\s*(?:(?:imessage|sms|auto):\s*)*chat(?:_?id|_?guid|_?identifier|ident)?:", re.IGNORECASE
)


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
    """True for an entry that names one person."""
    return (
        entry.strip() not in {"", "*"}
        and not _CHAT_ENTRY.match(entry)
        and not entry.lower().startswith("guid:")
    )
