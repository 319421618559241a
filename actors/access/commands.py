"""Who may command: what a sender may do besides talking to the agent.

In: the ``commands`` block and the sender lists of an account; then canonical senders. Out: ``known``, ``authorised``
(may read by commands) or ``owner`` (may change things), for somebody the gate lets in. Chat entries authorise nobody,
a wildcard makes no owner, neither does a group chat, and an empty list authorises nobody (inbound 4.6, config-ops 3.2).
Commands that show the settings of the gateway name people: they are for those who are named themselves (``BY_NAME``).

A group confers nothing, and takes nothing of what is the group's: whoever is an owner by handle owns nothing of the
gateway there, but may set how the session of that very group differs from the config (``OF_A_SESSION``: ``/activation``
has no other place to be said). So ``commanding`` tells an owner from others in a group for those commands alone.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from actors.access.allowed import Allowed
from actors.access.channel_keys import everyones, ours
from actors.access.entries import CHATS, AllowList, parse
from actors.access.mentions import Mentions
from actors.commands import recognise
from actors.commands.parse import BY_NAME, OF_A_SESSION, switched_off
from actors.commands.recognise import Pattern, Recognised
from config.account import Account
from config.schema.commands import is_owner_entry
from config.schema.root import Config

KNOWN, AUTHORISED, OWNER = "known", "authorised", "owner"

OWNERS_KEY = "commands.ownerAllowFrom"
EVERYONE_KEY = "commands.useAccessGroups"
PAIRING = "pairing"
"""Stands for a list where an approval on the computer let somebody in, or made the first one an owner."""
_NO_PERSON = "is a chat, and chats authorise nobody: list people"


class Commands(NamedTuple):
    """One account's rules about commands, ready for look-ups.

    ``owners`` is None where the config names none: then those of our state count. ``only`` is the list
    ``commands.allowFrom`` has for this channel, None without one; else ``everyone`` who is let in may, or whoever one
    of ``lists`` names, and with ``pairs`` those the pairing store has let into a direct chat. ``keys`` are the paths of
    what decided in a direct chat and in a group. ``off`` are the commands that are switched off, ``triggers`` finds the
    words that begin a session anew and are no command by themselves.
    """

    owners: frozenset[str] | None = None
    only: AllowList | None = None
    everyone: bool = False
    lists: tuple[AllowList, ...] = ()
    pairs: bool = False
    off: frozenset[str] = frozenset()
    keys: tuple[str, str] = ("", "")
    triggers: Pattern | None = None
    problems: tuple[tuple[str, str], ...] = ()

    @classmethod
    def build(
        cls,
        account: Account,
        config: Config,
        groups: Mapping[str, tuple[str, ...]],
        lists: tuple[AllowList, ...],
        keys: tuple[str, str],
    ) -> "Commands":
        """``groups`` are the members of the access groups, ``lists`` the account's sender lists with their ``keys``."""
        block, region = config.commands, account.region
        named = [(index, entry) for index, entry in enumerate(block.owner_allow_from) if is_owner_entry(entry)]
        owners = AllowList.of((entry for _, entry in named), region, groups)
        channel = next(iter(ours(block.allow_from) or everyones(block.allow_from)), None)
        only = None if channel is None else _people(block.allow_from[channel], region, groups)
        only_key = f"commands.allowFrom.{channel}"
        return cls(
            # The handles alone: whatever else an entry may stand for, it makes no owner.
            owners=owners.handles if named else None,
            only=only,
            everyone=not block.use_access_groups,
            lists=lists,
            pairs=account.dm_policy == "pairing",
            off=switched_off(block, config.session.reset_triggers),
            keys=keys if only is None else (only_key, only_key),
            triggers=recognise.compiled(config.session.reset_triggers),
            problems=(
                *((f"{OWNERS_KEY}.{named[index][0]}", why) for index, why in owners.problems),
                *((f"{only_key}.{index}", why) for index, why in (only.problems if only else ())),
            ),
        )

    def authority(self, sender: str, is_group: bool, allowed: Allowed) -> str:
        """What the canonical handle ``sender`` may do, provided that the gate lets it in."""
        if self._owns(sender, allowed):
            return AUTHORISED if is_group else OWNER
        if self.only is not None:
            return AUTHORISED if self.only.names(sender) else KNOWN
        if self.everyone or (self.pairs and not is_group and sender in allowed.handles):
            return AUTHORISED
        for one in self.lists:
            if one.names(sender):
                return AUTHORISED
        return KNOWN

    def commanding(self, name: str, sender: str, is_group: bool, allowed: Allowed) -> str:
        """What the canonical handle ``sender`` may do by the command ``name``: an owner in a group is one for those
        about the group's own session. ``known`` for whoever may not give it."""
        if is_group and name in OF_A_SESSION and self._owns(sender, allowed):
            return OWNER
        found = self.authority(sender, is_group, allowed)
        return found if name not in BY_NAME or self.names(sender, is_group, allowed) else KNOWN

    def _owns(self, sender: str, allowed: Allowed) -> bool:
        return sender in (allowed.owners if self.owners is None else self.owners)

    def by(self, sender: str, authority: str, is_group: bool) -> str:
        """What gave ``sender`` an ``authority`` above ``known``: the path of a list or a switch, or ``PAIRING``."""
        if self.owners is not None and sender in self.owners:
            return OWNERS_KEY
        if authority == OWNER:
            return PAIRING
        if self.only is not None:
            return self.keys[is_group] if self.only.names(sender) else PAIRING
        if self.everyone:
            return EVERYONE_KEY
        return next((key for one, key in zip(self.lists, self.keys, strict=False) if one.names(sender)), PAIRING)

    def names(self, sender: str, is_group: bool, allowed: Allowed) -> bool:
        """Whether the canonical handle ``sender`` is named by anything, not only let in as anyone would be."""
        if self._owns(sender, allowed):
            return True
        if self.pairs and not is_group and sender in allowed.handles:
            return True
        lists = self.lists if self.only is None else (*self.lists, self.only)
        return any(sender in one.handles for one in lists)

    def hinges_on_files(self, name: str, is_group: bool, allowed: Allowed) -> bool:
        """Whether somebody who may not give the command ``name`` might, were the files of pairing readable."""
        if allowed.readable:
            return False
        return self.owners is None or ((name in BY_NAME or self.only is None) and self.pairs and not is_group)

    def found_in(self, text: str, mentions: Mentions, with_files: bool) -> Recognised | None:
        """The command that ``text`` is, with or without a mention before it, switched on or not; None for text."""
        if self.triggers is None and not recognise.may_be_command(text):
            return None
        return recognise.recognised(text, self.triggers, mentions.are_all_of, with_files=with_files)

    def key(self, is_group: bool) -> str:
        """The path of the list that says who may."""
        return self.keys[is_group]


def _people(entries: Iterable[str], region: str, groups: Mapping[str, tuple[str, ...]]) -> AllowList:
    """A list that may only name people: a chat in it is a problem like an entry nobody understands."""
    entries = tuple(entries)
    found = AllowList.of(entries, region, groups)
    chats = [(index, _NO_PERSON) for index, text in enumerate(entries) if parse(text, region).kind in CHATS]
    return AllowList(found.wildcard, found.handles, problems=tuple(sorted((*found.problems, *chats))))
