"""``gateway dead list|show|retry|discard``: answers that did not go out, and beside them messages nobody could read.

A dead letter is a failed chunk of the outbox: it can be sent again or given up. A corrupt message is kept with its
error, never guessed at; there is nothing to send again.
"""

import argparse
import sys
import time
from typing import TYPE_CHECKING

from actors.control import shelf
from actors.control.cli import chunks
from actors.control.cli.common import places, print_json, remark
from actors.control.cli.exits import ERROR, OK, USAGE, VerbError
from actors.control.cli.operating import add_choice, journal, report
from actors.control.shelf import Pick
from config import Places

if TYPE_CHECKING:
    from argparse import _SubParsersAction

SHOWN = 200
STATE = "failed"


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("dead", help="answers that did not go out: send them again or give them up")
    verbs = parser.add_subparsers(metavar="list|show|retry|discard", dest="action", required=True)
    listing = verbs.add_parser(
        "list",
        help="dead letters, and corrupt messages beside them",
        description="List the chunks that failed and the messages that could not be read. Works without a gateway.",
    )
    showing = verbs.add_parser("show", help="everything known of one", description="Show dead letters in full.")
    retrying = verbs.add_parser(
        "retry",
        help="send them again",
        description="Send failed chunks again. Without a gateway they are queued in the journal for its next start.",
    )
    discarding = verbs.add_parser("discard", help="give them up", description="Give failed chunks up for good.")
    add_choice(listing, showing, (retrying, discarding), "KEY", "failed")


def execute(args: argparse.Namespace) -> int:
    """List, show, retry or discard."""
    where = places(args)
    if args.action == "show":
        return _show(args, where)
    pick = Pick(tuple(args.numbers), args.reason, args.chat, args.account)
    if args.action == "list":
        return _list(args, where, pick)
    if not (args.all or any(pick)):
        raise VerbError("which ones? KEY..., --reason R, --chat N, --account A or --all; see: gateway dead list", USAGE)
    with journal(where.journal):
        found = [one["key"] for one in shelf.chunks(where.journal, STATE, pick=pick)]
    # Those named that did not fail are told why nothing is done.
    keys = list(dict.fromkeys((*found, *args.numbers)))
    if not keys:
        return _none(args)
    code = report(chunks.carry_out(where, args.action, keys), "chunk", "key", args.json)
    if code and not args.json:
        remark("what is left: gateway dead list; why: gateway dead show KEY")
    return code


def _none(args: argparse.Namespace) -> int:
    if args.json:
        print_json({"results": []})
    else:
        print("there are no dead letters of that kind")
    return OK


def _list(args: argparse.Namespace, where: Places, pick: Pick) -> int:
    with journal(where.journal):
        dead = shelf.chunks(where.journal, STATE, pick=pick)
        # Nothing is known of a corrupt message but its number.
        corrupt = shelf.corrupt(where.journal, pick) if not any(pick[1:]) else []
    if args.json:
        print_json({"dead": dead, "corrupt": corrupt})
        return OK
    if not dead and not corrupt:
        print("there are no dead letters" + (" of that kind" if any(pick) else ""))
        return OK
    from actors.control import lists, tables

    out = tables.console(sys.stdout)
    if dead:
        tables.outbox(out, dead[-SHOWN:], time.time())
        print("send them again: gateway dead retry KEY... | --all; give them up: gateway dead discard ...")
    if corrupt:
        lists.corrupt(out, corrupt[-SHOWN:], time.time())
        print("these messages could not be read; they are kept as they came: gateway dead show SEQ")
    if max(len(dead), len(corrupt)) > SHOWN:
        remark(f"only the newest {SHOWN} of each kind are shown; --json lists all")
    return OK


def _show(args: argparse.Namespace, where: Places) -> int:
    from actors.control import lists, tables

    dead, corrupt, missing = [], [], []
    with journal(where.journal):
        for one in args.numbers:
            chunk = shelf.chunk(where.journal, one)
            row = None if chunk else shelf.row(where.journal, one)
            if chunk is not None:
                dead.append(chunk)
            elif row is not None and row["outcome"] == "corrupt":
                corrupt.append(row)
            else:
                missing.append(one)
    if args.json:
        print_json({"dead": dead, "corrupt": corrupt})
    else:
        out = tables.console(sys.stdout)
        for chunk in dead:
            lists.details(out, chunk)
            if chunk["state"] == STATE:
                print(
                    f"send it again: gateway dead retry {chunk['key']}; give it up: gateway dead discard {chunk['key']}"
                )
        for row in corrupt:
            lists.details(out, row)
    for one in missing:
        remark(f"{one}: neither a chunk nor a corrupt message; see: gateway dead list")
    return ERROR if missing else OK
