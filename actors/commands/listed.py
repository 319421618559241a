"""What ``/allowlist`` says: who is on which list, what was done, and who is let in all the same. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from actors.access.access_groups import members
from actors.access.entries import AllowList
from actors.commands import answers
from actors.commands.allowlist import Order, place
from actors.commands.config import UNDO
from actors.envelopes.control import Enrolled
from config import Account, Config
from config.paths import dotted
from config.schema.commands import is_owner_entry

_NOBODY = "nobody"


def listing(order: Order, config: Config, enrolled: Enrolled | None, room: int) -> str:
    """The lists of an account, and whom pairing let in, within ``room`` UTF-16 units."""
    account = order.account
    lines = [f"Account {account.id}"]
    if "allowFrom" in order.keys:
        key = dotted(place(account, "allowFrom", config))
        lines += [f"Direct chats, dmPolicy {account.dm_policy}:", f"{key}: {_entries(account.allow_from)}"]
    if enrolled is not None:
        lines.append(f"by pairing{_unused(account)}: {enrolled.trouble or _entries(enrolled.handles)}")
    if "groupAllowFrom" in order.keys:
        lines.append(f"Groups, groupPolicy {account.group_policy}:")
        own = account.group_allow_from
        key = dotted(place(account, "allowFrom" if own is None else "groupAllowFrom", config))
        lines.append(f"{key}: {_entries(account.allow_from if own is None else own)}")
    return answers.capped("\n".join(lines), room, "; for a part: /allowlist list dm, or group")


class Done(NamedTuple):
    """What was done for an order in the config's lists (``lines``), and the config as it is now.

    ``over`` says what of /debug lies over those lists.
    """

    order: Order
    config: Config
    accounts: tuple[Account, ...]
    lines: tuple[str, ...] = ()
    can_undo: bool = False
    over: tuple[str, ...] = ()

    def told(self, enrolled: Enrolled | None) -> str:
        """The words for it; ``enrolled`` is what the pairing registry did, or only knows, None if it was not asked."""
        order, config = self.order, self.config
        account = next((one for one in self.accounts if one.id == order.account.id), order.account)
        who = answers.shortened(order.text)
        told = [f"{who}: {line}" for line in (*self.lines, *_by_pairing(order, enrolled))]
        told += _shared(order, account, self.accounts, config)
        if order.verb == "remove" and order.is_person:
            told += _still_in(order, account, config, enrolled)
        elif order.verb == "add":
            told += _vain(order, account)
        told += self.over
        if self.can_undo:
            beside = enrolled is not None and enrolled.changed
            told.append(f"{UNDO}{', but not of the pairing store' if beside else ''}")
        return "\n".join(told)


def _by_pairing(order: Order, enrolled: Enrolled | None) -> Iterator[str]:
    if enrolled is None or not order.store:
        return
    if enrolled.trouble:
        yield f"the pairing store is as it was: {enrolled.trouble}"
    elif order.verb == "add":
        yield "let in by pairing" if enrolled.changed else "let in by pairing already"
    elif enrolled.changed:
        yield "taken from the pairing store"
    else:
        yield "not in the pairing store"


def _shared(order: Order, account: Account, after: Sequence[Account], config: Config) -> Iterator[str]:
    if not order.config:
        return
    for key in order.keys:
        path = place(account, key, config)
        others = [one.id for one in after if one.id != account.id and one.origins.get(key) == dotted(path)]
        if others:
            yield f"{dotted(path)} is also the list of {', '.join(others)}."


def _still_in(order: Order, account: Account, config: Config, enrolled: Enrolled | None) -> Iterator[str]:
    """By what the person is let in all the same."""
    handle, people = order.entry.value, members(config)

    def named(key: str, entries: Iterable[str], where: str) -> Iterator[str]:
        for index, text in enumerate(entries):
            if AllowList.of((text,), account.region, people).names(handle):
                yield f"Still let into {where} by {account.key_path(key)}[{index}]: {answers.shortened(text)}"

    if account.dm_policy != "disabled":
        yield from named("allowFrom", account.allow_from, "direct chats")
    if account.dm_policy == "pairing" and enrolled is not None and handle in enrolled.handles:
        yield f"Still let into direct chats by pairing: /allowlist remove dm --store {handle}"
    own = account.group_allow_from
    if account.group_policy == "open":
        yield f'Still let into groups: {account.key_path("groupPolicy")} is "open"'
    elif account.group_policy == "allowlist":
        key, entries = ("allowFrom", account.allow_from) if own is None else ("groupAllowFrom", own)
        yield from named(key, entries, "groups")
    for index, text in enumerate(config.commands.owner_allow_from):
        if is_owner_entry(text) and AllowList.of((text,), account.region, people).names(handle):
            yield f"Still named as an owner by commands.ownerAllowFrom[{index}]"


def _vain(order: Order, account: Account) -> Iterator[str]:
    if "allowFrom" in order.keys and account.dm_policy == "disabled":
        yield f'Nobody is let into direct chats: {account.key_path("dmPolicy")} is "disabled".'
    if "groupAllowFrom" in order.keys and account.group_policy == "disabled":
        yield f'Nobody is let into groups: {account.key_path("groupPolicy")} is "disabled".'
    is_wider = order.config and order.is_person and order.keys == ("allowFrom",)
    if is_wider and account.group_policy == "allowlist" and account.group_allow_from is None:
        yield "They are let into groups too: there is no groupAllowFrom, so allowFrom counts there."


def _unused(account: Account) -> str:
    return "" if account.dm_policy == "pairing" else f" (does not count while dmPolicy is {account.dm_policy})"


def _entries(entries: Iterable[str]) -> str:
    return ", ".join(entries) or _NOBODY
