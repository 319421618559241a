"""``gateway purge --chat N|GUID | --handle H``: forget a chat or a person now, and say what remembers them still.

The journal loses the words: of their messages, of the answers, and what had not gone out is given up. It keeps that a
message came and went, so that it is not answered again. What is not the journal's (logs, config, Messages itself) is
left alone and named. The gateway must be stopped: a running one has the words in its memory.
"""

import argparse
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.control.cli import consent
from actors.control.cli.common import places, print_json, remark
from actors.control.cli.exits import ERROR, LOCK_HELD, OK, USAGE, VerbError
from actors.control.cli.operating import alone, journal
from actors.control.cli.pairing_desk import Desk, Rules, accounts, chosen_account, handles
from actors.control.cli.traces import LOGS, MEDIA, PAIRING, SETTINGS, Trace, traces
from actors.control.lock import holder
from actors.journal import purge
from actors.journal.belongings import AmbiguousChatError, Belongings, Chat, Person, belongings
from actors.journal.schema import connect_readonly
from actors.pairing import approval
from actors.pairing.files import StoreUnreadableError
from actors.runtime.logs import visible
from config import Places

if TYPE_CHECKING:
    from argparse import _SubParsersAction

LEFT = {
    LOGS: "the log is not rewritten: remove old files by hand",
    SETTINGS: "the config and its backups are yours to edit",
    PAIRING: "who asked, who was let in, and who asked lately",
    MEDIA: "files are not kept by chat",
}
ELSEWHERE = (
    "Messages on the Mac and on the other devices keeps the conversation",
    "agents keep what they remember: their workspaces, their model providers",
)


class Paired(NamedTuple):
    """Somebody's place in pairing: they wait for an answer, or were let in."""

    account: str
    handle: str
    asks: bool
    is_in: bool


class Found(NamedTuple):
    """What there is of them. ``unfinished``: an earlier purge has its last step to do."""

    held: Belongings = Belongings()
    paired: tuple[Paired, ...] = ()
    unfinished: bool = False


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "purge",
        help="forget a chat or a person for good",
        description="Remove what the journal holds of a chat or a person, and say who remembers them still. What was "
        "not answered or sent is given up. The gateway must be stopped, but for --dry-run.",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--chat", metavar="N|GUID", help="a chat, by its number (gateway chats) or GUID")
    which.add_argument("--handle", metavar="H", help="a person: a phone number or an e-mail address")
    parser.add_argument("--account", metavar="A", help="only in this account")
    parser.add_argument("--pairing", action="store_true", help="with --handle: also what they asked, and being let in")
    consent.add_options(parser)


def execute(args: argparse.Namespace) -> int:
    """Look, ask, forget, tell."""
    desk = Desk.at(places(args))
    if args.pairing and args.handle is None:
        raise VerbError("--pairing needs --handle: chats are not paired", USAGE)
    rules, account = Rules.read(desk.where), chosen_account(args)
    whom = _chat(args.chat, account) if args.handle is None else _person(args.handle, account, rules)
    try:
        found = _look(args, desk, rules, whom)
        if args.dry_run or not _is_anything(found, args.pairing):
            return _report(args, desk.where, found, "")
        _check_stopped(desk.where)
        if not args.json:
            print("\n".join(_summary(found, args.pairing, "found:")))
        if not consent.obtain(args, "Forget all of that? Nothing brings it back."):
            raise VerbError("nothing was changed")
        with alone(desk.where):
            found = _look(args, desk, rules, whom)
            trouble = _forget(args, desk, found)
    except StoreUnreadableError as error:
        raise VerbError(str(error)) from error
    return _report(args, desk.where, found, trouble)


def _chat(word: str, account: str | None) -> Chat:
    word = word.strip()
    if word.isascii() and word.isdigit() and 0 < int(word[:20]) < 2**63:
        return Chat(number=int(word), account=account)
    if ";" not in word:
        raise VerbError(f"{word[:60]!r} is no chat: give its number (gateway chats) or its GUID", USAGE)
    return Chat(guid=word, account=account)


def _person(word: str, account: str | None, rules: Rules) -> Person:
    if not handles(word, rules.account(account or "").region):
        raise VerbError(f"{word[:60]!r} is no handle: name a phone number or an e-mail address", USAGE)
    known: dict[str, frozenset[str]] = {}

    def them(name: str) -> frozenset[str]:
        if name not in known:
            known[name] = frozenset(handles(word, rules.account(name).region))
        return known[name]

    return Person(them, lambda name: rules.account(name).region, account)


def _look(args: argparse.Namespace, desk: Desk, rules: Rules, whom: Chat | Person) -> Found:
    held, unfinished = Belongings(), False
    paired: tuple[Paired, ...] = ()
    if desk.where.journal.exists():
        with journal(desk.where.journal), closing(connect_readonly(desk.where.journal)) as connection:
            held = _held(connection, whom, args.chat)
            unfinished = purge.is_unfinished(desk.where.journal)
    if isinstance(whom, Person):
        paired = _paired(desk, rules, whom)
        # They go by these elsewhere, whether or not they wrote.
        people = [whom.handles(name) for name in ([whom.account] if whom.account else accounts(desk, rules))]
        held = held._replace(names=held.names.union(*people))
    return Found(held, paired, unfinished)


