"""Forgetting by age, in steps so small that the flow does not wait: rounds, by the rules of ``retention``.

A round looks through the rows from the oldest on, then writes anew those that are due and their neighbours, one
transaction a step, and has the write-ahead log emptied in the end. Anew, because SQLite frees no page by making rows
smaller, and leaves copies of rows it moved in pages it does not free. Freed pages are overwritten (``secure_delete``)
and filled again: the file does not grow beyond what is kept, and the words are in it no more.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from actors.envelopes.control import Keep
from actors.envelopes.outbound import POSITION_BITS
from actors.journal import retention
from actors.journal.ledger import Ledger
from actors.journal.retention import TABLES, WINDOW, Due, Fate, Limits, Oldest, Seen, due, moments, nearby, parts
from actors.journal.schema import empty_log
from actors.journal.store import Store

PAUSE_SECONDS = 0.02
"""Between two steps."""
NEARBY = 48
"""Row numbers before those that are due: more tombstones than a page holds."""
BUSY_SECONDS = 60.0
TRIES = 30
"""How often the log is tried to be emptied where somebody reads it, ``BUSY_SECONDS`` apart."""


class _Window(NamedTuple):
    """Consecutive rows, and what ``moments`` is to know of their neighbours."""

    first: int
    last: int
    before: float
    after: float | None


class Pruning:
    """For the journal actor: ``step`` again and again, each time after the seconds the last one returned.

    ``keep`` counts from the next round on, None at once: nothing more is forgotten. After an ``sqlite3.Error`` the next
    step begins a new round. The connection is nobody else's to write with: what a step looked at is still so when it
    writes.
    """

    def __init__(self, store: Store, ledger: Ledger, keep: Keep | None, log: Any) -> None:
        self.keep = keep
        self._store = store
        self._ledger = ledger
        self._log = log
        self._steps: Iterator[float] = iter(())

    def step(self, now: float) -> float:
        """Do a little at ``now`` (unix seconds). Raises ``sqlite3.Error``; nothing is half done then."""
        if self.keep is None:
            self._steps = iter(())
            return retention.MORE_SECONDS
        try:
            wait = next(self._steps, None)
            if wait is None:
                self._steps = self._round(now, self.keep)
                wait = next(self._steps)
        except BaseException:
            self._store.rollback()
            raise
        return wait

    def _round(self, now: float, keep: Keep) -> Iterator[float]:
        limits, oldest = self._limits(now, keep), Oldest()
        windows: list[_Window] = []
        for window, found in self._look(limits, now):
            for one in found:
                oldest = oldest.with_one(one)
            if found:
                windows.append(window)
            yield PAUSE_SECONDS
        narrow, done = limits.narrowed(oldest), Counter[Fate]()
        for window in windows:
            for first, last in parts(self._seen(window.first, window.last, now)):
                done.update(self._forget(first, last, window, narrow, now).values())
                yield PAUSE_SECONDS
        if done:
            self._log.info(
                "forgot the words of {} messages (kept {} days) and all of {} (kept {} days)",
                *(done[Fate.STRIP], keep.bodies_days, done[Fate.GO], max(keep.bodies_days, keep.tombstones_days)),
            )
            if done[Fate.GO]:
                self._forget_sessions(narrow.tombstones)
            yield from self._empty_log()
        yield retention.MORE_SECONDS if windows and narrow != limits else retention.ROUND_SECONDS

    def _limits(self, now: float, keep: Keep) -> Limits:
        """Of this round; the floor is raised, as a quiet gateway seldom does."""
        store, ledger = self._store, self._ledger
        store.begin()
        ledger.raise_floor(store)
        store.commit()
        return Limits.at(now, keep, ledger.floor, ledger.next_seq)

    def _look(self, limits: Limits, now: float) -> Iterator[tuple[_Window, list[Due]]]:
        """Every window from the lowest row on, with what is due in it."""
        first, before = self._lowest(0), float("-inf")
        # A row is never older than one before it: behind the limit nothing is due.
        while first and before < limits.bodies:
            rows = self._seen(first, first + WINDOW - 1, now)
            last = rows[-1].seq
            after = self._after(last, now) if rows[-1].received_at > now else None
            ends, latest = moments(rows, before, after, now)
            yield _Window(first, last, before, after), due(rows, ends, limits)
            first, before = self._lowest(last + 1), latest

    def _forget(self, first: int, last: int, window: _Window, limits: Limits, now: float) -> dict[int, Fate]:
        """Write anew what is due among the rows from ``first`` to ``last``; what that was."""
        rows = self._seen(window.first, window.last, now)
        ends, _ = moments(rows, window.before, window.after, now)
        fates = {one.seq: one.fate for one in due(rows, ends, limits) if first <= one.seq <= last}
        if fates:
            self._store.begin()
            rewrite(self._store, nearby(self._seen(first - NEARBY, first - 1, now)) or first, last, fates)
            self._store.commit()
        return fates

    def _forget_sessions(self, before: float) -> None:
        self._store.begin()
        for statement in (retention.IDLE, retention.RENEWALS):
            self._store.write(statement, [(before,)])
        self._store.commit()

    def _empty_log(self) -> Iterator[float]:
        for _ in range(TRIES):
            if empty_log(self._store.connection, wait=False):
                return
            yield BUSY_SECONDS
        self._log.warning("somebody reads the journal all the time: what was forgotten may still stand in its log")

    def _seen(self, first: int, last: int, now: float) -> list[Seen]:
        wanted = {"first": first, "last": last, "now": now, "bits": POSITION_BITS}
        return [Seen(*one) for one in self._store.connection.execute(retention.SEEN, wanted)]

    def _lowest(self, seq: int) -> int:
        """The lowest number from ``seq`` on, 0 for none."""
        return int(self._store.connection.execute(retention.LOWEST, (seq,)).fetchone()[0])

    def _after(self, seq: int, now: float) -> float | None:
        found = self._store.connection.execute(retention.AFTER, (seq, now)).fetchone()
        return None if found is None else float(found[0])


def rewrite(store: Store, first: int, last: int, fates: Mapping[int, Fate]) -> None:
    """Write the rows from ``first`` to ``last`` and their chunks anew, but for what the ``fates`` take. Commit after.

    Pages that were full of them are freed by that, and overwritten. The words go before: SQLite moves rows while others
    are deleted beside them.
    """
    connection = store.connection
    for table in TABLES:
        store.write(table.blank, [table.keys(seq, seq) for seq in fates])
        within = table.keys(first, last)
        kept = [
            row
            for row in connection.execute(table.read, within)
            if fates.get(row[0] >> table.shift, Fate.KEEP) is not Fate.GO
        ]
        connection.execute(table.clear, within)
        if kept:
            store.write(f"{table.insert} ({','.join('?' * len(kept[0]))})", kept)
