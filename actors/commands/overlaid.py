"""What ``/debug`` keeps its hands off, and what it laid over a change that is made to the file. Pure.

Lists of people are never laid over: an override holds a list whole, as it was then, and whoever was taken off it in the
file would stay in. Any other override is said wherever the file is changed at, above or below it.
"""

from collections.abc import Iterable, Iterator, Mapping

from actors.commands.answers import Refusal
from actors.commands.permission import merged
from config.edit import CannotEditError, Set
from config.paths import Path, dotted
from config.steps import Edit

PEOPLE = frozenset({"allowFrom", "groupAllowFrom", "ownerAllowFrom", "allowTo", "accessGroups", "identityLinks"})
"""The keys that say who somebody is, or who may do what, wherever they stand."""
MOST = 3
"""Overrides that are named."""


def people(document: object, edits: Iterable[Edit]) -> Refusal | None:
    """Why these edits are not laid over ``document``: they name a list of people, hold one, or one would be gone."""
    edits = tuple(edits)
    found = next((path for edit in edits for path in _named(edit)), None) or _lost(document, edits)
    if found is None:
        return None
    text = (
        f"Not changed: {dotted(found)} names people, and whom the file shuts out later would stay in by /debug. "
        "Change it in the file: /allowlist, or /config set"
    )
    return Refusal(text, "people", tuple(edit.path for edit in edits))


def over(overrides: Mapping[str, object], paths: Iterable[Path]) -> tuple[str, ...]:
    """A line for each override at, above or below one of ``paths``: it counts, whatever the file says."""
    changed = [tuple(map(str, path)) for path in paths]
    laid = [path for path in _leaves(overrides, ()) if any(_are_in_line(path, other) for other in changed)]
    lines = [f"But /debug lies over it: /debug unset {dotted(path)}" for path in laid[:MOST]]
    if len(laid) > MOST:
        lines.append(f"and {len(laid) - MOST} more: /debug show")
    return tuple(lines)


def _named(edit: Edit) -> Iterator[Path]:
    """The lists of people an edit names or holds."""
    for number, key in enumerate(edit.path, 1):
        if str(key) in PEOPLE:
            yield edit.path[:number]
    if isinstance(edit, Set):
        yield from _lists(edit.value, edit.path)


def _lost(document: object, edits: Iterable[Edit]) -> Path | None:
    """A list of people that something else would take the place of."""
    try:
        after = set(_lists(merged(document, (edit for edit in edits if isinstance(edit, Set))), ()))
    except (CannotEditError, KeyError, IndexError):
        return None  # it leads nowhere, and the keeper says so
    return next((path for path in _lists(document, ()) if path not in after), None)


def _lists(value: object, path: Path) -> Iterator[Path]:
    """Where the lists of people in ``value``, which stands at ``path``, are."""
    if isinstance(value, dict):
        for key, item in value.items():
            here = (*path, str(key))
            if str(key) in PEOPLE:
                yield here
            else:
                yield from _lists(item, here)
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from _lists(item, (*path, index))


def _leaves(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of what is overridden; a list is one value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    else:
        yield path


def _are_in_line(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one is the other, or leads to it."""
    return all(mine == its for mine, its in zip(one, other, strict=False))
