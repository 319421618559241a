"""Chats as imsg shows them: the list by activity, and the per-process cache behind every message.

In: a connection of the calling thread. Out: plain values ready for JSON (imsg protocol 2, 4, 5, 12.5).
"""

import sqlite3
from typing import Any, NamedTuple

from actors.simulator.dates import iso
from actors.simulator.generations import DEFAULT, Generation

_INFO = """
SELECT coalesce(chat_identifier, ''), guid, coalesce(display_name, chat_identifier, ''),
  coalesce(service_name, '') FROM chat WHERE ROWID = ?
"""
_MEMBERS = """
SELECT DISTINCT h.id FROM chat_handle_join j JOIN handle h ON h.ROWID = j.handle_id
WHERE j.chat_id = ? ORDER BY h.id
"""
_LIST = """
SELECT j.chat_id, max(j.message_date) AS latest, c.display_name, c.account_id, c.account_login,
  c.last_addressed_handle
FROM chat_message_join j JOIN chat c ON c.ROWID = j.chat_id
GROUP BY j.chat_id ORDER BY latest DESC
"""
_ACCOUNT = """
SELECT display_name, account_id, account_login, last_addressed_handle FROM chat WHERE ROWID = ?
"""
_UNREAD = """
SELECT count(*) FROM chat_message_join j JOIN message m ON m.ROWID = j.message_id
WHERE j.chat_id = ? AND m.is_from_me = 0 AND m.is_read = 0 AND m.item_type = 0
  AND coalesce(m.associated_message_type, 0) NOT BETWEEN 2000 AND 3006
"""


class ChatInfo(NamedTuple):
    """The naming of one chat. `name` is the display name, or the identifier where that column is NULL."""

    identifier: str
    guid: str
    name: str
    service: str

    @property
    def is_group(self) -> bool:
        """imsg's rule since 0.5: `;+;` in the GUID or the identifier."""
        return ";+;" in self.guid or ";+;" in self.identifier


NO_CHAT = ChatInfo("", "", "", "")


class ChatCache:
    """Chat names and members. imsg up to 0.13 reads them once per process and never again (imsg protocol 6), from 0.14
    on they are read afresh (12.7).

    Shared by all threads: at worst two of them read the same chat once each.
    """

    def __init__(self, played: Generation = DEFAULT) -> None:
        self._remembers = not played.strict
        self._names_unnamed = played.names_unnamed_chats
        self._infos: dict[int, ChatInfo] = {}
        self._members: dict[int, list[str]] = {}

    def info(self, connection: sqlite3.Connection, chat_id: int) -> ChatInfo | None:
        """The chat's naming, None for a chat that does not exist (yet: absence is not remembered)."""
        known = self._infos.get(chat_id)
        if known is None:
            row = connection.execute(_INFO, (chat_id,)).fetchone()
            if row is None:
                return None
            known = self._named(ChatInfo(*row))
            if self._remembers:
                self._infos[chat_id] = known
        return known

    def members(self, connection: sqlite3.Connection, chat_id: int) -> list[str]:
        """The chat's handles, sorted and distinct; an empty answer is remembered too."""
        known = self._members.get(chat_id)
        if known is None:
            known = [row[0] for row in connection.execute(_MEMBERS, (chat_id,))]
            if self._remembers:
                self._members[chat_id] = known
        return known

    def _named(self, info: ChatInfo) -> ChatInfo:
        return info._replace(name=info.name or info.identifier) if self._names_unnamed else info


class ListedChat(NamedTuple):
    """One line of the chat list: the object of `chats.list`, and what only the command line adds to it."""

    rpc: dict[str, Any]
    extra: dict[str, str]

    @property
    def full(self) -> dict[str, Any]:
        """The object the command line prints: the extra keys only where a value is known."""
        return self.rpc | {key: value for key, value in self.extra.items() if value}


def list_chats(connection: sqlite3.Connection, cache: ChatCache, limit: int) -> list[ListedChat]:
    """Chats with at least one joined message, newest activity first, at most `limit` of them."""
    return [
        ListedChat(_named(connection, cache, chat_id) | {"last_message_at": iso(latest)}, _extra(*account))
        for chat_id, latest, *account in connection.execute(f"{_LIST} LIMIT ?", (limit,))
    ]


def list_chats_in_detail(
    connection: sqlite3.Connection, cache: ChatCache, limit: int, *, unread_only: bool
) -> list[dict[str, Any]]:
    """The same list as 0.14+ gives it: with what is known of the account, and `unread_count`."""
    listed = []
    for chat_id, latest, *account in connection.execute(_LIST):
        (unread,) = connection.execute(_UNREAD, (chat_id,)).fetchone()
        if unread or not unread_only:
            named = _named(connection, cache, chat_id)
            chat = ListedChat(named | {"last_message_at": iso(latest)}, _extra(*account))
            listed.append(chat.full | {"unread_count": unread})
        if len(listed) == limit:
            break
    return listed


def one_chat(connection: sqlite3.Connection, cache: ChatCache, chat_id: int) -> dict[str, Any] | None:
    """A single chat, None when there is none with that ROWID; 0.15.10."""
    account = connection.execute(_ACCOUNT, (chat_id,)).fetchone()
    return account and ListedChat(_named(connection, cache, chat_id), _extra(*account)).full


def _named(connection: sqlite3.Connection, cache: ChatCache, chat_id: int) -> dict[str, Any]:
    info = cache.info(connection, chat_id) or NO_CHAT
    return {
        "id": chat_id,
        "identifier": info.identifier,
        "guid": info.guid,
        "name": info.name,
        "service": info.service,
        "participants": cache.members(connection, chat_id),
        "is_group": info.is_group,
    }


def _extra(display_name: str, account_id: str, login: str, addressed: str) -> dict[str, str]:
    return {
        "display_name": display_name,
        "account_id": account_id,
        "account_login": login,
        "last_addressed_handle": addressed,
    }
