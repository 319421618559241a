"""What facts about Messages databases change: their cursors, eras and children. Pure."""

from collections.abc import Callable

from actors.envelopes.facts import Baseline, ChildEnded, ChildStarted, Identified, Replaced, Watched
from actors.journal import statements as sql
from actors.journal.changes import Changes
from actors.journal.positions import UNSET, Position


class SourceChanges:
    """The sources' part of a batch; ``position`` says where a source stands before it."""

    def __init__(self, changes: Changes, position: Callable[[int], Position]) -> None:
        self.positions: dict[int, Position] = {}
        """Where the sources whose rows occur stand afterwards."""
        self._changes = changes
        self._position = position

    def at(self, source: int) -> Position:
        """Where a source stands by now."""
        at = self.positions.get(source)
        if at is None:
            at = self.positions[source] = self._position(source)
        return at

    def baseline(self, fact: Baseline) -> None:
        """It counts before the first row only."""
        at = self.at(fact.source)
        if at.cursor == UNSET:
            at.cursor = fact.rowid
            self._changes.add(sql.BASELINE, (fact.rowid, fact.source))

    def watched(self, fact: Watched) -> None:
        """The watch was well until then."""
        self._changes.add(sql.WATCHED, (fact.at, fact.source))

    def identified(self, fact: Identified) -> None:
        """It has this name on its file system."""
        self._changes.in_order(~fact.source, sql.IDENTIFIED, (fact.file, fact.source))

    def replaced(self, fact: Replaced) -> None:
        """A new era begins."""
        self.at(fact.source).replaced(fact.rowid)
        self._changes.in_order(~fact.source, sql.REPLACED, (fact.rowid, fact.file, fact.source))

    def child_started(self, fact: ChildStarted) -> None:
        """It has a child."""
        self._changes.add(sql.CHILD, (fact.pid, fact.started, fact.source))

    def child_ended(self, fact: ChildEnded) -> None:
        """It has none."""
        self._changes.add(sql.CHILD, (None, None, fact.source))
