"""``gateway config``: check the config file, look into it, change it. Never looks for programs or hosts.

``validate`` and ``file`` are here; ``config_show`` has the verbs that read, ``config_change`` those that write.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from actors.control.cli.common import add_json, places, print_json, remark, whole_number
from actors.control.cli.exits import ERROR, OK
from actors.control.config_file import cautions, load
from config import Loaded, Places, Problem

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Verbs = _SubParsersAction[argparse.ArgumentParser]

_ELSEWHERE = {
    "get": "actors.control.cli.config_show",
    "schema": "actors.control.cli.config_show",
    "diff": "actors.control.cli.config_show",
    "set": "actors.control.cli.config_change",
    "unset": "actors.control.cli.config_change",
    "rollback": "actors.control.cli.config_change",
}
_PATH = 'a key such as channels.imessage.allowFrom[0] or channels.imessage.groups["42"]'


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("config", help="check the config file, look into it, change it")
    names = "validate|file|get|set|unset|diff|rollback|schema"
    verbs = parser.add_subparsers(metavar=names, dest="action", required=True)
    _add_reading(verbs)
    _add_writing(verbs)


def _add_reading(verbs: "Verbs") -> None:
    checking = verbs.add_parser(
        "validate",
        help="is the file right?",
        description="Check the config file as the gateway does at its start. Exits with 1 on any problem.",
    )
    finding = verbs.add_parser(
        "file", help="which file is it?", description="Print the path of the config file in use."
    )
    getting = verbs.add_parser(
        "get",
        help="what does it say?",
        description="Print a value as it is written, secrets left out. Exits with 1 when it is not set.",
    )
    getting.add_argument("path", metavar="PATH", nargs="?", help=f"{_PATH}; everything without it")
    verbs.add_parser("schema", help="JSON Schema, for editors", description="Print the JSON Schema of the config file.")
    comparing = verbs.add_parser(
        "diff",
        help="what changed since a backup?",
        description="Print what changed since a backup, or since the gateway last started, secrets left out.",
    )
    _add_backup(comparing)
    comparing.add_argument("--last-good", action="store_true", help="since the gateway last started")
    for each in (checking, finding, getting, comparing):
        add_json(each)


def _add_writing(verbs: "Verbs") -> None:
    setting = verbs.add_parser(
        "set",
        help="change a value",
        description="Change one value and nothing else in the file. An object is merged into the one that is there.",
    )
    setting.add_argument("path", metavar="PATH", help=_PATH)
    setting.add_argument(
        "value", metavar="VALUE", nargs="?", help="JSON5, else text; from standard input without it (for secrets)"
    )
    setting.add_argument("--strict-json", action="store_true", help="VALUE must be JSON5: text in quotes")
    ways = setting.add_mutually_exclusive_group()
    ways.add_argument("--merge", action="store_true", help="set the keys of an object, keep its others (the default)")
    ways.add_argument("--replace", action="store_true", help="replace an object as a whole")
    removing = verbs.add_parser("unset", help="remove a key", description="Remove one key. Exits with 1 if not set.")
    removing.add_argument("path", metavar="PATH", help=_PATH)
    restoring = verbs.add_parser(
        "rollback",
        help="put a backup back",
        description="Put a backup back; what is there now becomes a backup, so this can be undone.",
    )
    _add_backup(restoring)
    restoring.add_argument("--list", action="store_true", help="which backups are there?")
    for each in (setting, removing):
        each.add_argument("--force", action="store_true", help="even if most of the file would be gone")
    for each in (setting, removing, restoring):
        each.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
        add_json(each)


def _add_backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="N", nargs="?", type=whole_number, default=1, help="1 (the newest) to 5")
    parser.add_argument("--file", metavar="F", help="of this included file (or gateway.json5) instead of the main one")


def execute(args: argparse.Namespace) -> int:
    """Check, look or change."""
    where = places(args)
    if args.action in _ELSEWHERE:
        code: int = import_module(_ELSEWHERE[args.action]).execute(args, where)
        return code
    if args.action == "file":
        return _file(args, where)
    loaded = load(where, os.environ)
    warnings = [*loaded.warnings, *cautions(loaded, where)]
    if args.json:
        print_json(as_json(loaded, warnings))
    else:
        _report(loaded, warnings)
    return ERROR if loaded.problems else OK


def _file(args: argparse.Namespace, where: Places) -> int:
    if args.json:
        print_json({"path": str(where.config), "exists": where.config.exists()})
    else:
        # Short for people; a script gets a path it can open as it is.
        print(short(where.config, where.home) if sys.stdout.isatty() else where.config)
    return OK


def short(path: Path, home: Path) -> str:
    """The path with ``~`` for the home folder."""
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _report(loaded: Loaded, warnings: Sequence[str]) -> None:
    if loaded.problems:
        print(f"{loaded.path} is not valid:")
        for problem in loaded.problems:
            print(_printable(str(problem)))
    else:
        print(f"{loaded.path} is valid")
    for warning in warnings:
        remark(f"warning: {warning}")


def _printable(text: str) -> str:
    from actors.runtime.logs import visible

    return visible(text)


def as_json(loaded: Loaded, warnings: Sequence[str]) -> dict[str, object]:
    """``{valid, path, issues: [{path, message, line, column, file?}], warnings}``."""
    return {
        "valid": not loaded.problems,
        "path": str(loaded.path),
        "issues": [_issue(problem) for problem in loaded.problems],
        "warnings": list(warnings),
    }


def _issue(problem: Problem) -> dict[str, object]:
    place = {"line": problem.line, "column": problem.column}
    file = {"file": problem.file} if problem.file else {}
    return {"path": problem.path, "message": problem.message, **place, **file}
