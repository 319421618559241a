"""Looking for the chat of rows that came without one: by GUID, in the histories of the newest chats (inbound 1.5).

In: rows that are held, then imsg's answers, one after the other. Out: the next question, and rows that were found,
made from the history's own row, so that reading them back later finds the chat too. What names no chat there either,
or cannot be read, stays unfound; the sender's own chat is never taken instead. Pure.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from actors.envelopes.inbound import Inbound
from actors.normalizer.normalize import Malformed, normalize

CHATS = 20
MESSAGES = 50

Question = tuple[str, dict[str, Any]]
"""Method and params."""

_encode = msgspec.json.Encoder().encode


class Wanted(NamedTuple):
    """A held row whose chat is looked for: its number, and what an answer does not know of it."""

    seq: int
    account: str
    source: int
    era: int
    received_at: float
    guid: str

    @classmethod
    def of(cls, seq: int, row: Inbound) -> "Wanted":
        """The row numbered ``seq``."""
        return cls(seq, row.account, row.source, row.era, row.received_at, row.guid)


class Search:
    """One round through the newest chats of an account. ``missing`` are the rows not found so far."""

    def __init__(self, rows: Iterable[Wanted], attachments: bool) -> None:
        self._wanted = {row.guid.lower(): row for row in rows}
        self._more = {"attachments": True} if attachments else {}
        self._chats: deque[int] = deque()
        self._listed = False

    @property
    def missing(self) -> tuple[Wanted, ...]:
        """What is still looked for."""
        return tuple(self._wanted.values())

    @staticmethod
    def first() -> Question:
        """The first question."""
        return "chats.list", {"limit": CHATS}

    def answered(self, result: Mapping[str, Any] | None) -> tuple[list[tuple[int, Inbound]], Question | None]:
        """Take the answer to the last question (None: it failed) in.

        Returns the rows found in it with their numbers, and the next question, None at the end.
        """
        found: list[tuple[int, Inbound]] = []
        if self._listed:
            found = [hit for message in _objects(result, "messages") if (hit := self._match(message)) is not None]
            # imsg lists the newest first, and they are to be answered as they came.
            found.sort(key=_number)
        else:
            self._listed = True
            ids = [chat["id"] for chat in _objects(result, "chats") if type(chat.get("id")) is int and chat["id"] > 0]
            self._chats.extend(dict.fromkeys(ids[:CHATS]))
        if not self._wanted or not self._chats:
            return found, None
        return found, ("messages.history", {"chat_id": self._chats.popleft(), "limit": MESSAGES, **self._more})

    def _match(self, message: Mapping[str, Any]) -> tuple[int, Inbound] | None:
        guid = message.get("guid")
        wanted = self._wanted.get(guid.lower()) if isinstance(guid, str) else None
        row = None if wanted is None else repaired(wanted, message)
        if wanted is None or row is None:
            return None
        del self._wanted[wanted.guid.lower()]
        return wanted.seq, row


def repaired(wanted: Wanted, message: Mapping[str, Any]) -> Inbound | None:
    """The held row as the history's ``message`` has it; None when that names no chat either."""
    try:
        raw = _encode(message)
    except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return None
    row = normalize(wanted.account, wanted.source, raw, wanted.received_at, wanted.era)
    return None if isinstance(row, Malformed) or row.chat.id <= 0 else row


def _number(hit: tuple[int, Inbound]) -> int:
    return hit[0]


def _objects(result: Mapping[str, Any] | None, key: str) -> list[Mapping[str, Any]]:
    values = result.get(key) if result is not None else None
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
