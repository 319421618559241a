"""``gateway pairing import``: take over whom newer OpenClaw let in, from its database, which is only read."""

import argparse
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from actors.control.cli.common import print_json, remark
from actors.control.cli.exits import VerbError
from actors.control.cli.pairing_desk import CHANNEL, Desk, chosen_account, remark_strangers, tell_gateway
from actors.control.cli.pairing_signals import orderly
from actors.pairing.openclaw_state import Imported, read
from actors.pairing.store import StoreUnreadableError

NEW, KNOWN, SKIPPED = "new", "known", "skipped"


class Taken(NamedTuple):
    """One entry of the database: ``what`` became of it, and ``why`` where it was skipped.

    ``entry`` is the canonical handle of a person; ``text`` is how it stands there.
    """

    account: str
    entry: str
    what: str
    why: str = ""
    text: str = ""


def execute(args: argparse.Namespace, desk: Desk) -> None:
    """Take the approvals over; with ``--dry-run`` only say which. Raises ``VerbError``, ``StoreUnreadableError``."""
    wanted, path = chosen_account(args), database(args, desk)
    found = _read(path, desk)
    people = _by_account(entry for entry in found.entries if wanted in {None, entry[0]})
    taken = [
        _as_written(one, found) for account in people for one in _admit(desk, account, people[account], args.dry_run)
    ]
    skipped = [
        Taken(account, entry, SKIPPED, why) for account, entry, why in found.skipped if wanted in {None, account}
    ]
    if not args.dry_run and any(one.what == NEW for one in taken):
        tell_gateway(desk.where)
    _report(args, path, found, [*taken, *skipped])
    remark_strangers(desk.rules, people)


def database(args: argparse.Namespace, desk: Desk) -> Path:
    """The database meant: the one named, or OpenClaw's in this state folder."""
    return Path(args.source).expanduser() if args.source else desk.where.state / "state" / "openclaw.sqlite"


def _read(path: Path, desk: Desk) -> Imported:
    if not path.exists():
        raise VerbError(f"there is no OpenClaw database at {path}: name it with --from PATH")
    try:
        with orderly():
            return read(path, desk.where.gateway, desk.rules.region)
    except StoreUnreadableError as error:
        raise VerbError(f"nothing was taken over: {error}") from error


def _by_account(entries: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    people: dict[str, list[str]] = {}
    for account, handle in entries:
        people.setdefault(account, []).append(handle)
    return people


def _admit(desk: Desk, account: str, handles: list[str], dry_run: bool) -> list[Taken]:
    """What becomes of these people. Whoever was revoked here and is not in since stays out."""
    # Revocations and approvals hold the guard too: they come before all of this, or after all of it.
    with nullcontext() if dry_run else desk.guard.exclusive():
        known = desk.store.allowed(account)
        out = desk.guard.are_shut_out(account) - known
        welcome = tuple(handle for handle in handles if handle not in out)
        new = set(welcome) - known if dry_run else set(desk.store.admit(account, welcome, desk.now))
    key = desk.rules.account(account).key_path("allowFrom")
    why = f"revoked here: gateway pairing approve, when they ask, or {key} lets them in again"
    return [
        Taken(account, handle, SKIPPED, why)
        if handle in out
        else Taken(account, handle, NEW if handle in new else KNOWN)
        for handle in dict.fromkeys(handles)
    ]


def _as_written(one: Taken, found: Imported) -> Taken:
    """With the text of the database, and a word on it where it is another one."""
    text = found.texts.get((one.account, one.entry), "")
    return one._replace(text=text or one.entry, why=one.why or (f"written as {text}" if text else ""))


def _report(args: argparse.Namespace, path: Path, found: Imported, taken: list[Taken]) -> None:
    if args.json:
        print_json(as_json(args, path, found, taken))
        return
    new = sum(one.what == NEW for one in taken)
    word = "would be let in" if args.dry_run else "let in"
    known = sum(one.what == KNOWN for one in taken)
    print(f"{path}: {new} {word}, {known} known before, {sum(one.what == SKIPPED for one in taken)} skipped")
    if taken:
        from actors.control import pairing_report, tables

        pairing_report.taken(tables.console(sys.stdout), [one._asdict() for one in taken])
    if found.pending:
        remark(f"{found.pending} people wait there for approval; they get a code here when they write again")


def as_json(args: argparse.Namespace, path: Path, found: Imported, taken: list[Taken]) -> dict[str, Any]:
    """``{channel, from, dryRun, imported, known: [{id, account, entry}], skipped: [{entry, account, why}], pending}``.

    The ``entry`` of a person is how they stand in the database.
    """

    def people(what: str) -> list[dict[str, str]]:
        return [{"id": one.entry, "account": one.account, "entry": one.text} for one in taken if one.what == what]

    return {
        "channel": CHANNEL,
        "from": str(path),
        "dryRun": args.dry_run,
        "imported": people(NEW),
        "known": people(KNOWN),
        "skipped": [
            {"entry": one.entry, "account": one.account, "why": one.why} for one in taken if one.what == SKIPPED
        ],
        "pending": found.pending,
    }
