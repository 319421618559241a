"""Which accounts a channel block describes, and what each inherits.

An account is the channel's keys with its own laid over them, key by key and not deeper: lists and maps are
replaced whole. Without `accounts` the channel itself is the account `default`; it also is one beside named
accounts when the channel has its own `cliPath` or `dbPath`. No defaults yet: see `config.accounts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.account import ROOT
from config.ids import RESERVED, normalize_id
from config.paths import Path as Keys
from config.paths import dotted
from config.schema.channel import AccountBlock, ImessageBlock

DEFAULT_ID = "default"
CHANNEL: Keys = ("channels", "imessage")
_CHANNEL_ONLY = frozenset(("accounts", "default_account"))


@dataclass(frozen=True, slots=True)
class Overlay:
    """An account's keys after the overlay: the values by attribute, and where each was set."""

    id: str
    key: str | None
    values: Mapping[str, Any]
    origins: Mapping[str, str]


def overlays(channel: ImessageBlock) -> list[Overlay]:
    """The accounts of a channel, sorted by id."""
    return [_overlay(channel, ident, key, block) for ident, key, block in _members(channel)]


def id_faults(channel: ImessageBlock) -> list[tuple[Keys, str]]:
    """Account names that cannot stand: reserved ones, and two names for one id."""
    faults: list[tuple[Keys, str]] = []
    seen: dict[str, str] = {}
    for key in channel.accounts:
        path = (*CHANNEL, "accounts", key)
        ident = normalize_id(key, DEFAULT_ID)
        if key.strip().lower() in RESERVED:
            faults.append((path, "this name is reserved: choose another account id"))
        elif ident in seen:
            faults.append((path, f'is the same account id as "{seen[ident]}" ({ident}): rename one'))
        seen.setdefault(ident, key)
    return faults


def missing(overlay: Overlay, unresolved: Mapping[Keys, tuple[str, ...]]) -> str | None:
    """Why an account cannot run: a value it uses refers to an unset variable. None when all is there."""
    for path, names in unresolved.items():
        if path[:2] == CHANNEL and _concerns(overlay, path[2:]):
            return f"{dotted(path)} needs the environment variable {', '.join(names)}, which is not set"
    return None


def _concerns(overlay: Overlay, rest: Keys) -> bool:
    if rest[:1] == ("accounts",):
        return len(rest) == 1 or rest[1] == overlay.key
    own = f"{ROOT}.accounts."
    return not overlay.origins.get(str(rest[0]), "").startswith(own)


def _members(channel: ImessageBlock) -> list[tuple[str, str | None, AccountBlock | None]]:
    members: list[tuple[str, str | None, AccountBlock | None]] = [
        (normalize_id(key, DEFAULT_ID), key, block) for key, block in channel.accounts.items()
    ]
    own_source = bool(channel.model_fields_set & {"cli_path", "db_path"})
    if not members or (own_source and all(ident != DEFAULT_ID for ident, _, _ in members)):
        members.append((DEFAULT_ID, None, None))
    return sorted(members, key=lambda member: member[0])


def _overlay(channel: ImessageBlock, ident: str, key: str | None, block: AccountBlock | None) -> Overlay:
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    layers: list[tuple[AccountBlock, Keys]] = [(channel, CHANNEL)]
    if block is not None and key is not None:
        layers.append((block, (*CHANNEL, "accounts", key)))
    for layer, path in layers:
        for name, info in AccountBlock.model_fields.items():
            if name not in layer.model_fields_set - _CHANNEL_ONLY:
                continue
            if layer is block and name == "groups" and not layer.groups and len(channel.accounts) == 1:
                continue  # an empty map says "no groups here" only where there are several accounts
            values[name] = getattr(layer, name)
            origins[info.alias or name] = dotted((*path, info.alias or name))
    return Overlay(ident, key, values, origins)
