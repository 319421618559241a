"""Reading parameters as imsg does up to 0.13 (imsg protocol 3): lenient, and silent about it.

Pure. Strings accept numbers; integers accept numbers (floats truncate) and decimal strings; an integer that cannot be
read counts as absent; booleans accept "true", "false" and numbers; lists accept a comma list. Unknown keys are
ignored, and of several spellings the first that can be read counts.
"""

import re
from typing import Any

from actors.simulator.params import Kind, Params, Shape

_DECIMAL = re.compile(r"[+-]?[0-9]+")
_INT64 = 2**63


def read(shape: Shape, params: Params) -> Params:
    """What of `params` can be understood, under the canonical names."""
    found: Params = {}
    for field in shape:
        for key in (field.name, *field.others):
            value = _coerce(field.kind, params[key]) if key in params else None
            if value is not None:
                found[field.name] = value
                break
    return found


def _coerce(kind: Kind, value: object) -> Any:
    match kind:
        case "string":
            return _text(value)
        case "integer":
            return integer(value)
        case "boolean":
            return _boolean(value)
        case "strings":
            return _strings(value)
        case "objects":
            return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else None


def integer(value: object) -> int | None:
    """The whole number a value stands for, within 64 bits; None when it cannot be read."""
    if isinstance(value, str):
        number = int(value) if len(value) < 32 and _DECIMAL.fullmatch(value) else None
        return number if number is None or -_INT64 <= number < _INT64 else None
    if isinstance(value, int | float):
        return max(-_INT64, min(_INT64 - 1, int(value)))
    return None


def _boolean(value: object) -> bool | None:
    if isinstance(value, int | float):
        return bool(value)
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def _strings(value: object) -> list[str] | None:
    if isinstance(value, list):
        return [text for text in map(_text, value) if text is not None]
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return None


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return None
