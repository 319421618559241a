"""Random JSON5 texts with everything people put into config files, random paths and values, and plain models.

The texts are legal whatever is drawn: comments and odd white space stand in every place the grammar allows.
"""

from __future__ import annotations

import json

from hypothesis import strategies as st

from config.paths import Path

Value = object

SPACES = [
    *("", "", "", " ", " ", "\n  ", "\r\n\t", "\n\n", "\u00a0", "\ufeff", "\u2028"),
    *("/* c */", " /* , } ' // */ ", "/* a\n b */", " // line\n    ", '// " { ]\r\n', "//\u2029", "  // \u00fc\r"),
]
NUMBERS = [
    *("0", "1", "-1", "+1", "+15555550123", "42", "9007199254740993", "0x1F", "-0Xff", "+0x1f"),
    *(".5", "5.", "-.5", "1.0", "1e3", "2E-3", "+.5e-3", "-0.0"),
]
TAILS: list[str | int] = ["a", "42", "x y", "new", 0]
WORDS = ["true", "false", "null"]
BARE_KEYS = ["a", "b", "c", "$x", "_y", "nul", "null", "Infinity", "\u00fc", "allowFrom", "\\u0061b"]
NAMES = ["a", "b", "c", "42", "me@example.com", "*", "", "null", "x y", "it's", 'say "x"', "\u2028", "new", "\u00fc"]

TEXT = st.text(st.sampled_from("ab '\"\\/{}[],:\n\r\t\u2028\u2029\ufeff\u00e9\U0001f600\x00$#*+"), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | TEXT, inner, max_size=3),
    max_leaves=8,
)
JSON_FILES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)


@st.composite
def quoted(draw: st.DrawFn, content: str) -> str:
    """A string of the content in one of the ways to write it."""
    quote = draw(st.sampled_from("\"'"))
    body = ""
    for character in content:
        if character in ("\\", quote):
            body += "\\" + character
        elif character in "\n\r":
            body += "\\n" if character == "\n" else "\\r"
        elif ord(character) < 32 or (ord(character) < 0x10000 and draw(st.integers(0, 5)) == 0):
            body += f"\\u{ord(character):04x}"
        else:
            body += character + draw(st.sampled_from(["", "", "", "", "\\\n", "\\\r\n"]))
    return quote + body + quote


@st.composite
def value_texts(draw: st.DrawFn, depth: int) -> str:
    """Any value."""
    kind = draw(st.sampled_from(["number", "word", "string", "list", "object"][: 5 if depth else 3]))
    if kind == "number":
        return draw(st.sampled_from(NUMBERS))
    if kind == "word":
        return draw(st.sampled_from(WORDS))
    if kind == "string":
        return draw(quoted(draw(TEXT)))
    return draw(object_texts(depth - 1) if kind == "object" else list_texts(depth - 1))


@st.composite
def list_texts(draw: st.DrawFn, depth: int) -> str:
    """A list, sometimes with a trailing comma."""
    return draw(_container("[]", [draw(value_texts(depth)) for _ in range(draw(st.integers(0, 3)))]))


@st.composite
def object_texts(draw: st.DrawFn, depth: int) -> str:
    """An object with quoted and unquoted keys, each name once."""
    entries: dict[str, str] = {}
    space = st.sampled_from(SPACES)
    for _ in range(draw(st.integers(0, 3))):
        bare = draw(st.booleans())
        name = draw(st.sampled_from(BARE_KEYS if bare else NAMES))
        key = name if bare else draw(quoted(name))
        entry = key + draw(space) + ":" + draw(space) + draw(value_texts(depth))
        entries.setdefault("ab" if name == "\\u0061b" else name, entry)
    return draw(_container("{}", list(entries.values())))


@st.composite
def _container(draw: st.DrawFn, brackets: str, entries: list[str]) -> str:
    spread = draw(st.booleans())
    plain = st.sampled_from(["\n  ", "\n  ", "\n\n    ", " // end\n  "]) if spread else st.sampled_from(["", " "])
    space = draw(st.sampled_from([plain, st.sampled_from(SPACES)]))
    body = ",".join(draw(space) + entry + draw(st.sampled_from(["", "", *SPACES])) for entry in entries)
    comma = draw(st.sampled_from(["", ","])) if entries else ""
    return brackets[0] + body + comma + draw(space) + brackets[1]


@st.composite
def files(draw: st.DrawFn) -> str:
    """A whole file: an object with what may stand before and after it."""
    space = st.sampled_from(SPACES)
    mark = draw(st.sampled_from(["", "", "\ufeff"]))
    return mark + draw(space) + draw(object_texts(3)) + draw(space) + draw(st.sampled_from(["", "\n", "\r\n"]))


def paths_of(value: Value, path: Path = ()) -> list[Path]:
    """Every path of a value, the root first."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in items for found in paths_of(item, (*path, key)))]


@st.composite
def paths_to_set(draw: st.DrawFn, value: Value) -> Path:
    """A path that exists, one that appends to a list, or one with new keys at its end."""
    path = draw(st.sampled_from(paths_of(value)))
    found = at(value, path)
    if isinstance(found, list) and draw(st.booleans()):
        path = (*path, len(found))
    elif isinstance(found, dict) and draw(st.booleans()):
        path = (*path, draw(st.sampled_from(NAMES)))
    if draw(st.integers(0, 2)) == 0:
        tail = draw(st.lists(st.sampled_from(TAILS), max_size=3))
        path = (*path, *tail)
    return path


def at(value: Value, path: Path) -> Value:
    """What stands at a path; RefusedError when there is nothing."""
    for key in path:
        if not isinstance(value, dict | list) or (key,) not in paths_of(value):
            raise RefusedError
        value = value[str(key)] if isinstance(value, dict) else value[int(key)]
    return value


@st.composite
def similar(draw: st.DrawFn, value: Value) -> Value:
    """A value with some of its entries changed, dropped or added."""
    if isinstance(value, dict):
        kept = {key: draw(similar(item)) for key, item in value.items() if draw(st.integers(0, 3))}
        return kept | draw(st.dictionaries(st.sampled_from(NAMES), SCALARS, max_size=1))
    if isinstance(value, list):
        kept_items = [draw(similar(item)) for item in value if draw(st.integers(0, 3))]
        return kept_items + draw(st.lists(VALUES, max_size=1))
    return value if draw(st.integers(0, 3)) else draw(VALUES)


class RefusedError(Exception):
    """The model has no such place."""


def with_value(document: Value, path: Path, value: Value) -> Value:
    """The document with a value at a path: what an edit must mean."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    missing: Value = {} if rest and isinstance(rest[0], str) else []
    if isinstance(document, dict):
        return {**document, str(key): with_value(document.get(str(key), missing), rest, value)}
    if not isinstance(document, list) or not str(key).isdecimal() or int(key) > len(document):
        raise RefusedError
    index = int(key)
    old = document[index] if index < len(document) else missing
    return [*document[:index], with_value(old, rest, value), *document[index + 1 :]]


def without(document: Value, path: Path) -> Value:
    """The document without what stands at a path."""
    key, rest = path[0], path[1:]
    if isinstance(document, dict):
        kept = {name: item for name, item in document.items() if name != key}
        return {**document, key: without(document[key], rest)} if rest else kept
    assert isinstance(document, list)
    assert isinstance(key, int)
    middle = [without(document[key], rest)] if rest else []
    return [*document[:key], *middle, *document[key + 1 :]]


def strict(value: Value) -> str:
    """A form in which 1, 1.0 and true differ, and the order of keys does not count."""
    return json.dumps(value, sort_keys=True)
