"""An account looked at without a gateway: a probe from this process, and what its last send said.

In: the account, what was read from the journal. Out: the value of ``channels status``, or its chats.
"""

import sqlite3
import time
from pathlib import Path
from typing import Any

from actors.control import channels, shelf
from actors.control.chat_lists import Listed, failed
from actors.control.chat_lists import found as listed
from actors.control.probe import Found, probe
from actors.control.reading import Reading
from actors.journal.schema import JournalError
from actors.outbound import report
from actors.rpc.health import Problem
from actors.runtime.logs import stamp
from config import Account


def look(one: Account, reading: Reading, journal: Path, source: int | None, missed: bool) -> dict[str, Any]:
    """Probe an account that is enabled; blocks for its ``probeTimeoutMs`` and a little more."""
    if not one.enabled:
        return channels.standing(one, reading, source, missed=missed)
    at = time.time()
    found = _asked(one)
    problem = found.problem or _automation(journal, one.id)
    probed = channels.Probed(channels.TERMINAL, found.elapsed, at)
    return channels.standing(one, reading, source, problem, found.capabilities, probed)


def chats(one: Account, limit: int) -> Listed:
    """The chats of an account, at most ``limit``; blocks as ``look`` does."""
    found = _asked(one, limit)
    if found.problem is not None and found.problem.code not in channels.DEGRADED:
        return failed(found.problem)
    return listed(one.cli_path, found.result)


def _asked(one: Account, limit: int = 1) -> Found:
    database = ("--db", one.db_path) if one.db_path else ()
    return probe(one.cli_path, ("rpc", *database), one.probe_timeout_ms / 1000, limit)


def _automation(journal: Path, account: str) -> Problem | None:
    """Whether Messages may be controlled only a send can show: what the last one said."""
    try:
        last = shelf.last_attempt(journal, account)
    except (JournalError, sqlite3.Error):
        return None  # what cannot be read says nothing about imsg
    if last is None or last[0] == "sent":
        return None
    found = report.problem(last[1])
    return found._replace(reason=f"{found.reason} ({stamp(last[2])})") if found.code == "no-automation" else None
