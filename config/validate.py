"""From a document to a `Config`, or to everything that is wrong with it.

The schema does the judging; this module says it in words a person can act on, at the line they wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config import tree
from config.known import known_keys
from config.paths import Path, dotted
from config.problems import Problem
from config.schema import Config
from config.schema.walk import child, is_block, variants, walk
from config.tree import Node

_MESSAGES = {
    "string_type": "must be a string, in quotes",
    "string_unicode": "must be text without broken characters",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "tuple_type": "must be a list: [ ... ]",
    "dict_type": "must be an object: { ... }",
    "model_type": "must be an object: { ... }",
    "model_attributes_type": "must be an object: { ... }",
    "missing": "is required",
    "string_too_short": "must not be empty",
    "too_short": "needs at least one entry",
}
_MOST_HOMES = 2
_LIMITS = {
    "greater_than": ("gt", "must be greater than {}"),
    "greater_than_equal": ("ge", "must be {} or more"),
    "less_than": ("lt", "must be less than {}"),
    "less_than_equal": ("le", "must be {} or less"),
}


def validate(root: Node) -> Config | list[Problem]:
    """The config a document describes, or all of its problems at once."""
    try:
        return Config.model_validate(tree.plain(root))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)
        return [problem for detail in found for problem in _problem(root, detail)]


def _problem(root: Node, detail: ErrorDetails) -> Iterator[Problem]:
    path, container = _place(detail["loc"])
    kind = detail["type"]
    if kind == "too_short" and detail["input"]:
        return  # the entries themselves are wrong and reported
    if kind == "extra_forbidden":
        yield tree.problem(root, path, unknown_key(path, container), at_key=True)
    elif kind == "union_tag_not_found":
        yield tree.problem(root, (*path, "type"), "is required: " + _choices(_tags(container)))
    elif kind == "union_tag_invalid":
        yield tree.problem(root, (*path, "type"), "must be " + _choices(_tags(container)))
    else:
        yield tree.problem(root, path, _message(detail))


def _message(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "literal_error":
        return f"must be {context['expected']}".replace("'", '"')
    if kind in _LIMITS:
        name, text = _LIMITS[kind]
        return text.format(context[name])
    return _MESSAGES.get(kind, detail["msg"].removeprefix("Value error, "))


def _choices(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def unknown_key(path: Path, container: Any) -> str:
    """What to say about a key that its container, a type of the schema or None, does not have."""
    from difflib import get_close_matches  # late: only a broken file needs it

    key = str(path[-1])
    known = set(known_keys(path[:-1]))
    if is_block(container):
        known.update(info.alias or name for name, info in container.model_fields.items())
    bare = {_bare(name): name for name in sorted(known)}
    if _bare(key) in bare:
        return f'unknown key; did you mean "{bare[_bare(key)]}"?'
    homes = _homes(key)
    if 1 <= len(homes) <= _MOST_HOMES:
        return f"unknown key here; it stands in {' or '.join(homes)}"
    nearest = get_close_matches(_bare(key), bare, n=1, cutoff=0.6)
    return f'unknown key; did you mean "{bare[nearest[0]]}"?' if nearest else "unknown key: remove it"


def _bare(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


@lru_cache(maxsize=64)
def _homes(key: str) -> list[str]:
    """The blocks that have a key of this name. An account's keys are the channel's, `entries` are a `list`."""
    places = (entry.pattern[:-1] for entry in walk() if entry.pattern[-1] == key)
    shown = (place for place in places if place[2:3] != ("accounts",) and place[:2] != ("agents", "entries"))
    return list(dict.fromkeys(dotted(place).replace(".*", "[]") if place else "the top level" for place in shown))


def _place(loc: tuple[int | str, ...]) -> tuple[Path, Any]:
    """The file path of an error location (union tags taken out) and the type that was asked for at its parent.

    For errors about the tag of a union the type is the union itself.
    """
    path: list[str | int] = []
    container: Any = Config
    current: Any = Config
    for element in loc:
        possible = variants(current)
        if len(possible) > 1:
            tagged = [variant for variant in possible if _tag(variant) == element]
            if tagged:
                current = tagged[0]
                continue
        container = possible[0] if possible else None
        path.append(element)
        current = child(container, element)
    return tuple(path), current if len(variants(current)) > 1 else container


def _tag(variant: Any) -> Any:
    return variant.model_fields["type"].default if is_block(variant) and "type" in variant.model_fields else None


def _tags(union: Any) -> list[str]:
    return [tag for variant in variants(union) if (tag := _tag(variant))]
