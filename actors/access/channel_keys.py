"""Which key of a mapping by channel is ours: ``accessGroups.*.members``, ``commands.allowFrom``. Pure.

In: the keys as the file has them. Out: the one whose list holds for this channel. Blanks around a key and its case do
not count, and ``imsg`` is another name of the channel.
"""

from collections.abc import Iterable

from actors.access.handles import BLANKS, ascii_lower

CHANNEL = "imessage"
EVERY_CHANNEL = "*"
_NAMES = {CHANNEL, "imsg"}


def ours(keys: Iterable[str]) -> list[str]:
    """The keys that name this channel: the first one holds, the others are ignored.

    It is always the same one, whatever their order: ``imessage`` itself where it is there.
    """
    return sorted((key for key in keys if _name(key) in _NAMES), key=lambda key: (key != CHANNEL, key))


def everyones(keys: Iterable[str]) -> list[str]:
    """The keys that stand for every channel: the first one holds, the others are ignored."""
    return sorted((key for key in keys if _name(key) == EVERY_CHANNEL), key=lambda key: (key != EVERY_CHANNEL, key))


def ignored(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Each key that is ignored, with the one that holds in its place."""
    known = list(keys)
    return [(one, found[0]) for found in (ours(known), everyones(known)) for one in found[1:]]


def _name(key: str) -> str:
    return ascii_lower(key.strip(BLANKS))
