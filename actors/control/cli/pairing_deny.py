"""``gateway pairing deny``: turn away somebody who asks for access; they hear nothing, and get no code for a day."""

import argparse
import hmac

from actors.control.cli.common import print_json
from actors.control.cli.exits import VerbError
from actors.control.cli.pairing_desk import (
    CHANNEL,
    Desk,
    Rules,
    accounts,
    chosen_account,
    handles,
    subject,
    tell_gateway,
)
from actors.pairing import approval
from actors.pairing.codes import Request
from actors.runtime.logs import visible


def execute(args: argparse.Namespace, desk: Desk) -> None:
    """Remove the request, whether named by its code or its handle. Raises ``VerbError``, ``StoreUnreadableError``."""
    word, account = subject(args, "CODE|HANDLE"), chosen_account(args)
    rules = Rules.read(desk.where)
    waiting = desk.store.requests(account, now=desk.now)
    meant = [one for one in waiting if _has_code(one, word)] or [one for one in waiting if _is(one, word, rules)]
    denied = [one for one in meant if approval.deny(desk.store, desk.guard, one.account, one.code, desk.now)]
    if not denied:
        raise VerbError(_not_found(desk, word, account, rules))
    tell_gateway(desk.where)
    if args.json:
        people = [{"id": one.id, "account": one.account, "code": one.code} for one in denied]
        print_json({"channel": CHANNEL, "denied": people})
        return
    for one in denied:
        print(
            f"denied {CHANNEL} {visible(one.id)} (account {visible(one.account)}): no new code for a day; "
            "they are not told"
        )


def _has_code(request: Request, word: str) -> bool:
    return hmac.compare_digest(request.code.upper().encode("utf-8", "replace"), word.upper().encode("utf-8", "replace"))


def _is(request: Request, word: str, rules: Rules) -> bool:
    return request.id in handles(word, rules.account(request.account).region)


def _not_found(desk: Desk, word: str, account: str | None, rules: Rules) -> str:
    where = f" in account {account}" if account else ""
    text = f"no pending pairing request for {word[:60]}{where}"
    for name in [account] if account else accounts(desk, rules):
        if not desk.store.allowed(name).isdisjoint(handles(word, rules.account(name).region)):
            return f"{text}: they were let in; shut them out with gateway pairing revoke HANDLE"
    return f"{text}: see gateway pairing list"
