"""``gateway pairing list|approve|revoke|deny|import``: who asks for access, who has it, and saying yes or no.

Works on the pairing files themselves, so it needs no running gateway; one that runs is told to look at once. Here are
the words of the command line; each verb is in a module of its own.
"""

import argparse
from typing import TYPE_CHECKING

from actors.control.cli import (
    pairing_approve,
    pairing_deny,
    pairing_desk,
    pairing_import,
    pairing_list,
    pairing_revoke,
)
from actors.control.cli.common import add_json, places
from actors.control.cli.exits import OK, VerbError
from actors.control.cli.pairing_desk import Desk
from actors.pairing.store import StoreUnreadableError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Verbs = _SubParsersAction[argparse.ArgumentParser]

VERBS = {
    "list": pairing_list.execute,
    "approve": pairing_approve.execute,
    "revoke": pairing_revoke.execute,
    "deny": pairing_deny.execute,
    "import": pairing_import.execute,
}


def add(subparsers: "Verbs") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("pairing", help="who asks for access, and letting them in")
    verbs = parser.add_subparsers(metavar="|".join(VERBS), dest="action", required=True)
    listing = verbs.add_parser(
        "list", help="who waits, and who was let in", description="List the requests that wait and the people let in."
    )
    listing.add_argument("words", nargs="*", metavar="imessage", help="the channel; there is only this one")
    pairing_desk.add_options(listing)
    _add_approve(verbs)
    _add_revoke(verbs)
    _add_deny(verbs)
    _add_import(verbs)


def execute(args: argparse.Namespace) -> int:
    """Do the one that was asked for."""
    try:
        VERBS[args.action](args, Desk.at(places(args)))
    except StoreUnreadableError as error:
        raise VerbError(f"the pairing store cannot be used: {error}") from error
    return OK


def _add_approve(verbs: "Verbs") -> None:
    parser = verbs.add_parser(
        "approve",
        usage="%(prog)s [-h] [--notify] [--channel C] [--account A] [--json] [imessage] CODE|HANDLE",
        help="let in whoever has this code",
        description="Let in the person who was sent this code, or asks under this handle. From then on their messages "
        "are answered. Where there is no owner yet, the first one let in becomes it. --json names the files the "
        "approval is stored in.",
    )
    parser.add_argument(
        "words", nargs="+", metavar="[imessage] CODE|HANDLE", help="the code, 8 letters and digits, or who asks"
    )
    parser.add_argument("--notify", action="store_true", help="tell the person, through the running gateway")
    pairing_desk.add_options(parser)


def _add_revoke(verbs: "Verbs") -> None:
    parser = verbs.add_parser(
        "revoke",
        usage="%(prog)s [-h] [--channel C] [--account A] [--json] [imessage] HANDLE",
        help="shut out whoever was let in",
        description="Take back an approval, in every account that has it unless --account names one. Says where the "
        "config admits the person all the same.",
    )
    parser.add_argument("words", nargs="+", metavar="[imessage] HANDLE", help="the phone number or e-mail address")
    pairing_desk.add_options(parser)


def _add_deny(verbs: "Verbs") -> None:
    parser = verbs.add_parser(
        "deny",
        usage="%(prog)s [-h] [--channel C] [--account A] [--json] [imessage] CODE|HANDLE",
        help="turn away whoever asks",
        description="Remove a request that waits. The person is told nothing, and gets no new code for a day.",
    )
    parser.add_argument("words", nargs="+", metavar="[imessage] CODE|HANDLE", help="the code, or who asks")
    pairing_desk.add_options(parser)


def _add_import(verbs: "Verbs") -> None:
    parser = verbs.add_parser(
        "import",
        help="take over whom newer OpenClaw let in",
        description="Take over the approvals newer OpenClaw keeps in its database, which is only read. Can be done "
        "again at any time. Whoever was revoked here since is not let in again.",
    )
    parser.add_argument("--from", metavar="PATH", dest="source", help="the database (<state>/state/openclaw.sqlite)")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be taken over")
    pairing_desk.add_account(parser)
    add_json(parser)
