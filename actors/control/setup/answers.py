"""What a person answers when the gateway is set up, and what each answer may be. Pure.

In: texts, typed or given as flags. Out: ``Given``, what is known so far, and at the end ``Answers``. Every text is
taken as it is: ``${NAME}`` means these characters, no variable. Promise: whatever was accepted makes a config file that
loads.
"""

import re
import shlex
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from actors.access.entries import Kind, parse
from config.safety import executable_fault, file_fault, host_fault

Deployment = Literal["local", "ssh", "scp"]
"""Where Messages runs (mission page): on this Mac; on another one, over SSH; there, and its files come by SCP."""

IMSG = "imsg"
LONGEST = 2000
"""Characters of one answer; a list may have so many in each entry."""
MOST_ENTRIES = 200
REGION = "US"

_DEPLOYMENTS: dict[str, Deployment] = {
    "1": "local",
    "2": "ssh",
    "3": "scp",
    "local": "local",
    "ssh": "ssh",
    "scp": "scp",
}
_NOBODY = frozenset({"", "-", "nobody", "none"})
_REMOTE_PROGRAM = re.compile(r"[A-Za-z0-9_./+][A-Za-z0-9_./+-]*", re.ASCII)
_REMOTE_PATH = re.compile(r"/[A-Za-z0-9_./+@-]*[A-Za-z0-9_.+@-]", re.ASCII)


class AnswerError(ValueError):
    """An answer that cannot be taken; the message says what is wrong and what to write."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is known so far; None is not known yet. Field names are those of the questions."""

    deployment: Deployment | None = None
    ssh_host: str | None = None
    ssh_imsg: str | None = None
    cli_path: str | None = None
    db_path: str | None = None
    allow_from: tuple[str, ...] | None = None
    agent: str | None = None
    command: tuple[str, ...] | None = None


class Answers(NamedTuple):
    """All that is needed. ``cli_path`` is the program, or the wrapper script when ``ssh_host`` is another Mac.

    ``command`` None: the echo agent answers.
    """

    deployment: Deployment
    cli_path: str
    db_path: str | None = None
    ssh_host: str | None = None
    ssh_imsg: str = IMSG
    allow_from: tuple[str, ...] = ()
    command: tuple[str, ...] | None = None


def answer(given: Given, key: str, text: str) -> Given:
    """``given`` with the answer to the question ``key``. Raises ``AnswerError``."""
    if len(text) > LONGEST * (MOST_ENTRIES if key == "allow_from" else 1):
        raise AnswerError(f"is longer than {LONGEST} characters")
    if not all(char.isprintable() for char in text):
        raise AnswerError("holds a character that cannot be printed: type it in plain characters")
    text = text.strip()
    match key:
        case "deployment":
            return replace(given, deployment=_deployment(text))
        case "ssh_host":
            return replace(given, ssh_host=_sound(text, host_fault(text)))
        case "ssh_imsg":
            return replace(given, ssh_imsg=_remote_program(text))
        case "cli_path":
            return replace(given, cli_path=_sound(text, executable_fault(text)))
        case "db_path":
            return replace(given, db_path=_sound(text, file_fault(text)))
        case "allow_from":
            return replace(given, allow_from=_senders(text))
        case "agent":
            return replace(given, agent=_agent(text))
        case "command":
            return replace(given, command=_command(text))
    raise KeyError(key)


def complete(given: Given, wrapper: str) -> Answers:
    """The answers when nothing is left to ask; ``wrapper`` is where the script for another Mac goes, as in the config.

    Raises ``AnswerError`` for answers that do not go together.
    """
    if given.deployment is None:
        raise AnswerError("where Messages runs is not known")
    command = given.command if given.agent == "command" else None
    if given.deployment == "local":
        cli = given.cli_path or IMSG
        return Answers("local", cli, given.db_path, allow_from=given.allow_from or (), command=command)
    if given.db_path is not None and not _REMOTE_PATH.fullmatch(given.db_path):
        raise AnswerError(
            "over SSH dbPath is an absolute path on that Mac, of letters, digits and . _ / + @ - only: a shell reads it"
        )
    cli = given.cli_path or wrapper
    if fault := executable_fault(cli) or (None if cli.isprintable() else "holds a character that cannot be printed"):
        raise AnswerError(f"the wrapper script cannot be {cli}: cliPath {fault}")
    imsg = given.ssh_imsg or IMSG
    return Answers(given.deployment, cli, given.db_path, given.ssh_host, imsg, given.allow_from or (), command)


def _deployment(text: str) -> Deployment:
    found = _DEPLOYMENTS.get(text.lower())
    if found is None:
        raise AnswerError("must be local, ssh or scp")
    return found


def _sound(text: str, fault: str | None) -> str:
    if fault is not None:
        raise AnswerError(fault)
    return text


def _remote_program(text: str) -> str:
    if not _REMOTE_PROGRAM.fullmatch(text):
        raise AnswerError("must be imsg, or its path on that Mac, of letters, digits and . _ / + - only")
    return text


def _senders(text: str) -> tuple[str, ...]:
    if text.lower() in _NOBODY:
        return ()
    entries = tuple(filter(None, (entry.strip() for entry in text.split(","))))
    if len(entries) > MOST_ENTRIES:
        raise AnswerError(f"are more than {MOST_ENTRIES}: write the others into the file")
    for entry in entries:
        found = parse(entry, REGION)
        if found.kind is Kind.UNUSABLE:
            raise AnswerError(f"{entry}: {found.value}")
        if found.kind is Kind.ACCESS_GROUP:
            raise AnswerError(f"{entry}: name the people themselves; access groups are made in the file")
        if found.kind is Kind.BLANK:
            raise AnswerError(f"{entry}: names nobody")
    return entries


def _agent(text: str) -> str:
    if text.lower() not in ("echo", "command"):
        raise AnswerError("must be echo or command")
    return text.lower()


def _command(text: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise AnswerError(f"is no command line: {str(error).lower()}") from None
    if not words or not all(words):
        raise AnswerError("must be a program and its arguments, none of them empty")
    return words
