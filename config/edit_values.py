"""The values of edits as plain data: checked, comparable, and with the objects around them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from config.edit_document import CannotEditError
from config.edit_write import LiteralError, check
from config.paths import PROTOTYPES, Path
from config.positions import MAX_DEPTH


def plain(path: Path, value: object) -> object:
    """The value as dicts, lists and scalars.

    Raises CannotEditError for names and depths the file must not hold, LiteralError for other values.
    """
    for key in path:
        if key in PROTOTYPES:
            raise CannotEditError(path, f'"{key}" is a name JavaScript keeps for itself: use another')
    check(value)
    return _plain(path, value, len(path))


def nested(path: Path, keys: Sequence[str | int], value: object) -> object:
    """The value below the containers that keys ask for: objects, and new lists of one entry."""
    for key in reversed(keys):
        if key != 0 and isinstance(key, int):
            raise CannotEditError(path, f'there is no list for the index {key}: begin with [0], or write ["{key}"]')
        value = {key: value} if isinstance(key, str) else [value]
    return value


def same(one: object, other: object) -> bool:
    """True when both are the same JSON: 1, 1.0 and true differ."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def _plain(path: Path, value: object, depth: int) -> object:
    if depth + isinstance(value, dict | list | tuple) > MAX_DEPTH:
        raise LiteralError(f"nested deeper than {MAX_DEPTH} levels: flatten it")
    if isinstance(value, dict):
        for key in value:
            if key in PROTOTYPES:
                raise CannotEditError((*path, key), f'"{key}" is a name JavaScript keeps for itself: use another')
        return {key: _plain((*path, key), item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain((*path, index), item, depth + 1) for index, item in enumerate(value)]
    return value
