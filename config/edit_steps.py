"""The smaller edits that turn one container into another, so that what stays the same keeps its comments. Pure.

An object whose keys change here and there, and a list that grows at its end or loses a run of entries, are
edited entry by entry. Where entries of a list change places or content, their comments would come to stand
beside other values: such a list is written anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from config.edit_values import same
from config.paths import Path

_MOST = 32


@dataclass(frozen=True, slots=True)
class Set:
    """The value a path shall have; missing objects on the way are created, `[length]` of a list appends."""

    path: Path
    value: object


@dataclass(frozen=True, slots=True)
class Unset:
    """A path to remove; with `prune` also the objects around it that would be left empty."""

    path: Path
    prune: bool = False


Steps = list[Set | Unset]


def between(old: object, new: object, path: Path) -> Steps | None:
    """Edits that make `old` at a path into `new`, none of them on the whole; None when it must be written anew."""
    steps: Steps | None = None
    if isinstance(old, dict) and isinstance(new, dict):
        steps = _objects(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        steps = _lists(old, new, path)
    return steps if steps and len(steps) <= _MOST else None


def _objects(old: dict[str, object], new: dict[str, object], path: Path) -> Steps | None:
    if old.keys().isdisjoint(new):
        return None
    steps: Steps = []
    for key, value in new.items():
        steps += _entry(old[key], value, (*path, key)) if key in old else [Set((*path, key), value)]
    return steps + [Unset((*path, key)) for key in old if key not in new]


def _lists(old: list[object], new: list[object], path: Path) -> Steps | None:
    most = min(len(old), len(new))
    head = next((index for index in range(most) if not same(old[index], new[index])), most)
    rest = most - head
    tail = next((count for count in range(rest) if not same(old[-1 - count], new[-1 - count])), rest)
    gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
    if not head and not tail and not (old and new):
        return None
    if not gone and not tail:
        return [Set((*path, head + index), value) for index, value in enumerate(come)]
    if not come and (head or tail):
        return [Unset((*path, index)) for index in reversed(range(head, head + len(gone)))]
    if len(gone) != len(come) or not all(map(_alike, gone, come)):
        return None
    pairs = enumerate(zip(gone, come, strict=True), head)
    return [step for index, (one, other) in pairs for step in _entry(one, other, (*path, index))]


def _entry(old: object, new: object, path: Path) -> Steps:
    if same(old, new):
        return []
    return between(old, new, path) or [Set(path, new)]


def _alike(one: object, other: object) -> bool:
    return any(isinstance(one, kind) and isinstance(other, kind) for kind in (dict, list))
