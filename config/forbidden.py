"""What of the config no chat may change, whoever writes: what names a program, a host, a file or a secret. Pure.

In: a path, or two whole documents as `config.document.Document.value` gives them. Out: the reason, or the places that
differ and are off limits. The types of the schema say what a key reaches (`config.schema.base.Reach`). Whatever the
schema does not know is off limits too: other parts of OpenClaw start programs from it. So is a reference to a variable
that was not there: what it stands for may be a secret, and an answer could carry it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from config.changes import ABSENT, same
from config.expand import INCLUDE
from config.known import known_keys
from config.paths import PROTOTYPES, Path, dotted
from config.redaction import is_secret
from config.schema import Config
from config.schema.base import Reach
from config.schema.walk import is_block, item_of, reach_of, takes_text, variants
from config.validate import unknown_key
from config.values import references

REMEDY: Final = "change it on the computer itself, with gateway config set"
"""What to do instead; the reasons do not say it."""

_HIDDEN = "is a secret"
_FOREIGN = "belongs to another part of OpenClaw"
_UNSAID = "may name something outside this gateway"
_REFERENCE = "would refer to a variable, whose value may be a secret"


class Touch(NamedTuple):
    """A place no chat may change, and why not: words to stand after the path and a colon."""

    path: Path
    why: str


def touched(before: object, after: object) -> tuple[str, ...]:
    """The dotted paths at which two documents differ and that a chat may never touch. Empty: the change is allowed."""
    return tuple(dotted(touch.path) for touch in touches(before, after))


def touches(before: object, after: object) -> tuple[Touch, ...]:
    """The same with the reasons. Lists are gone into entry by entry, so an entry that moves differs."""
    return tuple(_touches(before, after, ()))


def why(path: Path) -> str | None:
    """Why no chat may change what stands at a path or below it; None when it may.

    A path above a forbidden one is allowed: whether a change touches what is below only `touches` can tell.
    """
    kinds: list[Any] = [Config]
    for number, key in enumerate(path):
        above, name = path[:number], str(key)
        if name in PROTOTYPES:
            return "is a name JavaScript keeps for itself"
        if name == INCLUDE:
            return Reach.FILE.value
        below = [found for kind in kinds for found in _below(kind, name)]
        if not below:
            is_foreign = name in known_keys(above) or any(map(_is_open, kinds))
            return _FOREIGN if is_foreign else unknown_key((*above, name), next(iter(kinds), None))
        reason = next((found.reason for found in below if found.reason), None)
        if reason is not None:
            return reason
        kinds = [kind for found in below for kind in found.kinds]
    return _HIDDEN if is_secret(path) else None


class _Below(NamedTuple):
    """What a key leads to: the types its value may have, and why it is off limits ("": it is not)."""

    kinds: list[Any]
    reason: str


def _below(kind: Any, name: str) -> Iterator[_Below]:
    if is_block(kind):
        for attribute, info in kind.model_fields.items():
            if name == (info.alias or attribute):
                yield _judged(info.annotation, _reason(info))
    elif (item := item_of(kind)) is not None:
        yield _judged(item, "")


def _is_open(kind: Any) -> bool:
    """Whether a block belongs to others, who may have further keys in it."""
    return is_block(kind) and kind.model_config.get("extra") == "ignore"


def _reason(info: FieldInfo) -> str:
    """Why a key is off limits by what its type says; a text that is not said to be harmless is, too."""
    reach = reach_of(info)
    if reach is None:
        return _UNSAID if takes_text(info.annotation) else ""
    return "" if reach is Reach.NOTHING else reach.value


def _judged(annotation: Any, reason: str) -> _Below:
    kinds = variants(annotation)
    return _Below(kinds, reason or (_HIDDEN if SecretStr in kinds else ""))


def _touches(before: object, after: object, path: Path) -> Iterator[Touch]:
    if same(before, after):
        return
    reason = why(path)
    if reason is not None:
        yield Touch(path, reason)
        return
    if isinstance(after, str) and references(after):
        yield Touch(path, _REFERENCE)
    # A dict may stand where a list stood, or a single value: what either side holds is then gone, or new.
    for was, now, key in (*_keys(before, after), *_entries(before, after)):
        yield from _touches(was, now, (*path, key))


def _keys(before: object, after: object) -> Iterator[tuple[object, object, str | int]]:
    one, other = (side if isinstance(side, dict) else {} for side in (before, after))
    for key in dict.fromkeys((*one, *other)):
        yield one.get(key, ABSENT), other.get(key, ABSENT), str(key)


def _entries(before: object, after: object) -> Iterator[tuple[object, object, str | int]]:
    one, other = (side if isinstance(side, list | tuple) else () for side in (before, after))
    for index, (was, now) in enumerate(zip_longest(one, other, fillvalue=ABSENT)):
        # A reference that only moves because an entry before it went is not a new one.
        yield was, ABSENT if isinstance(now, str) and now in one else now, index
