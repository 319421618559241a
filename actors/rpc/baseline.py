"""Where a first run starts: the newest row from before the subscription. Pure.

The first subscription carries no cursor ("from now"); right after it the newest row is learned from the chats
and their histories and stored, so that a restart before the first message replays what came in between and
nothing older. Rows written after the subscription do not count: the watch delivers them.
"""

from collections.abc import Mapping
from typing import Any

from actors.normalizer.normalize import moment

CHATS = 5
MESSAGES = 5

Question = tuple[str, dict[str, Any], str]
"""Method, params, and the name under which the answer comes back."""


class Survey:
    """Ask ``first``, feed every answer to ``answered``, which gives what to ask next; then read ``newest``."""

    def __init__(self, subscribed_at: float) -> None:
        self._subscribed_at = subscribed_at
        self._open = 1
        self._ids: list[int] = []
        self._later: list[int] = []
        self.failed = False

    @staticmethod
    def first() -> Question:
        """The first question."""
        return "chats.list", {"limit": CHATS}, "chats"

    def answered(self, name: str, result: Mapping[str, Any] | None) -> list[Question]:
        """Take an answer (None: it failed) in; returns the questions that follow from it."""
        self._open -= 1
        if name != "chats":
            # A chat that could not be read may hold the newest row: a guess too low would answer old messages.
            self.failed = self.failed or result is None
            for message in _objects(result, "messages"):
                self._take(message)
            return []
        if result is None or not isinstance(result.get("chats"), list):
            self.failed = True
            return []
        ids = [chat["id"] for chat in _objects(result, "chats") if type(chat.get("id")) is int]
        self._open += len(ids)
        return [("messages.history", {"chat_id": chat, "limit": MESSAGES}, "history") for chat in ids]

    def _take(self, message: Mapping[str, Any]) -> None:
        number, at = message.get("id"), message.get("created_at")
        if type(number) is int and number > 0:
            when = moment(at) if isinstance(at, str) else None
            (self._ids if when is None or when < self._subscribed_at else self._later).append(number)

    def newest(self) -> int | None:
        """The row to start after, -1 for an empty database; None while unknown or when imsg cannot tell."""
        if self._open or self.failed:
            return None
        if self._ids:
            return max(self._ids)
        return min(self._later) - 1 if self._later else -1


def _objects(result: Mapping[str, Any] | None, key: str) -> list[Mapping[str, Any]]:
    values = result.get(key) if result is not None else None
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