def _held(connection: sqlite3.Connection, whom: Chat | Person, word: str) -> Belongings:
    try:
        return belongings(connection, whom)
    except AmbiguousChatError as error:
        names = ", ".join(error.accounts)
        raise VerbError(f"chat {word} is another one in each account ({names}): say --account A", USAGE) from error


def _paired(desk: Desk, rules: Rules, whom: Person) -> tuple[Paired, ...]:
    names = [whom.account] if whom.account else accounts(desk, rules)
    asking = {(one.account, one.id) for one in desk.store.requests(whom.account, now=desk.now)}
    people = (
        Paired(name, handle, (name, handle) in asking, desk.store.is_allowed(name, handle))
        for name in names
        for handle in sorted(whom.handles(name))
    )
    return tuple(one for one in people if one.asks or one.is_in)


def _is_anything(found: Found, with_pairing: bool) -> bool:
    return bool(_is_in_journal(found) or found.unfinished or (with_pairing and found.paired))


def _is_in_journal(found: Found) -> bool:
    held = found.held
    return bool(held.rows or held.chunks or held.turns or held.sessions or held.labels)


def _forget(args: argparse.Namespace, desk: Desk, found: Found) -> str:
    """Forget; why the journal's file could not be written anew, empty when it was. The instance lock is held."""
    if args.pairing:
        for one in found.paired:
            # A request goes without a denial: that would remember them for a day.
            desk.store.deny(one.account, one.handle, desk.now)
            desk.guard.forget(one.account, one.handle)
            approval.revoke(desk.store, desk.owners, one.account, one.handle)
    if not (_is_in_journal(found) or found.unfinished):
        return ""
    purge.purge(desk.where.journal, found.held)
    return purge.finish(desk.where.journal)


def _report(args: argparse.Namespace, where: Places, found: Found, trouble: str) -> int:
    left = traces(where, found.held.names)
    is_done = not args.dry_run and _is_anything(found, args.pairing)
    if args.json:
        print_json(_json(args, found, left, is_done and not trouble))
    elif not _is_anything(found, args.pairing):
        print("the journal has nothing of them")
    else:
        print("\n".join(_summary(found, args.pairing, "forgotten:" if is_done else "found:")))
    if not args.json:
        _tell_left(args, found, left)
    if trouble:
        remark(
            "the words are taken out, but the file could not be written anew, so traces of them may be in it: "
            f"{trouble}. Do this again when that is mended"
        )
    return ERROR if trouble else OK


def _json(args: argparse.Namespace, found: Found, left: Sequence[Trace], rewritten: bool) -> dict[str, Any]:
    held = found.held
    return {
        "dryRun": args.dry_run,
        "messages": len(held.rows),
        "answers": len(held.chunks),
        "givenUp": {"open": len(held.open), "held": len(held.held), "unsent": len(held.unsent)},
        "pairing": [
            {"account": one.account, "id": one.handle, "asks": one.asks, "isIn": one.is_in, "goes": args.pairing}
            for one in found.paired
        ],
        "rewritten": rewritten,
        "remains": {
            "mentions": held.mentions,
            "files": [one.json() for one in left],
            "elsewhere": list(ELSEWHERE),
        },
    }


def _summary(found: Found, with_pairing: bool, begin: str) -> list[str]:
    held = found.held
    ends = (len(held.open), "not answered yet"), (len(held.held), "held"), (len(held.unsent), "not sent")
    given_up = ", ".join(f"{n} {what}" for n, what in ends if n)
    lines = [
        f"{begin} {_counted(len(held.rows), 'message')} and {_counted(len(held.chunks), 'answer')}"
        + (f"; given up: {given_up}" if given_up else "")
    ]
    if held.sessions:
        lines.append(f"{begin} {_counted(len(held.sessions), 'session')} of nobody else")
    if found.unfinished:
        lines.append("an earlier purge has its last step to do")
    if with_pairing:
        lines += [
            f"{begin} {' and '.join(_places(one))} of {visible(one.handle)} (account {visible(one.account)})"
            for one in found.paired
        ]
    return lines


def _places(one: Paired) -> list[str]:
    return [
        what for what, is_so in (("the pairing request", one.asks), ("the approval by pairing", one.is_in)) if is_so
    ]


def _tell_left(args: argparse.Namespace, found: Found, left: Sequence[Trace]) -> None:
    if not args.pairing:
        for one in found.paired:
            print(
                f"left alone: {' and '.join(_places(one))} of {visible(one.handle)} (account {visible(one.account)}); "
                "--pairing takes that too"
            )
    if found.held.rows or found.held.chunks:
        print("left in the journal: that each message came and went, so that it is not answered again; not its words")
    if found.held.mentions:
        print(
            f"left in the journal: {_counted(found.held.mentions, 'message')} of others, naming them as groups do: "
            "gateway purge --chat N for such a group"
        )
    for each in left:
        counted = _counted(each.number, "file" if each.what == MEDIA else "line")
        print(f"left: {each.path} ({counted}; {LEFT[each.what]})")
    for line in ELSEWHERE:
        print(f"left: {line}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _check_stopped(where: Places) -> None:
    if holder(where.lock) is not None:
        raise VerbError(
            "a gateway runs here and has the words in its memory, so nothing was changed: stop it, do this again, then "
            "start it. --dry-run shows what would go meanwhile",
            LOCK_HELD,
        )
