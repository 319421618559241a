"""Lines and JSON-RPC frames (imsg protocol 3). Pure.

Lines end at LF and nothing else (U+2028 inside a string is text); bytes are cut before they are decoded, so a
character split over two reads stays whole. A line over ``MAX_LINE`` is passed over in bounded memory.
"""

import json
from typing import Any, NamedTuple

import msgspec

from actors.envelopes.control import Response

MAX_LINE = 16 * 1024 * 1024


class Splitter:
    """Bytes in, complete lines out. ``dropped`` counts lines that were too long."""

    def __init__(self, most: int = MAX_LINE) -> None:
        self._most = most
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False
        self.dropped = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines completed by ``data``, without their LF; blank ones are left out."""
        if b"\n" not in data:
            self._keep(data)
            return []
        lines = data.split(b"\n")
        first, rest = lines[0], lines.pop()
        if self._parts or self._skipping:
            self._keep(first)
            lines[0] = b"" if self._skipping else b"".join(self._parts)
            self._clear()
        self._keep(rest)
        self.dropped += sum(len(line) > self._most for line in lines)
        return [line for line in lines if line and not line.isspace() and len(line) <= self._most]

    def finish(self) -> list[bytes]:
        """The last line, if the stream ended without a LF."""
        line = b"" if self._skipping else b"".join(self._parts)
        self._clear()
        return [line] if line.strip() else []

    def _keep(self, data: bytes) -> None:
        if self._skipping or not data:
            return
        self._parts.append(data)
        self._size += len(data)
        if self._size > self._most:
            self._parts.clear()
            self._skipping = True
            self.dropped += 1

    def _clear(self) -> None:
        self._parts = []
        self._size = 0
        self._skipping = False


class Frame(msgspec.Struct):
    """One line: a response has ``id`` and ``result`` or ``error``, a notification ``method`` and ``params``."""

    id: str | int | float | bool | None = None
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw(b"")
    result: msgspec.Raw = msgspec.Raw(b"")
    error: msgspec.Raw = msgspec.Raw(b"")


class Notice(msgspec.Struct):
    """The params of a ``message`` notification; the message itself stays undecoded."""

    subscription: int | float | str | None = None
    message: msgspec.Raw = msgspec.Raw(b"")


class Junk(NamedTuple):
    """A line that is no frame: why, and its beginning."""

    why: str
    start: str


_frame = msgspec.json.Decoder(Frame).decode
_notice = msgspec.json.Decoder(Notice).decode
_encode = msgspec.json.Encoder().encode


def frame(line: bytes) -> Frame | Junk:
    """Read a line. Never raises: banners, ``null``, arrays and broken JSON come back as ``Junk``.

    What Python's reader accepts and the strict one does not is mended: NaN becomes null, half a surrogate ``?``.
    """
    try:
        return _frame(line)
    except msgspec.ValidationError as error:
        return Junk(str(error), preview(line))
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        value = json.loads(line.decode("utf-8", "replace").encode("utf-8"), parse_constant=lambda _: None)
        return _frame(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        return Junk(str(error), preview(line))


def message_of(params: bytes) -> bytes | None:
    """The raw JSON of a notification's message object, None when there is none."""
    try:
        raw = bytes(_notice(params).message)
    except (msgspec.DecodeError, RecursionError):
        return None
    return raw or None


class Row(NamedTuple):
    """A ``message`` notification: the raw JSON of its message object."""

    raw: bytes


class StreamEnd(NamedTuple):
    """An ``error`` notification: the watch ended."""

    why: str


def sort(line: bytes) -> Row | StreamEnd | Response | Junk | None:
    """What a line is to the gateway; None for a notification it has no use for. Never raises."""
    read = frame(line)
    if isinstance(read, Junk):
        return read
    if read.method == "message":
        raw = message_of(read.params)
        return Junk("a message notification without a message", "") if raw is None else Row(raw)
    if read.method is not None:
        return StreamEnd(preview(bytes(read.params))) if read.method == "error" else None
    if read.result or read.error:
        return Response(read.id, bytes(read.result), bytes(read.error))
    return Junk("neither a response nor a notification", "")


def value_of(raw: bytes) -> dict[str, Any] | None:
    """A result or error object; other JSON values come back under the key ``value``, nothing as None."""
    if not raw:
        return None
    try:
        value = msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return {"value": None}
    return value if isinstance(value, dict) else {"value": value}


def request(number: int, method: str, params: dict[str, Any]) -> bytes:
    """A request line. Strict enough for every imsg: ``"2.0"``, an integer id, params as an object.

    Half a surrogate in a text cannot be sent and goes out as ``?``.
    """
    value = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    try:
        return _encode(value) + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def preview(line: bytes, most: int = 120) -> str:
    """The start of a line for a log, as text."""
    return line[:most].decode("utf-8", "replace")
