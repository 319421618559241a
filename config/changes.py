"""What differs between two configs, and what a running gateway has to do about it.

`between` compares any two documents value by value; a list is one value. `diff` compares two valid configs with their
defaults, so writing a default out changes nothing. `effect` says how a change comes into use. All pure; values in
`shown` are redacted, so its lines may go into a chat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from config import literals
from config.account import Account
from config.overlay import CHANNEL
from config.paths import Path, dotted, parse
from config.redaction import redact
from config.schema import Config

Effect = Literal["live", "accounts", "restart"]
"""Counts from the next message on; links of accounts start anew; the gateway has to be started over."""

Mode = Literal["hybrid", "hot", "restart", "off"]
"""`gateway.reload.mode`."""

MAX_SHOWN = 200
"""Characters of one shown value."""


class Absent:
    """The side of a change where nothing stands."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()

_OF_A_LINK: frozenset[str | int] = frozenset(
    {
        "enabled",
        "cliPath",
        "dbPath",
        "remoteHost",
        "includeAttachments",
        "debounceMs",
        "probeTimeoutMs",
        "sendTransport",
        "region",
    }
)
"""Keys of an account, or of the channel, that its child of imsg is started with, or sends are finished by."""
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


def effect(paths: Iterable[str], mode: Mode = "hybrid") -> Effect:
    """What changes at these dotted paths ask for, the gravest of them; `live` for none.

    A running gateway takes everything in place. Only what the link of an account is made with, or a variable such a key
    may refer to, has that account's link start anew. `mode` is `gateway.reload.mode` from before the change.
    """
    found = {_effect(parse(path)) for path in paths}
    if found and mode in {"off", "restart"}:
        return "restart"
    return max(found, key=_ORDER.index, default="live")


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
    head, rest = path[: len(CHANNEL)], path[len(CHANNEL) :]
    if head == CHANNEL[: len(head)] and not rest:
        return "accounts"  # all of them come, go or change, as far as this can tell
    if head != CHANNEL:
        return "accounts" if path[0] == "env" else "live"
    if rest[0] == "accounts":
        rest = rest[2:]
    return "accounts" if not rest or rest[0] in _OF_A_LINK else "live"


def _text(value: object, path: Path) -> str:
    text = literals.write(redact(value, path), indent=None)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
