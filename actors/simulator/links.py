"""Link previews: Messages writes a link twice, and imsg drops the repeat (imsg protocol 6).

In: rows as the watches read them. Out: whether a row repeats one seen shortly before. The memory belongs to
the process and is shared by all subscriptions, so a row that is read again counts as its own repeat.
"""

from threading import Lock

from actors.simulator.messages import Row

URL_BALLOON = "com.apple.messages.URLBalloonProvider"
_REPEAT_NS = 90 * 1_000_000_000
_KEPT_NS = 600 * 1_000_000_000


class LinkDeduper:
    """Remembers (chat, me?, sender, text) of link rows for ten minutes of message time."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, bool, str, str], int] = {}
        self._lock = Lock()

    def is_repeat(self, row: Row) -> bool:
        """Whether the same link came within 90 s before; remembers it either way. Thread-safe."""
        if row.balloon != URL_BALLOON:
            return False
        key = (row.chat_id, bool(row.is_from_me), row.sender, row.text)
        date = row.date or 0
        with self._lock:
            self._seen = {known: at for known, at in self._seen.items() if date - at <= _KEPT_NS}
            previous = self._seen.get(key)
            self._seen[key] = date
        return previous is not None and abs(date - previous) <= _REPEAT_NS
