"""Chats as imsg shows them: the list by activity, and the per-process cache behind every message.

In: a connection of the calling thread. Out: plain values ready for JSON (imsg protocol 2, 4, 5).
"""

import sqlite3
from typing import Any, NamedTuple

from actors.simulator.dates import iso

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
GROUP BY j.chat_id ORDER BY latest DESC LIMIT ?
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
    """Chat names and members, read once per process and never again, as imsg 0.9 does (imsg protocol 6).

    Shared by all threads: at worst two of them read the same chat once each.
    """

    def __init__(self) -> None:
        self._infos: dict[int, ChatInfo] = {}
        self._members: dict[int, list[str]] = {}

    def info(self, connection: sqlite3.Connection, chat_id: int) -> ChatInfo | None:
        """The chat's naming, None for a chat that does not exist (yet: absence is not remembered)."""
        known = self._infos.get(chat_id)
        if known is None:
            row = connection.execute(_INFO, (chat_id,)).fetchone()
            if row is None:
                return None
            known = self._infos[chat_id] = ChatInfo(*row)
        return known

    def members(self, connection: sqlite3.Connection, chat_id: int) -> list[str]:
        """The chat's handles, sorted and distinct; an empty answer is remembered too."""
        known = self._members.get(chat_id)
        if known is None:
            known = self._members[chat_id] = [row[0] for row in connection.execute(_MEMBERS, (chat_id,))]
        return known


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
    listed = []
    for chat_id, latest, display_name, account_id, login, addressed in connection.execute(_LIST, (limit,)):
        info = cache.info(connection, chat_id) or NO_CHAT
        rpc = {
            "id": chat_id,
            "identifier": info.identifier,
            "guid": info.guid,
            "name": info.name,
            "service": info.service,
            "last_message_at": iso(latest),
            "participants": cache.members(connection, chat_id),
            "is_group": info.is_group,
        }
        extra = {
            "display_name": display_name,
            "account_id": account_id,
            "account_login": login,
            "last_addressed_handle": addressed,
        }
        listed.append(ListedChat(rpc, extra))
    return listed
