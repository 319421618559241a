"""Where to begin over a database without a cursor that counts: a first run, or another database than before. Pure.

Every imsg tells the chats with the latest activity and their newest messages. On a first run the newest row from
before the start is the baseline: nothing older is ever answered. Over a replaced database the rows dated since the
last good moment are the missed ones: the baseline lies right before the first of them.
"""

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from actors.normalizer.normalize import moment

CHATS, MESSAGES = 5, 5
MANY_CHATS, MANY_MESSAGES = 200, 500
AT_ONCE = 8
"""Questions that are open at once: from 128 on imsg refuses them (imsg protocol 12.2), and sends need room too."""

Question = tuple[str, dict[str, Any]]
"""Method and params."""


class Survey:
    """Ask ``first``, feed every answer to ``answered``, which gives what to ask next; once ``done``, read ``newest``.

    ``since`` None: the newest row of all, not counting those dated from ``now`` on (their watch is on its way).
    Otherwise the row before the first one dated ``since`` (unix seconds) or later.
    """

    def __init__(self, now: float, since: float | None = None) -> None:
        self._now = now
        self._since = since
        self._open = 1
        self._left: deque[Question] = deque()
        self._asked_chats = False
        self._ids: list[int] = []
        self._later: list[int] = []
        self.failed = False

    def done(self) -> bool:
        """Whether all answers are in."""
        return not self._open and not self._left

    def first(self) -> Question:
        """The first question."""
        return "chats.list", {"limit": CHATS if self._since is None else MANY_CHATS}

    def answered(self, result: Mapping[str, Any] | None) -> list[Question]:
        """Take an answer (None: it failed) in; returns the questions that follow from it."""
        self._open -= 1
        if self._asked_chats:
            # A chat that could not be read may hold the newest row: a guess too low would answer old messages.
            self.failed = self.failed or result is None
            for message in objects(result, "messages"):
                self._take(message)
            return self._next()
        self._asked_chats = True
        if result is None or not isinstance(result.get("chats"), list):
            self.failed = True
            return []
        chats = [chat for chat in objects(result, "chats") if type(chat.get("id")) is int]
        self._left += [("messages.history", {"chat_id": chat["id"], "limit": MESSAGES}) for chat in chats[:CHATS]]
        if self._since is not None:
            missed = {"limit": MANY_MESSAGES, "start": iso(self._since)}
            self._left += [
                ("messages.history", {"chat_id": chat["id"], **missed}) for chat in chats if self._wants(chat)
            ]
        return self._next()

    def _next(self) -> list[Question]:
        count = min(AT_ONCE - self._open, len(self._left))
        self._open += count
        return [self._left.popleft() for _ in range(count)]

    def _wants(self, chat: Mapping[str, Any]) -> bool:
        """Whether something may have been said in a chat since then."""
        at = chat.get("last_message_at")
        when = moment(at) if isinstance(at, str) else None
        return when is None or self._since is None or when >= self._since

    def _take(self, message: Mapping[str, Any]) -> None:
        number, at = message.get("id"), message.get("created_at")
        if type(number) is int and number > 0:
            when = moment(at) if isinstance(at, str) else None
            border = self._now if self._since is None else self._since
            (self._ids if when is None or when < border else self._later).append(number)

    def newest(self) -> int | None:
        """The row to start after, -1 for an empty database; None while unknown or when imsg cannot tell."""
        if not self.done() or self.failed:
            return None
        if self._since is not None and self._later:
            return min(self._later) - 1 or -1
        if self._ids:
            return max(self._ids)
        return min(self._later) - 1 if self._later else -1

    def highest(self) -> int | None:
        """The highest row seen at all, None when none was or imsg cannot tell."""
        return None if not self.done() or self.failed else max(self._ids + self._later, default=None)


def objects(result: Mapping[str, Any] | None, key: str) -> list[Mapping[str, Any]]:
    """The JSON objects in a list of a result; empty when there is no such list."""
    values = result.get(key) if result is not None else None
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def iso(moment: float) -> str:
    """Unix seconds as imsg takes a date."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
