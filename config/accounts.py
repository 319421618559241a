"""From the channel block to effective accounts.

The overlay of `config.overlay`, then the wider fallbacks (`channels.defaults`, `messages`), then the defaults
of `Account`. Two accounts never read one Messages database: one of them stays off and says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from config import sources
from config.account import DEFAULT_HISTORY, ROOT, Account
from config.ids import normalize_id
from config.overlay import DEFAULT_ID, Overlay, missing, overlays
from config.paths import Path as Keys
from config.safety import DEFAULT_ROOT, normalize_root
from config.schema import Config
from config.schema.channel import AccountBlock, ImessageBlock
from config.sources import HERE, Machine
from config.values import expand_home

MAX_HISTORY = 200
_OF_ACCOUNTS = f"{ROOT}.accounts."
OWN_DATABASE = (
    "give each account the dbPath of its own database, on other Macs with its remoteHost, or leave only one of the two"
)
"""Ends the reason of an account that is off because another one reads its database: what helps."""
_SOURCE = ("cli_path", "db_path", "service", "region", "send_transport")
_LISTS = ("allow_from", "group_allow_from")
_ROOTS = ("attachment_roots", "remote_attachment_roots")
_POLICIES = ("dm_policy", "group_policy", "groups", "include_attachments", "media_max_mb", "text_chunk_limit")
_SHOWS_INTENT = {*_SOURCE, *_LISTS, *_ROOTS, *_POLICIES}
_PREPARED = {"enabled", "name", "cli_path", "db_path", "remote_host", "allow_to", "health_monitor", *_LISTS, *_ROOTS}
# Keys whose value goes into the account as it stands.
_SAME = {info.name for info in fields(Account)} & AccountBlock.model_fields.keys() - _PREPARED


def effective(
    config: Config, unresolved: Mapping[Keys, tuple[str, ...]], home: Path, machine: Machine = HERE
) -> tuple[tuple[Account, ...], tuple[str, ...]]:
    """All accounts, sorted by id, and warnings. A config without the channel has none.

    `unresolved` are the paths whose variables are unset: the accounts they belong to become unavailable.
    `machine` is asked only when several accounts would run, for which of them read one database.
    """
    channel = config.channels.imessage
    if channel is None:
        return (), ()
    accounts = [_account(config, overlay, unresolved, home) for overlay in overlays(channel)]
    owned = _single_owner(accounts, _turns(channel), machine)
    return owned, tuple(_beside(channel, owned))


def default_account(config: Config, accounts: Iterable[Account]) -> Account | None:
    """`defaultAccount` when there is one of that name, else `default`, else the first."""
    by_id = {account.id: account for account in accounts}
    channel = config.channels.imessage
    wanted = channel.default_account if channel is not None else None
    named = by_id.get(normalize_id(wanted, DEFAULT_ID)) if wanted is not None else None
    return named or by_id.get(DEFAULT_ID) or next(iter(by_id.values()), None)


def _account(config: Config, overlay: Overlay, unresolved: Mapping[Keys, tuple[str, ...]], home: Path) -> Account:
    # null says the same as leaving the key out.
    values = {name: value for name, value in overlay.values.items() if value is not None}
    origins = dict(overlay.origins)
    channel = config.channels.imessage
    chosen = {name: values[name] for name in _SAME if name in values}
    chosen |= _fallbacks(config, chosen, origins)
    chosen["history_limit"] = min(chosen.get("history_limit", DEFAULT_HISTORY), MAX_HISTORY)
    reason = missing(overlay, unresolved)
    wanted = channel is not None and channel.enabled is not False and values.get("enabled") is not False
    return Account(
        id=overlay.id,
        name=(values.get("name") or "").strip() or None,
        enabled=wanted and reason is None,
        configured=bool(_SHOWS_INTENT & values.keys()),
        unavailable=reason,
        allow_from=_entries(values.get("allow_from")) or (),
        group_allow_from=_entries(values.get("group_allow_from")),
        allow_to=_entries(values.get("allow_to")) or (),
        origins=origins,
        **(chosen | _nested(values, origins)),
        **_program(values, home),
        **_roots(channel, values),
    )


def _fallbacks(config: Config, chosen: Mapping[str, Any], origins: dict[str, str]) -> dict[str, Any]:
    wider = (
        (
            "group_policy",
            "groupPolicy",
            config.channels.defaults.group_policy,
            "channels.defaults.groupPolicy",
        ),
        (
            "context_visibility",
            "contextVisibility",
            config.channels.defaults.context_visibility,
            "channels.defaults.contextVisibility",
        ),
        (
            "history_limit",
            "historyLimit",
            config.messages.group_chat.history_limit,
            "messages.groupChat.historyLimit",
        ),
        ("response_prefix", "responsePrefix", config.messages.response_prefix, "messages.responsePrefix"),
    )
    found: dict[str, Any] = {}
    for name, key, value, path in wider:
        if name not in chosen and value is not None:
            found[name] = value
            origins[key] = path
    return found


def _program(values: Mapping[str, Any], home: Path) -> dict[str, Any]:
    host = (values.get("remote_host") or "").strip() or None
    program = {"remote_host": host}
    if "cli_path" in values:
        program["cli_path"] = expand_home(values["cli_path"].strip(), home)
    if "db_path" in values:
        # On another Mac the path is that Mac's: this host's home says nothing about it.
        program["db_path"] = values["db_path"] if host else expand_home(values["db_path"], home)
    return program


def _roots(channel: ImessageBlock | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Account, channel and default roots together; remote ones fall back to the local lists."""
    local = (*(values.get("attachment_roots") or ()), *((channel and channel.attachment_roots) or ()))
    remote = (
        *(values.get("remote_attachment_roots") or ()),
        *((channel and channel.remote_attachment_roots) or ()),
    )
    return {
        "attachment_roots": _unique_roots((*local, DEFAULT_ROOT)),
        "remote_attachment_roots": _unique_roots((*remote, *local, DEFAULT_ROOT)),
    }


