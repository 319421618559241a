"""``gateway channels add|remove``: change which accounts the config has, by the one writer of the config file.

Never looks for programs or hosts; ``channels status --probe`` does.
"""

import argparse
import os
from typing import TYPE_CHECKING, Any

from actors.control.cli import consent
from actors.control.cli.common import add_json, print_json, remark
from actors.control.cli.config_desk import refuse, writer
from actors.control.cli.exits import OK, USAGE, VerbError
from actors.control.config_file import load
from actors.control.setup import accounts
from actors.runtime.logs import visible
from config import Places, changes
from config.commit import Outcome
from config.overlay import CHANNEL, DEFAULT_ID
from config.steps import value_at
from config.writer import WriteRefusedError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

ACTOR = "cli"
_KEYS = {"name": "name", "cli_path": "cliPath", "db_path": "dbPath", "service": "service", "region": "region"}


def add(verbs: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare ``add`` and ``remove``."""
    adding = verbs.add_parser(
        "add",
        help="add an account, or change one",
        description="Add an account to the config file, or set the given keys of one that is there. With a first named "
        "account the keys of the channel that belong to its own account move to accounts.default.",
    )
    adding.add_argument("--name", metavar="TEXT", help="a label for people")
    adding.add_argument("--cli-path", metavar="PATH", help="imsg, or a script that runs it on another Mac (imsg)")
    adding.add_argument("--db-path", metavar="FILE", help="its Messages database")
    adding.add_argument("--service", choices=("imessage", "sms", "auto"), help="how new messages go out")
    adding.add_argument("--region", metavar="CC", help="two letters of the country, for numbers without its code")
    adding.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
    add_json(adding)
    removing = verbs.add_parser(
        "remove",
        help="switch an account off, or delete it",
        description="Switch an account off (enabled: false), or delete it from the config file. Messages, sessions and "
        "pairings stay.",
    )
    removing.add_argument("--delete", action="store_true", help="remove its keys instead of switching it off")
    consent.add_options(removing)
    for each in (adding, removing):
        each.add_argument("--channel", choices=("imessage",), default="imessage", help="imessage, the only one here")
        each.add_argument("--account", metavar="ID", help=f"which account ({DEFAULT_ID})")


def execute(args: argparse.Namespace, where: Places) -> int:
    """Change the accounts, and show what that did."""
    before = load(where, os.environ).warnings
    desk = writer(where)
    try:
        found = desk.read()
        change = _change(args, _channel(found.value))
        outcome = desk.change(change.edits, ACTOR, found.digest, dry_run=True)
        if outcome.changed_paths and not args.dry_run and _agreed(args, outcome):
            outcome = desk.change(change.edits, ACTOR, found.digest)
    except WriteRefusedError as error:
        return refuse(error)
    except accounts.AccountError as error:
        raise VerbError(str(error)) from error
    new = [text for text in outcome.warnings if text not in before]
    if args.json:
        print_json(_as_json(args, outcome, [*change.remarks, *new]))
        return OK
    for text in change.remarks if outcome.changed_paths else ():
        print(text)
    for text in new:
        remark(f"warning: {text}")
    _report(args, outcome)
    return OK


def _change(args: argparse.Namespace, channel: dict[str, Any] | None) -> accounts.Change:
    ident = accounts.account_id(args.account or DEFAULT_ID)
    if args.action == "remove":
        return (accounts.delete if args.delete else accounts.switch_off)(channel, ident)
    values = {key: getattr(args, name) for name, key in _KEYS.items() if getattr(args, name) is not None}
    if not values and args.account is None:
        raise VerbError("say which account, or what about it (--help); gateway setup asks for a first one", USAGE)
    return accounts.add(channel, ident, values)


def _channel(document: object) -> dict[str, Any] | None:
    """``channels.imessage`` as it is written."""
    try:
        found = value_at(document, CHANNEL)
    except KeyError:
        return None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in _named(found)):
        raise VerbError("channels.imessage is no object of accounts: see gateway config validate")
    return found


def _named(channel: dict[str, Any]) -> list[object]:
    found = channel.get("accounts", {})
    return list(found.values()) if isinstance(found, dict) else [found]


def _agreed(args: argparse.Namespace, planned: Outcome) -> bool:
    """Whether to go on, the change having been shown. Raises ``VerbError`` when not."""
    if not args.json:
        _diff(planned)
    if args.action == "remove":
        what = "Delete that account" if args.delete else "Switch that account off"
        if not consent.obtain(args, f"{what} in {planned.file}?"):
            raise VerbError("nothing was changed")
    return True


def _diff(outcome: Outcome) -> None:
    for line in outcome.diff_lines:
        print(visible(line))


def _report(args: argparse.Namespace, outcome: Outcome) -> None:
    if not outcome.changed_paths:
        print(f"nothing to change in {outcome.file}")
    elif args.dry_run:
        _diff(outcome)
    else:
        print(f"written to {outcome.file}; undo: gateway config rollback")
        if outcome.unrecorded is not None:
            remark(f"warning: {outcome.unrecorded}")
        if args.action == "add":
            print("is imsg there? gateway channels status --probe")


def _as_json(args: argparse.Namespace, outcome: Outcome, warnings: list[str]) -> dict[str, object]:
    """``{changed, diff, file, backup, effect, dryRun, warnings}``; effect is null when nothing changed."""
    return {
        "changed": list(outcome.changed_paths),
        "diff": list(outcome.diff_lines),
        "file": str(outcome.file),
        "backup": None if outcome.backup is None else str(outcome.backup),
        "effect": changes.effect(outcome.changed_paths) if outcome.changed_paths else None,
        "dryRun": args.dry_run,
        "warnings": warnings,
    }
