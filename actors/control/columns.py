"""Tables that fit the terminal: which columns are shown, and how wide each may be.

In: columns, cells, the width in characters. Columns that say nothing are left out, then the expendable ones while
the table is too wide, then those that may be cut give way; headings never break. Pure.
"""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

NOTHING = "-"
ELLIPSIS = "\u2026"
GAP = 2
LEAST = 12
"""Characters a cell that is cut keeps, if it had them."""

Row = Sequence[Text]


class Cut(Enum):
    """Where a cell that is too long loses text. ``FOLD`` loses none: as the last resort it goes on in the next line."""

    FOLD = "fold"
    END = "end"
    MIDDLE = "middle"


class Column(NamedTuple):
    """``usual`` is a value not worth a column when all cells have it; ``expendable`` from 1 is the order of leaving."""

    head: str
    cut: Cut = Cut.FOLD
    usual: str = NOTHING
    expendable: int = 0


def fitted(columns: Sequence[Column], rows: Sequence[Row], width: int) -> Table:
    """A table of at most ``width`` characters, where that is possible at all."""
    natural = [_natural(column, [row[i] for row in rows]) for i, column in enumerate(columns)]
    shown = [i for i, column in enumerate(columns) if i == 0 or not _says_nothing(column, [row[i] for row in rows])]
    for leaving in sorted((i for i in shown if columns[i].expendable), key=lambda i: columns[i].expendable):
        if _total([natural[i] for i in shown]) <= width:
            break
        shown.remove(leaving)
    chosen = [columns[i] for i in shown]
    widths = _widths(chosen, [natural[i] for i in shown], width)
    return _table(chosen, [[row[i] for i in shown] for row in rows], widths)


def _natural(column: Column, cells: Sequence[Text]) -> int:
    return max(cell_len(column.head), *(cell.cell_len for cell in cells)) if cells else cell_len(column.head)


def _says_nothing(column: Column, cells: Sequence[Text]) -> bool:
    return bool(cells) and all(cell.plain in {NOTHING, column.usual} for cell in cells)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _widths(columns: Sequence[Column], natural: Sequence[int], width: int) -> list[int]:
    """The widest of those that may be cut gives first, down to ``LEAST``; then the widest of all, down to its head."""
    widths = list(natural)
    heads = [cell_len(column.head) for column in columns]
    cuttable = [column.cut is not Cut.FOLD for column in columns]
    for least, giving in ((LEAST, cuttable), (0, [True] * len(columns))):
        while _total(widths) > width:
            able = [i for i, w in enumerate(widths) if giving[i] and w > max(heads[i], least)]
            if not able:
                break
            widths[max(able, key=lambda i: widths[i])] -= 1
    return widths


def _table(columns: Sequence[Column], rows: Sequence[Row], widths: Sequence[int]) -> Table:
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, GAP - 1, 0, 0))
    for column, width in zip(columns, widths, strict=True):
        fold = column.cut is Cut.FOLD
        made.add_column(column.head, width=width, no_wrap=not fold, overflow="fold" if fold else "ellipsis")
    for row in rows:
        made.add_row(*(_cut(cell, column, width) for cell, column, width in zip(row, columns, widths, strict=True)))
    return made


def _cut(cell: Text, column: Column, width: int) -> Text:
    return Text(middle(cell.plain, width)) if column.cut is Cut.MIDDLE else cell


def middle(text: str, width: int) -> str:
    """``text`` in at most ``width`` characters, an ellipsis for what is missing in its middle."""
    if len(text) <= width or width < 3:
        return text
    ending = width // 2
    return text[: width - 1 - ending] + ELLIPSIS + text[-ending:]
