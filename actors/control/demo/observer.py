"""What the gateway did and why, as its journal and its log tell it to anybody who may read them.

In: the folder's journal (read-only) and log. Out: remarks for the transcript, in the order of time, and the facts the
checks ask for. A journal that is not there yet, or being opened, tells nothing this time.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any, NamedTuple

from actors.control.demo.folder import DemoFolder
from actors.control.tail import Tail
from actors.envelopes.outbound import POSITION_BITS, reply_of
from actors.journal.schema import JournalError, connect_readonly


class Remark(NamedTuple):
    """Something the gateway did, at that time (unix seconds)."""

    at: float
    text: str
    serious: bool = False


class Fate(NamedTuple):
    """What became of a message: its verdict and, once it is settled, its outcome."""

    seq: int
    kind: str
    session: str | None
    outcome: str | None
    reason: str | None
    config_key: str | None


class Sending(NamedTuple):
    """One message of an answer in the outbox; ``attempted_at`` in unix seconds."""

    key: int
    state: str
    attempted_at: float | None

    @property
    def position(self) -> int:
        """Its place in the answer, from 0."""
        return self.key & ((1 << POSITION_BITS) - 1)


class Observer:
    """Looks at one gateway's journal and log again and again."""

    def __init__(self, folder: DemoFolder) -> None:
        self._folder = folder
        self._tail = Tail(folder.places.log_file)
        self._seq = 0
        self._cut = 0
        self.log: list[dict[str, Any]] = []

    def look(self) -> list[Remark]:
        """What is new since the last look, oldest first."""
        verdicts = self._rows(_VERDICTS, (self._seq,))
        if verdicts:
            self._seq = verdicts[-1][0]
        remarks = [verdict_remark(*row[1:]) for row in verdicts]
        for key, parts, at in self._rows(_CUT, (self._cut, POSITION_BITS)):
            self._cut = key
            remarks.append(Remark(at, f"the answer is cut into {parts} messages"))
        for line in self._tail.poll():
            entry = json.loads(line)
            self.log.append(entry)
            remarks.extend(self._log_remark(entry))
        return sorted(remarks, key=lambda remark: remark.at)

    def fate(self, row: int) -> Fate | None:
        """What became of row ``row`` of Messages; None while the journal does not know it."""
        found = self._rows(_FATE, (row,))
        return Fate(*found[0]) if found else None

    def sendings(self, row: int) -> list[Sending]:
        """The answer to row ``row``, message by message; empty while there is none."""
        fate = self.fate(row)
        if fate is None:
            return []
        found = (Sending(*one) for one in self._rows("SELECT key, state, attempted_at FROM outbox ORDER BY key", ()))
        return [one for one in found if reply_of(one.key) == fate.seq]

    def open_work(self) -> dict[str, int]:
        """What is not finished, by what it is: messages without an outcome, held or broken ones, unsent answers."""
        try:
            return {str(name): int(count) for name, count in self._read(_OPEN, ())}
        except (JournalError, sqlite3.Error):
            # Not known is not the same as none.
            return {"journal that cannot be read": 1}

    def sent(self) -> int:
        """How many messages the journal says were sent."""
        return sum(int(number) for (number,) in self._rows("SELECT count(*) FROM outbox WHERE state = 'sent'", ()))

    def _rows(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            return self._read(query, values)
        except (JournalError, sqlite3.Error):
            return []

    def _read(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with closing(connect_readonly(self._folder.places.journal)) as connection:
            return connection.execute(query, values).fetchall()

    def _log_remark(self, entry: dict[str, Any]) -> Iterator[Remark]:
        message, actor = entry["message"], str(entry["actor"])
        if message == "sent" or (entry["level"] == "info" and actor.partition(":")[0] not in {"reader", "sender"}):
            return
        text = f"{actor.partition(':')[0]}: {message}".replace(f"{self._folder.path}/", "")
        yield Remark(datetime.fromisoformat(entry["time"]).timestamp(), text, entry["level"] != "info")


def verdict_remark(
    at: float, kind: str, session: str | None, mentioned: int | None, reason: str | None, key: str | None
) -> Remark:
    """A verdict in words, with what it rests on."""
    match kind:
        case "admit" if session and ":group:" in session:
            why = "mentioned" if mentioned else "no mention needed here"
            text = f"{why}: admitted to session {session}"
        case "admit":
            text = f"known: admitted to session {session}"
        case "command":
            text = f"a control command, carried out for session {session}"
        case "challenge":
            text = 'a stranger, and channels.imessage.dmPolicy is "pairing": a code instead of an answer'
        case _:
            text = f"not answered: {reason} ({key})" if key else f"not answered: {reason}"
    return Remark(at, text)


_VERDICTS = """
SELECT seq, received_at, kind, session, mentioned, reason, config_key FROM inbound
WHERE seq > ? AND coalesce(reason, '') <> 'from me' ORDER BY seq
"""
_FATE = "SELECT seq, kind, session, outcome, reason, config_key FROM inbound WHERE row_id = ?"
# The key of an answer's last message also tells how many there are; all of them are queued in one transaction.
_CUT = """
SELECT max(key), count(*), min(queued_at) FROM outbox WHERE key > ? GROUP BY key >> ? HAVING count(*) > 1 ORDER BY 1
"""
_OPEN = """
SELECT coalesce(outcome, 'open') || ' messages', count(*) FROM inbound
WHERE outcome IS NULL OR outcome IN ('held', 'corrupt') GROUP BY 1
UNION ALL SELECT state || ' answers', count(*) FROM outbox WHERE state <> 'sent' GROUP BY 1
"""
