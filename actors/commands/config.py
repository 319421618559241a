"""``/config``: what the config says, one change of it, and that change taken back. Pure.

In: the command and the desk's view. Out: what to do about it, or what to say at once; and later the words for what was
done. A path is written as on the command line, a value as ``config.literals.read_chat`` takes it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from actors.commands import answers, permission
from actors.commands.answers import Answer, Refusal
from actors.commands.view import Asked, DeskView
from config import Config, changes, unhonoured
from config.edit import Set, Unset
from config.literals import LiteralError, read_chat
from config.paths import Path, PathError, assignment, dotted, typed
from config.steps import Edit
from config.writer import Outcome

USAGE = "/config show [path], set path=value, unset path, or undo"
SWITCH = "config"
UNDO_SECONDS = 600.0
UNDO = "undo: /config undo (10 minutes)"
_READS = ("show", "get")


class Show(NamedTuple):
    """Say what stands at ``path``; everything for the empty one."""

    path: Path


class Change(NamedTuple):
    """Make these edits of the file."""

    edits: tuple[Edit, ...]


class Undo(NamedTuple):
    """Take the last change back."""


def request(asked: Asked, view: DeskView) -> Answer | Refusal | Show | Change | Undo:
    """What the command wants, as far as its sender may want it."""
    verb, rest = _verb(asked.arguments)
    writes = verb in {"set", "unset", "undo"}
    refused = permission.may(asked, view, SWITCH, as_owner=writes, paths=meant(verb, rest))
    if refused is not None:
        return refused
    if verb not in _READS and not writes:
        return Answer(USAGE)
    if asked.replayed:
        look = "/config show" if writes else ""
        return Answer(answers.again(" ".join([look, *map(dotted, meant(verb, rest))])))
    try:
        found = _read(verb, rest)
    except PathError as error:
        text = answers.no_path(error, USAGE, rest)
        return Refusal(f"Not changed: {text}", "syntax") if writes else Answer(text)
    except LiteralError as error:
        return Refusal(f"Not changed: the value: {error}.", "syntax", meant(verb, rest))
    if isinstance(found, Change):
        return permission.config_writes(asked, view, (edit.path for edit in found.edits)) or found
    return found


def meant(verb: str, rest: str) -> tuple[Path, ...]:
    """The path a write names, for the record; none where it cannot be read."""
    try:
        if verb == "set":
            return (assignment(rest)[0],)
        return (typed(rest),) if verb == "unset" else ()
    except PathError:
        return ()


def shown(document: object, path: Path, name: str, room: int) -> str:
    """The value at ``path`` of the document in the file ``name``, within ``room`` UTF-16 units."""
    text = answers.value(document, path)
    where = dotted(path) if path else f"{name}, as it is written"
    text = f"{where}:\n{text}" if "\n" in text else f"{where}: {text}"
    inside = f"{dotted(path)}.key" if path else "channels.imessage"
    return answers.capped(text, room, f"; for a part: /config show {inside}")


def changed(outcome: Outcome, view: DeskView, can_undo: bool, over: Sequence[str] = ()) -> str:
    """What a change did to the config of ``view``: the diff, from when it counts, the way back.

    ``over`` says what of /debug lies over it.
    """
    if not outcome.changed_paths:
        return "\n".join(["Nothing to change: it says so already.", *over])
    lines = answers.diff(outcome.diff_lines)
    lines += [_effect(outcome, view), *_in_vain(outcome, view), *over]
    lines += unhonoured.concerning(outcome.warnings, outcome.changed_paths)
    if outcome.unrecorded is not None:
        lines.append(outcome.unrecorded)
    if can_undo:
        lines.append(UNDO)
    return "\n".join(lines)


def undone(outcome: Outcome, view: DeskView, over: Sequence[str] = ()) -> str:
    """What taking a change back did, ``over`` as in ``changed``."""
    said = [_effect(outcome, view), *_in_vain(outcome, view), *over]
    return "\n".join(["Undone:", *answers.diff(outcome.diff_lines), *said])


def _verb(arguments: str) -> tuple[str, str]:
    verb, rest = (*arguments.split(maxsplit=1), "", "")[:2]
    return verb.lower() or "show", rest.strip()


def _read(verb: str, rest: str) -> Show | Change | Undo | Answer:
    """Raises ``PathError`` or ``LiteralError``."""
    if verb == "undo":
        return Undo() if not rest else Answer(USAGE)
    if verb in _READS:
        return Show(typed(rest))
    if verb == "unset":
        path = typed(rest)
        # An object that is left empty stays: without its channels.imessage the gateway would stop serving.
        return Change((Unset(path),)) if path else Answer(USAGE)
    path, text = assignment(rest)
    return Change((Set(path, read_chat(text)),))


def _effect(outcome: Outcome, view: DeskView) -> str:
    mode = view.config.gateway.reload.mode
    effect = changes.effect(outcome.changed_paths, mode)
    if effect == "restart":
        return (
            "The gateway starts over with it." if mode == "restart" else "It counts from the gateway's next start on."
        )
    if unhonoured.in_vain(outcome.changed_paths, view.config, _config(outcome)):
        return "It has no effect."
    after = {one.id: one for one in outcome.loaded.accounts} if outcome.loaded is not None else {}
    names = sorted(changes.accounts(view.accounts, after.values())) if effect == "accounts" else []
    told = [f"Account {name} {'starts anew' if name in after and after[name].enabled else 'stops'}." for name in names]
    return " ".join(told) or "It counts from the next message on."


def _in_vain(outcome: Outcome, view: DeskView) -> list[str]:
    """What of the change nothing here goes by."""
    names = unhonoured.among(outcome.changed_paths, view.config, _config(outcome))
    return [unhonoured.said(names)] if names else []


def _config(outcome: Outcome) -> Config | None:
    return outcome.loaded.config if outcome.loaded is not None else None
