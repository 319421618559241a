"""The files of the config, read and merged into one document: main file, includes, the gateway's own file, overrides.

Nothing is raised for bad input: what is wrong becomes a `Problem`, and what can be read all the same is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config import tree
from config.expand import Includer
from config.merge import merge_overlay, merge_overrides
from config.paths import Path as Keys
from config.places import Places
from config.problems import Problem
from config.source import parse_bytes, read, read_if_any
from config.tree import Node

DEBUG = "/debug"
"""What overrides are called where a problem names its file."""


@dataclass(slots=True)
class Reading:
    """What the files gave: the merged document, or problems, and where the document lacks something because of them."""

    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    broken: list[Keys] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    named: list[Path] = field(default_factory=list)
    """Every file that counts, there or not, by the names it is known under."""
    digest: str = ""


def read_files(places: Places, env: Mapping[str, str], overrides: Mapping[str, object]) -> Reading:
    """Every file as it is now. `overrides` are laid over the document they make."""
    reading = Reading()
    digest = hashlib.sha256()
    main = _read_document(places.config, env, reading, digest, main=True)
    over = _read_document(places.overlay, env, reading, digest, main=False)
    if main is not None:
        reading.root = main if over is None else merge_overlay(main, over)
        reading.root = _overridden(reading, reading.root, overrides)
    reading.digest = digest.hexdigest()
    return reading


def _read_document(
    path: Path, env: Mapping[str, str], reading: Reading, digest: hashlib._Hash, *, main: bool
) -> Node | None:
    data = read(path) if main else read_if_any(path)
    reading.named.append(path)
    if isinstance(data, Problem):
        reading.problems.append(data)
    if data is None and main:
        reading.problems.append(Problem("<root>", _how_to_start(path)))
    if data is None or isinstance(data, Problem):
        return None
    reading.files.append(path)
    digest.update(data)
    source = parse_bytes(path, data, main=main)
    if isinstance(source, list):
        reading.problems.extend(source)
        return None
    includer = Includer(path, env)
    root = includer.resolve(tree.grow(source))
    reading.problems.extend(includer.problems)
    reading.broken.extend(includer.broken)
    reading.files.extend(includer.files)
    reading.named.extend(includer.named)
    for content in includer.contents:
        digest.update(content)
    if not isinstance(root.value, dict):
        reading.problems.append(source.problem("<root>", "must be an object once its includes are read", 0))
        return None
    return root


def _overridden(reading: Reading, root: Node, overrides: Mapping[str, object]) -> Node:
    """The document with the overrides on top; as a text they are bounded and judged like a file."""
    if not overrides:
        return root
    try:
        data = json.dumps(dict(overrides)).encode()
    except (TypeError, ValueError, RecursionError) as error:
        reading.problems.append(Problem("<root>", f"cannot be read: {error}", file=DEBUG))
        return root
    source = parse_bytes(Path(DEBUG), data, main=False)
    if isinstance(source, list):
        reading.problems.extend(source)
        return root
    return merge_overrides(root, tree.grow(source))


def _how_to_start(path: Path) -> str:
    return (
        f"there is no config file at {path}; create it with: "
        '{ channels: { imessage: { cliPath: "imsg" } } } (or name another with --config or OPENCLAW_CONFIG_PATH)'
    )
