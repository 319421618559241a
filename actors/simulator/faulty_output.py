"""A line writer on a bad day: what else comes out, what does not, and in how many pieces.

In: lines, as `LineWriter` takes them, and the weather. Out: bytes on the descriptor, never interleaved with
another line. An answer can be dropped, doubled or bent by whoever called for it on the same thread; a
message notification can lose its chat; the process can end after the n-th of either.
"""

import os
import time
from collections.abc import Callable, Iterator
from threading import Event, local
from typing import Any

import msgspec

from actors.simulator.faulty_control import Control
from actors.simulator.faulty_ends import die
from actors.simulator.faulty_weather import ExitAfter, Weather
from actors.simulator.frames import notification, plain_line, response
from actors.simulator.writer import LineWriter

Bend = Callable[[bytes], bytes]

_PIECE = bytes(64 * 1024).replace(b"\0", b"x")
_PIECES_PER_MB = 16
_MARK = b"SIM-LONG-TEXT"
_PAUSE_S = 0.002
_MOST_CUTS = 64
_NO_CHAT: dict[str, Any] = {
    "chat_id": 0, "chat_identifier": "", "chat_guid": "", "chat_name": "", "participants": [], "is_group": False,
}  # fmt: skip


class FaultyWriter(LineWriter):
    """Lines of several threads on one descriptor, with the faults of `control`."""

    def __init__(self, descriptor: int, control: Control) -> None:
        super().__init__(descriptor)
        self._out = descriptor
        self._control = control
        self._answers = local()
        self._split = False

    def bend_next_answer(self, bend: Bend | None) -> None:
        """Change the next line this thread writes, or leave it alone after all: not every request has an answer."""
        self._answers.bend = bend

    def write(self, lines: bytes, unless: Event | None = None) -> None:
        """As `LineWriter.write`; blocks while stdout is stalled."""
        bend: Bend | None = self._answers.__dict__.pop("bend", None)
        with self._lock:
            self._control.hold_while(lambda weather: weather.stall == "stdout")
            if unless is not None and unless.is_set():
                return
            self._emit(lines if bend is None else bend(lines), self._control.now())

    def disturb(self, weather: Weather) -> None:
        """Write what stands under `output` and `stderr_lines`. Stdout waits while stderr is full, as in imsg."""
        with self._lock:
            for number in range(weather.stderr_lines):
                _push(2, f"imsg-sim: diagnostic line {number + 1} of {weather.stderr_lines}\n".encode())
            for kind, value in weather.output:
                self._disturb(kind, value)

    def _disturb(self, kind: str, value: Any) -> None:
        if kind == "split":
            self._split = True
            return
        for piece in _PIECES[kind](value):
            _push(self._out, piece)

    def _emit(self, lines: bytes, weather: Weather) -> None:
        if weather.watch == "half-rows":
            lines = b"".join(map(_without_chat, lines.splitlines(keepends=True)))
        fatal = None if weather.exit_after is None else self._fatal_line(lines, weather.exit_after)
        if fatal is not None:
            lines = fatal
        if self._split and not lines.isascii():
            self._split = False
            for piece in _cut(lines):
                _push(self._out, piece)
                time.sleep(_PAUSE_S)
        else:
            _push(self._out, lines)
        if fatal is not None and weather.exit_after is not None:
            die(weather.exit_after.how)

    def _fatal_line(self, lines: bytes, limit: ExitAfter) -> bytes | None:
        """What is still written when the limit is reached in these lines, the last one included; else None."""
        kind, most = ("rows", limit.rows) if limit.rows else ("requests", limit.requests)
        counts = _is_message if limit.rows else _is_answer
        written = bytearray()
        for line in lines.splitlines(keepends=True):
            written += line
            if counts(line) and not self._control.counted(f"exit_after.{kind}", most - 1):
                return bytes(written)
        return None


def drop(_line: bytes) -> bytes:
    """The answer gets lost."""
    return b""


def double(line: bytes) -> bytes:
    """The answer comes twice."""
    return line + line


def text_id(line: bytes) -> bytes:
    """The answer's `id` comes back as a string, whatever it was."""
    answer = msgspec.json.decode(line)
    return plain_line(answer | {"id": str(answer.get("id"))})


def null_result(line: bytes) -> bytes:
    """The answer says `"result":null`."""
    answer = msgspec.json.decode(line)
    return plain_line(answer | {"result": None}) if "result" in answer else line


def _push(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _is_message(line: bytes) -> bool:
    return b'"method":"message"' in line[:64]


def _is_answer(line: bytes) -> bool:
    return line.startswith(b'{"jsonrpc":"2.0","id":') and not line.startswith(b'{"jsonrpc":"2.0","id":null')


def _without_chat(line: bytes) -> bytes:
    if not _is_message(line):
        return line
    value = msgspec.json.decode(line)
    value["params"]["message"] |= _NO_CHAT
    return plain_line(value)


def _cut(lines: bytes) -> Iterator[bytes]:
    """The same bytes, cut behind the first byte of the first characters that have several."""
    start = cuts = 0
    for index, byte in enumerate(lines):
        if byte >= 0xC0:
            yield lines[start : index + 1]
            start, cuts = index + 1, cuts + 1
            if cuts == _MOST_CUTS:
                break
    yield lines[start:]


def _message(guid: str, text: str) -> bytes:
    """A plausible notification for the first subscription, from a chat that no database has."""
    peer = "+15550007777"
    message = {
        "id": 9_000_001, "guid": guid, "sender": peer, "is_from_me": False, "text": text,
        "created_at": "2026-05-16T12:34:56.789Z", "attachments": [], "reactions": [], "participants": [peer],
        "is_group": False, "chat_id": 9_001, "chat_identifier": peer, "chat_guid": f"iMessage;-;{peer}",
        "chat_name": peer,
    }  # fmt: skip
    return notification("message", {"subscription": 1, "message": message})


def _long_line(megabytes: int) -> Iterator[bytes]:
    head, tail = _message("SIM-LONG-LINE", _MARK.decode()).split(_MARK)
    yield head
    for _ in range(megabytes * _PIECES_PER_MB):
        yield _PIECE
    yield tail


def _two_objects(_value: object) -> Iterator[bytes]:
    yield _message("SIM-TWO-A", "first of two").rstrip(b"\n") + _message("SIM-TWO-B", "second of two")


def _both(request_id: object) -> Iterator[bytes]:
    error = {"code": -32603, "message": "Internal error", "data": "both"}
    yield plain_line({"jsonrpc": "2.0", "id": request_id, "result": {"ok": True}, "error": error})


_PIECES: dict[str, Callable[[Any], Iterator[bytes]]] = {
    "text": lambda text: iter([f"{text}\n".encode()]),
    "bytes_hex": lambda data: iter([data]),
    "line_mb": _long_line,
    "two_objects": _two_objects,
    "unknown_response": lambda request_id: iter([response(request_id, {"ok": True})]),
    "both": _both,
}
