"""Catching up page by page: ``messages.after`` to exhaustion, oldest first (imsg protocol 12.5). Pure.

A page whose line is too long, or whose answer does not come, is asked for again with fewer messages. What even a page
of one message cannot bring is left to the watch, which begins where the pages ended.
"""

from typing import Any

from actors.rpc.frames import Page

LIMIT = 200
FEWER = 8


class Pages:
    """Ask for ``params``, feed the answer to ``took`` or ``failed``; ``since`` is where the watch goes on."""

    def __init__(self, cursor: int, attachments: bool) -> None:
        self.since = max(cursor, 0)
        """Here 0 means from the beginning, unlike the watch's."""
        self._attachments = attachments
        self._limit = LIMIT

    def params(self) -> dict[str, Any]:
        """Params of the next ``messages.after``."""
        return {
            "since_rowid": self.since,
            "limit": self._limit,
            "attachments": self._attachments,
            "include_reactions": True,
        }

    def took(self, page: Page) -> bool:
        """A page came; True when there is another one to ask for."""
        moved = page.next_rowid > self.since
        self.since = max(self.since, page.next_rowid)
        self._limit = LIMIT
        return page.has_more and moved

    def failed(self) -> bool:
        """The page did not come; True when a smaller one is worth asking for."""
        if self._limit == 1:
            return False
        self._limit = max(1, self._limit // FEWER)
        return True
