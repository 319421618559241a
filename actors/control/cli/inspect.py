"""``gateway inspect -c CMD``: look inside a running gateway."""

import argparse
import sys
import time
from typing import TYPE_CHECKING

from actors.control.cli.common import add_json, ask, places, print_json
from actors.control.cli.exits import OK, USAGE, VerbError
from actors.control.cli.paragraphs import Paragraphs
from actors.control.inspection import COMMANDS, UnknownCommandError, parse

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "inspect",
        help="look inside a running gateway",
        description="Look inside a running gateway, without touching it.",
        epilog="commands:\n" + "\n".join(f"  {name:<12} {what}" for name, what in COMMANDS.items()),
        formatter_class=Paragraphs,
    )
    parser.add_argument("-c", "--command", metavar="CMD", required=True, help="what to look at, in one argument")
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Ask the running gateway and show its answer."""
    try:
        parse(args.command)
    except UnknownCommandError as error:
        raise VerbError(str(error), USAGE) from error
    report = ask(places(args), {"do": "inspect", "command": args.command})
    if args.json:
        print_json(report)
    else:
        from actors.control import tables

        tables.actors(tables.console(sys.stdout), report, time.time())
    return OK
