"""Single values as text: what a person types becomes a value, a value becomes JSON5.

`read` is what `config set` understands: JSON5, else the text itself. `read_chat` is narrower, as chat commands
are, and forgives the curly quotes a phone types. Both keep the plus sign of a phone number, which JSON5 would
lose. `write` is the way back.
"""

from __future__ import annotations

import json
import re

from config.edit_write import JSON, JSON5, LiteralError, Style, check, write, write_key
from config.positions import scan

__all__ = ["JSON", "JSON5", "LiteralError", "Style", "check", "parse", "read", "read_chat", "write", "write_key"]

_SIGNED = re.compile(r"\+[\d\s().-]+")
_CHAT_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_CHAT_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}
_CURLY = str.maketrans({"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'", "\u201a": "'"})


def read(text: str, strict: bool = False) -> object:
    """The JSON5 value a text holds, else the text as it is (config-ops 5.3).

    A leading plus sign makes it text: `+15555550123` is a phone number; within a list it is refused, for JSON5
    would drop the sign. With `strict` nothing is text without quotes. Raises LiteralError.
    """
    if _SIGNED.fullmatch(text.strip()) and not strict:
        return text.strip()
    try:
        value = parse(text)
    except LiteralError:
        if strict:
            raise
        return text
    _refuse_signed(text)
    return value


def read_chat(text: str) -> object:
    """The value of a chat command (config-ops 3.3).

    Braces and brackets hold JSON5, quotes a string; `true`, `false`, `null` and plain numbers are what they
    say; anything else is text. Raises LiteralError for an empty text and for a broken list or object.
    """
    text = text.strip()
    if not text:
        raise LiteralError('a value is missing: write path=value, or path="" for an empty text')
    if text[0] in "{[":
        return _curly(text)
    if text in _CHAT_WORDS:
        return _CHAT_WORDS[text]
    if _CHAT_NUMBER.fullmatch(text):
        return parse(text)
    straight = text.translate(_CURLY)
    if len(text) > 1 and straight[0] in "\"'" and straight[-1] == straight[0]:
        return _quoted(text)
    return text


def parse(text: str) -> object:
    """The value of a JSON5 text; LiteralError for anything the config file itself would refuse."""
    marks = scan(text)
    if marks.too_deep is not None:
        raise LiteralError("nested too deeply: flatten it")
    if marks.faults:
        raise LiteralError(marks.faults[0].message)
    try:
        value = _loads(text)
    except RecursionError:
        raise LiteralError("nested too deeply: flatten it") from None
    except ValueError as error:
        raise LiteralError(f"not valid JSON5: {_reason(error)}") from None
    check(value)
    return value


def _refuse_signed(text: str) -> None:
    todo = [scan(text).root]
    for mark in todo:
        if text[mark.start] == "+":
            raise LiteralError("a number loses its plus sign: write it in quotes")
        todo.extend(mark.children.values())


def _loads(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        import json5  # late: plain JSON is the common case

        return json5.loads(text, allow_duplicate_keys=False)


def _reason(error: ValueError) -> str:
    return str(error).removeprefix("<string>:1 ")


def _curly(text: str) -> object:
    try:
        value = parse(text)
    except LiteralError:
        straight = text.translate(_CURLY)
        if straight == text:
            raise
        value, text = parse(straight), straight
    _refuse_signed(text)
    return value


def _quoted(text: str) -> str:
    try:
        value = _curly(text)
    except LiteralError:
        value = None
    return value if isinstance(value, str) else text[1:-1]
