"""``gateway pairing list|approve``: who asks for access, and letting them in.

Works on the pairing files themselves, so it needs no running gateway; one that runs is told to look at once.
"""

import argparse
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actors.control.cli.common import add_json, places, print_json, remark
from actors.control.cli.exits import ERROR, OK, USAGE, VerbError
from actors.control.client import ControlError, NotRunningError, request
from actors.pairing.codes import Request
from actors.pairing.store import PairingStore, StoreUnreadableError
from config import Places
from config.ids import normalize_id

if TYPE_CHECKING:
    from argparse import _SubParsersAction

CHANNEL = "imessage"
NAMES = {"imessage", "imsg"}


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("pairing", help="who asks for access, and letting them in")
    verbs = parser.add_subparsers(metavar="list|approve", dest="action", required=True)
    listing = verbs.add_parser("list", help="the requests that wait", description="List the requests that wait.")
    listing.add_argument("words", nargs="*", metavar="imessage", help="the channel; there is only this one")
    approving = verbs.add_parser(
        "approve",
        help="let in whoever has this code",
        description="Let in the person who was sent this code. From then on their messages are answered. "
        "--json names the files the approval is stored in.",
    )
    approving.add_argument("words", nargs="+", metavar="[imessage] CODE", help="the code, 8 letters and digits")
    for each in (listing, approving):
        each.add_argument("--channel", metavar="C", help="the channel (imessage)")
        each.add_argument("--account", metavar="A", help="only this account's requests")
        add_json(each)


def execute(args: argparse.Namespace) -> int:
    """List or approve."""
    where = places(args)
    store = PairingStore(where.credentials)
    try:
        return _list(args, store) if args.action == "list" else _approve(args, store, where)
    except StoreUnreadableError as error:
        raise VerbError(f"the pairing store cannot be used: {error}") from error


def _list(args: argparse.Namespace, store: PairingStore) -> int:
    if len(args.words) > 1:
        raise VerbError(f"too many arguments: {' '.join(args.words)}", USAGE)
    _check_channel(args.words[0] if args.words else None, args.channel)
    requests = [as_json(one) for one in store.requests(_account(args), now=time.time())]
    if args.json:
        print_json({"channel": CHANNEL, "requests": requests})
    elif not requests:
        print(f"no pending pairing requests for {CHANNEL}")
    else:
        from actors.control import tables

        print(f"pending pairing requests for {CHANNEL}: {len(requests)}")
        tables.requests(tables.console(sys.stdout), requests, time.time())
        print("let someone in: gateway pairing approve CODE")
    return OK


def _approve(args: argparse.Namespace, store: PairingStore, where: Places) -> int:
    *channel, code = args.words
    if len(channel) > 1:
        raise VerbError(f"too many arguments: {' '.join(args.words)}", USAGE)
    _check_channel(channel[0] if channel else None, args.channel)
    if not channel and code.lower() in NAMES:
        raise VerbError("which code? gateway pairing approve CODE", USAGE)
    request_found = store.approve(_account(args), code, time.time())
    if request_found is None:
        whose = f" in account {args.account}" if args.account else ""
        raise VerbError(
            f"no pending pairing request for code {code.strip().upper()[:20]}{whose}: codes live for an hour. "
            f"See: gateway pairing list (the store is {store.pending_file})",
            ERROR,
        )
    _tell_gateway(where)
    _say_approved(request_found, store, as_json=args.json)
    return OK


def _say_approved(found: Request, store: PairingStore, *, as_json: bool) -> None:
    if as_json:
        files = [str(path) for path in store.allow_files(found.account)]
        print_json({"channel": CHANNEL, "id": found.id, "account": found.account, "store": files[0], "files": files})
        return
    from actors.runtime.logs import visible

    print(f"approved {CHANNEL} {visible(found.id)} (account {visible(found.account)})")


def _tell_gateway(where: Places) -> None:
    try:
        request(where, {"do": "poke", "name": "pairing-changed"})
    except NotRunningError:
        return
    except ControlError as error:
        remark(f"the running gateway could not be told ({error}); it sees the change with the person's next message")


def _account(args: argparse.Namespace) -> str | None:
    if args.account is None:
        return None
    account = normalize_id(args.account, "")
    if not account:
        raise VerbError(f"--account {args.account[:40]!r} names no account", USAGE)
    return account


def _check_channel(positional: str | None, flag: str | None) -> None:
    for name in (positional, flag):
        if name is not None and name.strip().lower() not in NAMES:
            raise VerbError(f"unknown channel {name[:40]!r}: pairing is for {CHANNEL}", USAGE)


def as_json(one: Request) -> dict[str, Any]:
    """``{id, code, createdAt, lastSeenAt, meta}`` of a request."""
    return {
        "id": one.id,
        "code": one.code,
        "createdAt": _iso(one.created_at),
        "lastSeenAt": _iso(one.last_seen_at),
        "meta": dict(one.meta),
    }


def _iso(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
