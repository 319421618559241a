"""Our own words whose message nobody has seen yet: said without a GUID of ours, and imsg has not named one either.

In a chat with oneself a row from me is a person's note or our own answer to one, and answering that would never end.
Where the GUID does not tell, the words do: a row with words that are still unseen is ours. Each saying accounts for one
row, so that a person may say the same again. Pure; times are unix seconds.
"""

from collections import OrderedDict

from msgspec import Struct

LIVE_SECONDS = 12 * 3600.0
RECALLED_SECONDS = 600.0
"""After a restart nobody knows what was seen before it: what is dated later than that is a person's."""
MOST, MOST_SAYINGS = 16_384, 256
"""In all, and in a chat."""
SWEEP_SECONDS = 3600.0
"""From one look for what is to be forgotten to the next."""

_END = b"\x86\x84"
_LONG = 8000
"""Bytes of a body from which on a stray character may stand in front of it."""

Chat = tuple[int, int]
"""Source and chat id."""


class _Saying(Struct):
    text: str
    at: float
    until: float
    open: bool


class Unseen:
    """By chat, the oldest first. Texts are folded; what was said ``kept`` seconds before the latest is forgotten."""

    def __init__(self, kept: float = LIVE_SECONDS) -> None:
        self.kept = kept
        self._chats: OrderedDict[Chat, list[_Saying]] = OrderedDict()
        self._count = 0
        self._swept_at = 0.0

    def __len__(self) -> int:
        """How many sayings."""
        return self._count

    def begun(self, chat: Chat, text: str, at: float) -> None:
        """A send is under way; told again before it has ended it is still the same one."""
        if self._open(chat, text) is None:
            self._add(chat, _Saying(text, at, at + LIVE_SECONDS, True))

    def ended(self, chat: Chat, text: str) -> None:
        """It is over, and nobody knows a GUID: its row may still come."""
        if (saying := self._open(chat, text)) is not None:
            saying.open = False

    def taken_back(self, chat: Chat, text: str) -> None:
        """What was under way did not start: there is no row of it."""
        if (saying := self._open(chat, text)) is not None:
            self._drop(chat, saying)

    def recalled(self, chat: Chat, text: str, at: float) -> None:
        """It was sent before a restart."""
        self._add(chat, _Saying(text, at, at + RECALLED_SECONDS, False))

    def named(self, chat: Chat, text: str) -> None:
        """The GUID of the latest saying is known now, its row or not: that tells it from here on."""
        for saying in reversed(self._chats.get(chat, ())):
            if saying.text == text:
                self._drop(chat, saying)
                return

    def take(self, chat: Chat, text: str, at: float) -> bool:
        """Whether a row from me, of time ``at``, has words that are unseen; they are seen now."""
        sayings = self._chats.get(chat)
        if sayings is None:
            return False
        fresh = [saying for saying in sayings if at <= saying.until]
        found = next((saying for saying in fresh if saying.text == text), None)
        found = found or next((saying for saying in fresh if is_damaged(saying.text, text)), None)
        if found is None:
            return False
        self._drop(chat, found)
        return True

    def _open(self, chat: Chat, text: str) -> _Saying | None:
        for saying in self._chats.get(chat, ()):
            if saying.open and saying.text == text:
                return saying
        return None

    def _add(self, chat: Chat, saying: _Saying) -> None:
        if saying.at - self._swept_at > SWEEP_SECONDS:
            self._sweep(saying.at)
        sayings = self._chats.setdefault(chat, [])
        sayings.append(saying)
        self._count += 1
        self._chats.move_to_end(chat)
        if len(sayings) > MOST_SAYINGS:
            self._drop(chat, sayings[0])
        elif self._count > MOST:
            oldest = next(iter(self._chats))
            self._drop(oldest, self._chats[oldest][0])

    def _sweep(self, now: float) -> None:
        self._swept_at = now
        for chat, sayings in list(self._chats.items()):
            for saying in sayings:
                if saying.at < now - self.kept:
                    self._drop(chat, saying)

    def _drop(self, chat: Chat, gone: _Saying) -> None:
        self._count -= 1
        left = [saying for saying in self._chats[chat] if saying is not gone]
        if left:
            self._chats[chat] = left
        else:
            del self._chats[chat]


def is_damaged(said: str, heard: str) -> bool:
    """Whether imsg before 0.15.1 may show ``heard`` for ``said`` where only an attributedBody has it (imsg protocol 9).

    It cuts a body before a character whose UTF-8 holds 86 84, and leaves a stray character before a long one.
    """
    body = said.encode("utf-8", "replace")
    end = body.find(_END)
    if end < 0 and len(body) < _LONG:
        return False
    kept = body[:end].decode("utf-8", "replace").strip() if end >= 0 else said
    return heard == kept or (len(body) >= _LONG and heard[1:].strip() == kept)
