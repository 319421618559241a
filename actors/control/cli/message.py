"""``gateway message send --dry-run``: the requests imsg would get, without a gateway and without starting anything."""

import argparse
import os
from typing import TYPE_CHECKING, Any

from actors.control.cli.common import add_json, places, print_json, remark
from actors.control.cli.exits import BAD_CONFIG, ERROR, OK, USAGE, VerbError
from actors.control.config_file import load
from actors.outbound.chunks import chunk
from actors.outbound.targets import TargetError, parse_target, wire_params
from config import Account, Places
from config.ids import normalize_id

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("message", help="see how a message would be sent")
    verbs = parser.add_subparsers(metavar="send", dest="action", required=True)
    sending = verbs.add_parser(
        "send",
        help="one message to one target",
        description="Show the requests that would send a text, cut into chunks as the account's settings say.",
    )
    sending.add_argument(
        "--target", metavar="T", help="a phone number, an e-mail, chat_id:ID, chat_guid:GUID, sms:..., imessage:..."
    )
    sending.add_argument("--message", metavar="M", help="the text; it goes as typed")
    sending.add_argument("--account", metavar="A", help="the account that sends (the default one)")
    sending.add_argument("--media", metavar="F", action="append", help=argparse.SUPPRESS)
    sending.add_argument("--markdown", action="store_true", help=argparse.SUPPRESS)
    sending.add_argument("--dry-run", action="store_true", help="only print the requests")
    add_json(sending)


def execute(args: argparse.Namespace) -> int:
    """Print the requests."""
    for given, name in ((args.media, "--media"), (args.markdown, "--markdown")):
        if given:
            raise VerbError(f"{name} needs a later version of the gateway; this one shows plain text only", USAGE)
    if not args.dry_run:
        raise VerbError("sending from the command line needs a later version of the gateway; add --dry-run", USAGE)
    if args.message is None:
        raise VerbError("what is to be sent? --message TEXT", USAGE)
    requests = plan(args.target, args.message, account(places(args), args.account))
    if args.json:
        print_json({"requests": requests})
    else:
        for one in requests:
            print_json(one)
    return OK


def plan(target: str | None, text: str, sender: Account) -> list[dict[str, Any]]:
    """``{method, params}`` for each chunk of ``text``. Raises ``VerbError``, with exit code 1 for a bad target."""
    named = target if target is not None else sender.default_to
    if named is None:
        raise VerbError("where to? --target T (or defaultTo in the config)", USAGE)
    try:
        text.encode()
        to = parse_target(named)
    except UnicodeEncodeError as error:
        raise VerbError("the message is not valid UTF-8") from error
    except TargetError as error:
        raise VerbError(str(error), ERROR) from error
    pieces = chunk(text, sender.text_chunk_limit, sender.chunk_mode)
    if not pieces:
        raise VerbError("nothing to send: the message is blank")
    transport = "bridge" if sender.send_transport == "bridge" else "applescript"
    return [
        {"method": "send", "params": wire_params(to, piece, sender.service, sender.region, transport=transport)}
        for piece in pieces
    ]


def account(where: Places, wanted: str | None) -> Account:
    """The account that sends. Raises ``VerbError``: 78 for an invalid config file, 1 for an unknown account.

    Without a config file, or without accounts in it, the defaults count: they decide what goes on the wire then.
    """
    if not where.config.exists() and not where.overlay.exists():
        remark(f"no config file at {where.config}: the defaults are shown")
        return _default(wanted)
    loaded = load(where, os.environ)
    if loaded.problems:
        found = "; ".join(str(problem).removeprefix("- ") for problem in loaded.problems[:3])
        raise VerbError(f"{loaded.path} is not valid: {found}. See: gateway config validate", BAD_CONFIG)
    if wanted is not None:
        by_id = {one.id: one for one in loaded.accounts}
        if (found_account := by_id.get(normalize_id(wanted, ""))) is not None:
            return found_account
        raise VerbError(f"no account {wanted[:40]!r}. There are: {', '.join(by_id) or 'none'}")
    return loaded.default_account or _default(None)


def _default(wanted: str | None) -> Account:
    if wanted is not None:
        raise VerbError(f"no account {wanted[:40]!r}: no config file names one")
    return Account(id="default")
