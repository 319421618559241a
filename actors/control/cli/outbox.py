"""``gateway outbox list|show|resolve|retry|discard``: what was sent, what waits, and what to do about the rest.

Reading needs no gateway. What is to be done with a chunk is told to a running one, else written into the journal.
"""

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from actors.control import shelf
from actors.control.cli import chunks
from actors.control.cli.common import add_json, places, print_json, remark
from actors.control.cli.exits import ERROR, OK
from actors.control.cli.operating import journal, number, report
from actors.control.orders import RISK
from config import Places

if TYPE_CHECKING:
    from argparse import _SubParsersAction

OPEN = ("queued", "attempted", "deferred", "uncertain")
STATES = (*OPEN, "sent", "failed", "discarded")
SHOWN = 200
"""Chunks a person is shown at once; ``--json`` gives all."""
ANSWERS = {"sent": "sent", "not-sent": "failed"}


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("outbox", help="what was sent, what is still to be sent, and why not")
    verbs = parser.add_subparsers(metavar="list|show|resolve|retry|discard", dest="action", required=True)
    listing = verbs.add_parser(
        "list",
        help="the chunks of all replies",
        description="List the chunks of all replies, oldest first. Reads the journal, so it works without a gateway.",
    )
    listing.add_argument("--state", choices=STATES, help="only chunks in this state")
    showing = verbs.add_parser(
        "show", help="everything known of a chunk", description="Show a chunk and the message it answers."
    )
    showing.add_argument("key", metavar="KEY", type=number, help="a key from the list")
    resolving = verbs.add_parser(
        "resolve",
        help="say whether an uncertain chunk went out",
        description="Settle an uncertain chunk by what you saw in the chat. One that was not sent becomes a dead "
        "letter, which `gateway outbox retry` sends again.",
    )
    resolving.add_argument("key", metavar="KEY", type=number, help="a key from the list")
    resolving.add_argument("answer", choices=ANSWERS, help="did it go out?")
    retrying = verbs.add_parser(
        "retry",
        help="send failed chunks again",
        description="Send failed chunks again. An uncertain one only with --even-if-twice.",
    )
    retrying.add_argument("keys", metavar="KEY", type=number, nargs="+", help="keys from the list")
    retrying.add_argument("--even-if-twice", action="store_true", help=f"uncertain ones too: {RISK}")
    discarding = verbs.add_parser(
        "discard", help="give chunks up", description="Give chunks up: they are not sent, and not listed as dead."
    )
    discarding.add_argument("keys", metavar="KEY", type=number, nargs="+", help="keys from the list")
    for each in (listing, showing, resolving, retrying, discarding):
        add_json(each)


def execute(args: argparse.Namespace) -> int:
    """List, show, or have something done."""
    where = places(args)
    match args.action:
        case "list":
            return _list(args, where)
        case "show":
            return _show(args, where)
        case "resolve":
            done = chunks.carry_out(where, ANSWERS[args.answer], [args.key])
        case "retry":
            done = chunks.carry_out(where, "retry", args.keys, args.even_if_twice)
        case _:
            done = chunks.carry_out(where, "discard", args.keys)
    code = report(done, "chunk", "key", args.json)
    if code and not args.json:
        remark("more about a chunk: gateway outbox show KEY")
    return code


def _list(args: argparse.Namespace, where: Places) -> int:
    with journal(where.journal):
        # Open chunks never lie below the floor; ended ones may.
        found = shelf.chunks(where.journal, args.state, floor=args.state in OPEN)
    if args.json:
        print_json({"chunks": found})
        return OK
    if not found:
        print(f"no chunks in state {args.state}" if args.state else "the outbox is empty")
        return OK
    from actors.control import tables

    tables.outbox(tables.console(sys.stdout), found[-SHOWN:], time.time())
    if len(found) > SHOWN:
        remark(f"{len(found) - SHOWN} older chunks are not shown; --json lists all, --state some")
    if any(one["state"] in ("uncertain", "failed") for one in found[-SHOWN:]):
        print("what can be done about one: gateway outbox show KEY")
    return OK


def _show(args: argparse.Namespace, where: Places) -> int:
    with journal(where.journal):
        found = shelf.chunk(where.journal, args.key)
    if found is None:
        remark(f"there is no chunk {args.key}; see: gateway outbox list")
        return ERROR
    if args.json:
        print_json(found)
        return OK
    from actors.control import lists, tables

    lists.details(tables.console(sys.stdout), found)
    print(next_step(found))
    return OK


def next_step(chunk: dict[str, Any]) -> str:
    """What can be done about a chunk in its state, with the command."""
    key = chunk["key"]
    match chunk["state"]:
        case "failed":
            return f"send it again: gateway outbox retry {key}; give it up: gateway outbox discard {key}"
        case "uncertain":
            return (
                f"look at the chat. It is there: gateway outbox resolve {key} sent; it is not: "
                f"gateway outbox resolve {key} not-sent, then gateway outbox retry {key}"
            )
        case "queued" | "deferred":
            return "it goes out by itself when its turn comes and imsg is there: gateway status"
        case "attempted":
            return (
                "it is being sent; where the gateway ended meanwhile, it may have gone out. Look at the chat: "
                f"gateway outbox resolve {key} sent, or not-sent"
            )
    return "nothing is left to be done"
