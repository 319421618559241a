"""One config file as text: read, parsed, and able to say where each value stands.

Bytes come in, a `Source` or `Problem`s go out; nothing is raised. Plain JSON and the usual JSON5 (`config.quick`)
are tried first because they are a thousand times faster; the reference parser reads the rest, up to `MAX_UNUSUAL`
characters. Refused: more than `MAX_BYTES`, nesting deeper than `positions.MAX_DEPTH`, duplicate keys, numbers that
are not finite, a root that is not an object, text that is not UTF-8, anything that is not a regular file.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.paths import dotted, parse
from config.positions import MAX_DEPTH, MAX_VALUES, Mark, Marks, scan
from config.problems import Problem
from config.quick import Doubt, to_json

MAX_BYTES = 2 * 1024 * 1024
MAX_UNUSUAL = 64 * 1024
"""Characters the reference parser is given: it takes most of a second for them."""
_JSON5_ERROR = re.compile(r"<string>:(\d+) (.*) at column (\d+)", re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# The JSON5 parser spends about twenty Python frames on each level of nesting.
_FRAMES = 60 * MAX_DEPTH


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file. `main` is False for included files and the overlay: problems then name the file.

    `value` is a dict with string keys; only an included file may hold something else.
    """

    path: Path
    text: str
    value: Any
    root: Mark
    main: bool = True
    _lines: list[int] = field(default_factory=list, repr=False)

    def problem(self, path: str, message: str, offset: int | None = None) -> Problem:
        """A problem in this file, with line and column when an offset is given."""
        line, column = (None, None) if offset is None else self.line_column(offset)
        return Problem(path, message, line, column, None if self.main else str(self.path))

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a character offset."""
        if not self._lines:
            self._lines.extend([0, *(found.end() for found in re.finditer("\n", self.text))])
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def locate(self, path: str) -> tuple[int, int] | None:
        """Line and column of the value at a dotted path, None when the text has no such path."""
        mark = self._mark(path)
        return None if mark is None else self.line_column(mark.start)

    def has_plus(self, path: str) -> bool:
        """True when the number at a dotted path is written with a leading `+`, which parsing loses."""
        mark = self._mark(path)
        return mark is not None and self.written(mark).startswith("+")

    def written(self, mark: Mark) -> str:
        """The text of a value exactly as it stands in the file."""
        return self.text[mark.start : mark.end]

    def _mark(self, path: str) -> Mark | None:
        mark: Mark | None = self.root
        for key in parse(path):
            if mark is None:
                return None
            children = mark.children
            mark = children.get(key)
            if mark is None and isinstance(key, str) and key.isdecimal():
                mark = children.get(int(key))
        return mark


def read(path: Path) -> bytes | Problem | None:
    """The bytes of a regular file, None when there is none, a Problem that names the remedy otherwise."""
    try:
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return Problem("<root>", f"{path} is not a regular file: name the config file itself")
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except PermissionError:
        return Problem("<root>", f"{path} cannot be read: {_permission_remedy(path)}")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Problem("<root>", f"{path} cannot be read: {reason}")
    if len(data) > MAX_BYTES:
        return Problem("<root>", f"{path} is larger than {MAX_BYTES // 1024} KiB: split or shorten it")
    return data


def read_if_any(path: Path) -> bytes | Problem | None:
    """`read` for a file that may be missing. A link to nowhere is a Problem: what it led to may have counted."""
    data = read(path)
    if data is None:
        for here in (path, *path.parents):
            if here.is_symlink():
                remedy = f"bring that back, or remove the link {here}"
                return Problem("<root>", f"{path} leads to {os.path.realpath(path)}, which is not there: {remedy}")
            if here.parent.exists():
                break
    return data


def parse_bytes(path: Path, data: bytes, *, main: bool = True, part: bool = False) -> Source | list[Problem]:
    """The file as a `Source`, or everything that makes it unreadable. A `part` need not hold an object."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = Source(path, data[: error.start].decode("utf-8", "replace"), {}, Mark(None, 0, 0), main)
        return [good.problem("<root>", "not UTF-8 text: save the file as UTF-8", len(good.text))]
    marks = scan(text)
    broken = Source(path, text, {}, marks.root, main)
    if marks.too_deep is not None:
        return [broken.problem("<root>", f"nested deeper than {MAX_DEPTH} levels: flatten it", marks.too_deep)]
    if marks.too_many is not None:
        return [broken.problem("<root>", f"more than {MAX_VALUES} values: shorten the file", marks.too_many)]
    try:
        value = _loads(text)
    except (ValueError, RecursionError) as error:
        return _refusal(broken, marks, error)
    if marks.faults:
        return _faults(broken, marks)
    half = _half_character(text, value)
    if half is not None:
        return [broken.problem("<root>", "this escape is half a character: write the character itself", half)]
    if not part and not isinstance(value, dict):
        return [broken.problem("<root>", "the file must hold one object: { ... }", marks.root.start)]
    return Source(path, text, value, marks.root, main)


