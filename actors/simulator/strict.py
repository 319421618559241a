"""Reading parameters as imsg does from 0.14 on (imsg protocol 12.2): only what is listed, exactly typed.

Pure. Everything is checked before a method does anything: unknown keys first, then double spellings, nulls, types.
"""

from typing import Any

from actors.simulator.frames import invalid_params
from actors.simulator.params import Field, Kind, Params, Shape

_INT64 = 2**63
_NAMES: dict[Kind, str] = {
    "string": "a string",
    "integer": "an integer",
    "boolean": "a boolean",
    "strings": "an array of strings",
    "objects": "an array of objects",
}


def read(method: str, shape: Shape, params: Params) -> Params:
    """The parameters under their canonical names. Raises RpcError -32602 with imsg's texts."""
    known = {key: field for field in shape for key in (field.name, *field.others)}
    unknown = sorted(params.keys() - known.keys())
    if unknown:
        raise invalid_params(f"unknown {method} param: {unknown[0]}")
    for field in shape:
        given = [key for key in (field.name, *field.others) if key in params]
        if len(given) > 1:
            raise invalid_params(f"use only one of {', '.join(given)}")
    return {known[key].name: _exactly(key, known[key], value) for key, value in params.items()}


def positive(params: Params, key: str) -> int | None:
    """A row id or another number from 1 up; None when absent. Raises RpcError."""
    value = params.get(key)
    if value is not None and value < 1:
        raise invalid_params(f"{key} must be a positive integer")
    return value


def non_empty(params: Params, key: str) -> str:
    """A text; empty when absent. Raises RpcError for one that is given and empty."""
    value = params.get(key)
    if value == "":
        raise invalid_params(f"{key} must be a non-empty string")
    return value or ""


def between(params: Params, key: str, low: int, high: int, default: int) -> int:
    """A number within limits, both included. Raises RpcError."""
    value: int = params.get(key, default)
    if not low <= value <= high:
        raise invalid_params(f"{key} must be an integer between {low} and {high}")
    return value


def _exactly(key: str, field: Field, value: Any) -> Any:
    if value is None:
        raise invalid_params(f"{key} must not be null")
    if not _fits(field.kind, value):
        raise invalid_params(f"{key} must be {_NAMES[field.kind]}")
    return value


def _fits(kind: Kind, value: Any) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64
        case "boolean":
            return isinstance(value, bool)
        case "strings":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "objects":
            return isinstance(value, list) and all(isinstance(item, dict) for item in value)