def _unique_roots(roots: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalize_root(root) for root in roots))


def _nested(values: Mapping[str, Any], origins: Mapping[str, str]) -> dict[str, Any]:
    """What stands one level deeper in the file than here."""
    found: dict[str, Any] = {}
    markdown, streaming, monitor = (values.get(name) for name in ("markdown", "streaming", "health_monitor"))
    if markdown is not None and markdown.tables is not None:
        found["markdown_tables"] = markdown.tables
    if monitor is not None and monitor.enabled is not None:
        found["health_monitor"] = monitor.enabled
    # Of the two places of chunkMode the account's own beats the channel's, else the older one counts.
    is_nearer = _OF_ACCOUNTS in origins.get("streaming", "") and _OF_ACCOUNTS not in origins.get("chunkMode", "")
    if streaming is not None and streaming.chunk_mode is not None and (is_nearer or "chunk_mode" not in values):
        found["chunk_mode"] = streaming.chunk_mode
    return found


def _entries(entries: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The entries trimmed. Blank ones keep their place, so that the others keep their numbers, unless all are blank."""
    if entries is None:
        return None
    trimmed = tuple(entry.strip() for entry in entries)
    return trimmed if any(trimmed) else ()


def _turns(channel: ImessageBlock) -> dict[str, int]:
    """Who comes before whom when only one may run: named accounts in the file's order, then `default`."""
    named = (normalize_id(key, DEFAULT_ID) for key in channel.accounts)
    return {ident: number for number, ident in enumerate(named) if ident != DEFAULT_ID}


def _single_owner(accounts: list[Account], turns: Mapping[str, int], machine: Machine) -> tuple[Account, ...]:
    """Of the accounts that would read one database only the first in turn stays enabled."""
    running = sorted((one for one in accounts if one.enabled), key=lambda one: turns.get(one.id, len(turns)))
    if len(running) < 2:
        return tuple(accounts)
    found = {one.id: sources.of(one, machine) for one in running}
    owners: dict[str, Account] = {}
    for one in running:
        owners.setdefault(found[one.id], one)
    return tuple(
        _replaced(one, owner) if one.enabled and (owner := owners[found[one.id]]).id != one.id else one
        for one in accounts
    )


def _literal(account: Account) -> tuple[str, str | None, str | None]:
    return account.cli_path, account.db_path, account.remote_host


def _replaced(account: Account, owner: Account) -> Account:
    alike = _literal(account) == _literal(owner)
    what = "the same cliPath and dbPath" if alike else "the same Messages database"
    reason = f"account {owner.id} reads {what} ({_spelled(account)}; {_spelled(owner)}): {OWN_DATABASE}"
    return replace(account, enabled=False, unavailable=reason)


def _spelled(account: Account) -> str:
    """Where an account says what it reads, and what it says."""
    key, value = ("cliPath", account.cli_path) if account.db_path is None else ("dbPath", account.db_path)
    return f'{account.id} by {account.key_path(key)} "{value}"'


def _beside(channel: ImessageBlock, accounts: tuple[Account, ...]) -> list[str]:
    named = [account.id for account in accounts if account.id != DEFAULT_ID]
    implicit = len(named) == len(channel.accounts) and len(accounts) > len(named)
    if not named or not implicit or not any(a.id == DEFAULT_ID and a.enabled for a in accounts):
        return []
    remedy = "set accounts.default.enabled: false if that is not wanted"
    return [f'{ROOT}: its own cliPath or dbPath make an account "default" beside {", ".join(named)}; {remedy}']
