"""Which message commands the gateway, in whatever words: slash text, an abort word, a reset trigger. Pure.

In: the text of a message, the triggers of the config, and whether what stands before a command is a mention. Out: the
``Recognised`` command, or None for text. An abort word is the whole message (``Stop.``), and so is ``/stop``; a trigger
of one's own (``session.resetTriggers``) is the whole message, or stands before the first message of the new session
(config-ops 3.1, inbound 6.3). A trigger takes no name from a command the gateway carries out.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from actors.commands.parse import CARRIED_OUT, TRAILING, parse

ABORTS = ("stop", "esc", "abort", "wait", "exit", "interrupt")
"""Whole messages that stop what runs, in any case."""
HEAD = 1024
"""Characters of a message in which a trigger is looked for."""

_LONGEST_ABORT = max(map(len, ABORTS))
_LAST = frozenset(TRAILING).union(*({word[-1], word[-1].upper()} for word in ABORTS))
"""What a message ends with that may end with an abort word."""


class Recognised(NamedTuple):
    """A command by its main name, and its arguments.

    ``written`` is the known command the text is, by its main name; ``""`` for an abort word or a trigger of one's own,
    which are text unless somebody writes them who may command. ``is_bare``: neither a slash nor a mention says that it
    is meant for us.
    """

    name: str
    arguments: str
    written: str
    is_bare: bool


Pattern = re.Pattern[str]


def may_be_command(text: str) -> bool:
    """Whether ``text`` can be a command where there are no triggers; most messages cannot, at the first glance."""
    return "/" in text or (text[-1:] in _LAST and text.rstrip(TRAILING)[-_LONGEST_ABORT:].lower().endswith(ABORTS))


def compiled(triggers: Iterable[str]) -> Pattern | None:
    """What finds the triggers that are no command by themselves, in any case; None where there are none."""
    words = [one.split() for one in triggers if not _is_command(one)]
    spelt = sorted({r"\s+".join(map(re.escape, some)) for some in words if some}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(spelt)})(?=\s|\Z)", re.IGNORECASE) if spelt else None


def recognised(
    text: str, triggers: Pattern | None, is_mention: Callable[[str], bool], *, with_files: bool = False
) -> Recognised | None:
    """The command that ``text`` is, with nothing or a mention before it; what begins first counts.

    ``with_files``: the message has attachments, and so no single word is the whole of it.
    """
    for start, name, arguments, written in _candidates(text, triggers, with_files):
        before = text[:start]
        if not (said := before.strip()) or is_mention(before):
            return Recognised(name, arguments, written, not said and text[start] != "/")
    return None


def _candidates(text: str, triggers: Pattern | None, with_files: bool) -> Iterator[tuple[int, str, str, str]]:
    """Where each begins, its main name, its arguments and as what it is written; the first ones first."""
    slash = text.find("/")
    found = triggers.search(text[:HEAD]) if triggers is not None else None
    if slash >= 0 and (found is None or slash < found.start()):
        yield from _slash(text, slash)
    if found is not None:
        known = parse(text[found.start() :])
        yield found.start(), "new", text[found.end() :].strip(), known.name if known is not None else ""
        if slash >= found.start():
            yield from _slash(text, slash)
    if not with_files and text:
        yield from _abort(text)


def _slash(text: str, at: int) -> Iterator[tuple[int, str, str, str]]:
    command = parse(text[at:])
    if command is not None:
        yield at, command.name, command.arguments, command.name


def _abort(text: str) -> Iterator[tuple[int, str, str, str]]:
    said = text.rstrip(TRAILING)
    end = said[-_LONGEST_ABORT:].lower()
    if end.endswith(ABORTS):
        start = len(said) - max(len(word) for word in ABORTS if end.endswith(word))
        if not said[:start][-1:].isalnum():
            yield start, "stop", "", ""


def _is_command(trigger: str) -> bool:
    command = parse(trigger)
    return command is not None and command.name in CARRIED_OUT
