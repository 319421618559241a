"""What the journal forgets, and when: rules by age, and the statements that look and forget. Pure: nothing is run here.

The words of a message (its row's body, the texts of its answers, what the agent said in its turn) go ``bodies`` after
it came to its end. What is left is a tombstone: GUID, row number, chat, verdict, times, its turn. It tells a message
that comes again from a new one, and goes after ``tombstones``. Nothing goes that an operator may still decide about: a
row that is open or held, and one with a chunk that waits, failed or is in doubt, stays whole however old it is. A
session goes when it has been idle as long as that and none of its turns is left.

A wall clock that is wrong must not empty the journal. A time to come counts for nothing: such a row is as old as the
next one that came at a time gone by. A row is never older than one before it. And of what is due, one round takes one
day's worth, beginning with the oldest, and rounds are an hour of uptime apart: a clock a year ahead costs a day an hour
while everything that comes in is held as stale, and a gateway that was off for a month has caught up in a day.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from actors.envelopes.control import Keep
from actors.envelopes.outbound import POSITION_BITS

HOUR, DAY = 3600.0, 86400.0
FIRST_SECONDS = 600.0
"""Before the first round: a gateway that is started over and over forgets nothing."""
MORE_SECONDS = HOUR
"""To the next round where more is due."""
ROUND_SECONDS = 6 * HOUR
NEWEST = 5000
"""Rows that stay whatever their age: landmarks, and the highest number given, are among them."""
WINDOW = 64
"""Row numbers looked at in one step."""
PART_BYTES = 1 << 20
"""Bytes of words in one step that rewrites, unless one row has more."""


class Seen(NamedTuple):
    """A row as far as forgetting goes. ``ended_at`` is the last thing that became of it or its chunks, 0 for nothing.

    ``is_settled``: it and all its chunks came to an end nobody decides about any more. ``is_full``: it has words, of
    ``size`` bytes. ``is_witness``: the cursor of its database stands on it.
    """

    seq: int
    received_at: float
    ended_at: float
    is_settled: bool
    is_full: bool
    is_witness: bool
    size: int


class Fate(Enum):
    """What becomes of a row."""

    KEEP = "keep"
    STRIP = "strip"
    GO = "go"


class Limits(NamedTuple):
    """Words of before ``bodies`` go, and whole rows of before ``tombstones`` below the number ``below``."""

    bodies: float
    tombstones: float
    below: int

    @classmethod
    def at(cls, now: float, keep: Keep, floor: int, next_seq: int) -> "Limits":
        """As the clock has it; a tombstone is no older than its words."""
        tombstones = max(keep.bodies_days, keep.tombstones_days)
        return cls(now - keep.bodies_days * DAY, now - tombstones * DAY, min(floor, next_seq - NEWEST))

    def narrowed(self, oldest: "Oldest") -> "Limits":
        """No more than a day beyond the oldest that is due."""
        return Limits(min(self.bodies, oldest.words + DAY), min(self.tombstones, oldest.rows + DAY), self.below)


class Oldest(NamedTuple):
    """When the oldest message ended whose words are due, and the oldest that is due as a whole."""

    words: float = float("inf")
    rows: float = float("inf")

    def with_one(self, due: "Due") -> "Oldest":
        """One more is due."""
        words = min(self.words, due.moment) if due.is_full else self.words
        return Oldest(words, min(self.rows, due.moment) if due.fate is Fate.GO else self.rows)


class Due(NamedTuple):
    """What becomes of row ``seq``, that came to its end at ``moment``."""

    seq: int
    fate: Fate
    moment: float
    is_full: bool


def moments(rows: Sequence[Seen], before: float, after: float | None, now: float) -> tuple[list[float | None], float]:
    """When each of consecutive rows came to its end, None where nobody can tell; and ``before`` for the next ones.

    ``before`` is the latest that was received ahead of them, ``after`` when the first one behind them was that came at
    a time gone by (None: there is none).
    """
    received: list[float | None] = []
    unknown = 0
    for row in rows:
        if row.received_at > now:
            received.append(None)
            unknown += 1
            continue
        before = max(before, row.received_at)
        received[len(received) - unknown :] = [before] * (unknown + 1)
        unknown = 0
    if after is not None:
        received[len(received) - unknown :] = [max(before, after)] * unknown
    ends = [None if at is None else max(at, row.ended_at) for at, row in zip(received, rows, strict=True)]
    return ends, before


def due(rows: Sequence[Seen], ends: Sequence[float | None], limits: Limits) -> list[Due]:
    """Those rows that are not kept as they are; ``ends`` by ``moments``."""
    judged = ((row, end, fate(row, end, limits)) for row, end in zip(rows, ends, strict=True) if end is not None)
    return [Due(row.seq, what, end, row.is_full) for row, end, what in judged if what is not Fate.KEEP]


def fate(row: Seen, moment: float, limits: Limits) -> Fate:
    """What becomes of a row that came to its end at ``moment``."""
    if not row.is_settled:
        return Fate.KEEP
    if moment < limits.tombstones and row.seq < limits.below and not row.is_witness:
        return Fate.GO
    return Fate.STRIP if row.is_full and moment < limits.bodies else Fate.KEEP


def parts(rows: Sequence[Seen], most: int = PART_BYTES) -> Iterator[tuple[int, int]]:
    """The rows as runs of at most ``most`` bytes of words, or of one row: its first and last number each."""
    first, size = 0, 0
    for at, row in enumerate(rows):
        if at > first and size + row.size > most:
            yield rows[first].seq, rows[at - 1].seq
            first, size = at, 0
        size += row.size
    if rows:
        yield rows[first].seq, rows[-1].seq


def nearby(rows: Sequence[Seen], most: int = PART_BYTES) -> int | None:
    """The number from which on the last of these rows have at most ``most`` bytes of words; None where none has."""
    found = None
    for row in reversed(rows):
        most -= row.size
        if most < 0:
            break
        found = row.seq
    return found


SEEN = """
SELECT i.seq, i.received_at,
  max(CASE WHEN i.settled_at <= :now THEN i.settled_at ELSE 0 END,
      CASE WHEN i.judged_at <= :now THEN i.judged_at ELSE 0 END,
      coalesce(max(CASE WHEN o.ended_at <= :now THEN o.ended_at END), 0)),
  coalesce(i.outcome IN ('replied', 'absorbed', 'dropped', 'corrupt'), 0)
    AND count(CASE WHEN o.state NOT IN ('sent', 'discarded') THEN 1 END) = 0,
  i.body IS NOT NULL OR count(CASE WHEN o.text <> '' THEN 1 END) > 0 OR coalesce(t.text, '') <> '',
  coalesce(i.era = s.era AND i.row_id >= s.cursor, 0),
  coalesce(length(i.body), 0) + coalesce(sum(length(o.text)), 0) + coalesce(length(t.text), 0)
