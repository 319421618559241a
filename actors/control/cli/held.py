"""``gateway held list|show|release|discard``: messages set aside for the operator, with the reason of each.

Nothing is dropped in silence: what is too old to be answered unasked, or could not be answered, waits here. Released,
it is judged again like a new message and answered in order; discarded, it stays unanswered.
"""

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from actors.control import shelf
from actors.control.cli.common import places, print_json, remark
from actors.control.cli.exits import ERROR, NOT_RUNNING, OK, USAGE, VerbError
from actors.control.cli.operating import Done, add_choice, alone, journal, portions, refuse, report, runs, wait
from actors.control.config_file import load
from actors.control.shelf import Pick, RowState
from config import Places

if TYPE_CHECKING:
    from argparse import _SubParsersAction

SHOWN = 200
"""Messages a person is shown at once; ``--json`` gives all."""
DISCARDED = "discarded"


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("held", help="messages set aside for you to release or discard")
    verbs = parser.add_subparsers(metavar="list|show|release|discard", dest="action", required=True)
    listing = verbs.add_parser(
        "list",
        help="what is held, and why",
        description="List the messages set aside, oldest first. Reads the journal, so it works without a gateway.",
    )
    showing = verbs.add_parser("show", help="everything known of a message", description="Show messages in full.")
    releasing = verbs.add_parser(
        "release",
        aliases=["retry"],
        help="judge again and answer, in order",
        description="Have held messages judged again, as if they came now, and answered in order. Needs a running "
        "gateway.",
    )
    discarding = verbs.add_parser(
        "discard",
        help="give them up",
        description="Give held messages up: they stay unanswered. Without a gateway the journal is written from here.",
    )
    add_choice(listing, showing, (releasing, discarding), "SEQ", "are held")


def execute(args: argparse.Namespace) -> int:
    """List, show, release or discard."""
    where = places(args)
    if args.action == "show":
        return _show(args, where)
    pick = Pick(tuple(args.numbers), args.reason, args.chat, args.account)
    if args.action == "list":
        return _list(args, where, pick)
    if not (args.all or any(pick)):
        raise VerbError("which ones? SEQ..., --reason R, --chat N, --account A or --all; see: gateway held list", USAGE)
    word = "discard" if args.action == "discard" else "release"
    results = discard(where, pick) if word == "discard" else release(where, pick)
    if not results:
        _check_account(where, pick)
    if not results and not args.json:
        print("nothing of that kind is held")
        return OK
    code = report(results, "message", "seq", args.json)
    if code and not args.json:
        remark("what is still to be done: gateway held list; why: gateway held show SEQ")
    return code


def _list(args: argparse.Namespace, where: Places, pick: Pick) -> int:
    with journal(where.journal):
        found = shelf.held(where.journal, pick)
    if not found:
        _check_account(where, pick)
    if args.json:
        print_json({"held": found})
        return OK
    if not found:
        print("nothing of that kind is held" if any(pick) else "nothing is held")
        return OK
    from actors.control import lists, tables

    lists.held(tables.console(sys.stdout), found[:SHOWN], time.time())
    if len(found) > SHOWN:
        remark(f"{len(found) - SHOWN} newer ones are not shown; --json lists all, --reason and --chat some")
    print("answer them: gateway held release SEQ... | --reason R | --all; give them up: gateway held discard ...")
    return OK


def _check_account(where: Places, pick: Pick) -> None:
    """Nothing was found: because there is no such account? Raises ``VerbError``. One that is gone may have messages."""
    if pick.account is None or not where.config.exists():
        return
    loaded = load(where, os.environ)
    known = [one.id for one in loaded.accounts]
    if not loaded.problems and pick.account not in known:
        raise VerbError(f"no account {pick.account[:40]!r}. There are: {', '.join(known) or 'none'}")


def _show(args: argparse.Namespace, where: Places) -> int:
    with journal(where.journal):
        rows = {seq: shelf.row(where.journal, seq) for seq in args.numbers}
    found = [row for row in rows.values() if row is not None]
    if args.json:
        print_json({"held": found})
    else:
        from actors.control import lists, tables

        for row in found:
            lists.details(tables.console(sys.stdout), row)
            print(_next_step(row))
    for seq in (seq for seq, row in rows.items() if row is None):
        remark(f"message {seq}: there is none with this number; see: gateway held list")
    return OK if len(found) == len(rows) else ERROR


def _next_step(row: dict[str, Any]) -> str:
    if row["outcome"] != "held":
        return f"it is not held: {row['outcome']}"
    return f"answer it: gateway held release {row['seq']}; give it up: gateway held discard {row['seq']}"


def release(where: Places, pick: Pick) -> list[Done]:
    """Have the picked ones judged again. Raises ``VerbError``, with 3 when no gateway runs."""
    seqs, refused = _chosen(where, pick)
    if not seqs:
        return refused
    if not runs(where):
        raise VerbError(
            "no gateway is running, so nobody could answer them; nothing was changed. Start one with `gateway run`, "
            "then do this again",
            NOT_RUNNING,
        )
    portions(where, {"do": "release"}, "seqs", seqs)
    after = _watch(where, seqs)
    return [*(_released(seq, after.get(seq)) for seq in seqs), *refused]


def discard(where: Places, pick: Pick) -> list[Done]:
    """Give the picked ones up. Raises ``VerbError``."""
    seqs, refused = _chosen(where, pick)
    if not seqs:
        return refused
    if runs(where):
        portions(where, {"do": "discard-held"}, "seqs", seqs)
        after = _watch(where, seqs)
    else:
        from actors.journal.offline import discard_held

        with alone(where):
            discard_held(where.journal, seqs)
            after = shelf.row_states(where.journal, seqs)
    return [*(_discarded(seq, after.get(seq)) for seq in seqs), *refused]


def _chosen(where: Places, pick: Pick) -> tuple[list[int], list[Done]]:
    """The numbers of those held, in order, and those asked for by number that are not."""
    with journal(where.journal):
        seqs = [row["seq"] for row in shelf.held(where.journal, pick)]
        others = sorted(set(pick.numbers) - set(seqs))
        states = shelf.row_states(where.journal, others) if others else {}
    return seqs, [refuse(seq, _not_held(states.get(seq))) for seq in others]


def _not_held(state: RowState | None) -> str:
    if state is None:
        return "there is no such message: see `gateway held list`"
    if state.outcome == "held":
        return f"it is held, but not among those picked ({state.reason})"
    return f"it is not held: {state.outcome or 'it is being answered'}"


def _watch(where: Places, seqs: list[int]) -> dict[int, RowState]:
    """Rows are judged in order: what is still held below one that is not was judged, and held again."""
    highest = seqs[-1]

    def finished(now: dict[int, RowState]) -> bool:
        return highest not in now or now[highest].outcome != "held"

    with journal(where.journal):
        return wait(lambda: shelf.row_states(where.journal, seqs), finished, lambda _: True)


def _released(seq: int, now: RowState | None) -> Done:
    match now:
        case RowState(outcome=None, kind="challenge"):
            return Done(seq, True, "offered a pairing code")
        case RowState(outcome=None | "replied" | "absorbed"):
            return Done(seq, True, "released")
        case RowState(outcome="held"):
            return Done(seq, False, "still held", now.reason or "")
        case RowState():
            return Done(seq, False, now.outcome or "", now.reason or "")
    return Done(seq, False, "gone", "the journal does not know it any more")


def _discarded(seq: int, now: RowState | None) -> Done:
    if now is not None and now.outcome == "dropped" and now.reason == DISCARDED:
        return Done(seq, True, DISCARDED)
    return _released(seq, now)._replace(done=False)
