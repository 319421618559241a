"""``gateway config validate|file``: check the config file, or find it. Never looks for programs or hosts."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actors.control.cli.common import add_json, places, print_json, remark
from actors.control.cli.exits import ERROR, OK
from actors.control.config_file import cautions, load
from config import Loaded, Places, Problem

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("config", help="check the config file, or find it")
    verbs = parser.add_subparsers(metavar="validate|file", dest="action", required=True)
    checking = verbs.add_parser(
        "validate",
        help="is the file right?",
        description="Check the config file as the gateway does at its start. Exits with 1 on any problem.",
    )
    finding = verbs.add_parser(
        "file", help="which file is it?", description="Print the path of the config file in use."
    )
    for each in (checking, finding):
        add_json(each)


def execute(args: argparse.Namespace) -> int:
    """Check or find."""
    where = places(args)
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
