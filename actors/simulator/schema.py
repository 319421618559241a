"""Apple's tables, as far as imsg and a gateway look at them (imsg protocol 9), and opening such a file.

In: a path. Out: an sqlite3 connection in autocommit mode, WAL, busy timeout 5 s, synchronous off (a test
double has nothing to lose in a power cut, and sends stay in microseconds). A file is created whole under a
temporary name and then linked into place, so no other process ever sees half of it.
"""

import sqlite3
from pathlib import Path
from uuid import uuid4

BUSY_TIMEOUT_S = 5.0
# The mark of our own files: 'imSG'. A real chat.db has none, and is therefore never written to.
APPLICATION_ID = 0x696D5347

_TABLES = """
CREATE TABLE message (
  ROWID INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT UNIQUE NOT NULL, text TEXT, attributedBody BLOB,
  handle_id INTEGER DEFAULT 0, subject TEXT, service TEXT, account TEXT, error INTEGER DEFAULT 0,
  date INTEGER, date_read INTEGER, date_delivered INTEGER, date_edited INTEGER, date_retracted INTEGER,
  is_from_me INTEGER DEFAULT 0, is_delivered INTEGER DEFAULT 0, is_read INTEGER DEFAULT 0,
  is_sent INTEGER DEFAULT 0, is_finished INTEGER DEFAULT 1, is_audio_message INTEGER DEFAULT 0,
  item_type INTEGER DEFAULT 0, group_title TEXT, group_action_type INTEGER DEFAULT 0,
  cache_has_attachments INTEGER DEFAULT 0, destination_caller_id TEXT, associated_message_guid TEXT,
  associated_message_type INTEGER DEFAULT 0, thread_originator_guid TEXT, reply_to_guid TEXT,
  balloon_bundle_id TEXT, payload_data BLOB, message_summary_info BLOB
);
CREATE TABLE handle (
  ROWID INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, country TEXT, service TEXT NOT NULL,
  uncanonicalized_id TEXT, person_centric_id TEXT, UNIQUE (id, service)
);
CREATE TABLE chat (
  ROWID INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT UNIQUE NOT NULL, style INTEGER, state INTEGER,
  account_id TEXT, properties BLOB, chat_identifier TEXT, service_name TEXT, room_name TEXT,
  account_login TEXT, is_archived INTEGER DEFAULT 0, last_addressed_handle TEXT, display_name TEXT,
  group_id TEXT
);
CREATE TABLE chat_message_join (
  chat_id INTEGER REFERENCES chat (ROWID), message_id INTEGER REFERENCES message (ROWID),
  message_date INTEGER DEFAULT 0, PRIMARY KEY (chat_id, message_id)
) WITHOUT ROWID;
CREATE TABLE chat_handle_join (chat_id INTEGER, handle_id INTEGER, UNIQUE (chat_id, handle_id));
CREATE TABLE attachment (
  ROWID INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT UNIQUE NOT NULL, created_date INTEGER DEFAULT 0,
  filename TEXT, uti TEXT, mime_type TEXT, transfer_state INTEGER DEFAULT 5, is_outgoing INTEGER DEFAULT 0,
  user_info BLOB, transfer_name TEXT, total_bytes INTEGER DEFAULT 0, is_sticker INTEGER DEFAULT 0
);
CREATE TABLE message_attachment_join (
  message_id INTEGER, attachment_id INTEGER, UNIQUE (message_id, attachment_id)
);
CREATE INDEX chat_message_join_by_message ON chat_message_join (message_id);
CREATE INDEX chat_by_identifier ON chat (chat_identifier);
CREATE INDEX message_by_associated ON message (associated_message_guid)
  WHERE associated_message_guid IS NOT NULL;
"""


class DatabaseUnavailableError(Exception):
    """The database cannot be used; the text is the underlying reason, `path` the file meant."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path


def open_database(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open a simulator database, creating it and its folders when missing and `create` is set.

    Raises DatabaseUnavailableError: missing, not openable, not a database, or not made by the simulator.
    """
    try:
        if create and not path.exists():
            _create(path)
        connection = _connect(path)
    except OSError as error:
        raise DatabaseUnavailableError(path, f"{error.strerror or error} (code: 14)") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        raise DatabaseUnavailableError(path, f"{error} (code: {code})") from error
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    # Mode rw: SQLite itself must not create a file here, or an empty one would pass for a database.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
    )
    try:
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        if mark != APPLICATION_ID:
            raise DatabaseUnavailableError(
                path, f"{path} was not made by imsg-sim, which writes into its database: give --db a new path"
            )
        connection.execute("PRAGMA synchronous = OFF")
        # As imsg shows broken text: repaired, never an error.
        connection.text_factory = _repaired
    except BaseException:
        connection.close()
        raise
    return connection


def create_draft(path: Path) -> Path:
    """A whole, empty database beside `path`, closed and without side files, under a name nobody looks for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        connection = sqlite3.connect(draft, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(f"BEGIN; PRAGMA application_id = {APPLICATION_ID}; {_TABLES} COMMIT;")
        finally:
            connection.close()
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _create(path: Path) -> None:
    draft = create_draft(path)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def _repaired(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