FROM inbound i LEFT JOIN outbox o ON o.key >= i.seq << :bits AND o.key < (i.seq + 1) << :bits
LEFT JOIN source s ON s.id = i.source LEFT JOIN turn t ON t.seq = i.seq
WHERE i.seq BETWEEN :first AND :last GROUP BY i.seq ORDER BY i.seq
"""
"""The columns of ``Seen``; times to come (after ``now``) are left out of ``ended_at``. ``bits``: ``POSITION_BITS``."""
AFTER = "SELECT received_at FROM inbound WHERE seq > ? AND received_at <= ? ORDER BY seq LIMIT 1"
LOWEST = "SELECT coalesce(min(seq), 0) FROM inbound WHERE seq >= ?"


class Table(NamedTuple):
    """A table to forget in: a row's number is shifted by ``shift`` bits in it and stands in the first column.

    ``blank`` takes the words of those between two numbers, ``read`` gives these, ``clear`` takes them away, ``insert``
    begins the statement that puts them back.
    """

    shift: int
    blank: str
    read: str
    clear: str
    insert: str

    def keys(self, first: int, last: int) -> tuple[int, int]:
        """The lowest and the highest number that the rows from ``first`` to ``last`` have here."""
        return first << self.shift, ((last + 1) << self.shift) - 1


TABLES = (
    Table(
        0,
        "UPDATE inbound SET body = NULL WHERE seq BETWEEN ? AND ?",
        "SELECT * FROM inbound WHERE seq BETWEEN ? AND ? ORDER BY seq",
        "DELETE FROM inbound WHERE seq BETWEEN ? AND ?",
        "INSERT INTO inbound VALUES",
    ),
    Table(
        POSITION_BITS,
        "UPDATE outbox SET text = '' WHERE key BETWEEN ? AND ?",
        "SELECT * FROM outbox WHERE key BETWEEN ? AND ? ORDER BY key",
        "DELETE FROM outbox WHERE key BETWEEN ? AND ?",
        "INSERT INTO outbox VALUES",
    ),
    Table(
        0,
        "UPDATE turn SET text = '' WHERE seq BETWEEN ? AND ? AND text IS NOT NULL",
        "SELECT * FROM turn WHERE seq BETWEEN ? AND ? ORDER BY seq",
        "DELETE FROM turn WHERE seq BETWEEN ? AND ?",
        "INSERT INTO turn VALUES",
    ),
)

IDLE = (
    "DELETE FROM session WHERE updated_at < ? AND failures = 0 "
    "AND coalesce(activation, send, queue, model) IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM turn WHERE turn.session = session.key)"
)
"""Sessions nothing is known of any more but that they were there before a moment (unix seconds)."""
RENEWALS = (
    "DELETE FROM renewal WHERE at < ? AND (session NOT IN (SELECT key FROM session) "
    "OR number < (SELECT max(number) FROM renewal later WHERE later.session = renewal.session))"
)
"""Earlier beginnings of before that moment, and those of sessions that are gone."""
