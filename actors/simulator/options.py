"""Command-line words of the simulator: one verb, `--name value` options, switches.

Pure, and not argparse, because imsg's rules are its own: `--help` and `--version` win wherever they stand,
unknown options are an error, and every failure is exit 1 (imsg protocol 2).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

_SHORT = {"-h": "help", "-V": "version", "-v": "verbose", "-j": "json"}
_SWITCHES = frozenset({"help", "version", "verbose", "json", "attachments", "reactions", "no-join"})

_BESIDE_HELP = frozenset({"imsg-version", "faults", "fault"})


class UsageError(Exception):
    """The words make no sense; the text says which and what would."""


class Options(NamedTuple):
    """What was asked: the verb (empty without one), values by option name, switches that are on."""

    verb: str
    values: Mapping[str, str]
    switches: frozenset[str]

    def integer(self, name: str, default: int | None = None) -> int | None:
        """The whole number of an option. Raises UsageError for text that is none."""
        text = self.values.get(name)
        if text is None:
            return default
        try:
            return int(text)
        except ValueError as error:
            raise UsageError(f"--{name}: {text!r} is not a whole number") from error


def parse(argv: Sequence[str], known: Mapping[str, frozenset[str]]) -> Options:
    """Sort the words; `known` maps each verb to the value options it takes. Raises UsageError."""
    verb = argv[0] if argv and not argv[0].startswith("-") else ""
    wished = frozenset(filter(None, map(_switch, argv)))
    if wished & {"help", "version"}:
        return Options(verb, values_that_matter(argv), wished)
    if verb not in known:
        raise UsageError(f"unknown command {verb!r}: use one of {', '.join(known)}")
    values: dict[str, str] = {}
    switches = set()
    words = iter(argv[1:])
    for word in words:
        switch = _switch(word)
        if switch:
            switches.add(switch)
            continue
        name, joined, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name not in known[verb]:
            raise UsageError(f"unknown option {word!r} for {verb}: see imsg {verb} --help")
        text = value if joined else next(words, None)
        if text is None:
            raise UsageError(f"--{name} needs a value")
        values[name] = text
    return Options(verb, values, frozenset(switches))


def values_that_matter(argv: Sequence[str]) -> dict[str, str]:
    """The values that count beside `--help` and `--version`: which version is meant, and what is broken."""
    values = {}
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        name, joined, value = word.removeprefix("--").partition("=")
        if word.startswith("--") and name in _BESIDE_HELP:
            values[name] = value if joined else following
    return values


def _switch(word: str) -> str | None:
    name = _SHORT.get(word, word.removeprefix("--"))
    return name if word.startswith("-") and name in _SWITCHES else None
