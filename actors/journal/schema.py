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
  kind TEXT NOT NULL,                      -- admit | command | challenge | context | refused: decided at the gate
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

SESSIONS = """
CREATE TABLE session (
  key TEXT PRIMARY KEY, agent TEXT NOT NULL,
  account TEXT NOT NULL DEFAULT '', source INTEGER, chat_id INTEGER,  -- of the latest admitted row; '' before one
  is_group INTEGER NOT NULL DEFAULT 0, label TEXT, created_at REAL NOT NULL, updated_at REAL NOT NULL,
  activation TEXT, send TEXT, queue TEXT, model TEXT,                 -- NULL: as the config says
  failures INTEGER NOT NULL DEFAULT 0      -- its last turns that failed in a row
) WITHOUT ROWID;
CREATE TABLE turn (
  seq INTEGER PRIMARY KEY,                 -- the row that carries the answer
  session TEXT NOT NULL,
  number INTEGER NOT NULL,                 -- rises over all sessions, in the order of commits
  place INTEGER NOT NULL,                  -- counts those since the session last began anew, from 1
  agent TEXT NOT NULL,
  rows TEXT,                               -- the other rows it took in, a JSON array; NULL for none
  outcome TEXT NOT NULL,                   -- replied | absorbed | failed
  began_at REAL NOT NULL, ended_at REAL NOT NULL,
  text TEXT,                               -- what the agent said; NULL: what its chunks say
  failure TEXT, model TEXT, input_tokens INTEGER, output_tokens INTEGER
);
CREATE INDEX turn_session ON turn (session, number);
CREATE TABLE renewal (                     -- turns up to this number are not told the session's agent any more
  session TEXT NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL, why TEXT NOT NULL, PRIMARY KEY (session, number)
) WITHOUT ROWID;
UPDATE inbound SET kind = 'context'
WHERE kind = 'refused' AND outcome = 'dropped' AND reason IN ('no mention', 'reaction');
CREATE INDEX inbound_context ON inbound (source, chat_id) WHERE kind = 'context';
INSERT INTO turn (seq, session, number, place, agent, outcome, began_at, ended_at)
SELECT seq, session, row_number() OVER (ORDER BY seq), row_number() OVER (PARTITION BY session ORDER BY seq),
  coalesce(agent, ''), outcome, received_at, coalesce(settled_at, judged_at, received_at)
FROM inbound WHERE kind = 'admit' AND outcome IN ('replied', 'absorbed') AND session IS NOT NULL;
INSERT INTO mark SELECT 'turn', max(number) FROM turn HAVING max(number) IS NOT NULL;
INSERT INTO session (key, agent, account, source, chat_id, is_group, created_at, updated_at)
SELECT i.session, coalesce(i.agent, ''), i.account, i.source, i.chat_id, instr(i.session, ':imessage:group:') > 0,
  came.first, came.last
FROM inbound i JOIN (
  SELECT max(seq) AS seq, min(received_at) AS first, max(received_at) AS last FROM inbound
  WHERE kind = 'admit' AND session IS NOT NULL GROUP BY session
) came ON came.seq = i.seq;
"""

MIGRATIONS: tuple[str, ...] = (TABLES, ERAS, LIVES, SESSIONS)
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
