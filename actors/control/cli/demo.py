"""``gateway demo``: a gateway, a pretend Messages and two people, played as a live transcript. Exit code 0 only if
everything held that was expected."""

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

VERSIONS, DEFAULT = ("0.5", "0.6", "0.9", "0.15"), "0.9"


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "demo",
        help="talk to a gateway with a pretend iMessage, no Mac needed",
        description="Play a gateway in a temporary folder: pairing, groups, long answers, kill -9. Takes about 20 s, "
        "needs no Mac and no config, and touches nothing of yours. Exits with 0 only if all went as expected.",
    )
    parser.add_argument(
        "--imsg-version",
        choices=VERSIONS,
        default=DEFAULT,
        help=f"which imsg the pretend Messages comes with: {', '.join(VERSIONS)} (default: %(default)s)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder and say where it is")


def execute(args: argparse.Namespace) -> int:
    """Play."""
    from actors.control.demo.performance import perform  # late: the other verbs do without

    return perform(sys.stdout, args.keep, args.imsg_version)
