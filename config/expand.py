"""`$include`: files inside the config file.

`{$include: "./groups.json5", ...}` is replaced by what that file holds (a list of files: later ones win), with
the keys beside it laid on top; a file may hold a list or a single value when no keys stand beside it. Paths are
relative to the file that holds them. An included file is a regular file without hard links inside the config file's
folder (after links are followed) or one of `OPENCLAW_INCLUDE_ROOTS`. Nothing is raised: every mistake becomes a
Problem that names the include.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from functools import reduce
from pathlib import Path

from config.merge import merge_include
from config.paths import Path as Keys
from config.paths import dotted
from config.positions import MAX_DEPTH
from config.problems import Problem
from config.source import parse_bytes, read
from config.tree import Node, grow

INCLUDE = "$include"
MAX_INCLUDES = 10
"""Files inside each other."""
MAX_FILES = 200
MAX_TOTAL = 8 * 1024 * 1024
"""Bytes of all included files; one read twice counts twice."""
MAX_NAME = 4096


class Includer:
    """Resolves the includes of one document. Its lists fill up on the way.

    `files` and their `contents`, `problems`, where something is missing because of them (`broken`), and every file
    that was `named`, whether it could be read or not (links not followed).
    """

    def __init__(self, main: Path, env: Mapping[str, str]) -> None:
        extra = [Path(root) for root in env.get("OPENCLAW_INCLUDE_ROOTS", "").split(os.pathsep) if root]
        self._roots = [Path(os.path.realpath(root)) for root in (main.parent, *extra)]
        self._main = Path(os.path.realpath(main))
        self.problems: list[Problem] = []
        self.files: list[Path] = []
        self.contents: list[bytes] = []
        self.broken: list[Keys] = []
        self.named: list[Path] = []

    def resolve(self, node: Node) -> Node:
        """The document with every include replaced; broken ones are left out and reported."""
        return self._resolve(node, (), (self._main,), 0)

    def _resolve(self, node: Node, path: Keys, stack: tuple[Path, ...], depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._report(node, path, f"nested deeper than {MAX_DEPTH} levels with its includes: flatten it")
            return node.with_value(None)
        if isinstance(node.value, tuple):
            items = (self._resolve(item, (*path, i), stack, depth + 1) for i, item in enumerate(node.value))
            return node.with_value(tuple(items))
        if not isinstance(node.value, dict):
            return node
        beside = {
            key: self._resolve(item, (*path, key), stack, depth + 1)
            for key, item in node.value.items()
            if key != INCLUDE
        }
        target = node.value.get(INCLUDE)
        if target is None:
            return node.with_value(beside)
        return self._include(node.with_value(beside), target, path, stack, depth)

    def _include(self, beside: Node, target: Node, path: Keys, stack: tuple[Path, ...], depth: int) -> Node:
        here = (*path, INCLUDE)
        names = target.value if isinstance(target.value, tuple) else (target,)
        if not names or not all(isinstance(name.value, str) for name in names):
            self._report(target, here, "must be a file name or a list of file names")
            self.broken.append(path)
            return beside
        loaded = [found for name in names if (found := self._load(name, here, path, stack, depth)) is not None]
        if len(loaded) < len(names):
            self.broken.append(path)
            return beside
        merged = reduce(merge_include, loaded)
        if not beside.value:
            return merged
        if not isinstance(merged.value, dict):
            self._report(target, here, "does not hold an object, so no keys may stand beside it")
            self.broken.append(path)
            return beside
        return merge_include(merged, beside)

    def _load(self, name: Node, here: Keys, path: Keys, stack: tuple[Path, ...], depth: int) -> Node | None:
        assert isinstance(name.value, str)
        file = self._place(name, here, stack)
        if file is None:
            return None
        data = read(file)
        if data is None or isinstance(data, Problem):
            self._report(name, here, data.message if data else f"{file} does not exist")
            return None
        self.files.append(file)
        self.contents.append(data)
        if sum(map(len, self.contents)) > MAX_TOTAL:
            self._report(name, here, f"the included files together are larger than {MAX_TOTAL // 1024} KiB")
            return None
        source = parse_bytes(file, data, main=False, part=True)
        if isinstance(source, list):
            self.problems.extend(source)
            return None
        return self._resolve(grow(source), path, (*stack, file), depth)

    def _place(self, name: Node, here: Keys, stack: tuple[Path, ...]) -> Path | None:
        text = str(name.value)
        if not text.strip() or "\0" in text or len(text) >= MAX_NAME:
            self._report(name, here, "is not a usable file name")
            return None
        self.named.append(stack[-1].parent / text)
        file = Path(os.path.realpath(self.named[-1]))
        fault = self._fault(file, stack)
        if fault is not None:
            self._report(name, here, fault)
        return None if fault else file

    def _fault(self, file: Path, stack: tuple[Path, ...]) -> str | None:
        if file in stack:
            chain = " -> ".join(str(step) for step in (*stack[stack.index(file) :], file))
            return f"includes itself: {chain}"
        if len(stack) > MAX_INCLUDES or len(self.files) >= MAX_FILES:
            return f"includes deeper than {MAX_INCLUDES} or more than {MAX_FILES} files"
        if not any(file.is_relative_to(root) for root in self._roots):
            return f"{file} is outside the config folder: move it, or add its folder to OPENCLAW_INCLUDE_ROOTS"
        return f"{file} has more than one hard link: copy it instead" if _is_hard_linked(file) else None

    def _report(self, node: Node, path: Keys, message: str) -> None:
        self.problems.append(node.source.problem(dotted(path), message, node.mark.start))


def _is_hard_linked(file: Path) -> bool:
    try:
        found = file.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink > 1
