"""The questions of ``gateway setup``: answered by flags, by a person at a terminal, or by their defaults.

Questions and complaints go to stderr. Nothing is written before the last question is answered.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from actors.control.cli.common import remark
from actors.control.cli.exits import USAGE, VerbError
from actors.control.setup.answers import AnswerError, Given, answer
from actors.control.setup.programs import Program, examine
from actors.control.setup.questions import FLAGS, Question, Surroundings, still_open
from config.values import expand_home

Take = Callable[[Given, str, str], Given]
"""Takes the answer to the question of that name. Raises ``AnswerError``."""
IMPLIED = {
    "--ssh-host": ("deployment", "ssh"),
    "--ssh-imsg": ("deployment", "ssh"),
    "--command": ("agent", "command"),
}
"""What a flag says besides, where nothing else was said."""


def from_flags(args: argparse.Namespace, take: Take) -> Given:
    """What the command line says. Raises ``VerbError`` with all that is wrong with it."""
    given, wrong = Given(), list[str]()
    said = {key: _text(getattr(args, key)) for key in FLAGS if getattr(args, key) is not None}
    for flag, (key, value) in IMPLIED.items():
        if flag.removeprefix("--").replace("-", "_") in said:
            said.setdefault(key, value)
    for key in FLAGS:
        if key not in said:
            continue
        try:
            given = take(given, key, said[key])
        except AnswerError as error:
            wrong.append(f"{FLAGS[key]} {error}")
    if given.deployment == "local" and {"ssh_host", "ssh_imsg"} & said.keys():
        wrong.append("--ssh-host and --ssh-imsg are for another Mac: --deployment ssh")
    if given.agent == "echo" and "command" in said:
        wrong.append("--command is for --agent command")
    if wrong:
        raise VerbError("; ".join(wrong), USAGE)
    return given


def by_default(given: Given, around: Surroundings, take: Take) -> Given:
    """Every open question answered as Enter would. Raises ``VerbError`` naming the flags that are needed."""
    while questions := list(still_open(given, around)):
        ready = next((one for one in questions if one.default is not None), None)
        if ready is None or ready.default is None:
            needed = "; ".join(f"{one.flag} ({one.hint})" for one in questions)
            raise VerbError(f"nothing was written, missing: {needed}", USAGE)
        given = _or_usage(take, given, ready, ready.default)
    return given


def nobody_to_ask(given: Given, around: Surroundings) -> None:
    """Raises ``VerbError`` naming every flag that is missing, when there is one."""
    questions = list(still_open(given, around))
    if not questions:
        return
    told = (f"{one.flag} ({one.hint or f'usually {one.default}'})" for one in questions)
    raise VerbError(
        f"nothing was written, and there is no terminal to ask on. Missing: {'; '.join(told)}. "
        "--yes takes what is usual",
        USAGE,
    )


def asked(given: Given, around: Surroundings, take: Take) -> Given:
    """Every open question answered by the person at the terminal, asked again as long as the answer is none."""
    while (question := next(still_open(given, around), None)) is not None:
        text = prompt(question)
        try:
            given = take(given, question.key, text)
        except AnswerError as error:
            remark(f"{text.strip() or 'that'}: {error}" if len(text) < 80 else str(error))
    return given


def prompt(question: Question) -> str:
    """One answer; the default for an empty line. Raises ``VerbError`` at the end of the input."""
    shown = f" [{question.default}]" if question.default is not None else ""
    if question.hint and question.hint not in question.text:
        print(f"({question.hint})", file=sys.stderr)
    print(f"{question.text}{shown}: ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise VerbError("nothing was written: the input ended", USAGE)
    return line.rstrip("\r\n") or (question.default or "")


def taker(home: Path, *, force: bool, look: Callable[[str], Program] = examine) -> Take:
    """Takes answers as files of this computer: paths become absolute, programs must be there unless ``force``."""

    def take(given: Given, key: str, text: str) -> Given:
        here = given.deployment in (None, "local")
        if key == "cli_path":
            text = _absolute(text.strip(), home)
        elif key == "db_path" and here and text.strip():
            text = str(Path(expand_home(text.strip(), home)).absolute())
        given = answer(given, key, text)
        if key == "cli_path" and here and not force:
            return replace(given, cli_path=_examined(given.cli_path or "", look))
        if key == "command" and given.command:
            return replace(given, command=(_found(given.command[0], home, force=force), *given.command[1:]))
        return given

    return take


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _or_usage(take: Take, given: Given, question: Question, text: str) -> Given:
    try:
        return take(given, question.key, text)
    except AnswerError as error:
        raise VerbError(f"nothing was written: {question.flag} {text}: {error}", USAGE) from error


def _absolute(text: str, home: Path) -> str:
    """Names stay names; relative paths are those of this folder."""
    expanded = expand_home(text, home)
    return str(Path(expanded).absolute()) if os.sep in expanded else expanded


def _examined(cli: str, look: Callable[[str], Program]) -> str:
    found = look(cli)
    if found.fault is not None:
        raise AnswerError(f"{found.fault} (--force writes it all the same)")
    return found.path  # a service has another PATH than a terminal


def _found(program: str, home: Path, *, force: bool) -> str:
    path = shutil.which(_absolute(program, home))
    if path is None and not force:
        raise AnswerError(f"{program} is not there, or not executable (--force writes it all the same)")
    path = str(Path(path).absolute()) if path else _absolute(program, home)
    if not path.isprintable():
        raise AnswerError(f"the path of {program!a} holds a character that cannot be printed")
    return path
