"""Where each Messages database stands: its era, its cursor, and the newest row a history of it would show. Pure."""

UNSET = -2
"""The cursor before a baseline. Below that of an empty database, -1."""


class Position:
    """One source, as a batch of facts leaves it; ``moved`` when rows moved the cursor.

    ``visible`` is the highest row appended in this era since the start that is no reaction: 0 for none.
    """

    __slots__ = ("cursor", "era", "moved", "visible")

    def __init__(self, era: int = 0, cursor: int = UNSET, visible: int = 0) -> None:
        self.era = era
        self.cursor = cursor
        self.visible = visible
        self.moved = False

    @classmethod
    def unknown(cls, _source: int) -> "Position":
        """Of a source nothing is known of."""
        return cls()

    def replaced(self, rowid: int) -> None:
        """Another database stands there, watched from ``rowid`` on: what was seen of the old one says nothing."""
        self.era += 1
        self.cursor = rowid
        self.visible = 0
        self.moved = False
