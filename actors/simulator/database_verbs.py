"""The simulator's own verbs that write a Messages database: `receive`, `note`, and what real life does to it.

In: options of the command line and the path of the database. Out: the objects to print, one JSON line each.
Databases the simulator did not make are refused by `schema`; `receive`, `note` and `swap` create one that is missing.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from actors.simulator import database_faults
from actors.simulator.behaviour import DEFAULT_OWN_ADDRESS
from actors.simulator.chats import ChatCache
from actors.simulator.database_faults import NoSuchRowError
from actors.simulator.dates import apple_ns, parse_iso
from actors.simulator.messages_db import TWINS, MessagesDb, NewMessage
from actors.simulator.options import Options, UsageError
from actors.simulator.schema import DatabaseUnavailableError

Shown = Iterator[dict[str, object]]

OPTIONS = {
    "receive": frozenset(
        {"own-address", "chat-id", "from", "group-name", "text", "service", "at", "guid", "twice-joined", "count"}
    ),
    "note": frozenset({"own-address", "text", "service", "at", "twin", "count"}),
    "join": frozenset({"id", "chat-id"}),
    "backlog": frozenset({"chat-id", "from", "count", "age-hours"}),
    "swap": frozenset({"rows-from", "keep"}),
    "rewind": frozenset({"to"}),
    "flip": frozenset({"id"}),
}
USAGE = {
    "receive": "imsg receive --chat-id N | --from HANDLE [--group-name NAME] --text T [--service iMessage|SMS]"
    " [--db PATH]\n\nWrite an incoming message, the way another process would; prints id, guid and chat_id.\n\n"
    "  --at ISO             the date of the row, e.g. 2026-05-16T12:34:56Z (default now)\n"
    "  --guid G             its GUID (default drawn)\n"
    "  --no-join            half-written: no chat join; `join` writes it later\n"
    "  --twice-joined CHAT  joined to a second chat as well\n"
    "  --count N            N messages in one commit; their texts are numbered\n"
    "  --own-address A      the address it came to",
    "note": "imsg note --text T [--own-address A] [--service iMessage|SMS] [--db PATH]\n\n"
    "The owner writes to the own number from a phone: two rows, one of them from me, in one commit; prints both.\n\n"
    "  --twin first|second|none   where the row that is not from me stands (default second)\n"
    "  --at ISO                   the date of both rows (default now)\n"
    "  --count N                  N notes; their texts are numbered",
    "join": "imsg join --id ROW --chat-id N [--db PATH]\n\nWrite the chat join a message lacks, or a second one.",
    "backlog": "imsg backlog --chat-id N [--from HANDLE] [--count 1000] [--age-hours 24] [--db PATH]\n\n"
    "What iCloud delivers at once after a pause: new ROWIDs, old dates; one commit.",
    "swap": "imsg swap [--rows-from OLD] [--keep K] [--db PATH]\n\n"
    "Another database file appears at PATH by rename: new inode, ROWIDs from 1. Empty, or with --rows-from\n"
    "(PATH itself will do) the chats of OLD under other ids and its newest K messages (default 0) with the\n"
    "same GUIDs in another order. --keep alone means the rows of PATH. Who has the old file open keeps it.",
    "rewind": "imsg rewind --to ROWID [--db PATH]\n\nRows above ROWID are gone and the next row gets the ROWID\n"
    "after it, as after a restored backup. Same file.",
    "flip": "imsg flip --id ROW [--db PATH]\n\nThe row turns out to be the account's own: is_from_me becomes true.",
}


def run(options: Options, path: Path) -> Shown:
    """Carry out one of these verbs. Raises UsageError, DatabaseUnavailableError, sqlite3.Error."""
    try:
        yield from _VERBS[options.verb](options, path)
    except NoSuchRowError as error:
        raise UsageError(str(error)) from error


def _receive(options: Options, path: Path) -> Shown:
    text = _text(options)
    count = _positive(options, "count", 1)
    guid = options.values.get("guid")
    if guid is not None and count > 1:
        raise UsageError("--guid: a GUID is for one message, so not together with --count")
    date, second = _moment(options), options.integer("twice-joined")
    own_address = options.values.get("own-address", DEFAULT_OWN_ADDRESS)
    with closing(MessagesDb.open(path, own_address)) as db, db.transaction():
        chat_id, sender = _conversation(db, options)
        message = NewMessage(
            chat_id=None if "no-join" in options.switches else chat_id,
            text=text,
            sender=sender,
            service=options.values.get("service", "iMessage"),
            date=date,
            guid=guid,
        )
        try:
            rows = [db.insert(message._replace(text=each)) for each in _texts(text, count)]
        except sqlite3.IntegrityError as error:
            raise UsageError(f"--guid: {guid!r} is in the database already") from error
        for row in rows if second is not None else ():
            database_faults.join_later(db, row.id, second or 0)
    for row in rows:
        yield {"id": row.id, "guid": row.guid, "chat_id": row.chat_id}


def _note(options: Options, path: Path) -> Shown:
    text, count, date = _text(options), _positive(options, "count", 1), _moment(options)
    twin = options.values.get("twin", "second")
    if twin not in TWINS:
        raise UsageError(f"--twin: {twin!r} is none of {', '.join(TWINS)}")
    own_address, service = (
        options.values.get("own-address", DEFAULT_OWN_ADDRESS),
        options.values.get("service", "iMessage"),
    )
    with closing(MessagesDb.open(path, own_address)) as db, db.transaction():
        notes = [db.note(each, service=service, date=date, twin=twin) for each in _texts(text, count)]
    for rows in notes:
        for row, is_from_me in zip(rows, TWINS[twin], strict=True):
            yield {"id": row.id, "guid": row.guid, "chat_id": row.chat_id, "is_from_me": is_from_me}


def _join(options: Options, path: Path) -> Shown:
    row, chat_id = _needed(options, "id"), _needed(options, "chat-id")
    with _existing(path) as db:
        try:
            database_faults.join_later(db, row, chat_id)
        except sqlite3.IntegrityError as error:
            raise UsageError(f"--id: message {row} is in chat {chat_id} already") from error
    yield {"id": row, "chat_id": chat_id}


def _backlog(options: Options, path: Path) -> Shown:
    _needed(options, "chat-id")
    count, hours = _positive(options, "count", 1000), _hours(options)
    with _existing(path) as db:
        chat_id, sender = _conversation(db, options)
        written = database_faults.backlog(db, chat_id, sender, count, hours)
    yield written._asdict()


def _swap(options: Options, path: Path) -> Shown:
    keep = options.integer("keep", 0) or 0
    if keep < 0:
        raise UsageError(f"--keep: {keep} is below 0")
    named = options.values.get("rows-from")
    source = Path(named).expanduser() if named else path if keep else None
    yield database_faults.swap(path, source, keep)._asdict()


def _rewind(options: Options, path: Path) -> Shown:
    to = _needed(options, "to")
    with _existing(path) as db:
        gone = database_faults.rewind(db, max(to, 0))
    yield {"to": max(to, 0), "gone": gone}


def _flip(options: Options, path: Path) -> Shown:
    row = _needed(options, "id")
    with _existing(path) as db:
        database_faults.flip(db, row)
    yield {"id": row, "is_from_me": True}


def _existing(path: Path) -> "closing[MessagesDb]":
    if not path.exists():
        raise DatabaseUnavailableError(path, "unable to open database file (code: 14)")
    return closing(MessagesDb.open(path))


def _conversation(db: MessagesDb, options: Options) -> tuple[int, str]:
    """The chat an incoming message belongs to, and who speaks; created as far as it is missing."""
    chat_id = options.integer("chat-id")
    sender = options.values.get("from")
    if chat_id is not None:
        if ChatCache().info(db.connection, chat_id) is None:
            raise UsageError(f"--chat-id: there is no chat {chat_id}; use --from to start one")
        members = ChatCache().members(db.connection, chat_id)
        if sender is None and not members:
            raise UsageError(f"--chat-id: chat {chat_id} has no members; say who speaks with --from")
        return chat_id, sender or members[0]
    if sender is None:
        raise UsageError("--chat-id or --from is required: see imsg receive --help")
    service = options.values.get("service", "iMessage")
    if "group-name" in options.values:
        return db.group_chat(options.values["group-name"], [sender], service), sender
    return db.direct_chat(sender, service), sender


def _moment(options: Options) -> int:
    text = options.values.get("at")
    if text is None:
        return apple_ns(time.time_ns())
    try:
        return parse_iso(text)
    except ValueError as error:
        raise UsageError(f"--at: {text!r} is no moment like 2026-05-16T12:34:56Z") from error


def _hours(options: Options) -> float:
    text = options.values.get("age-hours", "24")
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours < 1e6:
        raise UsageError(f"--age-hours: {text!r} is not a number of hours above 0")
    return hours


def _text(options: Options) -> str:
    text = options.values.get("text")
    if text is None:
        raise UsageError(f"--text is required: see imsg {options.verb} --help")
    return text


def _texts(text: str, count: int) -> list[str]:
    return [text] if count == 1 else [f"{text} {n + 1}" for n in range(count)]


def _needed(options: Options, name: str) -> int:
    value = options.integer(name)
    if value is None:
        raise UsageError(f"--{name} is required: see imsg {options.verb} --help")
    return value


def _positive(options: Options, name: str, default: int) -> int:
    value = options.integer(name, default) or 0
    if value < 1:
        raise UsageError(f"--{name}: {value} is below 1")
    return value


_VERBS: dict[str, Callable[[Options, Path], Shown]] = {
    "receive": _receive,
    "note": _note,
    "join": _join,
    "backlog": _backlog,
    "swap": _swap,
    "rewind": _rewind,
    "flip": _flip,
}
