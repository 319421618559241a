"""chat.db as one process sees it: who may open it, and a connection for each thread (imsg protocol 3, 12.4).

In: the path and the question whether it may be read. Out: sqlite3 connections that belong to the calling thread, or
DatabaseUnavailableError. Up to 0.13 a connection is for good. From 0.14 on each request looks again: a file replaced
at the same path is opened anew, one that is gone is missed until it is back.

A database that was never there is created at the first look: with its folders up to 0.13, only in an existing folder
from 0.14 on (so that a start without a database can be played). `writing` is what Messages itself uses: imsg's lost
permission is not its concern.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import local

from actors.simulator.messages_db import MessagesDb
from actors.simulator.schema import DatabaseUnavailableError, open_database

NO_PERMISSION = "authorization denied (code: 23)"
_NO_FILE = "unable to open database file (code: 14)"

Identity = tuple[int, int] | None


class _Own(local):
    """What the calling thread has open, and which file each connection is of."""

    reading: sqlite3.Connection | None = None
    read_file: Identity = None
    writing: MessagesDb | None = None
    written_file: Identity = None


class Connections:
    """Connections to one chat.db; every method is for any thread."""

    def __init__(self, path: Path, own_address: str, has_access: Callable[[], bool], *, looks_again: bool) -> None:
        self.path = path
        self._own_address = own_address
        self._has_access = has_access
        self._looks_again = looks_again
        self._was_there = False
        self._own = _Own()

    def reading(self) -> sqlite3.Connection:
        """The calling thread's connection for reading. Raises DatabaseUnavailableError."""
        self.demand_access()
        own = self._own
        file = self._file() if self._looks_again else own.read_file
        if own.reading is None or file != own.read_file:
            self._close_reading()
            own.reading = open_database(self.path, create=self._may_create())
            own.read_file = file
            self._was_there = True
        return own.reading

    def writing(self) -> MessagesDb:
        """The calling thread's connection as Messages. Raises DatabaseUnavailableError."""
        own = self._own
        file = self._file() if self._looks_again else own.written_file
        if own.writing is None or file != own.written_file:
            self._close_writing()
            if not self.path.exists() and not self._may_create():
                raise DatabaseUnavailableError(self.path, _NO_FILE)
            own.writing = MessagesDb.open(self.path, self._own_address)
            own.written_file = file
            self._was_there = True
        return own.writing

    def demand_access(self) -> None:
        """Raises DatabaseUnavailableError when imsg may not read the database just now."""
        if not self._has_access():
            raise DatabaseUnavailableError(self.path, NO_PERMISSION)

    def close(self) -> None:
        """Close what the calling thread has open."""
        self._close_reading()
        self._close_writing()

    def _close_reading(self) -> None:
        if self._own.reading is not None:
            self._own.reading.close()
            self._own.reading = None

    def _close_writing(self) -> None:
        if self._own.writing is not None:
            self._own.writing.close()
            self._own.writing = None

    def _may_create(self) -> bool:
        return not self._was_there and (not self._looks_again or self.path.parent.is_dir())

    def _file(self) -> Identity:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
