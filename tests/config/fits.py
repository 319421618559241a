"""A small JSON Schema check: the keywords our schema uses, and an error for any other.

Written by hand because a validator would bring five packages along for one test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

NOTES = frozenset({"$schema", "$defs", "title", "description", "default", "format", "writeOnly"})
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "number": (int, float),
}


def faults(root: dict[str, Any], value: object) -> list[str]:
    """Where and why a value does not fit; empty when it does. Raises KeyError for an unknown keyword."""
    return list(_faults(root, root, value, ""))


def _faults(root: dict[str, Any], schema: Any, value: Any, path: str) -> Iterator[str]:
    for keyword, wanted in schema.items():
        if keyword not in NOTES and keyword not in ("then", "additionalProperties"):
            yield from CHECKS[keyword](root, schema, wanted, value, path)
    if "additionalProperties" in schema and isinstance(value, dict):
        for key in value.keys() - schema.get("properties", {}).keys():
            if schema["additionalProperties"] is False:
                yield f"{path}.{key}: unknown key"
            else:
                yield from _faults(root, schema["additionalProperties"], value[key], f"{path}.{key}")


def _type(_root: Any, _schema: Any, wanted: Any, value: Any, path: str) -> Iterator[str]:
    names = [wanted] if isinstance(wanted, str) else wanted
    if not any(_is(name, value) for name in names):
        yield f"{path}: is no {' or '.join(names)}"


def _is(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, TYPES[name])


def _reference(root: Any, _schema: Any, wanted: Any, value: Any, path: str) -> Iterator[str]:
    head, _, name = wanted.rpartition("/")
    assert head == "#/$defs"
    return _faults(root, root["$defs"][name], value, path)


def _any_of(root: Any, _schema: Any, wanted: Any, value: Any, path: str) -> Iterator[str]:
    found = [list(_faults(root, each, value, path)) for each in wanted]
    if all(found):
        yield f"{path}: fits nothing of ({'; '.join(each[0] for each in found)})"


def _if(root: Any, schema: Any, wanted: Any, value: Any, path: str) -> Iterator[str]:
    if not list(_faults(root, wanted, value, path)):
        yield from _faults(root, schema["then"], value, path)


def _properties(root: Any, _schema: Any, wanted: Any, value: Any, path: str) -> Iterator[str]:
    for key in wanted.keys() & (value.keys() if isinstance(value, dict) else set()):
        yield from _faults(root, wanted[key], value[key], f"{path}.{key}")


def _required(_root: Any, _schema: Any, wanted: Any, value: Any, path: str) -> Iterator[str]:
    return (f"{path}.{key}: is required" for key in wanted if isinstance(value, dict) and key not in value)


def _items(root: Any, _schema: Any, wanted: Any, value: Any, path: str) -> Iterator[str]:
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from _faults(root, wanted, item, f"{path}.{index}")


def _simple(message: str, test: Any) -> Any:
    def check(_root: Any, _schema: Any, wanted: Any, value: Any, path: str) -> Iterator[str]:
        if not test(wanted, value):
            yield f"{path}: {message} {wanted}"

    return check


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


CHECKS: dict[str, Any] = {
    "type": _type,
    "$ref": _reference,
    "anyOf": _any_of,
    "if": _if,
    "properties": _properties,
    "required": _required,
    "items": _items,
    "enum": _simple("is none of", lambda wanted, value: value in wanted),
    "const": _simple("is not", lambda wanted, value: value == wanted),
    "minimum": _simple("is below", lambda wanted, value: not _number(value) or value >= wanted),
    "maximum": _simple("is above", lambda wanted, value: not _number(value) or value <= wanted),
    "exclusiveMinimum": _simple("is not above", lambda wanted, value: not _number(value) or value > wanted),
    "minLength": _simple("is shorter than", lambda wanted, value: not isinstance(value, str) or len(value) >= wanted),
    "minItems": _simple("has fewer than", lambda wanted, value: not isinstance(value, list) or len(value) >= wanted),
    "pattern": _simple("is not like", lambda wanted, value: not isinstance(value, str) or re.search(wanted, value)),
}
