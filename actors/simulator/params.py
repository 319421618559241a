"""Parameter coercion of imsg up to 0.13 (imsg protocol 3): lenient, and silent about it.

Pure. Strings accept numbers; integers accept numbers (floats truncate) and decimal strings; an integer that
cannot be read counts as absent; booleans accept "true", "false" and numbers; lists accept a comma list.
"""

import re
from typing import Any

Params = dict[str, Any]

_DECIMAL = re.compile(r"[+-]?[0-9]+")
_INT64 = 2**63


def string(params: Params, key: str) -> str | None:
    """The text under `key`; a number as imsg writes it, None for anything else."""
    return _text(params.get(key))


def integer(params: Params, key: str) -> int | None:
    """The whole number under `key`, within 64 bits; None when absent or unreadable."""
    value = params.get(key)
    if isinstance(value, str):
        number = int(value) if len(value) < 32 and _DECIMAL.fullmatch(value) else None
        return number if number is None or -_INT64 <= number < _INT64 else None
    if isinstance(value, int | float):
        return max(-_INT64, min(_INT64 - 1, int(value)))
    return None


def boolean(params: Params, key: str, *, default: bool = False) -> bool:
    """The truth under `key`; `default` when absent or unreadable."""
    value = params.get(key)
    if isinstance(value, int | float):
        return bool(value)
    return {"true": True, "false": False}.get(value, default) if isinstance(value, str) else default


def strings(params: Params, key: str) -> list[str]:
    """The list of texts under `key`, from an array or one comma-separated string."""
    value = params.get(key)
    if isinstance(value, list):
        return [text for text in map(_text, value) if text is not None]
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return []


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
