"""From what a person asks to change to the single values that are to be written. Pure.

Setting an object where one is merges: its keys are set, the others stay, unless replacing is asked for. Values that
are there already are left out. A value equal to what a `${VAR}` reference at its place stands for leaves the reference
in place, so a resolved secret never gets into the file. `applied` says what the document has to be afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Literal

from config import tree
from config.changes import same
from config.document import spoken
from config.edit import CannotEditError, NotThereError, Set, Unset
from config.edit_values import nested
from config.expand import INCLUDE
from config.paths import Path, dotted
from config.redaction import MARKER, holds_marker
from config.tree import Node
from config.values import fill, references

Edit = Set | Unset


def refusal(edits: Iterable[Edit]) -> tuple[Literal["path", "marker"], str] | None:
    """Why edits are refused whatever the file holds: a code and the words for it."""
    for edit in edits:
        value = edit.value if isinstance(edit, Set) else None
        if not edit.path:
            return "path", "name a key: the whole file is not changed at once"
        if INCLUDE in edit.path or _has_key(value, INCLUDE):
            return "path", f"{INCLUDE} is changed by hand, in the file"
        if holds_marker(value):
            return "marker", f"the value holds {MARKER}, which stands for a secret that was not shown: leave it out"
    return None


def concrete(
    edits: Iterable[Edit], root: Node, variables: Mapping[str, str], home: FilePath, *, replace: bool
) -> list[Edit]:
    """The edits that change something, each a single value (or a list, or a new object).

    Raises `NotThereError` for a path to remove that is not there, `CannotEditError` for an object that something
    else would replace without `replace`.
    """
    filled = tree.plain(fill(root, variables, home).root)
    document = spoken(root)
    found: list[Edit] = []
    for edit in edits:
        for step in _steps(edit, document, filled, replace=replace):
            document = applied(document, [step])
            found.append(step)
    return found


def applied(document: object, edits: Iterable[Edit]) -> object:
    """The document with the edits made. Raises `CannotEditError` where a path leads nowhere."""
    for edit in edits:
        document = _applied(document, edit.path, edit)
    return document


def value_at(document: object, path: Path) -> object:
    """The value at a path. Raises `KeyError` when there is none."""
    for key in path:
        if isinstance(document, dict):
            document = document[str(key)]
        elif isinstance(document, tuple | list):
            document = document[_index(key, len(document))]
        else:
            raise KeyError(key)
    return document


def _steps(edit: Edit, document: object, filled: object, *, replace: bool) -> Iterator[Edit]:
    try:
        old = value_at(document, edit.path)
    except KeyError:
        if isinstance(edit, Unset):
            raise NotThereError(edit.path, "is not set, so there is nothing to remove") from None
        yield edit
        return
    if isinstance(edit, Unset):
        yield edit
        return
    if isinstance(old, dict) and not replace:
        yield from _merged(edit, old, document, filled)
        return
    value = _with_references(edit.value, old, _filled_at(filled, edit.path))
    if not same(old, value):
        yield Set(edit.path, value)


def _merged(edit: Set, old: dict[str, object], document: object, filled: object) -> Iterator[Edit]:
    if not isinstance(edit.value, dict):
        raise CannotEditError(edit.path, f"is an object, whose {len(old)} keys would be lost: replace it expressly")
    for key, value in edit.value.items():
        yield from _steps(Set((*edit.path, key), value), document, filled, replace=False)


def _with_references(new: object, old: object, filled: object) -> object:
    """`new`, with the references of `old` where they stand for the same text."""
    if isinstance(new, str) and isinstance(old, str):
        return old if new == filled and references(old) else new
    if isinstance(new, dict) and isinstance(old, dict) and isinstance(filled, dict):
        return {
            key: _with_references(value, old[key], filled.get(key)) if key in old else value
            for key, value in new.items()
        }
    if isinstance(new, list | tuple) and isinstance(old, tuple) and isinstance(filled, tuple):
        pairs = list(zip(old, filled, strict=False))
        return [_listed(value, pairs) for value in new]
    return new


def _listed(value: object, pairs: list[tuple[object, object]]) -> object:
    """An entry of a list: lists are edited by adding and dropping, so any entry may be the one it was."""
    for old, filled in pairs:
        found = _with_references(value, old, filled)
        if found is not value and not same(found, value):
            return found
    return value


def _filled_at(filled: object, path: Path) -> object:
    try:
        return value_at(filled, path)
    except KeyError:
        return None  # an earlier edit of the same change made it


def pruned(document: object, edits: Iterable[Edit]) -> object:
    """The document without objects that the edits with `prune` left, or may have left, empty."""
    for edit in edits:
        if isinstance(edit, Unset) and edit.prune:
            document = _pruned(document, edit.path)
    return document


def _applied(document: object, path: Path, edit: Edit) -> object:
    key, rest = path[0], path[1:]
    if isinstance(document, tuple | list):
        items = list(document)
        at = _place(edit.path, len(edit.path) - len(path), len(items))
        items[at : at + 1] = _inner(items[at : at + 1], rest, edit)
        return tuple(items)
    if not isinstance(document, dict):
        above = dotted(edit.path[: len(edit.path) - len(path)])
        raise CannotEditError(edit.path, f"{above} is a single value: nothing can stand below it")
    entries = dict(document)
    name = str(key)
    found = _inner([entries[name]] if name in entries else [], rest, edit)
    if found:
        entries[name] = found[0]
    else:
        del entries[name]
    return entries


def _inner(child: list[object], rest: Path, edit: Edit) -> list[object]:
    """What stands where a child (or none) stood: one value, or none."""
    if isinstance(edit, Unset):
        return [_applied(child[0], rest, edit)] if rest else []
    if child and rest:
        return [_applied(child[0], rest, edit)]
    return [nested(edit.path, rest, edit.value)]


def _pruned(document: object, path: Path) -> object:
    if not path or not isinstance(document, dict) or str(path[0]) not in document:
        return document
    inner = _pruned(document[str(path[0])], path[1:])
    rest = {key: value for key, value in document.items() if key != str(path[0])}
    return rest if inner == {} else {**document, str(path[0]): inner}


def _place(path: Path, depth: int, length: int) -> int:
    """The index a path names in a list it goes through; one past the end appends."""
    try:
        return _index(path[depth], length + 1)
    except KeyError:
        reason = f"{dotted(path[:depth])} is a list of {length}: name an entry by its index, [{length}] appends"
        raise CannotEditError(path, reason) from None


def _index(key: str | int, length: int) -> int:
    number = int(key) if isinstance(key, int) or key.isdecimal() else length
    if not 0 <= number < length:
        raise KeyError(key)
    return number


def _has_key(value: object, name: str) -> bool:
    if isinstance(value, dict):
        return name in value or any(_has_key(item, name) for item in value.values())
    return isinstance(value, list | tuple) and any(_has_key(item, name) for item in value)
