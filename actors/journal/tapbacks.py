"""A reaction as imsg gives it (imsg protocol 5): what it is, what it is about, whether it was taken back. Pure."""

from typing import NamedTuple

import msgspec

from actors.envelopes.inbound import Inbound
from actors.normalizer.normalize import repair

KINDS = ("love", "like", "dislike", "laugh", "emphasis", "question", "custom", "sticker")
"""By the last digit of ``associated_message_type``."""
ADDED, REMOVED = 2000, 3000
"""Where the types of reactions begin, and those of reactions that were taken back."""


class _Wire(msgspec.Struct, frozen=True):
    is_reaction_add: bool | None = None
    reaction_type: str | None = None
    reaction_emoji: str | None = None
    reacted_to_guid: str | None = None
    associated_message_guid: str | None = None
    associated_message_type: int | float | None = None


class Reaction(NamedTuple):
    """Empty texts stand for what imsg does not say; ``to_guid`` is bare."""

    kind: str
    emoji: str
    removed: bool
    to_guid: str


_decode = msgspec.json.Decoder(_Wire).decode


def reaction(row: Inbound) -> Reaction:
    """What a row says of itself that is a reaction."""
    try:
        wire = _decode(row.raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        wire = _decode(repair(row.raw))
    number = int(wire.associated_message_type or 0)
    removed = REMOVED <= number < REMOVED + 1000
    if wire.is_reaction_add is not None:
        removed = not wire.is_reaction_add
    kind = wire.reaction_type or ""
    if not kind and ADDED <= number < REMOVED + 1000 and number % 1000 < len(KINDS):
        kind = KINDS[number % 1000]
    to = bare_guid(wire.reacted_to_guid or wire.associated_message_guid or "")
    return Reaction(kind, wire.reaction_emoji or "", removed, to)


def bare_guid(guid: str) -> str:
    """A GUID without what says which part of its message is meant (``p:0/``, ``bp:``)."""
    return guid.rpartition("/")[2].removeprefix("bp:")
