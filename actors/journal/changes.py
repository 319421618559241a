"""Updates of one transaction, gathered by statement, so that each runs once for many rows. Pure."""

from collections.abc import Iterator
from typing import Any

from actors.journal.statements import LOWER_FLOOR

Values = tuple[Any, ...]


class Changes:
    """``add`` what may run in any order, ``in_order`` what may not overtake another change of its subject."""

    def __init__(self) -> None:
        self._groups: list[dict[str, list[Values]]] = [{}]
        self._touched: set[int] = set()
        self.reopened: list[int] = []
        """Rows that have open work again."""

    def lower_floor(self, seq: int) -> None:
        """Row ``seq`` has open work again, perhaps older than any: a restart must still find it."""
        self.reopened.append(seq)
        self.add(LOWER_FLOOR, (seq,))

    def add(self, statement: str, values: Values) -> None:
        """One more row for a statement."""
        rows = self._groups[-1].get(statement)
        if rows is None:
            rows = self._groups[-1][statement] = []
        rows.append(values)

    def in_order(self, subject: int, statement: str, values: Values) -> None:
        """The same, after what was added for ``subject`` before: a chunk's key, or ``~number`` of a source."""
        if subject in self._touched:
            self._groups.append({})
            self._touched.clear()
        self._touched.add(subject)
        rows = self._groups[-1].get(statement)
        if rows is None:
            rows = self._groups[-1][statement] = []
        rows.append(values)

    def statements(self) -> Iterator[tuple[str, list[Values]]]:
        """Each statement with its rows, in the order to run them."""
        for group in self._groups:
            yield from group.items()
