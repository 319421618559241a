"""Asking before something goes for good: on a terminal, or by ``--yes``."""

import argparse
import sys

from actors.control.cli.common import add_json
from actors.control.cli.exits import USAGE, VerbError

YES = "yes"


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--dry-run``, ``--yes``, ``--json``."""
    parser.add_argument("--dry-run", action="store_true", help="only say what would go; a gateway may run meanwhile")
    parser.add_argument("--yes", action="store_true", help="do not ask; needed with --json and where nobody can answer")
    add_json(parser)


def obtain(args: argparse.Namespace, question: str) -> bool:
    """Whether the person wants it: they type ``yes``. The question goes to stderr.

    Raises ``VerbError`` where nobody can be asked.
    """
    if args.yes:
        return True
    if args.json or not sys.stdin.isatty():
        raise VerbError(
            "nothing was changed: without a terminal to ask on it takes --yes (--dry-run only shows)", USAGE
        )
    print(f"{question} Type {YES}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() == YES
