"""Catching up page by page: ``messages.after`` to exhaustion, oldest first (imsg protocol 12.5). Pure.

A page whose line is too long, or whose answer does not come, is asked for again with fewer messages. What even a page
of one message cannot bring is left to the watch, which begins where the pages ended.
"""

from typing import Any

from actors.rpc.frames import Page

LIMIT = 200
FEWER = 8


def page_params(since: int, limit: int, attachments: bool) -> dict[str, Any]:
    """Params of ``messages.after``."""
    return {"since_rowid": since, "limit": limit, "attachments": attachments, "include_reactions": True}


class Pages:
    """Ask for ``params``, feed the answer to ``took`` or ``failed``; ``since`` is where the watch goes on."""

    def __init__(self, cursor: int, attachments: bool) -> None:
        self.since = max(cursor, 0)
        """Here 0 means from the beginning, unlike the watch's."""
        self._attachments = attachments
        self._limit = LIMIT

    def params(self) -> dict[str, Any]:
        """Params of the next ``messages.after``."""
        return page_params(self.since, self._limit, self._attachments)

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


class SecondLook:
    """Rows a live watch may have passed over: imsg gives one up whose chat is written late (imsg protocol 12.7).

    What came between the last two looks is read once more, at most ``LIMIT`` rows of it; the journal knows which of
    them it has. Without anything new there is nothing to read.
    """

    def __init__(self) -> None:
        self._before = self._last = 0

    def begin(self, cursor: int) -> None:
        """A watch begins: what lies below is none of its business."""
        self._before = self._last = cursor

    def params(self, delivered: int, attachments: bool) -> dict[str, Any] | None:
        """Params of the ``messages.after`` to ask, None for none; ``delivered`` is the newest row on disk."""
        since, self._before, self._last = self._before, self._last, max(delivered, self._last)
        return page_params(max(since, 0), LIMIT, attachments) if since < self._last else None


HUNDRED = 100
"""Rows imsg reads at a time (imsg protocol 6)."""
MORE_SECONDS = 0.3


class Hundreds:
    """A replay before 0.14 stops after each full hundred, for seconds or (0.5) until somebody writes (imsg protocol 6).

    A watch that begins anew reads the next hundred at once.
    """

    def __init__(self) -> None:
        self._counting = False
        self._rows = self._mark = 0

    def count(self, counting: bool) -> None:
        """A replay begins, or is over."""
        self._counting, self._rows = counting, 0

    def took(self, rows: int) -> bool:
        """So many rows came; True when they complete a hundred: look again in ``MORE_SECONDS``."""
        if not self._counting or not rows:
            return False
        self._rows += rows
        if self._rows % HUNDRED:
            return False
        self._mark = self._rows
        return True

    def stand_still(self) -> bool:
        """Whether nothing came since that hundred."""
        return self._counting and self._rows == self._mark
