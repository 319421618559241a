"""What comes behind a control command that may yet become a message: it waits for that, so that order is kept. Pure.

``/new hello`` goes to the command desk first, and comes back as a message; what was written after it must not be
answered before it.
"""

from actors.envelopes.inbound import Admitted


class Behind:
    """By session: the commands that are awaited, and what waits behind them."""

    def __init__(self) -> None:
        self._sessions: dict[int, str] = {}
        """Of each awaited row."""
        self._waiting: dict[str, list[Admitted]] = {}

    def announce(self, session: str, seq: int) -> None:
        """Row ``seq`` is awaited."""
        self._sessions[seq] = session
        self._waiting.setdefault(session, [])

    def holds(self, message: Admitted) -> bool:
        """Whether ``message`` waits here from now on."""
        if not self._sessions or message.seq in self._sessions or not self._is_behind(message):
            return False
        self._waiting[message.session].append(message)
        return True

    def came(self, seq: int) -> tuple[Admitted, ...]:
        """Row ``seq`` came back, or was dealt with: what waits no longer, in order."""
        session = self._sessions.pop(seq, None) if self._sessions else None
        if session is None:
            return ()
        waiting = self._waiting.pop(session)
        kept = [one for one in waiting if self._is_behind(one)]
        if kept or session in self._sessions.values():
            self._waiting[session] = kept
        return tuple(one for one in waiting if one not in kept)

    def _is_behind(self, message: Admitted) -> bool:
        return any(seq < message.seq for seq, session in self._sessions.items() if session == message.session)
