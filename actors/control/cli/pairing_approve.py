"""``gateway pairing approve``: let in whoever has a code or asks under a handle; without an owner they become it."""

import argparse
from typing import Any

from actors.access.handles import can_be_answered
from actors.control.cli.common import print_json, remark
from actors.control.cli.exits import USAGE, VerbError
from actors.control.cli.pairing_desk import (
    CHANNEL,
    OWNERS_KEY,
    Desk,
    Rules,
    accounts,
    chosen_account,
    handles,
    remark_strangers,
    subject,
    tell_gateway,
)
from actors.control.cli.pairing_notice import notify
from actors.pairing import approval
from actors.pairing.approval import Approved, Refused
from actors.pairing.codes import Request, is_code
from actors.pairing.guard import DENIED, MOST_CHALLENGES
from actors.runtime.logs import visible


def execute(args: argparse.Namespace, desk: Desk) -> None:
    """Approve the request, tell the gateway and, with ``--notify``, the person.

    Raises ``VerbError`` for a code nobody has, a handle nobody asks under, and while approvals are locked;
    ``StoreUnreadableError``.
    """
    word, account = subject(args, "CODE|HANDLE"), chosen_account(args)
    rules = desk.rules
    # A config nobody can read may name an owner: none is made then.
    named = bool(rules.trouble) or bool(rules.config and rules.config.commands.owners)
    result = approval.approve(desk.store, desk.guard, desk.owners, named, account, word, desk.now)
    if isinstance(result, Refused):
        if result.burnt:
            tell_gateway(desk.where)
        raise _refusal(result, word, account, desk)
    tell_gateway(desk.where)
    request = result.request
    if not args.json:
        _say(desk, result)
    notified = _notify(desk, request) if args.notify else None
    if args.json:
        print_json(as_json(desk, result, notified))
    elif notified:
        print("a message in their chat tells them so")
    _remark(rules, request.account)


def _refusal(result: Refused, word: str, account: str | None, desk: Desk) -> VerbError:
    burnt = "".join(f". {_burnt(desk, one)}" for one in result.burnt)
    if result.locked_until is not None:
        return VerbError(result.why + burnt)
    if result.several:
        names = ", ".join(one.account for one in result.several)
        return VerbError(f"{word[:60]} asks in several accounts ({names}): say which with --account", USAGE)
    whose = f" in account {account}" if account else ""
    why = _nobody(desk, word, account, f"no pending pairing request for {{}}{whose}")
    return VerbError(f"{why}. See: gateway pairing list (the store is {desk.store.pending_file}){burnt}")


def _nobody(desk: Desk, word: str, account: str | None, text: str) -> str:
    """Why nobody asks by that word."""
    if is_code(word):
        return f"{text.format(f'code {word.upper()}')}: codes live for an hour"
    people = {name: handles(word, desk.rules.account(name).region) for name in accounts(desk, desk.rules)}
    if not any(can_be_answered(form) for forms in people.values() for form in forms):
        return f"{word[:60]!r} is no code (8 letters and digits), and no phone number or e-mail address"
    for name, forms in people.items():
        if account in {None, name} and not desk.store.allowed(name).isdisjoint(forms):
            return f"{text.format(word[:60])}: they are in already (account {name})"
        if any(account in {None, name} and desk.guard.may_challenge(name, one, desk.now) == DENIED for one in forms):
            key = desk.rules.account(name).key_path("allowFrom")
            return f"{text.format(word[:60])}: they were denied, and get no code for a day; {key} lets them in at once"
    return f"{text.format(word[:60])}: a request lives for an hour"


def _burnt(desk: Desk, one: Request) -> str:
    told = f"Too many wrong codes were tried while {one.id} waited: their code counts no more"
    if not desk.guard.may_challenge(one.account, one.id, desk.now):
        return f"{told}, they get a new one when they write again"
    key = desk.rules.account(one.account).key_path("allowFrom")
    return f"{told}, and they get no new one, as {MOST_CHALLENGES} a day are the most: {key} lets them in at once"


def _say(desk: Desk, result: Approved) -> None:
    request = result.request
    print(f"approved {CHANNEL} {visible(request.id)} (account {visible(request.account)})")
    if result.is_owner:
        print(
            f"they are the owner now, as nobody was; it is kept in {visible(desk.owners.path)}. To make it permanent, "
            f'write "{visible(request.id)}" into {OWNERS_KEY} in {visible(desk.where.config)}'
        )


def _notify(desk: Desk, request: Request) -> bool:
    """Tell them that they are answered from now on, if they are; whether they were told."""
    if why := _unanswered(desk.rules, request.account):
        remark(f"they were not told that they are let in, as nobody answers them: {why}")
        return False
    return notify(desk.where, request.account, request.id)


def _unanswered(rules: Rules, account: str) -> str:
    """Why whoever was let in is not answered all the same, as far as the config says."""
    if rules.config is None:
        return ""
    known = rules.accounts.get(account)
    if known is None or not known.enabled:
        return f"no account {account} runs; see: gateway channels list"
    return "" if known.dm_policy == "pairing" else f"{known.key_path('dmPolicy')} is {known.dm_policy}"


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
