"""Accounts added to the config and removed from it: the edits that do it. Pure.

In: ``channels.imessage`` as it is written (``${NAME}`` and all), the account, what is said of it. Out: edits for the
writer. Promise: adding an account leaves every other one as it was, whatever it inherits.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from config.edit import Set, Unset
from config.ids import RESERVED, normalize_id
from config.overlay import CHANNEL, DEFAULT_ID
from config.paths import Path

ACCOUNTS: Path = (*CHANNEL, "accounts")
MOVED = (
    "name",
    "cliPath",
    "dbPath",
    "remoteHost",
    "service",
    "region",
    "dmPolicy",
    "allowFrom",
    "groupPolicy",
    "groupAllowFrom",
    "defaultTo",
)
"""Keys of the channel that belong to its one account, and become those of ``accounts.default`` when a second one comes
(config-ops 2.3). ``remoteHost`` is among them because another Mac's host is of no use to the new account."""
SOURCE = ("cliPath", "dbPath", "remoteHost", "service", "region", "name")
"""Keys that go when the channel's own account is deleted (config-ops 5)."""


class AccountError(ValueError):
    """What was asked cannot be done; the message says why and what to do."""


class Change(NamedTuple):
    """The edits, and what there is to say about them."""

    edits: list[Set | Unset]
    remarks: tuple[str, ...] = ()


def account_id(text: str) -> str:
    """The id an account has for what a person wrote. Raises ``AccountError`` for a reserved name."""
    if text.strip().lower() in RESERVED:
        raise AccountError(f"{text} is reserved: choose another account id")
    return normalize_id(text, DEFAULT_ID)


def add(channel: Mapping[str, Any] | None, ident: str, values: Mapping[str, Any]) -> Change:
    """The account ``ident`` with ``values`` by their config keys; one that is there gets only these.

    ``channel`` is None where the config has none.
    """
    there = channel or {}
    accounts: Mapping[str, Any] = there.get("accounts") or {}
    edits: list[Set | Unset] = [Set((*CHANNEL, "enabled"), True)] if there.get("enabled") is False else []
    key = _key(accounts, ident)
    if key is not None:
        on = {"enabled": True} if accounts[key].get("enabled") is False else {}
        return Change([*edits, *_each((*ACCOUNTS, key), on | dict(values))])
    at_root = ident == DEFAULT_ID and (not accounts or _has_source(there))
    if at_root:
        new = {"cliPath": "imsg"} if channel is None else {}
        return Change([*edits, *_each(CHANNEL, new | dict(values))])
    remarks: tuple[str, ...] = ()
    if channel is not None and not accounts:
        moved = {name: there[name] for name in MOVED if name in there}
        off = {"enabled": False} if there.get("enabled") is False else {}
        edits.append(Set((*ACCOUNTS, DEFAULT_ID), off | moved))
        edits += [Unset((*CHANNEL, name)) for name in moved]
        if moved:
            remarks = (f"moved to accounts.default, where they keep their meaning: {', '.join(moved)}",)
    edits += _groups_kept(there, accounts)
    edits.append(Set((*ACCOUNTS, ident), {"cliPath": "imsg"} | dict(values)))
    return Change(edits, remarks)


def switch_off(channel: Mapping[str, Any] | None, ident: str) -> Change:
    """The account is kept and does not run. Raises ``AccountError`` when there is none."""
    there, accounts, key = _known(channel, ident)
    if key is not None:
        return Change([Set((*ACCOUNTS, key, "enabled"), False)])
    if accounts:
        return Change([*_groups_kept(there, accounts), Set((*ACCOUNTS, DEFAULT_ID), {"enabled": False})])
    return Change([Set((*CHANNEL, "enabled"), False)])


def delete(channel: Mapping[str, Any] | None, ident: str) -> Change:
    """The account and its keys go; a channel without any account left is switched off.

    Raises ``AccountError`` when there is no such account, or when others inherit what would go.
    """
    there, accounts, key = _known(channel, ident)
    edits: list[Set | Unset] = [] if key is None else [Unset((*ACCOUNTS, key))]
    left = {name: one for name, one in accounts.items() if name != key}
    at_root = ident == DEFAULT_ID and (key is None or _has_source(there))
    if at_root:
        going = [name for name in SOURCE if name in there]
        heirs = [name for name in going if any(name not in one for one in left.values())]
        if heirs:
            raise AccountError(
                f"other accounts take {', '.join(heirs)} from channels.imessage, so they would change: without "
                "--delete the account is only switched off"
            )
        edits += [Unset((*CHANNEL, name)) for name in going]
    if normalize_id(str(there.get("defaultAccount", "")), "") == ident:
        edits.append(Unset((*CHANNEL, "defaultAccount")))
    if left or (_has_source(there) and not at_root):
        alone = [name for name, one in left.items() if len(left) == 1 and len(accounts) > 1 and one.get("groups") == {}]
        taken = f"account {alone[0]} is the only one now, so its empty groups are those of the channel" if alone else ""
        return Change(edits, (taken,) if taken and there.get("groups") else ())
    # Without any account in it the channel itself would be one, and read the Messages of this Mac.
    return Change([*edits, Set((*CHANNEL, "enabled"), False)], ("no account is left, so the channel is switched off",))


def _known(channel: Mapping[str, Any] | None, ident: str) -> tuple[Mapping[str, Any], Mapping[str, Any], str | None]:
    """The channel, its accounts, and the account's key; None for the one the channel itself is."""
    there = channel or {}
    accounts: Mapping[str, Any] = there.get("accounts") or {}
    key = _key(accounts, ident)
    implied = ident == DEFAULT_ID and channel is not None and (not accounts or _has_source(there))
    if key is None and not implied:
        known = {normalize_id(name, DEFAULT_ID) for name in accounts}
        if channel is not None and (not accounts or _has_source(there)):
            known.add(DEFAULT_ID)
        raise AccountError(f"there is no account {ident}; known: {', '.join(sorted(known)) or 'none'}")
    return there, accounts, key


def _key(accounts: Mapping[str, Any], ident: str) -> str | None:
    return next((key for key in accounts if normalize_id(key, DEFAULT_ID) == ident), None)


def _groups_kept(there: Mapping[str, Any], accounts: Mapping[str, Any]) -> list[Unset]:
    """Empty ``groups`` of an only account say what leaving them out says; beside a second one they would not."""
    if len(accounts) != 1 or not there.get("groups"):
        return []
    return [Unset((*ACCOUNTS, key, "groups")) for key, one in accounts.items() if one.get("groups") == {}]


def _has_source(channel: Mapping[str, Any]) -> bool:
    return "cliPath" in channel or "dbPath" in channel


def _each(path: Path, values: Mapping[str, Any]) -> list[Set]:
    return [Set((*path, name), value) for name, value in values.items()]
