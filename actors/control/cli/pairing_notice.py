"""``--notify``: tell whoever was let in that they were, through the running gateway and its outbox.

The gateway is asked over its control socket; that it did something is read back from the journal. Nothing here makes an
approval fail: what cannot be done is remarked upon.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from actors.control.cli.common import remark
from actors.control.cli.operating import wait
from actors.control.client import ControlError, NotRunningError, request
from actors.envelopes.outbound import chunk_key
from actors.journal.schema import JournalError, connect_readonly, explain
from actors.pairing.challenge import NOTICE_POSITION
from config import Places

NEWEST = 16
"""Rows looked at: the message goes where the newest of them that can be read came from."""

# A row that was offered a code keeps the handle where others have their session.
_ASKED = "SELECT seq FROM inbound WHERE kind = 'challenge' AND account = ? AND session = ? ORDER BY seq DESC LIMIT ?"


def notify(where: Places, account: str, handle: str) -> bool:
    """Whether a message that they were let in is in the outbox, or was before; if not, why is remarked upon."""
    try:
        return _notify(where, account, handle)
    except (NotRunningError, ControlError) as error:
        why = f"{error}"
    except JournalError as error:
        why = str(error)
    except sqlite3.Error as error:
        why = explain(error, where.journal)
    remark(f"they are let in, but could not be told: {why}")
    return False


def _notify(where: Places, account: str, handle: str) -> bool:
    request(where, {"do": "ping"})
    notices = _notices(where.journal, account, handle)
    if not notices:
        remark("they are let in, but could not be told: the journal has no message of theirs that was offered a code")
        return False
    before = _queued(where.journal, notices)
    if notices[0] in before:
        remark("they were told before that they are let in; nobody is told twice")
        return True
    request(where, {"do": "notify", "account": account, "id": handle})
    told = wait(lambda: _queued(where.journal, notices) > before, bool, lambda _: True)
    if not told:
        remark("they are let in, but nothing to tell them is in the outbox yet: see gateway logs, gateway outbox list")
    return told


def _notices(journal: Path, account: str, handle: str) -> list[int]:
    """The keys such a message may have in the outbox, the likeliest first; none where nobody was offered a code."""
    with closing(connect_readonly(journal)) as connection:
        rows = connection.execute(_ASKED, (account, handle, NEWEST))
        return [chunk_key(seq, NOTICE_POSITION) for (seq,) in rows]


def _queued(journal: Path, notices: list[int]) -> set[int]:
    """Those of ``notices`` that are in the outbox, whatever became of them."""
    with closing(connect_readonly(journal)) as connection:
        found = (connection.execute("SELECT key FROM outbox WHERE key = ?", (key,)).fetchone() for key in notices)
        return {row[0] for row in found if row is not None}
