"""Config values that know where they were written.

Includes and the overlay build one document out of several files. Each `Node` keeps the file and the position
its value came from, so that a problem found at the end still points at the line a person can edit.
Objects are `dict[str, Node]`, lists are `tuple[Node, ...]`; everything is immutable by convention.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from config.paths import Path, dotted, parse
from config.positions import Mark
from config.problems import Problem
from config.source import Source

Scalar = str | int | float | bool | None
Value = dict[str, "Node"] | tuple["Node", ...] | Scalar


@dataclass(frozen=True, slots=True)
class Node:
    """A value, the file it stands in and its marks there."""

    value: Value
    source: Source
    mark: Mark

    def get(self, key: str | int) -> Node | None:
        """The child under a key or index (also written as digits); None when there is none."""
        if isinstance(self.value, dict):
            return self.value.get(str(key))
        if isinstance(self.value, tuple) and (isinstance(key, int) or key.isdecimal()):
            index = int(key)
            return self.value[index] if index < len(self.value) else None
        return None

    def with_value(self, value: Value) -> Node:
        """The same place with another value."""
        return Node(value, self.source, self.mark)


class Found(NamedTuple):
    """How far a path leads into a document: `exact` when all the way."""

    node: Node
    exact: bool


def grow(source: Source) -> Node:
    """The document of one parsed file."""
    return _grow(source.value, source, source.root)


def _grow(value: object, source: Source, mark: Mark) -> Node:
    children = mark.children
    if isinstance(value, dict):
        return Node({key: _grow(item, source, children.get(key, mark)) for key, item in value.items()}, source, mark)
    if isinstance(value, list):
        items = (_grow(item, source, children.get(index, mark)) for index, item in enumerate(value))
        return Node(tuple(items), source, mark)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)  # JavaScript, whose file format this is, knows no difference between 16 and 16.0
    assert value is None or isinstance(value, str | int | float)
    return Node(value, source, mark)


def plain(node: Node) -> object:
    """The bare value: dicts, tuples and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return tuple(plain(child) for child in node.value)
    return node.value


def find(root: Node, path: Sequence[str | int]) -> Found:
    """The node at a path, or the nearest one above it."""
    node = root
    for key in path:
        child = node.get(key)
        if child is None:
            return Found(node, exact=False)
        node = child
    return Found(node, exact=True)


def problem(
    root: Node, path: Path | str, message: str, *, at: Path | str | None = None, at_key: bool = False
) -> Problem:
    """A problem at a path of the document.

    It is placed at the value of `at` (else of `path`), at the key of it when `at_key`; where the document has
    no such value, at the key of the nearest parent.
    """
    keys = parse(path) if isinstance(path, str) else path
    place = keys if at is None else parse(at) if isinstance(at, str) else at
    node, exact = find(root, place)
    wants_key = at_key or not exact
    offset = node.mark.key if wants_key and node.mark.key is not None else node.mark.start
    return node.source.problem(dotted(keys), message, offset)


def without(node: Node, path: Sequence[str | int]) -> Node:
    """The document without the value at a path of keys; entries of lists stay, so that indexes keep their meaning."""
    if not isinstance(node.value, dict) or not path or path[0] not in node.value:
        return node
    children: dict[str, Node] = dict(node.value)
    key = str(path[0])
    if len(path) == 1:
        del children[key]
    else:
        children[key] = without(children[key], path[1:])
    return node.with_value(children)


def removable(root: Node, path: Sequence[str | int]) -> Path:
    """The part of a path `without` can remove: up to the first list on the way, in the words of the document."""
    node: Node | None = root
    kept: list[str | int] = []
    for key in path:
        if node is None or not isinstance(node.value, dict):
            break
        kept.append(key)
        node = node.get(key)
    return tuple(kept)


def rewrite(node: Node, change: Callable[[Path, Node], Node], path: Path = ()) -> Node:
    """The document with every leaf replaced by `change(path, leaf)`; containers are rebuilt around them."""
    if isinstance(node.value, dict):
        return node.with_value({key: rewrite(item, change, (*path, key)) for key, item in node.value.items()})
    if isinstance(node.value, tuple):
        return node.with_value(tuple(rewrite(item, change, (*path, i)) for i, item in enumerate(node.value)))
    return change(path, node)
