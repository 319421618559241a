"""The journal's database: tables, versions, and how an older one becomes a newer one.

``PRAGMA user_version`` is the schema's version. Migrations run forward, each in one transaction; a newer
database is refused with what to do. Deleting is never part of normal work (pruning goes by age).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

TABLES = """
CREATE TABLE source (
  id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, cursor INTEGER, child_pid INTEGER, child_started REAL
);
CREATE TABLE inbound (
  seq INTEGER PRIMARY KEY, source INTEGER NOT NULL, guid BLOB NOT NULL, row_id INTEGER, account TEXT NOT NULL,
  chat_id INTEGER, received_at REAL NOT NULL,
  kind TEXT NOT NULL,                      -- admit | challenge | refused: what was decided at the gate
  session TEXT, agent TEXT, service TEXT, mentioned INTEGER, waits INTEGER,
  outcome TEXT,                            -- NULL while open; replied | absorbed | dropped | held | corrupt
  reason TEXT, config_key TEXT,
  body BLOB                                -- the row as imsg gave it
);
CREATE UNIQUE INDEX inbound_guid ON inbound (guid, source);
CREATE TABLE outbox (
  key INTEGER PRIMARY KEY,                 -- seq of the answered row << 12 | position in the reply
  account TEXT NOT NULL, source INTEGER NOT NULL, chat_id INTEGER, chat_guid TEXT, service TEXT,
  text TEXT NOT NULL,
  state TEXT NOT NULL,                     -- queued | attempted | deferred | sent | uncertain | failed | discarded
  queued_at REAL NOT NULL, attempted_at REAL, until REAL, ended_at REAL, tries INTEGER NOT NULL DEFAULT 0,
  guid TEXT, why TEXT
);
CREATE TABLE tally (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""

ERAS = """
ALTER TABLE source ADD COLUMN era INTEGER NOT NULL DEFAULT 0;   -- counts the databases that stood there
ALTER TABLE source ADD COLUMN file TEXT NOT NULL DEFAULT '';    -- the last one's name on its file system
ALTER TABLE source ADD COLUMN watched REAL;                     -- until when the watch was known to be well
ALTER TABLE inbound ADD COLUMN era INTEGER NOT NULL DEFAULT 0;  -- chat_id and row_id belong to this era
ALTER TABLE outbox ADD COLUMN era INTEGER NOT NULL DEFAULT 0;   -- chat_id belongs to this era
"""

LIVES = """
ALTER TABLE inbound ADD COLUMN authority TEXT;    -- of an admitted row's sender: known | authorised | owner
ALTER TABLE inbound ADD COLUMN settled_at REAL;   -- when it got its outcome; NULL: when it was received
ALTER TABLE inbound ADD COLUMN judged_at REAL;    -- when it was judged again; NULL: when it was received
CREATE INDEX inbound_asked ON inbound (session, account) WHERE kind = 'challenge';
"""

MIGRATIONS: tuple[str, ...] = (TABLES, ERAS, LIVES)
"""``MIGRATIONS[n]`` takes a database of version n to n + 1."""

VERSION = len(MIGRATIONS)


class JournalError(Exception):
    """The journal cannot be used; the message names the file and the remedy."""


class NewerJournalError(JournalError):
    """A newer gateway wrote this journal; waiting does not help."""


def connect(path: Path) -> sqlite3.Connection:
    """Open the journal for its one writer: WAL, durable commits, migrated to ``VERSION``.

    Raises:
        JournalError: unreadable, read-only, corrupt, or written by a newer version.
    """
    with _opening(path) as opening:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
        opening.callback(connection.close)
        path.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # On macOS a plain fsync leaves the data in the drive's cache; elsewhere these say nothing new.
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA checkpoint_fullfsync = ON")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA cache_size = -16000")
        # What is forgotten is overwritten, not only unlinked; some builds of SQLite do so anyway.
        connection.execute("PRAGMA secure_delete = ON")
        migrate(connection, path)
        opening.pop_all()
    return connection


def connect_readonly(path: Path) -> sqlite3.Connection:
    """Open the journal for looking, beside a running gateway or without one.

    Raises:
        JournalError: it does not exist, cannot be read, or is of another version.
    """
    if not path.exists():
        raise JournalError(f"no journal at {path}: the gateway has not run with this state folder yet")
    with _opening(path) as opening:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        opening.callback(connection.close)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise JournalError(
                f"{path} has schema {version}, this gateway reads {VERSION}: run the gateway that wrote it"
            )
        if version < VERSION:
            raise JournalError(
                f"{path} has schema {version}, this gateway reads {VERSION}: start it once, `gateway run` brings the "
                "journal up to date"
            )
        opening.pop_all()
    return connection


@contextmanager
def _opening(path: Path) -> Iterator[ExitStack]:
    """What is put on the stack is undone if opening fails: a connection left behind would keep its lock."""
    try:
        with ExitStack() as stack:
            yield stack
    except (sqlite3.Error, OSError) as error:
        raise JournalError(explain(error, path)) from error


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to ``VERSION``, one transaction a step, so it is never half migrated."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise NewerJournalError(
            f"{path} has schema {version}, written by a newer gateway; this one knows {VERSION}. "
            "Upgrade the gateway, or move the file away to start afresh."
        )
    for number in range(version, VERSION):
        step = f"{MIGRATIONS[number]}\nPRAGMA user_version = {number + 1};"
        connection.executescript(f"BEGIN IMMEDIATE;\n{step}\nCOMMIT;")


def empty_log(connection: sqlite3.Connection, wait: bool = True) -> bool:
    """Move everything from the write-ahead log into the database and cut the log off: what was overwritten there is in
    neither any more. False where somebody reads it meanwhile; ``wait`` for them first (seconds, as for any lock).
    """
    patience = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    try:
        if not wait:
            connection.execute("PRAGMA busy_timeout = 0")
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")


def explain(error: Exception, path: Path) -> str:
    """An SQLite or system error as one sentence that names the file and the remedy."""
    text = str(error)
    if "readonly" in text or "read-only" in text.lower() or isinstance(error, PermissionError):
        return f"cannot write the journal {path}: {text}. Make the file and its folder writable for this user."
    if "full" in text or "No space" in text:
        return f"cannot write the journal {path}: the disk is full. Free some space; the gateway goes on by itself."
    if "malformed" in text or "not a database" in text:
        return f"the journal {path} is damaged ({text}). Move it away; the gateway starts a new one."
    return f"cannot use the journal {path}: {text}"
