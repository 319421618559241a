"""Which values of a config file are secrets, and how they are shown: as `MARKER`, never in part.

Values come in, the same shape goes out with secrets replaced. Blocks of this gateway are known by their schema
(fields of type `SecretStr`); in all other blocks the name of a key decides, and everything below such a key is
secret too. Texts that look like a credential are hidden wherever they stand. `${VAR}` references are shown: they
name a secret without holding it. In doubt a value is hidden, for the marker is refused when it is written back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from types import UnionType
from typing import Annotated, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr

from config.paths import Path

MARKER = "__OPENCLAW_REDACTED__"
"""Stands for a secret in everything printed; never a value."""

_REFERENCE = re.compile(r"(?<!\$)\$\{[A-Z_][A-Z0-9_]*\}")
_SCHEME = re.compile(r"\s*(?:Bearer|Basic|Token)?\s*", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALWAYS = _words(
    "token password passwords passwd passphrase passcode secret secrets credential credentials apikey apikeys"
    " bearer cookie cookies authorization jwt"
)
_KEY_OF = _words("api private access signing encryption auth client shared ssh master account service app bot")
_COUNTED = _words("max min context input output total budget limit count reserve used bootstrap fork")
# What such a last word names is where or how, not the secret itself.
_ABOUT = _words("file path dir env name header mode type enabled ttl ms seconds minutes hours limit count budget")
_MAPS = frozenset({"env", "vars", "headers"})
_NO_VARIABLE = frozenset({"vars", "shellEnv"})
_CREDENTIAL = r"[\w-]*(?:token|secret|passw(?:or)?d|passphrase|api[-_]?key)"
_SECRET_FLAG = re.compile(rf"--?{_CREDENTIAL}", re.IGNORECASE)
_LOOKS_SECRET = re.compile(
    rf"""
    (?<![A-Za-z0-9])(?:sk-|ghp_|gho_|ghs_|github_pat_|xox[a-z]-|xapp-|gsk_|AIza|pplx-|npm_|eyJ)[A-Za-z0-9_.-]{{8,}}
    |(?<!\d)\d{{6,}}:[A-Za-z0-9_-]{{20,}}
    |-----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY
    |://[^/\s:@]*:[^/\s@]+@
    |(?i:\bbearer\s+\S{{8,}})
    |(?i:(?:--?|\b){_CREDENTIAL}\s*[=:]\s*\S)
    |(?i:--?{_CREDENTIAL}\s+\S)
    """,
    re.VERBOSE,
)


class _Place(NamedTuple):
    """A place in the file: the types the schema gives it (none: not ours), its key, whether it is secret."""

    kinds: tuple[object, ...]
    key: str
    secret: bool


def is_secret(path: Path) -> bool:
    """True when what stands at the path, or anything below it, must not be shown."""
    return _at(path).secret


def redact(value: object, path: Path = ()) -> object:
    """The value at a path with every secret in it replaced by `MARKER`; tuples become lists."""
    return _redact(value, _at(path))


def without_secrets(text: str) -> str:
    """The text of a JSON5 file with `MARKER` for each secret in it, comments and all else as they are."""
    import json5  # late: it is slow to import, and rarely needed

    value = json5.loads(text)
    for secret in sorted(_hidden(value, redact(value)), key=len, reverse=True):
        written = json.dumps(secret, ensure_ascii=False)[1:-1]
        text = text.replace(written, MARKER).replace(secret, MARKER)
    return text


def _hidden(value: object, shown: object) -> Iterator[str]:
    """The texts that are not shown."""
    if isinstance(value, dict) and isinstance(shown, dict):
        for key, item in value.items():
            yield from _hidden(item, shown[key])
    elif isinstance(value, list) and isinstance(shown, list):
        for item, as_shown in zip(value, shown, strict=True):
            yield from _hidden(item, as_shown)
    elif value != shown:
        yield str(value)


def holds_marker(value: object) -> bool:
    """True when the marker stands anywhere in the value, as a text, a part of one, or a key."""
    if isinstance(value, str):
        return MARKER in value
    if isinstance(value, dict):
        return any(holds_marker(key) or holds_marker(item) for key, item in value.items())
    return isinstance(value, list | tuple) and any(map(holds_marker, value))


def _at(path: Path) -> _Place:
    from config.schema.root import Config  # late: a file is read without its schema

    place = _Place((Config,), "", False)
    for key in path:
        place = _below(place, str(key))
    return place


def _redact(value: object, place: _Place) -> object:
    if isinstance(value, dict):
        return {key: _redact(item, _below(place, str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_entry(value, index, _below(place, str(index))) for index in range(len(value))]
    if isinstance(value, str):
        bare = _REFERENCE.sub("", value)
        hidden = _SCHEME.fullmatch(bare) is None if place.secret else _LOOKS_SECRET.search(bare) is not None
        return MARKER if hidden else value
    plain = value is None or isinstance(value, bool) or not place.secret
    return value if plain else MARKER


def _entry(items: Sequence[object], index: int, place: _Place) -> object:
    """An entry of a list; in a command line the word behind `--token` is one."""
    before = items[index - 1] if index else None
    if isinstance(before, str) and _SECRET_FLAG.fullmatch(before):
        place = place._replace(secret=True)
    return _redact(items[index], place)


def _below(place: _Place, key: str) -> _Place:
    kinds = tuple(kind for above in place.kinds for kind in _members(above, key))
    if place.secret:
        return _Place(kinds, key, True)
    if kinds:
        return _Place(kinds, key, any(kind in (SecretStr, SecretBytes) for kind in kinds))
    name = place.key if key.isdecimal() else key
    return _Place((), name, _is_variable(place.key, key) or _names_secret(name))


def _members(kind: object, key: str) -> list[object]:
    """The types a key leads to from a type; empty when the schema knows none."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = (field for name, field in kind.model_fields.items() if key == (field.alias or name))
        return [found for field in fields for found in _unfold(field.annotation)]
    arguments = [argument for argument in get_args(kind) if argument is not Ellipsis]
    if get_origin(kind) is dict:
        return _unfold(arguments[1])
    if get_origin(kind) in (tuple, list):
        return [found for argument in arguments for found in _unfold(argument)]
    return []


def _unfold(kind: object) -> list[object]:
    """The alternatives of a type."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _unfold(get_args(kind)[0])
    if origin in (Union, UnionType):
        return [found for argument in get_args(kind) for found in _unfold(argument)]
    return [kind]


def _is_variable(parent: str, key: str) -> bool:
    """Environment variables and headers of other blocks are secrets whatever they are called."""
    return parent in _MAPS and key not in _NO_VARIABLE


def _names_secret(key: str) -> bool:
    words = [word.lower() for word in _WORD.findall(key)]
    if not words or words[-1] in _ABOUT:
        return False
    if words == ["key"] or not _ALWAYS.isdisjoint(words):
        return True
    if "tokens" in words:
        return _COUNTED.isdisjoint(words)
    pairs = list(pairwise(words))
    return any(second in {"key", "keys"} and first in _KEY_OF for first, second in pairs) or (
        ("service", "account") in pairs or ("webhook", "url") in pairs
    )
