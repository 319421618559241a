"""Whose words an agent sees besides those it answers: ``contextVisibility`` (config-ops 2.1). Pure.

``all``: everybody's. ``allowlist``: of history, earlier turns, reactions, what those are about, and quoted messages
only those of people on the list of group senders (``groupAllowFrom``, else ``allowFrom``), of whoever wrote the
messages of the turn, and our own. ``allowlist_quote``: as ``allowlist``, but a message that is replied to is always
seen.
"""

from collections.abc import Iterable
from typing import NamedTuple

from actors.access import access_groups
from actors.access.entries import AllowList
from actors.access.handles import canonical
from config.account import Account
from config.schema.channel_parts import ContextVisibility
from config.schema.root import Config


class Visibility(NamedTuple):
    """What one account shows its agents. ``region`` is that of its national numbers."""

    mode: ContextVisibility = "all"
    listed: AllowList = AllowList()
    region: str | None = None

    @classmethod
    def of(cls, account: Account, config: Config) -> "Visibility":
        """That of ``account``."""
        entries = account.allow_from if account.group_allow_from is None else account.group_allow_from
        listed = AllowList.of(entries, account.region, access_groups.members(config))
        return cls(account.context_visibility, listed, account.region)

    def shows(self, sender: str, present: Iterable[str]) -> bool:
        """Whether words of the handle ``sender`` are seen in a turn of the handles ``present``."""
        if self.mode == "all":
            return True
        who = canonical(sender, self.region)
        return self.listed.names(who) or any(canonical(one, self.region) == who != "" for one in present)

    def shows_quote(self, sender: str, present: Iterable[str]) -> bool:
        """The same for the message that is replied to."""
        return self.mode == "allowlist_quote" or self.shows(sender, present)
