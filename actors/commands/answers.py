"""What the desk says: short, plain, within one bubble, and never a secret. Pure.

``Answer`` is all there is to say; ``Refusal`` is one that belongs on record, because somebody wanted to write.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from actors.outbound.units import reach, units
from config.paths import Path, PathError
from config.problems import Problem
from config.redaction import redact
from config.refusals import WriteRefusedError

MOST_PROBLEMS = 3
MOST_LINES = 9
"""Lines of a diff that are shown: three changes."""
_LONGEST_WORD = 120
_WAITED = "This waited too long, or the gateway was restarted in the middle of it: it is not carried out now."


class Answer(NamedTuple):
    """What is said, and nothing happens."""

    text: str


class Refusal(NamedTuple):
    """A write that is not made: what is said, a code for the audit log, and the paths that were meant."""

    text: str
    code: str
    paths: tuple[Path, ...] = ()


def again(look: str = "") -> str:
    """What is said of a command that is not carried out, because it waited or the process ended in the middle of it.

    ``look`` is the command that shows whether a write was made all the same; ``""`` for one that writes nothing.
    """
    if look:
        return f"{_WAITED} Whether that was done before is not certain. Look: {look}"
    return f"{_WAITED} Send it again."


def capped(text: str, room: int, how: str = "") -> str:
    """``text``, or as many of its first lines as fit into ``room`` UTF-16 units, and a line that says it was cut.

    ``how`` ends that line: how to see the rest.
    """
    if units(text) <= room:
        return text
    more = f"... cut here{how}"
    lines, left = text.split("\n"), room - units(more) - 1
    kept: list[str] = []
    for line in lines:
        if units(line) + 1 > left:
            break
        kept.append(line)
        left -= units(line) + 1
    if not kept:
        kept = [lines[0][: reach(lines[0], 0, max(left, 0))]]
    return "\n".join([*kept, more])


def value(document: object, path: Path) -> str:
    """A value of the document for people: JSON without its secrets; ``null`` where nothing stands."""
    found = redact(document)  # as a whole: in a list of arguments a secret is known by its neighbour
    for key in path:
        if isinstance(found, dict) and str(key) in found:
            found = found[str(key)]
        elif isinstance(found, list) and str(key).isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            return "null (not set)"
    return json.dumps(found, indent=2, ensure_ascii=False)


def no_path(error: PathError, usage: str, text: str) -> str:
    """Why ``text`` is no path, and how it is written. Repeats its first word only: a value may follow it."""
    if not text.strip():
        return usage
    word = text.partition("=")[0].split(maxsplit=1)
    why = str(error).replace(text.strip(), shortened(word[0]) if word else "nothing", 1)
    return f"{why}.\n{usage}"


def problems(found: Sequence[Problem]) -> list[str]:
    """The first problems of a config, a line each."""
    told = [f"- {one.path}: {one.message}" for one in found[:MOST_PROBLEMS]]
    more = len(found) - len(told)
    return [*told, f"and {more} more"] if more > 0 else told


def unwritten(error: WriteRefusedError) -> str:
    """Why the writer did not write."""
    if error.code == "invalid":
        return "\n".join(["Not changed, for the config would not be valid:", *problems(error.problems)])
    if error.code == "shrink":
        return f"Not changed: {error}, at the computer: gateway config set --force"
    return "\n".join([f"Not changed: {error}", *problems(error.problems)])


def diff(lines: Sequence[str]) -> list[str]:
    """The first lines of a diff."""
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"... and {more} more lines"] if more > 0 else list(lines)


def shortened(text: str) -> str:
    """A text somebody typed as it may be repeated: short, and not at all where it looks like a secret."""
    shown = str(redact(text))
    return shown if len(shown) <= _LONGEST_WORD else f"{shown[:_LONGEST_WORD]}..."
