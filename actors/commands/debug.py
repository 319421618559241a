"""``/debug``: settings laid over the config in memory only; they end with the process. Pure.

In: the command and the desk's view. Out: the edits for whoever keeps the config, or what to say at once; and later the
words for the answer of that one.
"""

from collections.abc import Mapping
from typing import NamedTuple

from actors.commands import answers, config, permission
from actors.commands.answers import Answer, Refusal
from actors.commands.view import Asked, DeskView
from config import literals, steps
from config.edit import Set, Unset
from config.literals import LiteralError, read_chat
from config.paths import Path, PathError, assignment, dotted, typed
from config.redaction import redact
from config.steps import Edit

USAGE = "/debug show, set path=value, unset path, or reset"
SWITCH = "debug"
MEMORY = "In memory only: it ends with the gateway's process, and the file stays as it is."


class Overlay(NamedTuple):
    """Lay ``edits`` over the config; ``reset``: take off what lies there first."""

    edits: tuple[Edit, ...] = ()
    reset: bool = False


def request(asked: Asked, view: DeskView) -> Answer | Refusal | Overlay:
    """What the command wants, as far as its sender may want it. What may not be touched is not looked at here."""
    verb, rest = (*asked.arguments.split(maxsplit=1), "", "")[:2]
    verb = verb.lower() or "show"
    refused = permission.may(asked, view, SWITCH, as_owner=True, paths=config.meant(verb, rest))
    if refused is not None:
        return refused
    if verb not in {"show", "set", "unset", "reset"} or (verb in {"show", "reset"} and rest):
        return Answer(USAGE)
    if asked.replayed:
        return Answer(answers.again("" if verb == "show" else "/debug show"))
    try:
        edits = _edits(verb, rest)
    except PathError as error:
        return Refusal(f"Not changed: {answers.no_path(error, USAGE, rest)}", "syntax")
    except LiteralError as error:
        return Refusal(f"Not changed: the value: {error}.", "syntax", config.meant(verb, rest))
    refusal = steps.refusal(edits)
    if refusal is not None:
        return Refusal(f"Not changed: {refusal[1]}.", refusal[0], tuple(edit.path for edit in edits))
    return Overlay(edits, verb == "reset")


def told(overlay: Overlay, overrides: Mapping[str, object], problems: tuple[str, ...], room: int) -> str:
    """What came of it: ``overrides`` lie over the config now; with ``problems`` nothing was changed."""
    if problems:
        lines = [f"- {problem.removeprefix('- ')}" for problem in problems[: answers.MOST_PROBLEMS]]
        return answers.capped("\n".join(["Not changed, for the config would not be valid:", *lines]), room)
    laid = _lines(redact(dict(overrides)), ())
    if overlay.reset:
        return "Nothing lies over the config any more: the file alone counts."
    if not overlay.edits:
        text = "\n".join(["Over the config, in memory only:", *laid]) if laid else "Nothing lies over the config."
        return answers.capped(text, room)
    edit = overlay.edits[0]
    if isinstance(edit, Unset):
        return f"{dotted(edit.path)} is taken off: the file alone says it now."
    new = literals.write(redact(edit.value, edit.path), indent=None)
    return answers.capped(f"{dotted(edit.path)} = {new}\n{MEMORY}", room)


def _edits(verb: str, rest: str) -> tuple[Edit, ...]:
    if verb == "unset":
        return (Unset(typed(rest), prune=True),)
    if verb != "set":
        return ()
    path, text = assignment(rest)
    return (Set(path, read_chat(text)),)


def _lines(value: object, path: Path) -> list[str]:
    """Each value of the overrides with its path."""
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in _lines(item, (*path, key))]
    return [f"{dotted(path)} = {literals.write(value, indent=None)}"]
