"""What happens to single values between reading and validation.

`${VAR}` is filled in, once, from the variables given; `$${VAR}` stands for the text `${VAR}`. A variable that
is unset leaves its reference as it is and is reported in `unresolved`: only its consumer is unavailable, not
the file. `~` is expanded in keys that name files of this host. A number in a list of senders is accepted where
the file shows a leading `+`, because parsing loses it; any other number there is refused with the quoted form.
`null` is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.known import Pattern, fits
from config.paths import Path as Keys
from config.paths import dotted
from config.problems import Problem
from config.tree import Node, rewrite

_REFERENCE = re.compile(r"\$(\$?)\{([A-Z_][A-Z0-9_]*)\}")
_SIGNED = re.compile(r"\+[0-9]{3,20}")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_SHORTEST_PHONE, _WITH_COUNTRY = 7, 11

_OURS = frozenset({"imessage", "imsg", "*"})
_ACCOUNT_LISTS = ("allowFrom", "groupAllowFrom", "allowTo")
_SENDERS: tuple[Pattern, ...] = (
    *(("channels", "imessage", key, "*") for key in _ACCOUNT_LISTS),
    *(("channels", "imessage", "accounts", "*", key, "*") for key in _ACCOUNT_LISTS),
    ("commands", "ownerAllowFrom", "*"),
    ("commands", "allowFrom", "*", "*"),
    ("accessGroups", "*", "members", "*", "*"),
)
_AGENTS: tuple[Pattern, ...] = (("agents", "list", "*"), ("agents", "entries", "*"))
_FILES: tuple[Pattern, ...] = (
    ("logging", "file"),
    ("session", "store"),
    ("agents", "defaults", "workspace"),
    *((*agent, "workspace") for agent in _AGENTS),
    *((*agent, "runtime", "acp", "cwd") for agent in _AGENTS),
    *((*agent, "runtime", "command", "0") for agent in _AGENTS),
)


@dataclass(slots=True)
class Values:
    """Result of `fill`: the document, what is wrong, and which references stayed open (path to names)."""

    root: Node
    problems: list[Problem] = field(default_factory=list)
    unresolved: dict[Keys, tuple[str, ...]] = field(default_factory=dict)


def fill(root: Node, variables: Mapping[str, str], home: Path) -> Values:
    """Prepares every value of a document for validation."""
    result = Values(root)

    def change(path: Keys, leaf: Node) -> Node:
        value = leaf.value
        if value is None:
            _refuse(result, path, leaf, "null is not a value here: remove the key")
        elif isinstance(value, str):
            return _text(result, path, leaf, value, variables, home)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            return _number(result, path, leaf)
        return leaf

    result.root = rewrite(root, change)
    return result


def expand_home(text: str, home: Path) -> str:
    """`~` and `~/x` below `home`; anything else as it is."""
    return str(home / text[2:]) if text.startswith("~/") else str(home) if text == "~" else text


def references(text: str) -> tuple[str, ...]:
    """The variable names a text still refers to."""
    return tuple(found[2] for found in _REFERENCE.finditer(text) if not found[1])


def _text(result: Values, path: Keys, leaf: Node, text: str, variables: Mapping[str, str], home: Path) -> Node:
    if "${" in text:
        missing = tuple(name for name in references(text) if name not in variables)
        if missing:
            result.unresolved[path] = missing
        text = _REFERENCE.sub(lambda found: _substitute(found, variables), text)
    if text.startswith("~") and any(fits(path, pattern) for pattern in _FILES):
        text = expand_home(text, home)
    return leaf if text == leaf.value else leaf.with_value(text)


def _substitute(found: re.Match[str], variables: Mapping[str, str]) -> str:
    return found[0][1:] if found[1] else variables.get(found[2], found[0])


def _number(result: Values, path: Keys, leaf: Node) -> Node:
    if not any(fits(path, pattern) for pattern in _SENDERS):
        return leaf
    written = leaf.source.written(leaf.mark)
    by_channel = path[0] == "accessGroups" or path[:2] == ("commands", "allowFrom")
    if by_channel and str(path[-2]).strip().lower() not in _OURS:
        return leaf.with_value(written)  # ids of other channels are numbers by nature
    if not _SIGNED.fullmatch(written):
        _refuse(result, path, leaf, _quoted_form(written))
    return leaf.with_value(written)


def _quoted_form(written: str) -> str:
    """What to write instead of a number. Ten digits or fewer hardly hold a country code."""
    if not _WHOLE.fullmatch(written):
        return 'a number loses its plus sign: write it in quotes, "+" and the digits with the country code'
    digits = written.lstrip("+-")
    if len(digits) < _SHORTEST_PHONE:
        return f'a bare number is no sender: write "chat_id:{digits}" for a chat, or "+..." for a phone number'
    if len(digits) < _WITH_COUNTRY:
        return f'a number stands in quotes: "+..." with the country code, or "{digits}" as dialled in your region'
    return f'a number loses its plus sign: write it in quotes, "+{digits}"'


def _refuse(result: Values, path: Keys, leaf: Node, message: str) -> None:
    result.problems.append(leaf.source.problem(dotted(path), message, leaf.mark.start))
