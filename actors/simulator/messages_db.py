"""Writing into chat.db: what Messages itself would write for chats, messages, tapbacks and files.

In: typed requests from the RPC server (own rows), the `receive` verb, tests, and whatever plays the people.
Out: committed rows of a real SQLite file (imsg protocol 9). Each call is one transaction; `transaction()`
joins several into one, which is also how thousands of rows are written quickly.

A `MessagesDb` belongs to the thread that opened it; other processes and threads open their own. Everything
done over its connection belongs in `transaction()`, where the waiting for other writers is.
"""

import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import uuid4

from actors.simulator.attributed_body import encode
from actors.simulator.behaviour import DEFAULT_OWN_ADDRESS
from actors.simulator.dates import apple_ns
from actors.simulator.schema import BUSY_TIMEOUT_S, open_database

_INSERT_MESSAGE = """
INSERT INTO message (guid, text, attributedBody, handle_id, service, date, is_from_me, destination_caller_id,
  associated_message_guid, associated_message_type, thread_originator_guid, balloon_bundle_id,
  is_audio_message, item_type, is_sent)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LOCK_RETRY_S = 0.0002
_STYLE_GROUP, _STYLE_DIRECT = 43, 45

TWINS = {"first": (False, True), "second": (True, False), "none": (True,)}
"""By place of the row that came back: whether each row of a note to oneself is from me."""

ChatKind = Literal["direct", "group", "group-ish"]


class NewMessage(NamedTuple):
    """One message row to write.

    chat_id: None writes a row without a chat join, which imsg shows as `chat_id` 0.
    sender: the handle in `handle_id`; None leaves it empty, as Messages mostly does for own rows.
    date: Apple nanoseconds; None is now. guid: None draws one.
    body: the column(s) that carry the text. associated_*: tapbacks and replies (imsg protocol 9).
    """

    chat_id: int | None
    text: str | None
    sender: str | None = None
    is_from_me: bool = False
    service: str = "iMessage"
    date: int | None = None
    guid: str | None = None
    body: Literal["text", "attributed", "both"] = "text"
    associated_guid: str | None = None
    associated_type: int = 0
    thread_originator_guid: str | None = None
    balloon_bundle_id: str | None = None
    is_audio: bool = False
    item_type: int = 0


class Stored(NamedTuple):
    """Where a message came to lie: its ROWID, its GUID, its chat (0 without one)."""

    id: int
    guid: str
    chat_id: int


class MessagesDb:
    """The writing side of one chat.db."""

    def __init__(self, connection: sqlite3.Connection, own_address: str = DEFAULT_OWN_ADDRESS) -> None:
        self.connection = connection
        self.own_address = own_address

    @classmethod
    def open(cls, path: Path, own_address: str = DEFAULT_OWN_ADDRESS) -> "MessagesDb":
        """Open or create the file. Raises DatabaseUnavailableError."""
        connection = open_database(path, create=True)
        # SQLite's own waiting for a lock sleeps ever longer, so a process that writes without pause would
        # starve this one; `transaction` waits instead, in short steps.
        connection.execute("PRAGMA busy_timeout = 0")
        return cls(connection, own_address)

    def close(self) -> None:
        """Close the connection; committed rows stay."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together; inside another transaction it simply belongs to that.

        Waits up to 5 s for other writers, then raises sqlite3.OperationalError.
        """
        if self.connection.in_transaction:
            yield
            return
        self._begin()
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def _begin(self) -> None:
        # Immediate: a reader that turns writer half way cannot wait for the lock, it can only fail.
        deadline = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                self.connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_LOCK_RETRY_S)
            else:
                return

    def create_chat(
        self,
        kind: ChatKind,
        participants: Sequence[str],
        *,
        name: str | None = None,
        service: str = "iMessage",
        guid: str | None = None,
    ) -> int:
        """Write a chat with its members and return its ROWID.

        A direct chat has its peer's handle as identifier; the others `chat<digits>`. Group-ish is several
        people in a thread whose GUID says `;-;`, which imsg reports as no group (imsg protocol 5).
        """
        identifier = participants[0] if kind == "direct" else f"chat{secrets.randbelow(9 * 10**17) + 10**17}"
        marker = ";+;" if kind == "group" else ";-;"
        with self.transaction():
            chat_id = self._insert(
                "INSERT INTO chat (guid, style, state, account_id, chat_identifier, service_name,"
                " account_login, last_addressed_handle, display_name) VALUES (?, ?, 3, ?, ?, ?, ?, ?, ?)",
                (
                    guid or f"{service}{marker}{identifier}",
                    _STYLE_DIRECT if kind == "direct" else _STYLE_GROUP,
                    str(uuid4()).upper(),
                    identifier,
                    service,
                    f"P:{self.own_address}",
                    self.own_address,
                    # Messages leaves an empty name, not NULL, where nobody gave one.
                    name or "",
                ),
            )
            for handle in participants:
                self.add_participant(chat_id, handle, service)
        return chat_id

    def add_participant(self, chat_id: int, handle: str, service: str = "iMessage") -> None:
        """Make `handle` a member of the chat; a no-op when it is one."""
        with self.transaction():
            self.connection.execute(
                "INSERT OR IGNORE INTO chat_handle_join VALUES (?, ?)",
                (chat_id, self.handle_id(handle, service)),
            )

    def direct_chat(self, handle: str, service: str = "iMessage") -> int:
        """The ROWID of the direct chat with `handle` on that service (`any` counts), created when missing."""
        with self.transaction():
            row = self.connection.execute(
                "SELECT ROWID FROM chat WHERE chat_identifier = ? AND guid IN (?, ?) ORDER BY guid = ? DESC",
                (handle, f"{service};-;{handle}", f"any;-;{handle}", f"{service};-;{handle}"),
            ).fetchone()
            return int(row[0]) if row else self.create_chat("direct", [handle], service=service)

    def group_chat(self, name: str, participants: Sequence[str], service: str = "iMessage") -> int:
        """The ROWID of the group with that display name, created when missing; the members are added."""
        with self.transaction():
            row = self.connection.execute(
                "SELECT ROWID FROM chat WHERE display_name = ? AND style = ?", (name, _STYLE_GROUP)
            ).fetchone()
            chat_id = int(row[0]) if row else self.create_chat("group", participants, name=name, service=service)
            for handle in participants:
                self.add_participant(chat_id, handle, service)
        return chat_id

    def handle_id(self, handle: str, service: str = "iMessage") -> int:
        """The ROWID of a handle, created when missing."""
        with self.transaction():
            row = self.connection.execute(
                "SELECT ROWID FROM handle WHERE id = ? AND service = ?", (handle, service)
            ).fetchone()
            if row:
                return int(row[0])
            return self._insert("INSERT INTO handle (id, service) VALUES (?, ?)", (handle, service))

    def insert(self, message: NewMessage) -> Stored:
        """Write one row and its chat join. Raises sqlite3.IntegrityError for a GUID that exists."""
        guid = message.guid or str(uuid4()).upper()
        date = apple_ns(time.time_ns()) if message.date is None else message.date
        with self.transaction():
            rowid = self._insert(_INSERT_MESSAGE, self._columns(message, guid, date))
            if message.chat_id is not None:
                self.join(message.chat_id, rowid, date)
        return Stored(rowid, guid, message.chat_id or 0)

    def join(self, chat_id: int, message_id: int, date: int) -> None:
        """Put a message into a chat (a second one delivers it twice). `date` in Apple nanoseconds."""
        self.connection.execute("INSERT INTO chat_message_join VALUES (?, ?, ?)", (chat_id, message_id, date))

    def incoming(self, chat_id: int, sender: str, text: str, *, service: str = "iMessage") -> Stored:
        """A message from `sender`, now."""
        return self.insert(NewMessage(chat_id, text, sender, service=service))

    def own(self, chat_id: int, text: str | None, *, service: str = "iMessage", attributed: bool = False) -> Stored:
        """A message of the account's own, now: from this send, or from another device of the owner."""
        body: Literal["text", "attributed"] = "attributed" if attributed else "text"
        return self.insert(NewMessage(chat_id, text, is_from_me=True, service=service, body=body))

    def note(
        self,
        text: str,
        *,
        service: str = "iMessage",
        date: int | None = None,
        twin: str = "second",
    ) -> list[Stored]:
        """What the owner writes to the own number from a phone: one row sent, one come back, in ROWID order.

        They have one text and one date, a GUID each, and the own address for everybody (imsg protocol 5). `twin`, a
        key of `TWINS`, is where the row that came back stands; of some notes it never comes.
        """
        with self.transaction():
            chat_id = self.direct_chat(self.own_address, service)
            message = NewMessage(
                chat_id, text, service=service, date=apple_ns(time.time_ns()) if date is None else date
            )
            return [
                self.insert(message._replace(is_from_me=own, sender=None if own else self.own_address))
                for own in TWINS[twin]
            ]

    def attach(
        self,
        message_id: int,
        filename: str | None,
        *,
        transfer_name: str = "",
        uti: str = "",
        mime_type: str = "",
        total_bytes: int = 0,
        is_sticker: bool = False,
        user_info: bytes | None = None,
    ) -> int:
        """Hang a file on a message and return the attachment's ROWID. `filename` may start with `~`."""
        with self.transaction():
            rowid = self._insert(
                "INSERT INTO attachment (guid, filename, uti, mime_type, user_info, transfer_name,"
                " total_bytes, is_sticker) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    str(uuid4()).upper(), filename, uti, mime_type, user_info, transfer_name, total_bytes,
                    is_sticker,
                ),
            )  # fmt: skip
            self.connection.execute("INSERT INTO message_attachment_join VALUES (?, ?)", (message_id, rowid))
            self.connection.execute("UPDATE message SET cache_has_attachments = 1 WHERE ROWID = ?", (message_id,))
        return rowid

    def _columns(self, message: NewMessage, guid: str, date: int) -> tuple[object, ...]:
        plain = message.text if message.body != "attributed" else None
        archived = encode(message.text) if message.body != "text" and message.text is not None else None
        handle = self.handle_id(message.sender, message.service) if message.sender else 0
        return (
            guid, plain, archived, handle, message.service, date, message.is_from_me, self.own_address,
            message.associated_guid, message.associated_type, message.thread_originator_guid,
            message.balloon_bundle_id, message.is_audio, message.item_type, message.is_from_me,
        )  # fmt: skip

    def _insert(self, sql: str, values: Sequence[object]) -> int:
        rowid = self.connection.execute(sql, values).lastrowid
        assert rowid is not None
        return rowid
