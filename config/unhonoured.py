"""Keys the schema knows and nothing in this version honours: a file may have them, and nobody is led to count on them.

``UNHONOURED`` is the table, each place with the word for what is missing here. In: a valid config, or the paths that a
change touches. Out: what is to be said about those. Whoever builds what a key asks for takes it out of the table; a
test keeps the table and the code together. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from config import changes, unenforced
from config.account import Account
from config.describe import default_of
from config.known import Pattern, fits
from config.paths import Path, dotted, parse
from config.schema import Config
from config.unenforced import PARTLY

HEAD: Final = "read and not honoured by this version: "
"""Begins the one line about all of them."""

_ACCOUNT = {
    "attachments": "remoteAttachmentRoots",
    "rendering": "markdown",
    "limits": "allowTo rateLimit",
    "health": "healthMonitor",
    "catchup": "catchup",
}
_AGENT = {"labels": "name", "acp": "runtime.acp.backend"}
_REST = {
    "shell": "env.shellEnv",
    "scopes": "session.scope",
    "store": "session.store",
    "threads": "session.resetByType.thread",
    "queue": "messages.queue.drop",
    "reactions": "messages.statusReactions",
    "switches": "commands.text commands.bash",
    "hashes": "commands.ownerDisplay commands.ownerDisplaySecret",
    "logs": "logging.consoleLevel logging.consoleStyle logging.file logging.maxFileBytes logging.redactSensitive"
    " logging.redactPatterns",
    "health": "gateway.channelHealthCheckMinutes",
}


def _at(place: Pattern, table: Mapping[str, str]) -> dict[Pattern, str]:
    return {(*place, *key.split(".")): word for word, keys in table.items() for key in keys.split()}


UNHONOURED: Final[Mapping[Pattern, str]] = {
    **_at((), _REST),
    **_at(("channels", "imessage"), _ACCOUNT),
    **_at(("channels", "imessage", "accounts", "*"), _ACCOUNT),
    **_at(("agents", "list", "*"), _AGENT),
    **_at(("agents", "entries", "*"), _AGENT),
}
"""Where such a key stands (`*` is any id or index), with all that is in it, and the word for what is missing."""


class _Asked(NamedTuple):
    """A place where a file asks for something, with its word of the table and the value; no word: honoured in part."""

    path: Path
    word: str
    value: object


def among(paths: Iterable[str], before: Config | None = None, after: Config | None = None) -> tuple[str, ...]:
    """Those of the dotted ``paths`` of a change that nothing here honours.

    For a path above such places come, when the configs before and after the change are given, those of them that
    differ.
    """
    was, now = ({one.path: one.value for one in _asked(config) if one.word} for config in (before, after))
    differing = [place for place in {**was, **now} if was.get(place) != now.get(place)]
    found: dict[str, None] = {}
    for text in paths:
        path = _words(parse(text))
        if any(fits(path[: len(pattern)], pattern) for pattern in UNHONOURED):
            found[text] = None
        else:
            found |= {dotted(place): None for place in differing if _words(place)[: len(path)] == path}
    return tuple(found)


def in_vain(paths: Collection[str], before: Config | None = None, after: Config | None = None) -> bool:
    """Whether a change of these dotted paths does nothing, because nothing honours a single place of it.

    The configs before and after it tell even where it made the blocks around such places.
    """
    differing = changes.diff(before, after) if before is not None and after is not None else ()
    return any(one and set(one) == set(among(one)) for one in (paths, differing))


def said(names: Collection[str]) -> str:
    """What is to be said of a change of these places, as ``among`` gives them."""
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} read and not honoured by this version"


def concerning(told: Iterable[str], paths: Collection[str]) -> tuple[str, ...]:
    """Those of a config's warnings that are about what a change of these places touched; the others are as they were.

    Without the one line: ``said`` speaks of the places of the change alone.
    """
    return tuple(one for one in told if not one.startswith(HEAD) and any(_is_about(one, path) for path in paths))


def warnings(config: Config, accounts: Iterable[Account]) -> Iterator[str]:
    """One line about all such keys in the file, then one for each that forbids what happens all the same.

    A default that is written out asks for nothing.
    """
    found = tuple(_asked(config))
    by_word: dict[str, list[str]] = {}
    for one in found:
        if one.word:
            by_word.setdefault(one.word, []).append(dotted(one.path))
    if by_word:
        yield HEAD + "; ".join(f"{', '.join(names)} ({word})" for word, names in by_word.items())
    has_files = any(account.enabled and account.include_attachments for account in accounts)
    for one in found:
        if why := unenforced.why(str(one.path[-1]), one.value, has_files):
            yield f"{dotted(one.path)}: {why}"


def _asked(value: Any, path: Path = (), pattern: Pattern = (), default: object = None) -> Iterator[_Asked]:
    """The places where (a part of) a config asks for what it does not get, in the order of the schema."""
    word = "" if pattern in PARTLY else UNHONOURED.get(pattern)
    if word is not None:
        if _asks(value, default):
            yield _Asked(path, word, value)
    elif isinstance(value, BaseModel):
        for key, item, usual in _set(value):
            yield from _asked(item, (*path, key), (*pattern, key), usual)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _asked(item, (*path, key), (*pattern, "*"))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _asked(item, (*path, index), (*pattern, "*"))


def _asks(value: object, default: object) -> bool:
    """Whether a value says anything that leaving it out would not say."""
    if isinstance(value, BaseModel):
        return any(_asks(item, usual) for _, item, usual in _set(value))
    if isinstance(value, dict):
        return bool(value)
    return list(value) != (default or []) if isinstance(value, tuple) else value != default


def _set(block: BaseModel) -> Iterator[tuple[str, object, object]]:
    """The keys that are set in a block, each with its value and what it would be otherwise."""
    for name, info in type(block).model_fields.items():
        if name in block.model_fields_set:
            yield info.alias or name, getattr(block, name), default_of(type(block), name, info)


def _is_about(warning: str, path: str) -> bool:
    """Whether a warning names a place, or begins with one above it."""
    place = warning.partition(": ")[0]
    return path in warning or path.startswith((f"{place}.", f"{place}["))


def _words(path: Path) -> tuple[str, ...]:
    """A path with its indexes as text, as ``parse`` reads those with dots."""
    return tuple(map(str, path))
