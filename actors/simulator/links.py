"""Link previews: Messages writes a link twice, and imsg shows it once (imsg protocol 6, 12.1, 12.7).

In: rows as they are read. Out: up to 0.13 whether a row repeats one seen shortly before; from 0.11.1 on also rows
joined with the preview that came with them. The memory for repeats belongs to the process up to 0.13, so a row that
is read again there counts as its own repeat; from 0.14 on each watch has its own.
"""

from collections.abc import Sequence
from threading import Lock

from actors.simulator.rows import Row

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
        balloon = row if row.balloon == URL_BALLOON else row.preview
        if balloon is None:
            return False
        key = (row.chat_id, bool(row.is_from_me), row.sender, balloon.text)
        date = row.date or 0
        with self._lock:
            self._seen = {known: at for known, at in self._seen.items() if date - at <= _KEPT_NS}
            previous = self._seen.get(key)
            self._seen[key] = date
        return row is balloon and previous is not None and abs(date - previous) <= _REPEAT_NS


def merge_previews(rows: Sequence[Row]) -> list[Row]:
    """Join each preview row with the text row before it that it belongs to; `rows` oldest first.

    They belong together with the same chat and sender, the link within the text, 90 s apart at most.
    """
    merged: list[Row] = []
    for row in rows:
        owner = _owner(merged, row) if row.balloon == URL_BALLOON else None
        if owner is None:
            merged.append(row)
        else:
            merged[owner] = merged[owner]._replace(preview=row)
    return merged


def _owner(rows: Sequence[Row], preview: Row) -> int | None:
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        if row.preview is None and not row.balloon and _same_place(row, preview):
            apart = abs((preview.date or 0) - (row.date or 0))
            return index if preview.text and preview.text in row.text and apart <= _REPEAT_NS else None
    return None


def _same_place(row: Row, other: Row) -> bool:
    return (row.chat_id, row.is_from_me, row.sender) == (other.chat_id, other.is_from_me, other.sender)
