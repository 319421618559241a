"""What the head of a line that was too long to keep says about its row. Pure, and content with any bytes.

The line is a ``message`` notification cut off somewhere; keys stand in any order (imsg protocol 3). Only the
message's own keys count, not those of what is nested in it, and nothing inside a text.
"""

import re
from typing import NamedTuple

NAMES = ("id", "chat_id", "guid")
LONGEST = 100
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}\[\],:"])|([^\s{}\[\],:"]+)', re.DOTALL)


class Head(NamedTuple):
    """What could be read: ``id`` and ``chat_id`` as written, ``guid``; ``""`` for what could not."""

    id: str = ""
    chat_id: str = ""
    guid: str = ""

    @property
    def words(self) -> str:
        """What is known, for a person: ``id 5, guid ABC``; ``""`` for nothing."""
        return ", ".join(f"{name} {value}" for name, value in zip(self._fields, self, strict=True) if value)


def read(head: bytes) -> Head:
    """The row's names as far as ``head`` shows them."""
    found: dict[str, str] = {}
    path: list[str] = []
    key = last = ""
    complete = True
    for token in _TOKEN.finditer(head.decode("utf-8", "replace")):
        text, mark, bare = token.groups()
        # A value at the very end may be half a value, and a quotation mark by itself opens a text that is cut off.
        complete = token.end() < len(head)
        match mark:
            case "{" | "[":
                path.append(key if mark == "{" else "[")
                key = ""
            case "}" | "]":
                if path:
                    path.pop()
            case ":":
                key = last
            case ",":
                key = ""
            case '"':
                break
            case _ if key in NAMES and path == ["", "params", "message"] and (complete or text is not None):
                found.setdefault(key, (text if text is not None else bare)[:LONGEST])
        last = text or ""
    return Head(**found)
