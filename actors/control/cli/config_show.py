"""``gateway config get|schema|diff``: what the config says, may say, and said before. Secrets are left out."""

import argparse
import json
import os
from collections.abc import Sequence
from typing import Any

from actors.control.cli.common import print_json
from actors.control.cli.config_desk import keys, named_file, refuse, writer
from actors.control.cli.exits import OK, VerbError
from actors.runtime.logs import visible
from config import Places, document, last_good
from config.changes import ABSENT, Change, between, shown
from config.document import Document
from config.paths import dotted
from config.redaction import redact
from config.refusals import WriteRefusedError, unreadable
from config.steps import value_at


def execute(args: argparse.Namespace, where: Places) -> int:
    """Print what was asked for."""
    try:
        if args.action == "schema":
            return _schema()
        if args.action == "diff":
            return _diff(args, where)
        return _get(args, where)
    except WriteRefusedError as error:
        return refuse(error)


def _get(args: argparse.Namespace, where: Places) -> int:
    path = keys(args.path)
    everything = redact(writer(where).read().value)  # in a list of arguments a secret is known by its neighbour
    try:
        value = value_at(everything, path)
    except KeyError:
        raise VerbError(f"{dotted(path)} is not set in {where.config}") from None
    if args.json:
        print_json(value)
    elif isinstance(value, str):
        print(visible(value))
    else:
        for line in json.dumps(value, indent=2, ensure_ascii=False).split("\n"):
            print(visible(line))
    return OK


def _schema() -> int:
    from config.describe import json_schema  # late: builds every model

    print(json.dumps(json_schema(), indent=2))
    return OK


def _diff(args: argparse.Namespace, where: Places) -> int:
    desk = writer(where)
    old = _last_good(where) if args.last_good else desk.earlier(args.number, named_file(args))
    changes = list(between(old.value, desk.read().value))
    if args.json:
        print_json({"changes": [_as_json(change) for change in changes]})
    else:
        _print(shown(changes) or ["nothing changed"])
    return OK


def _last_good(where: Places) -> Document:
    kept = last_good.places(where)
    if kept is None:
        raise VerbError("no config is kept: a gateway keeps it once it has started")
    found = document.read(kept, os.environ)
    if isinstance(found, document.Broken):
        raise unreadable(kept.config, found.problems)
    return found


def _as_json(change: Change) -> dict[str, Any]:
    sides = (("old", change.old), ("new", change.new))
    values = {name: redact(value, change.path) for name, value in sides if value is not ABSENT}
    return {"path": dotted(change.path), **values}


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        print(visible(line))
