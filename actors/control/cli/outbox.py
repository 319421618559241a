"""``gateway outbox list``: the chunks of all replies with their states, from the journal, gateway or not."""

import argparse
import sqlite3
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from actors.control.cli.common import add_json, places, print_json, remark
from actors.control.cli.exits import OK, VerbError
from actors.envelopes.outbound import POSITION_BITS
from actors.journal.schema import JournalError, connect_readonly, explain

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from pathlib import Path

OPEN = ("queued", "attempted", "deferred", "uncertain")
STATES = (*OPEN, "sent", "failed")
SHOWN = 200
"""Chunks a person is shown at once; ``--json`` gives all."""


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("outbox", help="what was sent, what is still to be sent, and why not")
    verbs = parser.add_subparsers(metavar="list", dest="action", required=True)
    listing = verbs.add_parser(
        "list",
        help="the chunks of all replies",
        description="List the chunks of all replies, oldest first. Reads the journal, so it works without a gateway.",
    )
    listing.add_argument("--state", choices=STATES, help="only chunks in this state")
    add_json(listing)


def execute(args: argparse.Namespace) -> int:
    """List chunks."""
    path = places(args).journal
    try:
        chunks = read_chunks(path, args.state)
    except JournalError as error:
        raise VerbError(str(error)) from error
    except sqlite3.Error as error:
        raise VerbError(explain(error, path)) from error
    if args.json:
        print_json({"chunks": chunks})
        return OK
    if not chunks:
        print(f"no chunks in state {args.state}" if args.state else "the outbox is empty")
        return OK
    from actors.control import tables

    tables.outbox(tables.console(sys.stdout), chunks[-SHOWN:], time.time())
    if len(chunks) > SHOWN:
        remark(f"{len(chunks) - SHOWN} older chunks are not shown; --json lists all, --state some")
    return OK


def read_chunks(path: "Path", state: str | None) -> list[dict[str, Any]]:
    """``{key, state, chatId, chatGuid, text, attemptedAt, why}`` of chunks, in key order (all states when None).

    Raises ``JournalError``, ``sqlite3.Error``.
    """
    from actors.journal.store import Store
    from actors.runtime.logs import stamp

    with closing(connect_readonly(path)) as connection:
        # Open chunks never lie below the floor; ended ones may.
        floor = Store(connection).mark("floor") << POSITION_BITS if state in OPEN else 0
        rows = connection.execute(
            "SELECT key, state, chat_id, chat_guid, text, attempted_at, why FROM outbox "
            "WHERE key >= ? AND (? IS NULL OR state = ?) ORDER BY key",
            (floor, state, state),
        )
        return [
            {
                "key": key,
                "state": now,
                "chatId": chat_id,
                "chatGuid": chat_guid or None,
                "text": text,
                "attemptedAt": None if attempted_at is None else stamp(attempted_at),
                "why": why,
            }
            for key, now, chat_id, chat_guid, text, attempted_at, why in rows
        ]
