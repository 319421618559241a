"""`.env` files and the variables a config file may refer to.

Order: the process environment, `.env` of the working folder, `.env` of the state folder, `env.vars` of the
config file (and its older flat form). An earlier place is never overridden by a later one; an empty value
counts as unset everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from config.problems import Problem
from config.source import read
from config.tree import Node

# Blanks are taken possessively: a long line that is no assignment must not take its length squared.
_LINE = re.compile(
    r"""^[ \t]*+(?:export[ \t]++)?(?P<name>[A-Za-z_][A-Za-z0-9_]*+)[ \t]*+=[ \t]*+
    (?:(?:"(?P<double>(?:[^"\\]|\\.)*+)"|'(?P<single>[^']*+)')[ \t]*+|(?P<bare>[^#\r\n]*+))(?:\#.*)?\r?$""",
    re.VERBOSE | re.MULTILINE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def parse_dotenv(text: str) -> dict[str, str]:
    """The variables of a `.env` text; lines that are not assignments are passed over."""
    found: dict[str, str] = {}
    for line in _LINE.finditer(text):
        if line["double"] is not None:
            value = re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), line["double"])
        else:
            value = line["single"] if line["single"] is not None else line["bare"].rstrip(" \t")
        found[line["name"]] = value
    return found


def variables(env: Mapping[str, str], files: Iterable[Path], root: Node) -> tuple[dict[str, str], list[str]]:
    """All variables by precedence, and a warning for each `.env` file that is there and cannot be read."""
    warnings: list[str] = []
    layers: list[Mapping[str, str]] = [env]
    for file in files:
        data = read(file)
        if isinstance(data, Problem):
            warnings.append(data.message)
        elif data:
            layers.append(parse_dotenv(data.decode("utf-8", "replace")))
    layers.append(_config_vars(root))
    merged: dict[str, str] = {}
    for layer in reversed(layers):
        merged.update((name, value) for name, value in layer.items() if value)
    return merged, warnings


def _config_vars(root: Node) -> dict[str, str]:
    block = root.get("env")
    if block is None or not isinstance(block.value, dict):
        return {}
    nested = block.value.get("vars")
    inner = nested.value if nested is not None and isinstance(nested.value, dict) else {}
    pairs = {**block.value, **inner}
    return {name: node.value for name, node in pairs.items() if isinstance(node.value, str)}
