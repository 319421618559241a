"""Lines and JSON-RPC frames (imsg protocol 3). Pure.

Lines end at LF and nothing else (U+2028 inside a string is text); bytes are cut before they are decoded, so a
character split over two reads stays whole. A line over ``MAX_LINE`` is passed over in bounded memory.
"""

import json
from typing import Any, NamedTuple

import msgspec

from actors.envelopes.link import Response

MAX_LINE = 16 * 1024 * 1024
HEAD = 4096
"""Bytes kept of a line that is too long: enough to see what it was."""


class Splitter:
    """Bytes in, complete lines out. ``heads`` gathers how the lines began that were too long."""

    def __init__(self, most: int = MAX_LINE) -> None:
        self._most = most
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False
        self.heads: list[bytes] = []

    def cut(self) -> tuple[bytes, ...]:
        """The heads gathered since the last call."""
        heads, self.heads = self.heads, []
        return tuple(heads)

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
        self.heads += [line[:HEAD] for line in lines if len(line) > self._most]
        self._keep(rest)
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
            self.heads.append(b"".join(self._parts)[:HEAD])
            self._parts.clear()
            self._skipping = True

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


class Ending(msgspec.Struct):
    """The params of a notification that ends a watch: ``error`` or ``watch.overflow``."""

    subscription: int | float | str | None = None
    error: Any = None
    reason: str = ""


class Page(msgspec.Struct):
    """The result of ``messages.after``, its messages undecoded (imsg protocol 12.5)."""

    messages: list[msgspec.Raw]
    next_rowid: int
    has_more: bool = False


class Junk(NamedTuple):
    """A line that is no frame: why, and its beginning."""

    why: str
    start: str


_frame = msgspec.json.Decoder(Frame).decode
_notice = msgspec.json.Decoder(Notice).decode
_ending = msgspec.json.Decoder(Ending).decode
_page = msgspec.json.Decoder(Page).decode
_encode = msgspec.json.Encoder().encode


def frame(line: bytes) -> Frame | Junk:
    """Read a line. Never raises: banners, ``null``, arrays and broken JSON come back as ``Junk``.

    What Python's reader accepts and the strict one does not is mended: NaN becomes null, half a surrogate ``?``, and
    control characters that stand in a text as they are are escaped.
    """
    try:
        return _frame(line)
    except msgspec.ValidationError as error:
        return Junk(str(error), preview(line))
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return _frame(mended(line))
    except (ValueError, RecursionError) as error:
        return Junk(str(error), preview(line))


def mended(raw: bytes) -> bytes:
    """The same JSON as the strict reader takes it. Raises ValueError, RecursionError for what is no JSON at all."""
    text = raw.decode("utf-8", "replace").encode("utf-8")
    value = json.loads(text, parse_constant=lambda _: None, strict=False)
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


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
    """An ``error`` or ``watch.overflow`` notification: the watch with that number ended."""

    subscription: Any
    why: str


ENDINGS = ("error", "watch.overflow")


def sort(line: bytes) -> Row | StreamEnd | Response | Junk | None:
    """What a line is to the gateway; None for a notification it has no use for. Never raises."""
    read = frame(line)
    if isinstance(read, Junk):
        return read
    if read.method == "message":
        raw = message_of(read.params)
        return Junk("a message notification without a message", "") if raw is None else Row(raw)
    if read.method is not None:
        return ending(bytes(read.params)) if read.method in ENDINGS else None
    if read.result or read.error:
        return Response(read.id, bytes(read.result), bytes(read.error))
    return Junk("neither a response nor a notification", "")


def value_of(raw: bytes) -> dict[str, Any] | None:
    """A result or error object; other JSON values come back under the key ``value``, nothing as None."""
    if not raw:
        return None
    try:
        try:
            value = msgspec.json.decode(raw)
        except (ValueError, RecursionError):
            value = msgspec.json.decode(mended(raw))
    except (ValueError, RecursionError):
        return {"value": None}
    return value if isinstance(value, dict) else {"value": value}


def ending(params: bytes) -> StreamEnd:
    """The end of a watch: its number where the notification tells it, and why."""
    try:
        read = _ending(params)
    except (ValueError, RecursionError):
        return StreamEnd(None, preview(params))
    error = read.error.get("message") if isinstance(read.error, dict) else read.error
    return StreamEnd(read.subscription, str(error or read.reason or preview(params))[:200])


def page_of(result: bytes) -> Page | None:
    """A page of ``messages.after``, None when the result is something else."""
    try:
        try:
            return _page(result)
        except msgspec.ValidationError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _page(mended(result))
    except (ValueError, RecursionError):
        return None


def rows_of(result: dict[str, Any] | None) -> list[bytes]:
    """The messages of an undecoded page (``raw``), each as it was written; none when it is something else."""
    page = page_of(result["raw"]) if result is not None else None
    return [bytes(raw) for raw in page.messages] if page is not None else []


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
