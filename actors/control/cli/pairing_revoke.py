"""``gateway pairing revoke``: shut out whoever was let in by a code, and say where the config still admits them."""

import argparse
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from actors.control.cli.common import print_json, remark
from actors.control.cli.exits import USAGE, VerbError
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
from actors.control.cli.pairing_ways import OWNER, Way, ways
from actors.pairing import approval
from actors.runtime.logs import visible


class Outcome(NamedTuple):
    """What became of one account: the handle taken out (empty: it was not in), and the ways in that are left.

    ``unmarked`` is why an import may let them in again, empty where none does.
    """

    account: str
    handle: str
    was_owner: bool
    ways: tuple[Way, ...]
    unmarked: str = ""


def execute(args: argparse.Namespace, desk: Desk) -> None:
    """Take the handle out of one account, or of every one that has it. Raises ``VerbError`` when none has.

    Ownership kept in our state goes too. Raises ``StoreUnreadableError``.
    """
    word, wanted = subject(args, "HANDLE"), chosen_account(args)
    rules = desk.rules
    names = [wanted] if wanted else accounts(desk, rules)
    people = {name: handles(word, rules.account(name).region) for name in names}
    everybody = {one for several in people.values() for one in several}
    if not everybody:
        raise VerbError(f"{word[:60]!r} is no handle: name a phone number or an e-mail address", USAGE)
    found = [_revoke(desk, rules, name, people[name]) for name in names]
    # One made owner by an account that is gone is meant too, unless only another account is.
    orphans = [] if wanted else [one for one in everybody if desk.owners.drop(one)]
    was_owner = bool(orphans) or any(one.was_owner for one in found)
    if not was_owner and not any(one.handle for one in found):
        raise VerbError(_not_found(desk, word, wanted, found, everybody))
    tell_gateway(desk.where)
    _report(args, desk, rules, found, was_owner)
    if wanted:
        _remark_others(desk, rules, word, wanted)


def _revoke(desk: Desk, rules: Rules, account: str, people: Sequence[str]) -> Outcome:
    done = {
        handle: approval.revoke(desk.store, desk.owners, account, handle, desk.guard, desk.now) for handle in people
    }
    known = rules.accounts.get(account)
    left = ways(known, rules.config, people) if known is not None and rules.config is not None else ()
    taken = next((handle for handle, one in done.items() if one.was_in), "")
    unmarked = next((one.unmarked for one in done.values() if one.unmarked), "")
    return Outcome(account, taken, any(one.was_owner for one in done.values()), tuple(left), unmarked)


def _not_found(desk: Desk, word: str, wanted: str | None, found: Sequence[Outcome], people: Collection[str]) -> str:
    where = f" in account {wanted}" if wanted else ""
    text = f"nobody was let in as {word[:60]} by pairing{where}"
    if listed := next((way for one in found for way in one.ways if way.sure and way.where != OWNER), None):
        return f"{text}; {listed.path} in {desk.where.config} admits them ({listed.entry[:60]}): take it out there"
    if any(one.id in people for one in desk.store.requests(wanted, now=desk.now)):
        return f"{text}; they only ask: turn them away with gateway pairing deny {word[:60]}"
    return f"{text}: see gateway pairing list"


def _report(args: argparse.Namespace, desk: Desk, rules: Rules, found: Sequence[Outcome], was_owner: bool) -> None:
    taken = [one for one in found if one.handle]
    left = [(one.account, way) for one in found for way in one.ways if one.handle or was_owner]
    if args.json:
        print_json(
            {
                "channel": CHANNEL,
                "revoked": [{"id": one.handle, "account": one.account} for one in taken],
                "wasOwner": was_owner,
                "stillAdmitted": [
                    {"account": name, "path": way.path, "entry": way.entry, "where": way.where, "certain": way.sure}
                    for name, way in left
                ],
            }
        )
    else:
        for one in taken:
            print(f"revoked {CHANNEL} {visible(one.handle)} (account {visible(one.account)})")
        if was_owner:
            none_left = not desk.owners.read() and not (rules.config and rules.config.commands.owners)
            print(f"they were the owner{': there is none now, and the next approval makes one' if none_left else ''}")
    for line in dict.fromkeys(_still(alike, desk) for alike in _by_entry(way for _, way in left)):
        remark(line)
    for why in dict.fromkeys(one.unmarked for one in found if one.unmarked):
        remark(f"gateway pairing import may let them in again, as it could not be noted that they are out: {why}")
    if rules.trouble:
        remark(f"whether the config admits them besides is not known: {rules.trouble}")


def _remark_others(desk: Desk, rules: Rules, word: str, wanted: str) -> None:
    for name in accounts(desk, rules):
        people = handles(word, rules.account(name).region)
        if name != wanted and any(desk.store.is_allowed(name, handle) for handle in people):
            remark(f"they are still let into account {name} by pairing: gateway pairing revoke {word[:60]} shuts all")


def _by_entry(found: Iterable[Way]) -> Iterable[list[Way]]:
    """The ways of each entry of the config."""
    entries: dict[tuple[str, bool], list[Way]] = {}
    for way in dict.fromkeys(found):
        entries.setdefault((way.path, way.sure), []).append(way)
    return entries.values()


def _still(alike: Sequence[Way], desk: Desk) -> str:
    first, where = alike[0], " and ".join(way.where for way in alike)
    at = f"{first.path} ({first.entry[:60]}) in {desk.where.config}"
    if first.where == OWNER:
        return f"they are still named as an owner by {at}"
    if not first.sure:
        return f"{at} admits a whole chat into {where}: if they are in it, they are still let in"
    return f"they are still let into {where} by {at}: take it out there to shut them out"
