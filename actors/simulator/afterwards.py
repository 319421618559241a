"""What Messages does to its own rows some time after a send: correct `is_from_me`, let a note to oneself arrive.

In: a row and how long it takes. Out: the change committed to chat.db, by a thread and a connection of its own, so that
no watch and no answer waits for it. imsg is told of neither: a row that changes is no new row (imsg protocol 6).
"""

import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Thread

from actors.simulator import database_faults
from actors.simulator.messages_db import MessagesDb, NewMessage
from actors.simulator.schema import DatabaseUnavailableError


def flip(path: Path, row: int, ms: int) -> None:
    """Make `row` an own one in `ms` milliseconds."""
    _later(ms, path, lambda db: database_faults.flip(db, row))


def arrive(path: Path, own_address: str, message: NewMessage, ms: int) -> None:
    """Write `message`, which came to `own_address`, in `ms` milliseconds."""
    _later(ms, path, lambda db: db.insert(message), own_address)


def _later(ms: int, path: Path, change: Callable[[MessagesDb], object], own_address: str = "") -> None:
    def carry_out() -> None:
        time.sleep(ms / 1000)
        try:
            if not path.exists():
                raise DatabaseUnavailableError(path, "it is gone")
            with closing(MessagesDb.open(path, own_address)) as db:
                change(db)
        except (DatabaseUnavailableError, database_faults.NoSuchRowError, sqlite3.Error) as error:
            print(f"imsg-sim: afterwards: {error}", file=sys.stderr, flush=True)

    Thread(target=carry_out, name="afterwards").start()
