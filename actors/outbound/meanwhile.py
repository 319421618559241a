"""What a sender is told before it knows what the outbox holds: it waits, in the order it came. Pure.

In: messages, and that the journal was asked. Out: which messages wait, and those that waited, once the journal has
answered. What it confirms before that is no news: its answer knows it. Asked anew before it answered, only its last
answer counts, as the one before is of an older config.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from actors.envelopes.control import Quiesce, Reconfigure, Recorded, Replayed
from actors.envelopes.facts import Appended

AT_ONCE = (Replayed, Reconfigure, Quiesce)


class Meanwhile:
    """Of one sender."""

    def __init__(self) -> None:
        self._kept: deque[Any] = deque()
        self.owed = 0
        """How many answers the journal owes."""

    def asked(self) -> None:
        """The journal was asked what the outbox holds."""
        self.owed += 1

    def answered(self) -> None:
        """It has told, and that was taken in."""
        self.owed -= 1

    def keeps(self, message: Any) -> bool:
        """Whether there is nothing to be done about a message now: it waits, or is no news."""
        if isinstance(message, AT_ONCE):
            return False
        if type(message) is not Recorded or type(message.fact) is Appended:
            self._kept.append(message)
        return True

    def told(self) -> Iterator[Any]:
        """What waited. Each waits until it was dealt with, so that one which failed comes once more."""
        while self._kept:
            yield self._kept[0]
            self._kept.popleft()
