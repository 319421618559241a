"""Forgetting what belongs to one chat or person, at once and for good; without a gateway, as ``offline`` writes.

Open and held rows end as dropped, chunks that were not sent as discarded, both with the reason ``purged``. Then the
words go, and the names that stand beside them, and the sessions that are theirs alone. Rows stay as tombstones: what
comes again is not answered as new. In the end the whole file is written anew, so that no page and no log keeps a copy;
where that fails (a full disk, somebody who reads) the journal remembers that it is still to be done.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from actors.envelopes.facts import Discarded, Fact, Settled
from actors.envelopes.inbound import Dropped
from actors.journal.batch import end_held
from actors.journal.belongings import Belongings
from actors.journal.offline import write_offline
from actors.journal.schema import connect, connect_readonly, empty_log, explain
from actors.journal.store import Store

PURGED = "purged"
RESIDUE = "purge to finish"
"""The mark of a journal whose file is still to be written anew."""


def purge(path: Path, found: Belongings, wall: Callable[[], float] = time.time) -> None:
    """Forget ``found``, all of it or nothing; ``finish`` comes after. Raises ``JournalError``."""
    facts: list[Fact] = [Settled(seq, Dropped(PURGED)) for seq in found.open]
    facts += [end_held(seq, Dropped(PURGED)) for seq in found.held]
    facts += [Discarded(key, PURGED, wall()) for key in found.unsent]

    def also(store: Store) -> None:
        store.set_mark(RESIDUE, 1)
        store.write(_ROW, [(seq,) for seq in found.rows])
        store.write(_NAMED, [(seq,) for seq in found.personal])
        store.write(_CHUNK, [(PURGED, key) for key in found.chunks])
        store.write(_TURN, [(seq,) for seq in found.turns])
        store.write(_LABEL, [(key,) for key in found.labels])
        for statement in _SESSION:
            store.write(statement, [(key,) for key in found.sessions])

    write_offline(path, facts, wall, also)


def is_unfinished(path: Path) -> bool:
    """Whether a purge is still to be finished. Raises ``JournalError``, ``sqlite3.Error``."""
    with closing(connect_readonly(path)) as connection:
        return Store(connection).mark(RESIDUE) > 0


def finish(path: Path) -> str:
    """Write the file anew, without what was purged; why that could not be done, empty when it was.

    That takes as much room on the disk as the journal has words, for a moment. Raises ``JournalError``.
    """
    with closing(connect(path)) as connection:
        try:
            # First in place: what lies behind the end of a shorter file was overwritten by then.
            done = empty_log(connection)
            connection.execute("VACUUM")
            if not (empty_log(connection) and done):
                return f"somebody else reads {path}"
            Store(connection).set_mark(RESIDUE, 0)
        except sqlite3.Error as error:
            return explain(error, path)
    return ""


_ROW = """
UPDATE inbound SET body = NULL, reason = CASE
  WHEN outcome <> 'corrupt' AND instr(reason, ':') > 0 THEN substr(reason, 1, instr(reason, ':') - 1) ELSE reason END
WHERE seq = ?
"""
_TURN = """
UPDATE turn SET text = '', failure = CASE
  WHEN instr(failure, ':') > 0 THEN substr(failure, 1, instr(failure, ':') - 1) ELSE failure END
WHERE seq = ?
"""
_LABEL = "UPDATE session SET label = NULL, source = NULL, chat_id = NULL WHERE key = ?"
_SESSION = (
    "DELETE FROM turn WHERE session = ?",
    "DELETE FROM renewal WHERE session = ?",
    "DELETE FROM session WHERE key = ?",
)
_NAMED = "UPDATE inbound SET session = NULL WHERE seq = ?"
_CHUNK = """
UPDATE outbox SET text = '', chat_guid = NULL, why = CASE WHEN why IS NULL THEN NULL ELSE ? END WHERE key = ?
"""
