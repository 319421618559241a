"""What is still to be asked, in which order, and what Enter means. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from actors.control.setup.answers import IMSG, Given


class Question(NamedTuple):
    """One question. ``key`` is the field of ``Given``, ``flag`` answers it on the command line.

    ``default`` is what Enter and ``--yes`` mean; None: an answer is needed, and ``hint`` says more for who gives none.
    """

    key: str
    flag: str
    text: str
    default: str | None = None
    hint: str = ""


class Surroundings(NamedTuple):
    """What was found out: programs that are an imsg, whether this is a Mac, and what the config still needs."""

    programs: tuple[str, ...] = ()
    is_mac: bool = False
    channel: bool = True
    agent: bool = True


INSTALL = "no imsg was found on the PATH or in Homebrew's folders: brew install steipete/tap/imsg"

WHERE = """\
  1 local  Messages runs on this Mac
  2 ssh    on another Mac (or as another user of this one), reached over SSH
  3 scp    the same, and files people send are fetched from there by SCP
Where does Messages run? 1, 2 or 3"""
FLAGS = {
    "deployment": "--deployment",
    "ssh_host": "--ssh-host",
    "ssh_imsg": "--ssh-imsg",
    "cli_path": "--cli-path",
    "db_path": "--db-path",
    "allow_from": "--allow-from",
    "agent": "--agent",
    "command": "--command",
}


def still_open(given: Given, around: Surroundings) -> Iterator[Question]:
    """The questions without an answer, in order; those behind an open one as if Enter were the answer to it."""
    if around.channel:
        yield from _channel(given, around)
    if around.agent:
        yield from _agent(given)


def _channel(given: Given, around: Surroundings) -> Iterator[Question]:
    usual = "local" if around.programs or around.is_mac else "ssh"
    if given.deployment is None:
        yield _question("deployment", WHERE, usual)
    if (given.deployment or usual) == "local":
        if given.cli_path is None:
            found = next(iter(around.programs), None)
            yield _question("cli_path", "Which imsg?", found, "" if found else INSTALL)
    else:
        if given.ssh_host is None:
            yield _question(
                "ssh_host", "Which Mac? user@host, as ssh takes it", None, "user@host of the Mac with Messages and imsg"
            )
        if given.ssh_imsg is None and given.cli_path is None:
            yield _question("ssh_imsg", "imsg on that Mac (its path, if ssh finds none by the name)", IMSG)
    if given.allow_from is None:
        text = "Who may write without a pairing code? Numbers (+1...) and addresses, separated by commas"
        yield _question("allow_from", text, "nobody")


def _agent(given: Given) -> Iterator[Question]:
    if given.agent is None:
        yield _question(
            "agent", 'What answers? echo ("echo: <text>", for a first try) or command (your program)', "echo"
        )
    if given.agent == "command" and given.command is None:
        hint = "the program that answers, with its arguments"
        yield _question("command", "Which program? With its arguments, as in a shell", None, hint)


def _question(key: str, text: str, default: str | None, hint: str = "") -> Question:
    return Question(key, FLAGS[key], text, default, hint)
