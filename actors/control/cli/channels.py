"""``gateway channels list|status``: the accounts, and whether their imsg works; ``channels_edit`` adds and removes.

``status --probe`` asks inside the running gateway, over the child it uses, because macOS gives permissions to whoever
starts a program. Only where no gateway runs it asks from this terminal, and says so.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from actors.control import channels
from actors.control.accounts import missed, wanted
from actors.control.cli import channels_edit
from actors.control.cli.common import add_json, ask, places, print_json, remark
from actors.control.cli.exits import BAD_CONFIG, ERROR, NOT_RUNNING, OK, VerbError
from actors.control.client import ControlError, NotAnsweringError, NotRunningError, request
from actors.control.config_file import load
from actors.control.reading import JournalReader
from config import Loaded, Places

if TYPE_CHECKING:
    from argparse import _SubParsersAction

AT_ONCE = 4
MARGIN = 3.0
"""Seconds the gateway's answer may take beyond the probe itself."""
ELSEWHERE = (
    "asked from this terminal, not from the service: macOS gives permissions to the program that starts imsg, so the "
    "service may have others"
)


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("channels", help="the accounts: is imsg there, and what may it do")
    verbs = parser.add_subparsers(metavar="list|status|add|remove", dest="action", required=True)
    listing = verbs.add_parser("list", help="the accounts of the config", description="List the accounts.")
    telling = verbs.add_parser(
        "status",
        help="how each account does",
        description="Tell how each account does, why, and what helps. Exits with 0 only when every enabled account is "
        "ok, as far as can be found out: whether it may send is known after the first send; with 3 when no gateway "
        "runs, unless --probe asked from here.",
    )
    telling.add_argument("--probe", action="store_true", help="find out now, instead of what was seen last")
    for each in (listing, telling):
        add_json(each)
    channels_edit.add(verbs)


def execute(args: argparse.Namespace) -> int:
    """List, or tell how they do."""
    where = places(args)
    if args.action == "list":
        return _list(args, _loaded(where))
    if args.action in ("add", "remove"):
        return channels_edit.execute(args, where)
    try:
        report = request(where, {"do": "channels"})
    except NotRunningError as error:
        return _without_gateway(args, where, error)
    except ControlError as error:
        raise VerbError(str(error)) from error
    if args.probe:
        report["accounts"] = _probed(where, report)
    said = "probed inside the running gateway" if args.probe else "as the running gateway saw them last"
    return _tell(args, report["ts"], report["accounts"], said)


def _loaded(where: Places) -> Loaded:
    loaded = load(where, os.environ)
    if loaded.problems:
        found = "; ".join(str(problem).removeprefix("- ") for problem in loaded.problems[:3])
        raise VerbError(f"{loaded.path} is not valid: {found}. See: gateway config validate", BAD_CONFIG)
    return loaded


def _list(args: argparse.Namespace, loaded: Loaded) -> int:
    accounts = [channels.configured(one, wanted(one, loaded)) for one in loaded.accounts]
    if args.json:
        print_json({"accounts": accounts})
        return OK
    if not accounts:
        print(f"no accounts: {loaded.path} has no channels.imessage; see: gateway config file")
        return OK
    from actors.control import lists, tables

    lists.configured(tables.console(sys.stdout), accounts)
    print("how they do: gateway channels status --probe")
    return OK


def _probed(where: Places, report: dict[str, Any]) -> list[dict[str, Any]]:
    """The accounts after a probe of each that runs."""
    patience = report["patience"]

    def probe(one: dict[str, Any]) -> dict[str, Any]:
        if one["id"] not in patience:
            return one
        seconds = patience[one["id"]] + MARGIN
        found: dict[str, Any] = ask(where, {"do": "probe", "account": one["id"]}, seconds)["account"]
        return found

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(probe, report["accounts"]))


def _without_gateway(args: argparse.Namespace, where: Places, error: NotRunningError) -> int:
    loaded = _loaded(where)
    reading = JournalReader(where.journal).read()
    silent = isinstance(error, NotAnsweringError)
    told = f"{error}\n{reading.error}" if reading.error else str(error)
    found = {one.id: channels.number(one, loaded.accounts, reading.sources) for one in loaded.accounts}
    if args.probe:
        from actors.control.standalone import look

        accounts = [look(one, reading, where.journal, found[one.id], missed(one, loaded)) for one in loaded.accounts]
        return _tell(args, channels.now(time.time()), accounts, f"{told}\n{ELSEWHERE}")
    why = channels.silent(reading.error or str(error)) if silent else channels.NOT_RUNNING
    accounts = [
        channels.standing(one, reading, found[one.id], why, missed=missed(one, loaded)) for one in loaded.accounts
    ]
    _tell(args, channels.now(time.time()), accounts, f"{told}\nas the config says:")
    if not args.json:
        print("is imsg there? gateway channels status --probe asks from this terminal")
    return ERROR if silent else NOT_RUNNING


def _tell(args: argparse.Namespace, ts: str, accounts: list[dict[str, Any]], said: str) -> int:
    if args.json:
        print_json({"ts": ts, "accounts": accounts})
    else:
        from actors.control import lists, tables

        print(said)
        lists.channels(tables.console(sys.stdout), accounts, time.time())
        if not any(one["enabled"] for one in accounts):
            remark("no account is enabled, so nothing is read or answered: gateway channels list")
    return OK if channels.well(accounts) else ERROR
