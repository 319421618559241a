"""``gateway setup``: ask what is needed (or take flags), write the config file, look whether it works.

A file that is there is not replaced: what it lacks is shown and added on request. Without a terminal nothing is asked:
flags say everything, or ``--yes`` takes what is usual. Exits with 1 when the file is right and imsg does not work yet.
"""

import argparse
import os
import shlex
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from actors.control.cli import setup_report, setup_talk
from actors.control.cli.common import add_json, places, remark
from actors.control.cli.config_desk import refuse, writer
from actors.control.cli.exits import ERROR, OK, USAGE, VerbError
from actors.control.config_file import load
from actors.control.setup import additions, programs, render, wrapper, writing
from actors.control.setup.answers import AnswerError, Answers, Given, complete
from actors.control.setup.questions import Surroundings
from config import Loaded, Places
from config.commit import Outcome
from config.values import expand_home
from config.writer import WriteRefusedError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

SCRIPT = "imsg-ssh"
"""The name of the script for another Mac, beside the config file."""


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "setup",
        help="write a config file, question by question, and see whether it works",
        description="Ask what is needed, write the config file, and look whether imsg works. A file that is there is "
        "not replaced: what it lacks is shown and added when you agree. Flags answer questions beforehand.",
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing: take what is usual where no flag says more")
    where = "where Messages runs: on this Mac, on another one, or there with its files fetched by scp"
    parser.add_argument("--deployment", choices=("local", "ssh", "scp"), help=where)
    parser.add_argument("--ssh-host", metavar="USER@HOST", help="the other Mac, as ssh takes it")
    parser.add_argument("--ssh-imsg", metavar="PATH", help="imsg on that Mac, where ssh finds none by the name")
    parser.add_argument(
        "--cli-path", metavar="PATH", help="imsg; with --ssh-host the script that runs it there, made if need be"
    )
    parser.add_argument("--db-path", metavar="FILE", help="the Messages database, if not the usual one")
    parser.add_argument(
        "--allow-from", metavar="H", nargs="+", action="extend", help="who needs no pairing code: numbers, addresses"
    )
    parser.add_argument("--agent", choices=("echo", "command"), help="what answers: a first try, or your program")
    parser.add_argument("--command", metavar="WORDS", help="that program and its arguments, in one text")
    parser.add_argument("--force", action="store_true", help="also if imsg or the program is not there (yet)")
    parser.add_argument("--no-probe", action="store_true", help="do not look whether it works")
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, write nothing")
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Ask, write, look."""
    where = places(args)
    take = setup_talk.taker(where.home, force=args.force)
    given = setup_talk.from_flags(args, take)
    try:
        if os.path.lexists(where.config):
            loaded = load(where, os.environ)
            if loaded.config is None:
                raise WriteRefusedError("unreadable", f"{loaded.path} is not valid: mend it first", loaded.problems)
            return _existing(args, where, loaded, given, take)
        return _new(args, where, given, take)
    except WriteRefusedError as error:
        return refuse(error)


def _new(args: argparse.Namespace, where: Places, given: Given, take: setup_talk.Take) -> int:
    answers = _answers(args, where, given, _surroundings(args, given), take)
    text, script = render.text(answers), _script(answers, given, where)
    if _asks(args):
        print(setup_report.preview(where.config, text, script), file=sys.stderr)
        _consent(args, f"Write {'these files' if script else 'this file'}? [yes]: ", usual="yes")
    with ExitStack() as undo:
        files = [*writing.touched(where), *([script.path] if script else [])]
        undo.enter_context(writing.new_folders_undone(*files, always=args.dry_run))
        if script is not None and not args.dry_run:
            undo.enter_context(writing.script_placed(script.path, script.text))
        outcome = writing.create(where, os.environ, text, dry_run=args.dry_run)
    if args.dry_run and not args.json:
        print(setup_report.preview(where.config, text, script))
    return _done(args, where, outcome, script)


def _existing(args: argparse.Namespace, where: Places, loaded: Loaded, given: Given, take: setup_talk.Take) -> int:
    assert loaded.config is not None
    missing = additions.lacks(loaded.config)
    _say_what_stays(where, missing, given)
    if not missing.channel and missing.agent is None:
        return _done(args, where, Outcome(where.config, loaded.digest, loaded=loaded), None)
    around = _surroundings(args, given, missing)
    answers = _answers(args, where, given, around, take)
    script = _script(answers, given, where) if missing.channel else None
    desk = writer(where)
    edits, seen = additions.edits(missing, answers), desk.read().digest
    planned = desk.change(edits, writing.ACTOR, seen, dry_run=True)
    if not args.json:
        setup_report.diff(planned, script)
    if args.dry_run:
        return _done(args, where, planned, script)
    if not args.yes:
        _consent(args, f"Add that to {where.config}? Type yes: ", usual="")
    with ExitStack() as undo:
        if script is not None:
            undo.enter_context(writing.new_folders_undone(script.path))
            undo.enter_context(writing.script_placed(script.path, script.text))
        outcome = desk.change(edits, writing.ACTOR, seen)
    return _done(args, where, outcome, script)


def _say_what_stays(where: Places, missing: additions.Lacks, given: Given) -> None:
    channel = (given.deployment, given.ssh_host, given.ssh_imsg, given.cli_path, given.db_path, given.allow_from)
    if not missing.channel and any(one is not None for one in channel):
        remark(
            f"{where.config} has channels.imessage already, which stays as it is; change it with gateway config set, "
            "or gateway channels add"
        )
    if missing.agent is None and given.agent is not None:
        remark(f"{where.config} has an agent already, which stays as it is; change it with gateway config set")


def _surroundings(
    args: argparse.Namespace, given: Given, missing: additions.Lacks = additions.EVERYTHING
) -> Surroundings:
    """What can be found out before anything is asked. Starts the programs called imsg that are here."""
    found: tuple[str, ...] = ()
    if missing.channel and given.cli_path is None and given.deployment in (None, "local"):
        looked = [programs.examine(path) for path in programs.candidates(os.environ.get("PATH", os.defpath))]
        found = tuple(one.path for one in looked if one.fault is None)
        for one in looked:
            if one.fault is not None:
                remark(one.fault)
            elif not args.json:
                print(f"found imsg {one.version}".rstrip() + f": {one.path}", file=sys.stderr)
    return Surroundings(found, sys.platform == "darwin", missing.channel, missing.agent is not None)


def _answers(
    args: argparse.Namespace, where: Places, given: Given, around: Surroundings, take: setup_talk.Take
) -> Answers:
    if args.yes:
        given = setup_talk.by_default(given, around, take)
    elif _asks(args):
        given = setup_talk.asked(given, around, take)
    else:
        setup_talk.nobody_to_ask(given, around)
    beside = where.config.parent / SCRIPT
    short = f"~/{beside.relative_to(where.home)}" if beside.is_relative_to(where.home) else str(beside)
    try:
        return complete(given, short) if around.channel else Answers("local", "", command=given.command)
    except AnswerError as error:
        raise VerbError(f"nothing was written: {error}", USAGE) from error


def _script(answers: Answers, given: Given, where: Places) -> setup_report.Script | None:
    """The script to make; None when imsg is here, or when the flag names a program that is there already."""
    if answers.ssh_host is None or (given.cli_path and shutil.which(given.cli_path)):
        return None
    path = Path(expand_home(answers.cli_path, where.home))
    if not path.is_absolute():
        raise VerbError(f"--cli-path {answers.cli_path}: there is no such program; a path would be made", USAGE)
    return setup_report.Script(path, wrapper.script(answers.ssh_host, answers.ssh_imsg), answers.ssh_host)


def _asks(args: argparse.Namespace) -> bool:
    return not args.yes and not args.json and sys.stdin.isatty()


def _consent(args: argparse.Namespace, question: str, usual: str) -> None:
    """Raises ``VerbError`` unless the person agrees."""
    if not _asks(args):
        raise VerbError("nothing was changed: without a terminal to ask on it takes --yes", USAGE)
    print(question, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line or (line.strip().lower() or usual) not in ("y", "yes"):
        raise VerbError("nothing was changed")


def _done(args: argparse.Namespace, where: Places, outcome: Outcome, script: setup_report.Script | None) -> int:
    """Look whether it works, tell, and name the next command."""
    probed = None
    if not args.no_probe and not args.dry_run and outcome.loaded is not None:
        from actors.control.setup.probe import probe

        if not args.json:
            setup_report.written(where, outcome, script)
        probed = probe(where, outcome.loaded)
    elif not args.json and not args.dry_run:
        setup_report.written(where, outcome, script)
    option = f" --config {shlex.quote(str(where.config))}" if args.config else ""
    well = setup_report.tell(where, outcome, script, probed, option, dry_run=args.dry_run, as_json=args.json)
    return OK if well else ERROR
