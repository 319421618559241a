"""How sessions differ from the config (``/activation``), as the journal on disk has it."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from actors.access.view import NOBODY
from actors.envelopes.session import Standing
from actors.journal.schema import JournalError, connect_readonly
from actors.journal.standings import Standings
from actors.journal.store import Store


def standings(journal: Path) -> Mapping[str, Standing]:
    """Those of the journal at this path; nothing where there is none, or it cannot be read: whoever judges without
    the journal says so."""
    if not journal.exists():
        return NOBODY
    found = Standings()
    try:
        with closing(connect_readonly(journal)) as connection:
            found.load(Store(connection))
    except (JournalError, sqlite3.Error):
        return NOBODY
    return found
