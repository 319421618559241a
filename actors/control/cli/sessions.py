"""``gateway sessions list|show|export|reset|release``: the conversations with agents, what was said, a new beginning.

Reading needs no gateway: what is listed and shown is what the journal knows. A session is there from its first admitted
message. What changes a session is in ``sessions_change``.
"""

import argparse
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from actors.control import sessions
from actors.control.cli import consent, sessions_change, sessions_export
from actors.control.cli.common import add_json, places, print_json, remark, whole_number
from actors.control.cli.exits import OK, VerbError
from actors.control.cli.operating import journal, number
from actors.control.cli.paragraphs import Paragraphs
from actors.journal import session_list, transcripts
from actors.journal.schema import connect_readonly
from config import Places

if TYPE_CHECKING:
    from argparse import _SubParsersAction

SHOWN = 100
"""Sessions a person is shown at once; ``--json`` gives all."""
TURNS = 20
"""Turns of a transcript, unless told otherwise."""
KEY = "a key from the list, its end (main, group:42) or its beginning, where that is only one's"
LIST = """\
List the sessions, the latest first. Reads the journal, so it works without a gateway.
busy: a message is being answered, or waits for that. quarantined: its turns failed again and again, so its messages \
are held until `gateway sessions release`, a reset, or /new in the chat.
"""
SHOW = """\
Show what was said in a session, oldest first: messages, answers, turns that failed or said nothing and why, where it \
began anew; at the end what waits.
The words are forgotten with age (`retention`) or by `gateway purge`; that something was said stays.
"""


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("sessions", help="the conversations with agents, and what was said")
    verbs = parser.add_subparsers(metavar="list|show|export|reset|release", dest="action", required=True)
    listing = verbs.add_parser("list", help="which there are, and how they do", description=LIST)
    listing.add_argument("--agent", metavar="A", help="only this agent's")
    listing.add_argument("--active", metavar="MIN", type=whole_number, help="only with something new in MIN minutes")
    listing.add_argument("--limit", metavar="N", type=number, help=f"at most N ({SHOWN}; with --json all)")
    add_json(listing)
    showing = verbs.add_parser("show", help="what was said", description=SHOW)
    showing.add_argument("key", metavar="KEY", help=KEY)
    many = showing.add_mutually_exclusive_group()
    many.add_argument("--limit", metavar="N", type=whole_number, default=TURNS, help=f"the last N turns ({TURNS})")
    many.add_argument("--all", action="store_true", help="all turns")
    add_json(showing)
    exporting = verbs.add_parser(
        "export", help="transcripts as a file", description=sessions_export.HELP, formatter_class=Paragraphs
    )
    sessions_export.add_options(exporting, KEY)
    resetting = verbs.add_parser("reset", help="begin anew", description=sessions_change.RESET)
    resetting.add_argument("key", metavar="KEY", help=KEY)
    consent.add_options(resetting)
    releasing = verbs.add_parser(
        "release", help="go on after failures, with the held messages", description=sessions_change.RELEASE
    )
    releasing.add_argument("key", metavar="KEY", help=KEY)
    add_json(releasing)
    for each in (listing, showing, resetting, releasing):
        each.formatter_class = Paragraphs


def execute(args: argparse.Namespace) -> int:
    """Tell, write, or have something done."""
    where = places(args)
    match args.action:
        case "list":
            return _list(args, where)
        case "show":
            return _show(args, where)
        case "export":
            return _export(args, where)
    with reading(where) as connection:
        row = find(connection, args.key)
        held = session_list.held(connection, row.key)
    if args.action == "reset":
        return sessions_change.reset(args, where, row)
    return sessions_change.release(args, where, row, held)


@contextmanager
def reading(where: Places) -> Iterator[sqlite3.Connection]:
    """The journal as it is at one moment. Raises ``VerbError``."""
    with journal(where.journal), closing(connect_readonly(where.journal)) as connection:
        connection.execute("BEGIN")
        yield connection


def find(connection: sqlite3.Connection, word: str) -> session_list.SessionRow:
    """The session a person means. Raises ``VerbError``."""
    try:
        key = sessions.resolve(session_list.keys(connection), word)
    except sessions.NoSuchSessionError as error:
        raise VerbError(str(error)) from error
    row = session_list.session(connection, key)
    assert row is not None
    return row


def _list(args: argparse.Namespace, where: Places) -> int:
    now = time.time()
    since = 0.0 if args.active is None else now - 60 * args.active
    agent = args.agent and args.agent.strip().lower()
    most = args.limit or (None if args.json else SHOWN + 1)
    with reading(where) as connection:
        found = session_list.sessions(connection, agent=agent, since=since, limit=most)
    values = [sessions.session_json(row) for row in found]
    if args.json:
        print_json({"sessions": values})
        return OK
    if not values:
        print("no such session" if agent or args.active is not None else "no sessions yet: nobody was let in and wrote")
        return OK
    from actors.control import sessions_page, tables

    shown = values[: args.limit or SHOWN]
    sessions_page.table(tables.console(sys.stdout), shown, now)
    if len(values) > len(shown):
        remark("older ones are not shown; --limit N shows more, --json all, --agent and --active some")
    if any(one["state"] == "quarantined" for one in shown):
        print(
            "quarantined: their turns failed again and again; gateway sessions show KEY, gateway sessions release KEY"
        )
    return OK


def _show(args: argparse.Namespace, where: Places) -> int:
    last = None if args.all else args.limit
    with reading(where) as connection:
        row = find(connection, args.key)
        entries = [sessions.entry_json(row.key, one) for one in transcripts.transcript(connection, row.key, last)]
        waiting = [sessions.waiting_json(one) for one in transcripts.waiting(connection, row.key)]
    told = sum(one["type"] == "turn" for one in entries)
    shown = {
        "session": sessions.session_json(row),
        "earlier": row.turns - told,
        "transcript": entries,
        "waiting": waiting,
    }
    if args.json:
        print_json(shown)
        return OK
    from actors.control import sessions_page, tables

    sessions_page.page(tables.console(sys.stdout), shown)
    return OK


def _export(args: argparse.Namespace, where: Places) -> int:
    with reading(where) as connection:
        rows = session_list.sessions(connection) if args.all else [find(connection, args.key)]
        loose = transcripts.loose(connection, None if args.all else rows[0].key)
    return sessions_export.export(args, (_whole(where, row, loose.get(row.key, ())) for row in rows))


def _whole(
    where: Places, row: session_list.SessionRow, loose: Sequence[int]
) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """A session as it is at one moment. Nothing is written meanwhile: whoever reads slowly must not keep the journal
    from emptying its log.
    """
    with reading(where) as connection:
        return sessions.session_json(row), [*_entries(connection, row.key, loose)]


def _entries(connection: sqlite3.Connection, key: str, loose: Sequence[int]) -> Iterator[Mapping[str, Any]]:
    """The transcript, then what waits and is in no turn."""
    inside = set[int]()
    for entry in transcripts.transcript(connection, key, among=loose):
        if isinstance(entry, transcripts.TurnRow):
            inside.update(message.seq for message in entry.messages)
        yield sessions.entry_json(key, entry)
    for message in transcripts.waiting(connection, key, loose):
        if message.seq not in inside:
            yield sessions.entry_json(key, message)
