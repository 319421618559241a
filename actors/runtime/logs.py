"""Where log lines go: one queue, one writer thread, one JSON object a line on disk.

loguru is the face for everything that is rare; ``event`` is the short cut for the one line every message
writes. Both end in the same queue, so no actor ever waits for a disk, and a full or broken log disk costs log
lines, never messages. JSON escapes what a sender could forge: newlines, ESC, control characters.
"""

import contextlib
import json
import logging
import os
import sys
import threading
import time
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

import msgspec
from loguru import logger

LEVELS = {"trace": 5, "debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
CONFIGURED = {"warn": 30, "fatal": 50, "silent": 100}
"""Names of the config (``logging.level``) that are spelled otherwise here."""
MAX_BYTES = 20 * 1024 * 1024
KEPT = 5
GATHER_SECONDS = 0.05
"""How long a first line waits for company: one wake-up of the writer a batch, not one a line."""

_encode = msgspec.json.Encoder(enc_hook=repr).encode
_queue: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
_threshold = 100


def event(level: str, actor: str, message: str, **fields: Any) -> None:
    """Log one line cheaply (about 1 us). ``fields`` become keys of the JSON object; no message bodies above debug."""
    if LEVELS[level] >= _threshold:
        _queue.put({"time": time.time(), "level": level, "actor": actor, "message": message, **fields})


def _from_loguru(message: Any) -> None:
    record = message.record
    line = {
        "time": record["time"].timestamp(),
        "level": record["level"].name.lower(),
        "actor": record["extra"].get("actor", record["name"] or "gateway"),
        "message": record["message"],
        **{key: value for key, value in record["extra"].items() if key != "actor"},
    }
    if record["exception"] is not None:
        line["error"] = repr(record["exception"].value)
        line["traceback"] = message.split("\n", 1)[-1][-8000:]
    _queue.put(line)


def set_level(level: str) -> None:
    """Lines below ``level`` (a name of ``LEVELS`` or of ``CONFIGURED``) are not written from now on, by any thread."""
    global _threshold
    _threshold = CONFIGURED.get(level, LEVELS.get(level, LEVELS["info"]))
    logger.remove()
    logger.add(_from_loguru, level=_threshold, format="{message}", backtrace=False, diagnose=False)


class _FromLogging(logging.Handler):
    """Lines of libraries that use the standard logging module."""

    def emit(self, record: logging.LogRecord) -> None:
        logger.opt(exception=record.exc_info).bind(actor=record.name).log(record.levelname, "{}", record.getMessage())


def stamp(seconds: float) -> str:
    """UTC ISO 8601 with milliseconds."""
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


class LogWriter:
    """Writes the queue to ``path`` (rotated by size, 0600) and, when given, a readable form to ``console``."""

    def __init__(self, path: Path | None, console: IO[str] | None, level: str = "info") -> None:
        self._path = path
        self._console = console
        self._file: IO[bytes] | None = None
        self._size = 0
        self._complained = False
        set_level(level)
        logging.basicConfig(handlers=[_FromLogging()], level=logging.WARNING, force=True)
        # sh logs whole command lines and pykka logs what the supervisor reports anyway.
        logging.getLogger("sh").setLevel(logging.ERROR)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        ended = False
        while not ended:
            lines = [_queue.get()]
            if lines[0] is not None:
                self._ending.wait(GATHER_SECONDS)
            while not _queue.empty() and len(lines) < 2000:
                lines.append(_queue.get())
            if None in lines:
                ended = True
            present = [{**line, "time": stamp(line["time"])} for line in lines if line is not None]
            self._to_file(b"".join(map(as_json, present)))
            if self._console is not None:
                self._to_console(present)

    def _to_file(self, data: bytes) -> None:
        if self._path is None or not data:
            return
        try:
            if self._file is None or not self._path.exists():
                self._close()
                self._open(self._path)
            if self._size > MAX_BYTES:
                self._rotate(self._path)
            if self._file is not None:
                self._file.write(data)
                self._file.flush()
                self._size += len(data)
            self._complained = False
        except OSError as error:
            self._close()
            if not self._complained:
                self._complained = True
                print(f"gateway: cannot write the log {self._path}: {error}; messages flow on", file=sys.stderr)

    def _open(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = open(path, "ab", opener=_private)
        self._size = path.stat().st_size

    def _rotate(self, path: Path) -> None:
        self._close()
        for number in range(KEPT - 1, 0, -1):
            older = path.with_name(f"{path.name}.{number}")
            if older.exists():
                older.replace(path.with_name(f"{path.name}.{number + 1}"))
        path.replace(path.with_name(f"{path.name}.1"))
        self._open(path)

    def _to_console(self, lines: list[dict[str, Any]]) -> None:
        assert self._console is not None
        for line in lines:
            if LEVELS.get(line["level"], 20) < LEVELS["info"] or line.get("quiet"):
                continue
            try:
                print(readable(line), file=self._console)
            except (OSError, ValueError):
                self._console = None
                return

    def stop(self) -> None:
        """Write what is queued, then end."""
        self._ending.set()
        _queue.put(None)
        self._thread.join(5.0)
        self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def as_json(line: dict[str, Any]) -> bytes:
    """A log object as one line of JSON. What does not print (C1, bidi, line separators) is escaped as well.

    Never raises for what a sender can put in a text (lone surrogates); other oddities are shown by ``repr``.
    """
    try:
        data = _encode(line)
        if data.decode().isprintable():
            return data + b"\n"
        text = json.dumps(line, default=repr)
    except (ValueError, TypeError, OverflowError, RecursionError):
        text = json.dumps({str(key): value if isinstance(value, str) else repr(value) for key, value in line.items()})
    return text.replace("\x7f", "\\u007f").encode() + b"\n"


_SHOWN = ("time", "level", "actor", "message", "quiet", "traceback")


def readable(line: dict[str, Any]) -> str:
    """A log object as one line for people: local time, level, actor, message, then the other fields."""
    clock = local_time(line.get("time"))
    fields = " ".join(f"{key}={visible(value)}" for key, value in line.items() if key not in _SHOWN and value != "")
    level = str(line.get("level", "")).upper()
    text = f"{clock} {level:<7} {visible(line.get('actor', ''))}: {visible(line.get('message', ''))}"
    return f"{text}  {fields}" if fields else text


def local_time(stamped: Any) -> str:
    """``HH:MM:SS`` in local time of an ISO 8601 stamp, blank when it is none."""
    try:
        return datetime.fromisoformat(str(stamped)).astimezone().strftime("%H:%M:%S")
    except (ValueError, OverflowError):
        return ""


def visible(value: Any) -> str:
    """Text with control characters (newline, ESC, bidi, C1) shown as escapes, so a name cannot forge output."""
    text = value if isinstance(value, str) else str(value)
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode() for char in text
    )
