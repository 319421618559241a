"""The words of a control file: one JSON object becomes one frozen `Weather`, or an error that names key and value.

Pure. Keys and meanings stand in `faults`; this module is their grammar. Every key may be missing, and null is
the same as missing, so that a person can switch a line off without losing its place.
"""

import signal
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import msgspec

from actors.simulator.behaviour import BehaviourError

STARTS = ("hang", "no-rpc", "banner", "no-access", "contacts-prompt")
SENDS = (
    "fail-before", "fail-after", "lost-answer", "exit-before", "exit-after", "ghost", "no-automation", "no-chat",
    "still-in-flight", "busy", "late-row", "no-ids", "null-result", "ok-false", "duplicate-answer", "string-id",
)  # fmt: skip
STALLS = ("stdin", "stdout")
WATCHES = ("silent", "error", "half-rows")
OUTPUTS = ("text", "line_mb", "bytes_hex", "two_objects", "split", "unknown_response", "both")
ANY_METHOD = "*"


class Death(NamedTuple):
    """How the process ends: `exit` with a code or `signal` with a number."""

    kind: str
    number: int


class Failure(NamedTuple):
    """An error answer in place of a method, `times` times (None: always)."""

    code: int
    message: str
    data: Any
    times: int | None


class SendFault(NamedTuple):
    """What the sends do: every `every`-th, `times` times (None: always); `ms` for what comes late."""

    do: str
    times: int | None
    every: int
    ms: int
    how: Death


class ExitAfter(NamedTuple):
    """The process ends after so many answers or so many message notifications (0: not counted)."""

    requests: int
    rows: int
    how: Death


class Weather(NamedTuple):
    """What goes wrong just now. `hang` and the mappings know `*` for every method."""

    start: str | Death = ""
    hang: Collection[str] = ()
    slow: Mapping[str, int] = {}
    fail: Mapping[str, Failure] = {}
    send: SendFault | None = None
    exit_after: ExitAfter | None = None
    stall: str = ""
    output: tuple[tuple[str, Any], ...] = ()
    stderr_lines: int = 0
    watch: str = ""
    access: bool = True


