"""``gateway explain``: why a message was answered or not, rule by rule; also for messages nobody wrote yet.

Reads config, pairing files and journal itself, so it works beside a running gateway and without one. What came has its
story under a broken config too, but no rules.
"""

import argparse
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.access.handles import canonical
from actors.control.cli import explain_input
from actors.control.cli.common import add_json, places, print_json
from actors.control.cli.exits import BAD_CONFIG, OK, VerbError
from actors.control.cli.operating import journal, number
from actors.control.config_file import load
from actors.control.explain.memory import Memory
from actors.control.explain.rows import Setting, made_up, row_of
from actors.control.explain.verdicts import hypothetical, past
from actors.control.judge import Judge
from actors.journal import stories
from actors.journal.schema import JournalError, connect_readonly
from actors.rpc.frames import Row
from config import Account, Loaded, Places

if TYPE_CHECKING:
    from argparse import _SubParsersAction

HELLO = "hello"
HOW_TO_FIND = (
    "`gateway explain last` is the newest one; held ones: gateway held list; numbers and GUIDs of all others: gateway "
    "logs --json"
)


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "explain",
        help="why a message was answered or not, rule by rule",
        description="Tell why a message was answered or not: every rule that was tried, the config key that decided "
        "and the change that would flip it. For a message that came (GUID, last, #SEQ), or one that did not: --row "
        "with the message object of imsg, or --from with who would write. Works without a running gateway.",
    )
    came = "a message that came: the newest, or one by its GUID or number (in a shell '#57' needs quotes, 57 does not)"
    parser.add_argument("which", metavar="GUID|last|#SEQ", nargs="?", help=came)
    parser.add_argument("--row", metavar="F", help="a message as imsg writes it, in a file (- for standard input)")
    parser.add_argument("--from", metavar="H", dest="sender", help="who would write: a phone number or an e-mail")
    parser.add_argument("--chat-id", metavar="N", type=number, help="with --from: in which chat")
    parser.add_argument("--group", action="store_true", help="with --from: that chat is a group")
    parser.add_argument("--text", metavar="T", help=f"with --from: what they would write ({HELLO})")
    parser.add_argument(
        "--at", metavar="TIME", help="with --row, --from: received then (ISO 8601), so it may be too old"
    )
    parser.add_argument("--account", metavar="A", help="with --row, --from: to which account (the default one)")
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Answer."""
    explain_input.check(args)
    where = places(args)
    loaded = load(where, os.environ)
    answer = _past(args.which, where, loaded) if args.which is not None else _hypothetical(args, where, loaded)
    if args.json:
        print_json(answer)
    else:
        from actors.control import tables
        from actors.control.explain import text

        text.tell(tables.console(sys.stdout), answer)
    return OK


def _wrong(loaded: Loaded) -> str:
    """What is wrong with the config, empty where nothing is."""
    found = "; ".join(str(problem).removeprefix("- ") for problem in loaded.problems[:3])
    return f"{loaded.path} is not valid: {found}. See: gateway config validate" if found else ""


def _past(which: str, where: Places, loaded: Loaded) -> dict[str, Any]:
    with journal(where.journal), closing(connect_readonly(where.journal)) as connection:
        story = stories.story(connection, which.strip())
    if story is None:
        if which.strip() == "last":
            raise VerbError(f"no message of anybody is in the journal {where.journal} yet")
        raise VerbError(f"no message {which[:80]!r} in the journal {where.journal}: {HOW_TO_FIND}")
    account = next((one for one in loaded.accounts if one.id == story.account), None)
    judge = None if account is None else _judge(account, loaded, where, time.time())
    answer = past(story, judge)
    if wrong := _wrong(loaded):
        answer["notes"].append(f"no rules were tried, because {wrong}")
    elif judge is None:
        answer["notes"].append(f"account {story.account} is not in {loaded.path} any more, so no rules were tried")
    elif story.body is None:
        answer["notes"].append("its content is pruned, so no rules were tried")
    if story.same > 1:
        answer["notes"].append(
            f"{story.same} rows have this GUID, one for each database that had it: the newest is told"
        )
    if judge is not None:
        answer["notes"] += _notes(judge)
    return answer


def _hypothetical(args: argparse.Namespace, where: Places, loaded: Loaded) -> dict[str, Any]:
    if wrong := _wrong(loaded):
        raise VerbError(wrong, BAD_CONFIG)
    received = args.at is not None
    moment = explain_input.moment(args.at) if received else time.time()
    data = None if args.row is None else explain_input.read(args.row)
    account = explain_input.account(args.account, loaded)
    judge = _judge(account, loaded, where, moment)
    notes: list[str] = []
    with _journal(where.journal, notes) as connection:
        memory = Memory.of(connection, account, loaded.accounts)
        read = row_of(data) if data is not None else _made_up(args, judge, memory, moment, notes)
        answer = hypothetical(judge, read, moment, memory, received=received)
    answer["notes"] += [*notes, *_notes(judge)]
    return answer


def _made_up(args: argparse.Namespace, judge: Judge, memory: Memory, moment: float, notes: list[str]) -> Row:
    """The message that ``--from`` and its companions describe, in a chat the journal knows if there is one."""
    what = Setting(args.sender, HELLO if args.text is None else args.text, args.chat_id, args.group)
    region = judge.view.region
    # A group nobody numbered is none the journal could have seen.
    seen = None if what.group and what.chat_id is None else memory.seen(what.chat_id, canonical(what.sender, region))
    raw = made_up(what, seen, region, datetime.fromtimestamp(moment, UTC).isoformat())
    if seen is None and not what.group:
        chat = "their chat" if what.chat_id is None else f"chat {what.chat_id}"
        notes.append(f"the journal has not seen {chat}, so it is taken for an iMessage chat with this one person")
    return Row(raw)


def _judge(account: Account, loaded: Loaded, where: Places, now: float) -> Judge:
    assert loaded.config is not None
    return Judge.of(account, loaded.config, where, now)


def _notes(judge: Judge) -> list[str]:
    account = judge.account
    notes = [f"{judge.trouble}; see what that holds up: gateway held list"] if judge.trouble else []
    if not account.enabled:
        why = f": {account.unavailable}" if account.unavailable else ""
        notes.append(f"account {account.id} does not run{why}")
    return notes


@contextmanager
def _journal(path: Path, notes: list[str]) -> Iterator[sqlite3.Connection | None]:
    """The journal where there is one to read; without it messages are judged all the same, and a note says so."""
    if not path.exists():
        yield None
        return
    try:
        connection = connect_readonly(path)
    except JournalError as error:
        notes.append(f"judged without the journal: {error}")
        yield None
        return
    with closing(connection), journal(path):
        yield connection
