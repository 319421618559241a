"""What comes behind a control command of its session: it waits for that, so that order is kept. Pure.

Commands go to the command desk first. ``/new hello`` comes back as a message; of any other its outcome is heard. What
was written after it is not answered before that, and neither is a message that comes back while an earlier command of
its session is still carried out. A command nobody hears of any more holds nothing up for ever.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from math import inf
from operator import attrgetter

from actors.envelopes.inbound import Admitted

LONGEST_SECONDS = 60.0
"""A command is not waited for longer."""

_SEQ = attrgetter("seq")


class _Line:
    """Of one session: the rows that are awaited and what waits behind the first of them, both in order."""

    __slots__ = ("awaited", "waiting")

    def __init__(self) -> None:
        self.awaited: list[int] = []
        self.waiting: list[Admitted] = []


class Behind:
    """``awaited`` says of each awaited row since when (monotonic seconds): where there is none, nothing waits."""

    def __init__(self) -> None:
        self.awaited: dict[int, float] = {}
        self._sessions: dict[int, str] = {}
        """Of each awaited row."""
        self._lines: dict[str, _Line] = {}

    def announce(self, session: str, seq: int, now: float) -> None:
        """Row ``seq`` is awaited."""
        if seq in self.awaited:
            return
        self.awaited[seq] = now
        self._sessions[seq] = session
        insort(self._lines.setdefault(session, _Line()).awaited, seq)

    def holds(self, message: Admitted) -> bool:
        """Whether ``message`` waits here from now on."""
        line = self._lines.get(message.session)
        if line is None or message.seq <= line.awaited[0]:
            return False
        place = bisect_left(line.waiting, message.seq, key=_SEQ)
        if place == len(line.waiting) or line.waiting[place].seq != message.seq:
            line.waiting.insert(place, message)
        return True

    def came(self, seq: int) -> tuple[Admitted, ...]:
        """Row ``seq`` came back, or was dealt with: what waits no longer, in order."""
        if seq not in self.awaited:
            return ()
        session = self._sessions[seq]
        line = self._lines[session]
        self._drop(line, seq)
        free: list[Admitted] = []
        while count := bisect_right(line.waiting, line.awaited[0] if line.awaited else inf, key=_SEQ):
            free += line.waiting[:count]
            del line.waiting[:count]
            if free[-1].seq in self.awaited:
                self._drop(line, free[-1].seq)  # it had come back before
        if not line.awaited:
            del self._lines[session]
        return tuple(free)

    def _drop(self, line: _Line, seq: int) -> None:
        line.awaited.remove(seq)
        del self.awaited[seq], self._sessions[seq]

    def overdue(self, now: float) -> tuple[int, ...]:
        """The rows that were awaited for too long."""
        return tuple(seq for seq, since in self.awaited.items() if now - since >= LONGEST_SECONDS)

    def remove(self, session: str, unwanted: Callable[[Admitted], bool]) -> tuple[Admitted, ...]:
        """These wait no longer."""
        line = self._lines.get(session)
        if line is None:
            return ()
        gone = tuple(one for one in line.waiting if unwanted(one))
        line.waiting = [one for one in line.waiting if not unwanted(one)]
        return gone
