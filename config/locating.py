"""In which file a value is to be changed.

A config may be several files. A value that is there is changed where it stands; a new key goes where its object is
written. Where more than one file has a part in it the answer would be a guess: `AmbiguousError` names the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from config.document import Document, follow
from config.expand import INCLUDE
from config.known import Pattern, fits
from config.paths import Path as Keys
from config.paths import dotted
from config.positions import Mark
from config.tree import Node

_OWN_KEYS = ("allowTo", "rateLimit", "recovery", "ownerNotice", "failureReply", "debounceMs")
_OWN: tuple[Pattern, ...] = (
    ("retention",),
    ("gateway", "retention"),
    *(("channels", "imessage", key) for key in _OWN_KEYS),
    *(("channels", "imessage", "accounts", "*", key) for key in _OWN_KEYS),
)
"""Keys only this gateway knows: OpenClaw would refuse a main file that has them."""


class AmbiguousError(Exception):
    """Several files have a part in a value, or an include stands in the way; the message says what to do."""


class Spot(NamedTuple):
    """A place in one file: `file` as in `Document.parts`, and the keys there."""

    file: Path
    keys: Keys


def locate(document: Document, path: Keys) -> Spot:
    """Where to write the value at `path`. Raises `AmbiguousError`."""
    node, rest = follow(document.root, path)
    if rest:
        return _new(document, node, path, rest)
    others = set(_others(node))
    if others:
        names = _names({node.source.path, *others})
        raise AmbiguousError(f"{dotted(path)} is put together from {names}: change it there by hand")
    keys = _keys(node.source.root, node.mark)
    if not keys:
        raise AmbiguousError(
            f"{dotted(path)} is the whole of {node.source.path}: name a key inside, or change the include by hand"
        )
    return Spot(node.source.path, keys)


def _new(document: Document, parent: Node, path: Keys, rest: Keys) -> Spot:
    own = _overlay(document)
    if own is not None and _is_own(path) and parent.source.path not in document.overlay:
        return Spot(own, path)
    literal = _literal(parent)
    # Beside an include the key written here wins; where includes alone make the object, either could be meant.
    if not (isinstance(literal, dict) and INCLUDE in literal):
        files = {file for file in _here(parent, literal) if file not in document.overlay}
        if files:
            names = _names({parent.source.path, *files})
            raise AmbiguousError(f"{dotted(path)} could go into {names}: write it into one of them by hand")
    return Spot(parent.source.path, (*_keys(parent.source.root, parent.mark), *_typed(parent, rest)))


def _others(node: Node) -> Iterator[Path]:
    """The files besides its own that have a part in a value, other than by an include inside its braces."""
    literal = _literal(node)
    yield from _here(node, literal)
    for key, child in _children(node):
        inner = literal[key] if _has(literal, key) else None
        if child.source is node.source:
            yield from _others(child)
        elif not (isinstance(inner, dict) and INCLUDE in inner):
            yield child.source.path


def _here(node: Node, literal: object) -> Iterator[Path]:
    """The files of direct entries that are not written between the braces a node stands for."""
    joined = isinstance(node.value, tuple) and isinstance(literal, list) and len(literal) != len(node.value)
    for key, child in _children(node):
        if (joined and child.source is not node.source) or not _has(literal, key):
            yield child.source.path


def _children(node: Node) -> list[tuple[str | int, Node]]:
    if isinstance(node.value, dict):
        return list(node.value.items())
    return list(enumerate(node.value)) if isinstance(node.value, tuple) else []


def _has(literal: object, key: str | int) -> TypeGuard[Any]:
    if isinstance(literal, dict):
        return key in literal
    return isinstance(literal, list) and isinstance(key, int) and key < len(literal)


def _keys(root: Mark, wanted: Mark) -> Keys:
    """The keys that lead to a mark; () for the root itself."""

    def search(mark: Mark, keys: Keys) -> Keys | None:
        if mark is wanted:
            return keys
        for key, child in mark.children.items():
            if child.start <= wanted.start < child.end and (found := search(child, (*keys, key))) is not None:
                return found
        return None

    return search(root, ()) or ()


def _literal(node: Node) -> object:
    """What the braces a node stands for hold in their own file."""
    value: object = node.source.value
    for key in _keys(node.source.root, node.mark):
        value = value[key] if _has(value, key) else None
    return value


def _typed(parent: Node, rest: Keys) -> Keys:
    """The first key as its container counts: a number in a list, text in an object."""
    first = rest[0]
    if isinstance(parent.value, tuple) and isinstance(first, str) and first.isdecimal():
        return (int(first), *rest[1:])
    return (str(first), *rest[1:]) if isinstance(parent.value, dict) else rest


def _is_own(path: Keys) -> bool:
    return any(fits(path[: len(pattern)], pattern) for pattern in _OWN)


def _overlay(document: Document) -> Path | None:
    """The gateway's own file, when there is one: the first of its parts."""
    return next((part.path for part in document.parts if part.path in document.overlay), None)


def _names(files: set[Path]) -> str:
    return " and ".join(sorted(str(file) for file in files))
