"""``gateway pairing approve``: let in whoever has a code; where there is no owner yet, they become it."""

import argparse
from typing import Any

from actors.control.cli.common import print_json, remark
from actors.control.cli.exits import VerbError
from actors.control.cli.pairing_desk import (
    CHANNEL,
    OWNERS_KEY,
    Desk,
    Rules,
    chosen_account,
    remark_strangers,
    subject,
    tell_gateway,
)
from actors.control.cli.pairing_notice import notify
from actors.pairing import approval
from actors.pairing.approval import Approved, Refused
from actors.runtime.logs import visible


def execute(args: argparse.Namespace, desk: Desk) -> None:
    """Approve the code, tell the gateway and, with ``--notify``, the person.

    Raises ``VerbError`` for a code nobody has, and while approvals are locked; ``StoreUnreadableError``.
    """
    code, account = subject(args, "CODE"), chosen_account(args)
    rules = Rules.read(desk.where)
    # A config nobody can read may name an owner: none is made then.
    named = bool(rules.trouble) or bool(rules.config and rules.config.commands.owners)
    result = approval.approve(desk.store, desk.guard, desk.owners, named, account, code, desk.now)
    if isinstance(result, Refused):
        if result.burnt:
            tell_gateway(desk.where)
        raise VerbError(_refusal(result, code, account, desk))
    tell_gateway(desk.where)
    request = result.request
    if not args.json:
        _say(desk, result)
    notified = notify(desk.where, request.account, request.id) if args.notify else None
    if args.json:
        print_json(as_json(desk, result, notified))
    elif notified:
        print("a message in their chat tells them so")
    _remark(rules, request.account)


def _refusal(result: Refused, code: str, account: str | None, desk: Desk) -> str:
    burnt = "".join(
        f". Too many wrong codes were tried while {one.id} waited: their code counts no more, they get a new one when "
        "they write again"
        for one in result.burnt
    )
    if result.locked_until is not None:
        return result.why + burnt
    whose = f" in account {account}" if account else ""
    return (
        f"no pending pairing request for code {code.upper()[:20]}{whose}: codes live for an hour. "
        f"See: gateway pairing list (the store is {desk.store.pending_file}){burnt}"
    )


def _say(desk: Desk, result: Approved) -> None:
    request = result.request
    print(f"approved {CHANNEL} {visible(request.id)} (account {visible(request.account)})")
    if result.is_owner:
        print(
            f"they are the owner now, as nobody was; it is kept in {visible(desk.owners.path)}. To make it permanent, "
            f'write "{visible(request.id)}" into {OWNERS_KEY} in {visible(desk.where.config)}'
        )


def as_json(desk: Desk, result: Approved, notified: bool | None) -> dict[str, Any]:
    """``{channel, id, account, store, files, owner, notified}``; with ``ownerKey`` and ``config`` for a new owner."""
    request, files = result.request, [str(path) for path in desk.store.allow_files(result.request.account)]
    permanent = {"ownerKey": OWNERS_KEY, "config": str(desk.where.config)} if result.is_owner else {}
    return {
        "channel": CHANNEL,
        "id": request.id,
        "account": request.account,
        "store": files[0],
        "files": files,
        "owner": result.is_owner,
        **permanent,
        "notified": notified,
    }


def _remark(rules: Rules, account: str) -> None:
    if rules.trouble:
        remark(f"no owner was made, as the config may name one: {rules.trouble}")
    remark_strangers(rules, [account])
    known = rules.accounts.get(account)
    if known is not None and known.dm_policy != "pairing":
        key = known.key_path("dmPolicy")
        remark(f"{key} is {known.dm_policy}: approvals count only under pairing; set it, or add them to allowFrom")
