"""What differs between two configs, and what a running gateway has to do about it.

`between` compares any two documents value by value; a list is one value. `diff` compares two valid configs with their
defaults, so writing a default out changes nothing. `effect` is the table of config-ops 1.9. All pure; values in `shown`
are redacted, so its lines may go into a chat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from config import literals
from config.account import Account
from config.known import IGNORED, fits
from config.paths import Path, dotted, parse
from config.redaction import redact
from config.schema import Config

Effect = Literal["live", "accounts", "restart"]
"""Read again with the next message; accounts start anew; the whole gateway does."""

MAX_SHOWN = 200
"""Characters of one shown value."""


class Absent:
    """The side of a change where nothing stands."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()

_EFFECTS: Mapping[str, Effect] = {
    "channels.imessage": "accounts",
    "channels.defaults": "accounts",
    "channels": "live",
    "agents": "live",
    "bindings": "live",
    "session": "live",
    "messages": "live",
    "commands": "live",
    "accessGroups": "live",
    "logging": "live",
    "retention": "live",
    "gateway.retention": "live",
    "gateway.reload": "live",
    "gateway.channelHealthCheckMinutes": "live",
    "gateway.remote": "live",
    "gateway": "restart",
    "tools": "live",
    "skills": "live",
    "identity": "live",
    "meta": "live",
    "routing": "live",
    "talk": "live",
    "ui": "live",
    "$schema": "live",
}
_ORDER: Sequence[Effect] = ("live", "accounts", "restart")


class Change(NamedTuple):
    """One value that differs; `ABSENT` where there is none."""

    path: Path
    old: object
    new: object


def between(old: object, new: object, path: Path = ()) -> Iterator[Change]:
    """The values that differ, in the order of the old document, new keys last. Objects are gone into, lists not."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from between(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
    elif not same(old, new):
        yield Change(path, old, new)


def same(one: object, other: object) -> bool:
    """Equal in kind and value: `true` is not 1; 1 and 1.0 are one number, a list and a tuple one list."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def diff(old: Config, new: Config) -> tuple[str, ...]:
    """The dotted paths at which two configs differ, defaults included."""
    before, after = (config.model_dump(by_alias=True) for config in (old, new))
    return tuple(dotted(change.path) for change in between(before, after))


def effect(paths: Iterable[str]) -> Effect:
    """What changes at these dotted paths ask for: the longest prefix in the table decides, the gravest path wins.

    What no line knows asks for a restart; no path at all for nothing more than `live`.
    """
    return max((_effect(parse(path)) for path in paths), key=_ORDER.index, default="live")


def accounts(old: Iterable[Account], new: Iterable[Account]) -> frozenset[str]:
    """The ids of the accounts that came, went or are not what they were."""
    before, after = ({account.id: account for account in side} for side in (old, new))
    return frozenset(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def shown(changes: Iterable[Change]) -> list[str]:
    """Each change as its path, then `- ` the old and `+ ` the new value where there is one. Secrets are redacted."""
    lines: list[str] = []
    for path, old, new in changes:
        lines.append(f"{dotted(path)}:")
        lines += [f"{sign} {_text(side, path)}" for sign, side in (("-", old), ("+", new)) if side is not ABSENT]
    return lines


def _effect(path: Path) -> Effect:
    if _is_alien(path):
        return "live"
    for length in range(len(path), 0, -1):
        found = _EFFECTS.get(dotted(path[:length]))
        if found is not None:
            return found
    return "restart"


def _is_alien(path: Path) -> bool:
    """True inside blocks of other programs, which this gateway reads past."""
    heads = ((path[: len(place)], path[len(place) :][:1], place, keys) for place, keys in IGNORED.items())
    return any(key and key[0] in keys and fits(head, place) for head, key, place, keys in heads)


def _text(value: object, path: Path) -> str:
    text = literals.write(redact(value, path), indent=None)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
