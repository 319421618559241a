"""By which other ways than pairing somebody gets in: what the config still says of a handle. Pure.

Whoever is taken out of the pairing store may stand on a list, behind a wildcard, in an access group or in a chat that
is listed; nobody is to believe them shut out then.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from actors.access.access_groups import members
from actors.access.entries import AllowList, Entry, Kind, parse
from actors.access.handles import can_be_answered, canonical
from config import Account, Config
from config.schema.commands import is_owner_entry

DIRECT, GROUPS, OWNER = "direct messages", "groups", "owner"

_CHATS = frozenset({Kind.CHAT_ID, Kind.CHAT_GUID, Kind.CHAT_IDENTIFIER})


class Way(NamedTuple):
    """``entry`` at config path ``path`` lets them into ``where``, or makes them owner; not ``sure`` for a chat nobody
    can tell from here whether they are in it.
    """

    path: str
    entry: str
    where: str
    sure: bool = True


def ways(account: Account, config: Config, handles: Iterable[str]) -> list[Way]:
    """How ``account`` admits one of ``handles`` (canonical forms of one person) whatever the pairing store says."""
    person = _Person(account, config.commands.owner_allow_from, members(config), tuple(handles))
    return [*person.direct(), *person.groups(), *person.owner()]


class _Person(NamedTuple):
    account: Account
    owners: tuple[str, ...]
    people: Mapping[str, tuple[str, ...]]
    handles: tuple[str, ...]

    def direct(self) -> Iterator[Way]:
        if self.account.dm_policy != "disabled":
            yield from self._listed("allowFrom", self.account.allow_from, DIRECT)

    def groups(self) -> Iterator[Way]:
        own = self.account.group_allow_from
        if self.account.group_policy == "open":
            yield Way(self.account.key_path("groupPolicy"), "open", GROUPS)
        elif self.account.group_policy == "allowlist" and own is None:
            yield from self._listed("allowFrom", self.account.allow_from, GROUPS)
        elif self.account.group_policy == "allowlist" and own is not None:
            yield from self._listed("groupAllowFrom", own, GROUPS)

    def owner(self) -> Iterator[Way]:
        for index, text in enumerate(self.owners):
            if is_owner_entry(text) and self._is_named(text):
                yield Way(f"commands.ownerAllowFrom.{index}", text.strip(), OWNER)

    def _listed(self, key: str, entries: Iterable[str], where: str) -> Iterator[Way]:
        for index, text in enumerate(entries):
            entry = parse(text, self.account.region)
            sure = self._is_in(entry) if entry.kind in _CHATS else self._is_named(text) or None
            if sure is not None:
                yield Way(f"{self.account.key_path(key)}.{index}", text.strip(), where, sure)

    def _is_named(self, text: str) -> bool:
        entries = AllowList.of((text,), self.account.region, self.people)
        return any(entries.names(handle) for handle in self.handles)

    def _is_in(self, chat: Entry) -> bool | None:
        """Whether the chat is surely theirs; None when it is the direct chat of somebody else."""
        name = canonical(chat.value.rpartition(";")[2], self.account.region)
        if chat.kind is Kind.CHAT_ID:
            return False
        if name in self.handles:
            return True
        return None if ";-;" in chat.value or can_be_answered(name) else False
