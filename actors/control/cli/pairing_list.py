"""``gateway pairing list``: who waits with a code, and who was let in by one."""

import argparse
import sys
from typing import Any

from actors.access.access_groups import members
from actors.access.entries import AllowList
from actors.control.cli.common import print_json
from actors.control.cli.exits import USAGE, VerbError
from actors.control.cli.pairing_desk import CHANNEL, Desk, Rules, accounts, check_channel, chosen_account
from actors.pairing.codes import Request
from actors.pairing.records import iso


def execute(args: argparse.Namespace, desk: Desk) -> None:
    """Print the requests that wait and the people let in. Raises ``StoreUnreadableError``."""
    if len(args.words) > 1:
        raise VerbError(f"too many arguments: {' '.join(args.words)}", USAGE)
    check_channel(*args.words, args.channel)
    account = chosen_account(args)
    requests = [as_json(one) for one in desk.store.requests(account, now=desk.now)]
    rules = desk.rules
    approved = [
        one for name in ([account] if account else accounts(desk, rules)) for one in _approved(desk, rules, name)
    ]
    if args.json:
        print_json({"channel": CHANNEL, "requests": requests, "approved": approved})
    else:
        _show(desk, requests, approved)


def _approved(desk: Desk, rules: Rules, account: str) -> list[dict[str, Any]]:
    people, owners = desk.store.allowed(account), _owners(desk, rules, account)
    return [{"id": handle, "account": account, "owner": handle in owners} for handle in sorted(people)]


def _owners(desk: Desk, rules: Rules, account: str) -> frozenset[str]:
    """Those the config names; where it names none, those kept in our state."""
    if rules.config is None or not rules.config.commands.owners:
        return desk.owners.read()
    region = rules.account(account).region
    return AllowList.of(rules.config.commands.owners, region, members(rules.config)).handles


def _show(desk: Desk, requests: list[dict[str, Any]], approved: list[dict[str, Any]]) -> None:
    from actors.control import pairing_report, tables

    out = tables.console(sys.stdout)
    if requests:
        print(f"pending pairing requests for {CHANNEL}: {len(requests)}")
        tables.requests(out, requests, desk.now)
        print("let someone in: gateway pairing approve CODE; turn someone away: gateway pairing deny CODE")
    else:
        print(f"no pending pairing requests for {CHANNEL}")
    if approved:
        print(f"let in by pairing for {CHANNEL}: {len(approved)}")
        pairing_report.approved(out, approved)
        print("shut someone out again: gateway pairing revoke HANDLE")


def as_json(one: Request) -> dict[str, Any]:
    """``{id, code, createdAt, lastSeenAt, meta}`` of a request."""
    return {
        "id": one.id,
        "code": one.code,
        "createdAt": None if one.created_at is None else iso(one.created_at),
        "lastSeenAt": None if one.last_seen_at is None else iso(one.last_seen_at),
        "meta": dict(one.meta),
    }
