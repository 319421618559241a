"""``gateway pairing deny``: turn away somebody who asks for access; they hear nothing, and get no code for a day."""

import argparse

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
from actors.runtime.logs import visible


def execute(args: argparse.Namespace, desk: Desk) -> None:
    """Remove the request, whether named by its code or its handle. Raises ``VerbError``, ``StoreUnreadableError``."""
    word, account = subject(args, "CODE|HANDLE"), chosen_account(args)
    rules = desk.rules
    meant = desk.store.find(account, word, desk.now)
    denied = [one for one in meant if approval.deny(desk.store, desk.guard, one.account, one.code, desk.now)]
    if not denied:
        raise VerbError(_not_found(desk, word, account, rules))
    tell_gateway(desk.where)
    if args.json:
        people = [{"id": one.id, "account": one.account, "code": one.code} for one in denied]
        print_json({"channel": CHANNEL, "denied": people})
        return
    for one in denied:
        key = rules.account(one.account).key_path("allowFrom")
        print(
            f"denied {CHANNEL} {visible(one.id)} (account {visible(one.account)}): no new code for a day; "
            f"they are not told. To let them in after all, add them to {key}"
        )


def _not_found(desk: Desk, word: str, account: str | None, rules: Rules) -> str:
    where = f" in account {account}" if account else ""
    text = f"no pending pairing request for {word[:60]}{where}"
    for name in [account] if account else accounts(desk, rules):
        if not desk.store.allowed(name).isdisjoint(handles(word, rules.account(name).region)):
            return f"{text}: they were let in; shut them out with gateway pairing revoke HANDLE"
    return f"{text}: see gateway pairing list"
