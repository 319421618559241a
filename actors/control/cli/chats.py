"""``gateway chats``: the way from a conversation to its ``chat_id``, and what the config would do there.

A running gateway asks imsg over the child it uses, because macOS gives permissions to whoever starts a program. Only
where none runs imsg is asked from this terminal, and that is said. What the rules would do is worked out here, from the
config file and the pairing files as they are now; the journal tells which addresses are our own.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from actors.control import channels
from actors.control.accounts import missed, why_not
from actors.control.chat_lists import MOST
from actors.control.chat_objects import read
from actors.control.chats import Preview, unjudged
from actors.control.cli.channels import ELSEWHERE, MARGIN
from actors.control.cli.common import add_json, ask, places, print_json, remark
from actors.control.cli.exits import BAD_CONFIG, ERROR, OK, USAGE, VerbError
from actors.control.cli.operating import journal
from actors.control.client import ControlError, NotRunningError, request
from actors.control.config_file import load
from actors.control.explain.memory import Memory
from actors.control.judge import Judge
from actors.journal.schema import connect_readonly
from actors.rpc.health import Problem
from config import Account, Loaded, Places
from config.ids import normalize_id

if TYPE_CHECKING:
    from argparse import _SubParsersAction

USUAL = 20
"""Chats of each account, unless told otherwise; also imsg's own number."""
OTHER = (
    "the running gateway does not go by the config file as it is now, and what is told of sessions and policy does: "
    "see gateway status"
)

Asked = list[dict[str, Any]]
"""For each account that was asked ``{id, where, chats, error?}``, with imsg's own chat objects."""


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "chats",
        help="the conversations, their chat_id, and who may speak there",
        description="List the conversations of Messages, the latest first: the number by which the config names each, "
        "the session it belongs to, and what would become of an ordinary message there. Asks imsg, over the running "
        "gateway where there is one, else from this terminal. Exits with 1 when no account could be asked.",
    )
    parser.add_argument(
        "--limit", metavar="N", type=_limit, default=USUAL, help=f"at most N of each account ({USUAL}; up to {MOST})"
    )
    parser.add_argument("--account", metavar="A", help="only this account's")
    add_json(parser)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= MOST):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from 1 to {MOST}")
    return int(text)


def execute(args: argparse.Namespace) -> int:
    """Ask, judge, tell."""
    where = places(args)
    loaded = _loaded(where)
    account = _account(args.account, loaded)
    said: tuple[str, ...] = ()
    try:
        asked = _of_gateway(where, loaded, account, args.limit)
    except NotRunningError as error:
        said = (str(error), ELSEWHERE)
        asked = _from_here(loaded, account, args.limit)
    chats = _judged(asked, loaded, where)
    answered = any("error" not in one for one in asked)
    if args.json:
        accounts = [{key: value for key, value in one.items() if key != "chats"} for one in asked]
        print_json({"chats": chats, "accounts": accounts})
    else:
        from actors.control import chats_table, tables

        out = tables.console(sys.stdout if answered else sys.stderr)
        for text in said:
            tables.say(out, "", text)
        chats_table.show(out, chats, asked, time.time())
    if not asked:
        remark("no account is enabled, so there is nobody to ask: gateway channels list")
    return OK if answered else ERROR


def _loaded(where: Places) -> Loaded:
    loaded = load(where, os.environ)
    if loaded.problems:
        found = "; ".join(str(problem).removeprefix("- ") for problem in loaded.problems[:3])
        raise VerbError(f"{loaded.path} is not valid: {found}. See: gateway config validate", BAD_CONFIG)
    return loaded


def _account(name: str | None, loaded: Loaded) -> str | None:
    if name is None:
        return None
    account = normalize_id(name, "")
    if not account:
        raise VerbError(f"--account {name[:40]!r} names no account", USAGE)
    known = [one.id for one in loaded.accounts]
    if account not in known:
        raise VerbError(f"no account {account!r}. There are: {', '.join(known) or 'none'}")
    return account


def _of_gateway(where: Places, loaded: Loaded, account: str | None, limit: int) -> Asked:
    """Asked over the children of the running gateway. Raises ``NotRunningError``, ``VerbError``."""
    try:
        # It knows how long it waits for each of its imsgs.
        patience = request(where, {"do": "channels"})["patience"].values()
    except ControlError as error:
        raise VerbError(str(error)) from error
    report = ask(where, {"do": "chats", "account": account, "limit": limit}, max(patience, default=0.0) + 2 * MARGIN)
    if report["digest"] != loaded.digest:
        remark(OTHER)
    return [{"id": one["id"], "where": channels.GATEWAY, **one} for one in report["accounts"]]


def _from_here(loaded: Loaded, account: str | None, limit: int) -> Asked:
    """Asked from this terminal, one account after the other: all that run or should, or the one that is named."""
    from actors.control.standalone import chats

    asked = []
    for one in loaded.accounts:
        if one.id == account or (account is None and (one.enabled or missed(one, loaded))):
            answer = chats(one, limit).json() if one.enabled else {"chats": [], "error": _off(one)}
            asked.append({"id": one.id, "where": channels.TERMINAL, **answer})
    return asked


def _off(one: Account) -> dict[str, str | None] | None:
    reason, remedy = why_not(one)
    return channels.problem_json(Problem("off", reason, remedy or channels.SET_RIGHT))


def _judged(asked: Asked, loaded: Loaded, where: Places) -> list[dict[str, Any]]:
    known = {one.id: one for one in loaded.accounts}
    return [chat for one in asked for chat in _of_account(one, known.get(one["id"]), loaded, where)]


def _of_account(
    answer: Mapping[str, Any], account: Account | None, loaded: Loaded, where: Places
) -> list[dict[str, Any]]:
    chats = [chat for chat in map(read, answer["chats"]) if chat is not None]
    if account is None or loaded.config is None:
        return [unjudged(chat, answer["id"]) for chat in chats]
    judge = Judge.of(account, loaded.config, where, time.time())
    if judge.trouble:
        remark(judge.trouble)
    preview = Preview(judge, _memory(where, account, loaded))
    return [preview.report(chat) for chat in chats]


def _memory(where: Places, account: Account, loaded: Loaded) -> Memory:
    """What the journal knows of the account's own addresses: nothing where it cannot be read, and that is said."""
    if where.journal.exists():
        try:
            with journal(where.journal), closing(connect_readonly(where.journal)) as connection:
                return replace(Memory.of(connection, account, loaded.accounts), connection=None)
        except VerbError as error:
            remark(f"judged without the journal: {error}")
    return Memory(account, 0)