def parse_object(text: bytes | str, where: str) -> dict[str, Any]:
    """The JSON object in `text`. Raises BehaviourError, which starts with `where`."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BehaviourError(f"{where}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BehaviourError(f"{where}: {_show(value)} is not an object of faults")
    return value


def read_weather(value: Mapping[str, Any], where: str) -> Weather:
    """The faults of one object. Raises BehaviourError, which starts with `where` and names key and value."""
    for key in value:
        if key not in Weather._fields:
            raise BehaviourError(f"{where}: unknown fault {key!r}: use one of {', '.join(Weather._fields)}")
    given = {key: entry for key, entry in value.items() if entry is not None}
    return Weather(**{key: _READERS[key](f"{where}: {key}", entry) for key, entry in given.items()})


def _start(where: str, value: Any) -> str | Death:
    if isinstance(value, str) and ":" in value:
        return _death(where, value)
    return _one_of(where, value, STARTS, ", exit:N, signal:N")


def _death(where: str, value: Any) -> Death:
    kind, _, number = value.partition(":") if isinstance(value, str) else ("", "", "")
    if number.isascii() and number.isdigit():
        if kind == "exit" and int(number) <= 255:
            return Death(kind, int(number))
        if kind == "signal" and int(number) in set(signal.valid_signals()):
            return Death(kind, int(number))
    raise BehaviourError(f"{where}: {_show(value)} is neither exit:0..255 nor signal:N")


def _hang(where: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (ANY_METHOD,) if value else ()
    if isinstance(value, list) and all(isinstance(method, str) for method in value):
        return tuple(value)
    raise BehaviourError(f"{where}: {_show(value)} is neither true nor a list of methods")


def _slow(where: str, value: Any) -> dict[str, int]:
    return {method: _count(f"{where}.{method}", ms) for method, ms in _object(where, value).items()}


def _fail(where: str, value: Any) -> dict[str, Failure]:
    return {method: _failure(f"{where}.{method}", each) for method, each in _object(where, value).items()}


def _failure(where: str, value: Any) -> Failure:
    given = _object(where, value, ("code", "message", "data", "times"))
    code, message = given.get("code", -32603), given.get("message", "Internal error")
    if not isinstance(code, int) or isinstance(code, bool):
        raise BehaviourError(f"{where}.code: {_show(code)} is not an integer")
    if not isinstance(message, str):
        raise BehaviourError(f"{where}.message: {_show(message)} is not a string")
    return Failure(code, message, given.get("data", ""), _times(where, given))


def _send(where: str, value: Any) -> SendFault:
    if isinstance(value, str):
        value = {"do": value}
    given = _object(where, value, ("do", "times", "every", "ms", "how"))
    return SendFault(
        do=_one_of(f"{where}.do", given.get("do"), SENDS),
        times=_times(where, given),
        every=_count(f"{where}.every", given.get("every", 1), least=1),
        ms=_count(f"{where}.ms", given.get("ms", 500)),
        how=_death(f"{where}.how", given.get("how", "exit:1")),
    )


def _exit_after(where: str, value: Any) -> ExitAfter:
    given = _object(where, value, ("requests", "rows", "how"))
    if ("requests" in given) == ("rows" in given):
        raise BehaviourError(f"{where}: {_show(value)} needs one of requests, rows")
    counts = {key: _count(f"{where}.{key}", given[key], least=1) for key in ("requests", "rows") if key in given}
    return ExitAfter(
        counts.get("requests", 0), counts.get("rows", 0), _death(f"{where}.how", given.get("how", "exit:1"))
    )


def _output(where: str, value: Any) -> tuple[tuple[str, Any], ...]:
    if not isinstance(value, list):
        raise BehaviourError(f"{where}: {_show(value)} is not a list")
    return tuple(_item(f"{where}[{index}]", item) for index, item in enumerate(value))


def _item(where: str, value: Any) -> tuple[str, Any]:
    given = _object(where, value, OUTPUTS)
    if len(given) != 1:
        raise BehaviourError(f"{where}: {_show(value)} needs exactly one of {', '.join(OUTPUTS)}")
    ((key, entry),) = given.items()
    if key == "line_mb":
        return key, _count(f"{where}.{key}", entry, least=1)
    if key == "bytes_hex":
        return key, _bytes(f"{where}.{key}", entry)
    if key == "text" and not isinstance(entry, str):
        raise BehaviourError(f"{where}.{key}: {_show(entry)} is not a string")
    if key in ("two_objects", "split") and entry is not True:
        raise BehaviourError(f"{where}.{key}: {_show(entry)} is not true")
    return key, entry


def _bytes(where: str, value: Any) -> bytes:
    try:
        return bytes.fromhex(value)
    except (ValueError, TypeError) as error:
        raise BehaviourError(f"{where}: {_show(value)} is not text of hexadecimal bytes") from error


def _access(where: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BehaviourError(f"{where}: {_show(value)} is neither true nor false")
    return value


def _times(where: str, given: Mapping[str, Any]) -> int | None:
    times = given.get("times")
    return None if times is None else _count(f"{where}.times", times)


def _object(where: str, value: Any, keys: Collection[str] = ()) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BehaviourError(f"{where}: {_show(value)} is not an object")
    for key in value:
        if keys and key not in keys:
            raise BehaviourError(f"{where}: unknown key {key!r}: use one of {', '.join(keys)}")
    return value


def _count(where: str, value: Any, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise BehaviourError(f"{where}: {_show(value)} is not a whole number from {least}")
    return value


def _one_of(where: str, value: Any, words: Collection[str], more: str = "") -> str:
    if not isinstance(value, str) or value not in words:
        raise BehaviourError(f"{where}: {_show(value)} is none of {', '.join(words)}{more}")
    return value


def _show(value: Any) -> str:
    return msgspec.json.encode(value).decode()[:80]


_READERS: dict[str, Any] = {
    "start": _start,
    "hang": _hang,
    "slow": _slow,
    "fail": _fail,
    "send": _send,
    "exit_after": _exit_after,
    "stall": lambda where, value: _one_of(where, value, STALLS),
    "output": _output,
    "stderr_lines": _count,
    "watch": lambda where, value: _one_of(where, value, WATCHES),
    "access": _access,
}
