"""``gateway config set|unset|rollback``: change the config file, and say what that did."""

import argparse
import os
import sys
from datetime import UTC, datetime

from actors.control.cli.common import print_json, remark
from actors.control.cli.config_answer import NOBODY, TAKEN, answer
from actors.control.cli.config_desk import keys, named_file, refuse, writer
from actors.control.cli.exits import OK, USAGE, VerbError
from actors.control.config_file import load
from actors.runtime.logs import visible
from config import Config, Places, changes, unhonoured
from config.edit import Set, Unset
from config.literals import LiteralError, read
from config.writer import Outcome, Writer, WriteRefusedError

ACTOR = "cli"

_EFFECTS = {
    "live": "takes effect with the next message",
    "accounts": "takes effect when the accounts concerned have started anew",
    "restart": "takes effect when the gateway is restarted",
}


def execute(args: argparse.Namespace, where: Places) -> int:
    """Make the change, or list what can be put back."""
    desk = writer(where)
    try:
        if args.action == "rollback" and args.list:
            return _list(args, desk)
        before = load(where, os.environ).config
        outcome = _run(args, desk)
    except WriteRefusedError as error:
        return refuse(error, keys(args.path) if args.action == "set" else ())
    written = not args.dry_run and bool(outcome.changed_paths or outcome.backup)
    said = answer(where, outcome.digest) if written else NOBODY
    if args.json:
        print_json(_as_json(outcome, before, said, dry_run=args.dry_run))
    else:
        _report(outcome, before, said, dry_run=args.dry_run)
    return OK


def _run(args: argparse.Namespace, desk: Writer) -> Outcome:
    if args.action == "rollback":
        return desk.rollback(args.number, ACTOR, named_file(args), dry_run=args.dry_run)
    path = keys(args.path)
    if args.action == "unset":
        return desk.change([Unset(path)], ACTOR, dry_run=args.dry_run, force=args.force)
    value = _value(args)
    return desk.change([Set(path, value)], ACTOR, dry_run=args.dry_run, replace=args.replace, force=args.force)


def _value(args: argparse.Namespace) -> object:
    text = args.value
    if text is None:
        if sys.stdin.isatty():
            raise VerbError("a value is missing: gateway config set PATH VALUE", USAGE)
        text = sys.stdin.read().removesuffix("\n")
    try:
        return read(text, strict=args.strict_json)
    except LiteralError as error:
        raise VerbError(f"the value is {error}", USAGE) from error


def _report(outcome: Outcome, before: Config | None, said: str, *, dry_run: bool) -> None:
    if not outcome.changed_paths and outcome.backup is None:
        print(f"nothing to change in {outcome.file}")
    for line in outcome.diff_lines:
        print(visible(line))
    idle = unhonoured.among(outcome.changed_paths, before, _after(outcome))
    if idle:
        remark(f"warning: {unhonoured.said(idle)}")
    for warning in unhonoured.concerning(outcome.warnings, outcome.changed_paths):
        remark(f"warning: {warning}")
    if outcome.unrecorded is not None:
        remark(f"warning: {outcome.unrecorded}")
    if dry_run or not (outcome.changed_paths or outcome.backup):
        return
    print(f"written to {outcome.file}; {TAKEN if said == TAKEN else f'it {_what(outcome, before)}'}")
    if said not in {NOBODY, TAKEN}:
        print(said)
    if outcome.backup is not None:
        print(f"undo: gateway config rollback{_of_file(outcome)}")


def _what(outcome: Outcome, before: Config | None) -> str:
    """What a running gateway does about the change."""
    if not outcome.changed_paths:
        return "changes no value"
    if unhonoured.in_vain(outcome.changed_paths, before, _after(outcome)):
        return "has no effect"
    mode = _mode(before)
    by_itself = ", which happens by itself" if mode == "restart" else ""
    return _EFFECTS[changes.effect(outcome.changed_paths, mode)] + by_itself


def _mode(config: Config | None) -> changes.Mode:
    """How a running gateway takes changes, by the config from before the change."""
    return "hybrid" if config is None else config.gateway.reload.mode


def _after(outcome: Outcome) -> Config | None:
    return outcome.loaded.config if outcome.loaded is not None else None


def _of_file(outcome: Outcome) -> str:
    main = outcome.loaded is None or outcome.loaded.path == outcome.file
    return "" if main else f" --file {outcome.file}"


def _as_json(outcome: Outcome, before: Config | None, said: str, *, dry_run: bool) -> dict[str, object]:
    """``{changed, unhonoured, diff, file, backup, effect, digest, dryRun, warnings, gateway}``.

    ``unhonoured`` are the changed places that this version does not honour. ``effect`` is null when nothing changed,
    ``gateway`` (what the running one says) where none runs.
    """
    return {
        "changed": list(outcome.changed_paths),
        "unhonoured": list(unhonoured.among(outcome.changed_paths, before, _after(outcome))),
        "diff": list(outcome.diff_lines),
        "file": str(outcome.file),
        "backup": None if outcome.backup is None else str(outcome.backup),
        "effect": changes.effect(outcome.changed_paths, _mode(before)) if outcome.changed_paths else None,
        "digest": outcome.digest,
        "dryRun": dry_run,
        "warnings": list(outcome.warnings),
        "gateway": None if said == NOBODY else said,
    }


def _list(args: argparse.Namespace, desk: Writer) -> int:
    found = desk.backups(named_file(args))
    if args.json:
        rows = [
            {"number": one.number, "path": str(one.path), "bytes": one.size, "time": _utc(one.time)} for one in found
        ]
        print_json({"backups": rows})
        return OK
    for one in found:
        when = datetime.fromtimestamp(one.time).astimezone()
        print(f"{one.number}  {when:%Y-%m-%d %H:%M:%S}  {one.size:>8} bytes  {visible(str(one.path))}")
    if not found:
        print("no backups yet: the first change makes one")
    return OK


def _utc(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
