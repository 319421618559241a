"""Writing the journal while no gateway runs: the same facts, in the same way, in one transaction.

Whoever calls holds the instance lock. What would need an actor (a held row that is judged again) cannot be done here.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from actors.envelopes.control import Record
from actors.envelopes.facts import Fact
from actors.envelopes.inbound import Dropped
from actors.journal.batch import GIVEN_UP, Batch, end_held
from actors.journal.ledger import Ledger
from actors.journal.schema import JournalError, connect, explain
from actors.journal.store import Store


def write_offline(
    path: Path,
    facts: Sequence[Fact],
    wall: Callable[[], float] = time.time,
    also: Callable[[Store], object] = lambda _: None,
) -> tuple[int, ...]:
    """Store ``facts``, all of them or none; on return they are on disk. ``wall`` gives unix seconds.

    ``also`` is called in the same transaction, after them. Returns per fact the number of its row (0 for facts about
    anything else), -1 where it changed nothing: a row that is not held any more, a chunk whose state does not allow it.

    Raises:
        JournalError: there is no journal, it cannot be written, or a newer gateway wrote it.
    """
    if not path.exists():
        raise JournalError(f"no journal at {path}: the gateway has not run with this state folder yet")
    with closing(connect(path)) as connection:
        store, ledger = Store(connection), Ledger()
        try:
            ledger.load(store)
            batch = Batch([Record(fact) for fact in facts], ledger.next_seq, wall(), ledger.position)
            store.begin()
            batch.write(store, ledger.floor)
            also(store)
            store.commit()
        except sqlite3.Error as error:
            raise JournalError(explain(error, path)) from error
    return tuple(seq for _, seq in batch.results)


def discard_held(path: Path, seqs: Sequence[int], wall: Callable[[], float] = time.time) -> tuple[int, ...]:
    """Give up the held ones among these rows: they end as dropped. Returns and raises as ``write_offline`` does."""
    return write_offline(path, [end_held(seq, Dropped(GIVEN_UP)) for seq in seqs], wall)
