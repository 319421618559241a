"""The config as it is written: every file of it at one moment, before variables, schema and defaults.

`read` gives a `Document`: the main file with its includes and the gateway's own file laid over it, each value still
knowing where it stands. This is what editing starts from and what `config get` shows, so references such as `${VAR}`
stand in it as they are written. A missing or blank main file counts as `{}` here: that is where a first edit begins.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from config import tree
from config.expand import INCLUDE, Includer
from config.merge import merge_overlay
from config.paths import Path as Keys
from config.places import Places
from config.positions import Mark, scan
from config.problems import Problem, in_file_order
from config.source import Source, parse_bytes, read_if_any
from config.source import read as read_bytes
from config.tree import Node

BLANK = b"{}\n"


class Part(NamedTuple):
    """One file that was read: its path (includes with links followed) and its bytes."""

    path: Path
    content: bytes


class Include(NamedTuple):
    """One name after an `$include`: where it stands in its file, and the file it means (links followed)."""

    keys: Keys
    file: Path


@dataclass(frozen=True, slots=True)
class Document:
    """Every file of the config and what they say together.

    `parts` are in reading order, an included file as often as it is included; a missing main file is not there.
    `overlay` are the paths of the gateway's own file and its includes.
    """

    path: Path
    root: Node
    parts: tuple[Part, ...]
    overlay: frozenset[Path]

    @property
    def digest(self) -> str:
        """The same digest as `Loaded.digest` for the same files."""
        return digest(part.content for part in self.parts)

    @property
    def value(self) -> object:
        """The whole as dicts, tuples and scalars, references as they are written; see `spoken`."""
        return spoken(self.root)

    def text(self, file: Path) -> str:
        """The text of one of the files, byte order mark and line ends as they are; "" for one that is not there."""
        return next((part.content.decode() for part in self.parts if part.path == file), "")


@dataclass(frozen=True, slots=True)
class Broken:
    """Files that do not make a document: why, and what could be read all the same."""

    problems: tuple[Problem, ...]
    parts: tuple[Part, ...]


def read(places: Places, env: Mapping[str, str]) -> Document | Broken:
    """The config files as they are now, or why they cannot be read. Valid keys and values are not asked for."""
    parts: list[Part] = []
    problems: list[Problem] = []
    main = _read(places.config, env, parts, problems, main=True)
    overlay_from = len(parts)
    over = _read(places.overlay, env, parts, problems, main=False)
    if main is None or problems:
        return Broken(in_file_order(problems), tuple(parts))
    root = main if over is None else merge_overlay(main, over)
    return Document(places.config, root, tuple(parts), frozenset(part.path for part in parts[overlay_from:]))


def real(path: Path) -> Path:
    """The path with links followed, as far as they lead. Raises nothing."""
    return Path(os.path.realpath(path))


def follow(root: Node, path: Keys) -> tuple[Node, Keys]:
    """The node a path leads to, or the last one on the way and the keys that are left."""
    node = root
    for number, key in enumerate(path):
        child = node.get(key)
        if child is None:
            return node, path[number:]
        node = child
    return node, ()


def spoken(node: Node) -> object:
    """The bare value as a person means it: a number that is written with a plus sign keeps it, as text."""
    if isinstance(node.value, dict):
        return {key: spoken(child) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return tuple(spoken(child) for child in node.value)
    written = node.source.written(node.mark)
    return written if isinstance(node.value, int | float) and written.startswith("+") else node.value


def digest(contents: Iterable[bytes]) -> str:
    """SHA-256 of all bytes in order, as hexadecimal."""
    found = hashlib.sha256()
    for content in contents:
        found.update(content)
    return found.hexdigest()


def includes(source: Source) -> Iterator[Include]:
    """Every file a text includes itself."""
    yield from _includes(source.value, (), source.path)


def relinked(source: Source, names: Mapping[Path, Path]) -> str:
    """The text with every include of a file in `names` pointing to the file given there instead."""
    text, links = source.text, [(_mark(source, keys), names[file]) for keys, file in includes(source) if file in names]
    for mark, name in sorted(links, key=lambda link: link[0].start, reverse=True):
        text = text[: mark.start] + json.dumps(str(name)) + text[mark.end :]
    return text


def _mark(source: Source, keys: Keys) -> Mark:
    mark = source.root
    for key in keys:
        mark = mark.children[key]
    return mark


def _read(path: Path, env: Mapping[str, str], parts: list[Part], problems: list[Problem], *, main: bool) -> Node | None:
    data = read_bytes(path) if main else read_if_any(path)
    if isinstance(data, Problem):
        problems.append(data)
        return None
    if data is None and not main:
        return None
    if data is not None:
        parts.append(Part(path, data))
    source = parse_bytes(path, BLANK if data is None or _is_blank(data) else data, main=main)
    if isinstance(source, list):
        problems.extend(source)
        return None
    includer = Includer(path, env)
    root = includer.resolve(tree.grow(source))
    problems.extend(includer.problems)
    parts.extend(map(Part, includer.files, includer.contents))
    if not isinstance(root.value, dict):
        problems.append(source.problem("<root>", "must be an object once its includes are read", 0))
        return None
    return root


def _is_blank(data: bytes) -> bool:
    """True when there is no value at all: nothing, or comments only."""
    return scan(data.decode("utf-8-sig", "replace")).root.end == 0


def _includes(value: object, keys: Keys, path: Path) -> Iterator[Include]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _includes(item, (*keys, index), path)
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if key != INCLUDE:
            yield from _includes(item, (*keys, key), path)
        elif isinstance(item, str):
            yield Include((*keys, key), _meant(path, item))
        elif isinstance(item, list):
            for index, name in enumerate(item):
                if isinstance(name, str):
                    yield Include((*keys, key, index), _meant(path, name))


def _meant(path: Path, name: str) -> Path:
    return real(real(path).parent / name)
