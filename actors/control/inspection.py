"""The commands of ``inspect``: read from text, refused with the list of those there are."""

from typing import NamedTuple

COMMANDS = {
    "actors": "every actor with its mailbox, what it works on, faults and restarts",
    "actor NAME": "one of them",
}


class Command(NamedTuple):
    """``name`` is the first word of a known command, ``argument`` its second, empty for none."""

    name: str
    argument: str = ""


class UnknownCommandError(ValueError):
    """Not a command; the message lists the known ones."""


def parse(text: str) -> Command:
    """Read a command. Raises ``UnknownCommandError``."""
    match text.split():
        case ["actors"]:
            return Command("actors")
        case ["actor", name]:
            return Command("actor", name)
    known = "; ".join(f"{command}: {what}" for command, what in COMMANDS.items())
    raise UnknownCommandError(f"unknown inspect command {text[:80]!r}. Known: {known}")
