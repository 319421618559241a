"""Which slash text is a control command, and what it says. Pure.

In: the text of a message. Out: the ``Command`` it is, or None for text that is meant for the agent. A command without
arguments is the whole text: ``/status`` is one, ``/status please`` is text, be it on one line or on two; so is
``/configure x``. One that takes arguments has those of its first line; what stands behind ``/new`` is a message, and
kept whole. Names count in any case; ``/cmd: args`` is ``/cmd args``, and whoever wants to stop may shout: ``/stop!``.
What is no slash text and a command all the same is a matter of ``recognise``.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from config.schema.commands import Commands


class Command(NamedTuple):
    """A command by its main name, and its arguments as they were written."""

    name: str
    arguments: str = ""


class Form(NamedTuple):
    """How a command is written: its main name, and whether it takes arguments."""

    name: str
    takes_arguments: bool


_ALONE = "help commands status whoami stop restart"
_WITH_ARGUMENTS = (
    "new reset activation send allowlist approve config debug queue model models think verbose reasoning elevated exec"
    " usage compact context bash tts skill subagents"
)
_ALIASES = {
    "id": "whoami",
    "thinking": "think",
    "t": "think",
    "v": "verbose",
    "reason": "reasoning",
    "elev": "elevated",
}
_MAIN = {
    **{name: Form(name, takes_arguments=False) for name in _ALONE.split()},
    **{name: Form(name, takes_arguments=True) for name in _WITH_ARGUMENTS.split()},
}
KNOWN = {**_MAIN, **{alias: _MAIN[name] for alias, name in _ALIASES.items()}}
"""By name and alias (config-ops 3.5, inbound 4.6): the commands people know, whether this gateway carries them out."""

SWITCHED = ("config", "debug", "bash", "restart")
"""Commands with a switch of their own, ``commands.<name>``: switched off they are text to the gate."""

RESETS = frozenset({"new", "reset"})
"""Commands that are switched on by name in ``session.resetTriggers``."""
TRIGGERS = ("/new", "/reset")
"""What that list says where nobody wrote one."""

BY_NAME = frozenset({"config", "debug", "allowlist", "restart"})
"""Carried out here, and only for people who are named: what these show names people."""
OF_A_SESSION = frozenset({"activation", "send", "queue", "model"})
"""Carried out here: how one session differs from the config. Shown to whoever may command, set by an owner."""
STEERING = OF_A_SESSION | RESETS | {"stop"}
"""Commands that change how a session goes on: what is written there after one waits until it is carried out."""
CARRIED_OUT = BY_NAME | STEERING | {"help", "commands", "status", "whoami"}
"""The main names of the commands this gateway carries out itself; any other reaches the agent as text."""

TRAILING = " \t\r\n.!?,;:\u2026\u3002\uff01\uff1f"
"""What may stand behind a word that stops."""
_LINE = re.compile(r"/([A-Za-z]+)(?::|(?=\s)|\Z)(.*)")
LONGEST_NAME = max(map(len, KNOWN))


def parse(text: str) -> Command | None:
    """The known command that ``text`` is, switched on or not; None when it is none."""
    text = text.strip()
    if not text.startswith("/"):
        return None
    if text[:5].lower() == "/stop" and not text[5:].strip(TRAILING):
        return Command("stop")
    first, _, more = text.partition("\n")
    line = _LINE.fullmatch(first.rstrip())
    if line is None or len(line[1]) > LONGEST_NAME:
        return None
    form, arguments = KNOWN.get(line[1].lower()), line[2].strip()
    if form is None or ((arguments or more) and not form.takes_arguments):
        return None
    if more and form.name in RESETS:
        arguments = f"{arguments}\n{more}".strip()
    return Command(form.name, arguments)


def switched_off(commands: Commands, triggers: Iterable[str] = TRIGGERS) -> frozenset[str]:
    """The main names of the commands this config does without; ``triggers`` are its ``session.resetTriggers``."""
    begin = {trigger.strip().lower() for trigger in triggers}
    resets = (name for name in RESETS if f"/{name}" not in begin)
    return frozenset((*(name for name in SWITCHED if not getattr(commands, name)), *resets))