def _open(name: str, flags: int) -> int:
    # Non-blocking, so that a named pipe in place of the file cannot hang the start.
    return os.open(name, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _permission_remedy(path: Path) -> str:
    try:
        owner = path.stat().st_uid
    except OSError:
        return f"permission denied; make the folder {path.parent} accessible to user id {os.getuid()}"
    user = os.getuid()
    if owner == user:
        return f"permission denied; run: chmod u+r {path}"
    return f"permission denied; it belongs to user id {owner}, this is {user}; run: sudo chown {user} {path}"


def _half_character(text: str, value: object) -> int | None:
    """Where the text writes a surrogate without its pair, which nothing could print or pass on; else None."""
    found = _SURROGATE.search(text)
    if found is None:
        return None
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return found.start()
    return None


class _RefusedError(ValueError):
    """A value JSON would take and this file format does not."""


class _PlacedError(ValueError):
    """A text that is too long for the reference parser, and where it is wrong or unusual."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def _loads(text: str) -> object:
    for read in (_loads_json, _loads_quick):
        try:
            return read(text)
        except _RefusedError:
            raise
        except (ValueError, RecursionError) as error:
            if isinstance(error, _PlacedError) and len(text) > MAX_UNUSUAL:
                raise
    return _loads_json5(text)


def _loads_json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _loads_quick(text: str) -> object:
    found = to_json(text)
    if isinstance(found, Doubt):
        message = f"wrong, or an unusual way to write it, and a file above {MAX_UNUSUAL} characters must be plain JSON5"
        raise _PlacedError(message, found.offset)
    try:
        return _loads_json(found.json)
    except json.JSONDecodeError as error:
        at = found.offsets[error.lineno - 1] if error.lineno <= len(found.offsets) else len(text)
        raise _PlacedError(f"not valid JSON5: {error.msg}", at) from error


def _loads_json5(text: str) -> object:
    import json5  # late: most files are plain JSON, and starting must stay fast

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _FRAMES))
    try:
        return json5.loads(text, allow_duplicate_keys=False, parse_constant=_refuse_constant)
    finally:
        sys.setrecursionlimit(limit)


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    value: dict[str, object] = {}
    for key, item in pairs:
        if key in value:
            raise _RefusedError(f'the key "{key}" appears twice in one object: keep one')
        value[key] = item
    return value


def _refuse_constant(name: str) -> object:
    raise _RefusedError(f"{name} is not a finite number")


def _refusal(source: Source, marks: Marks, error: Exception) -> list[Problem]:
    if isinstance(error, RecursionError):
        return [source.problem("<root>", "nested too deeply: flatten it")]
    if isinstance(error, _PlacedError):
        return _faults(source, marks) or [source.problem("<root>", str(error), error.offset)]
    text = str(error)
    found = _JSON5_ERROR.fullmatch(text)
    if found is None:  # not the syntax, but what it says
        return _faults(source, marks) or [source.problem("<root>", f"not valid JSON5: {text}", 0)]
    line, column = int(found[1]), int(found[3])
    file = None if source.main else str(source.path)
    return [Problem("<root>", f"not valid JSON5: {found[2]}", line, column, file)]


def _faults(source: Source, marks: Marks) -> list[Problem]:
    return [source.problem(dotted(fault.path), fault.message, fault.offset) for fault in marks.faults]
