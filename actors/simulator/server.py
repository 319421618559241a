"""`imsg rpc` of 0.9: a serial request loop over stdin, with watches writing beside it (imsg protocol 3, 4).

In: lines, one JSON-RPC request each, handled strictly one after the other. Out: answers and notifications
through one `LineWriter`. The loop ends with its input: watches are stopped, what they had not written is
dropped. A database that cannot be opened is answered to every request, for good (imsg protocol 3, start-up).
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actors.simulator import params as read
from actors.simulator.behaviour import Behaviour
from actors.simulator.chats import ChatCache, list_chats
from actors.simulator.dates import parse_iso
from actors.simulator.frames import (
    BadRequestError,
    Request,
    RpcError,
    failure,
    internal_error,
    invalid_params,
    method_not_found,
    read_request,
    response,
    unlocalised,
)
from actors.simulator.links import LinkDeduper
from actors.simulator.messages import Detail, Filter, MessageReader
from actors.simulator.messages_db import MessagesDb
from actors.simulator.params import Params
from actors.simulator.schema import DatabaseUnavailableError, open_database
from actors.simulator.send import Sender
from actors.simulator.watch import Subscription, Watch
from actors.simulator.writer import LineWriter

DEFAULT_DEBOUNCE_MS = 500
_STOP_S = 1.0

Handler = Callable[[Params], dict[str, Any]]


class Methods:
    """The methods over one open database; all state of the process besides its pipes."""

    def __init__(self, path: Path, behaviour: Behaviour, writer: LineWriter) -> None:
        """Open the database, creating it when missing. Raises DatabaseUnavailableError."""
        self._db = MessagesDb.open(path, behaviour.own_address)
        self._reading = open_database(path, create=False)
        self._path = path
        self._writer = writer
        self._cache = ChatCache()
        self._links = LinkDeduper()
        self._reader = MessageReader(self._reading, self._cache)
        self._watches: dict[int, Watch] = {}
        self._subscriptions = 0
        self.table: dict[str, Handler] = {
            "chats.list": self._chats_list,
            "messages.history": self._messages_history,
            "watch.subscribe": self._subscribe,
            "watch.unsubscribe": self._unsubscribe,
            "send": Sender(self._db, self._reading, path, self._cache, behaviour).send,
        }

    def close(self) -> None:
        """End all subscriptions and close the database."""
        for watch in self._watches.values():
            watch.stop()
        for watch in self._watches.values():
            watch.join(_STOP_S)
        self._reading.close()
        self._db.close()

    def _chats_list(self, params: Params) -> dict[str, Any]:
        limit = max(_integer(params, "limit", 20), 1)
        return {"chats": [chat.rpc for chat in list_chats(self._reading, self._cache, limit)]}

    def _messages_history(self, params: Params) -> dict[str, Any]:
        chat_id = read.integer(params, "chat_id")
        if chat_id is None:
            raise invalid_params("chat_id is required")
        limit = max(_integer(params, "limit", 50), 1)
        rows = self._reader.history(chat_id, limit, read_filter(params))
        detail = Detail(attachments=read.boolean(params, "attachments"), reactions=True)
        return {"messages": list(self._reader.show(rows, detail))}

    def _subscribe(self, params: Params) -> dict[str, Any]:
        debounce_ms = read.integer(params, "debounce_ms")
        if debounce_ms is None:
            debounce_ms = _integer(params, "debounceMs", DEFAULT_DEBOUNCE_MS)
        if debounce_ms < 0:
            raise invalid_params("debounce_ms must be a non-negative integer")
        wanted = read_filter(params)
        reactions = read.boolean(params, "include_reactions")
        self._subscriptions += 1
        asked = Subscription(
            number=self._subscriptions,
            # 0 means from now on, not from the beginning. Taken before the answer: what is written after
            # the client has it is certain to be delivered.
            cursor=_integer(params, "since_rowid", 0) or self._reader.newest_rowid(),
            chat_id=read.integer(params, "chat_id"),
            wanted=wanted,
            detail=Detail(read.boolean(params, "attachments"), reactions, reaction_events=reactions),
            debounce_ms=debounce_ms,
        )
        watch = self._watches[asked.number] = Watch(self._path, asked, self._cache, self._links, self._writer)
        watch.start()
        return {"subscription": asked.number}

    def _unsubscribe(self, params: Params) -> dict[str, Any]:
        number = read.integer(params, "subscription")
        if number is None:
            raise invalid_params("subscription is required")
        watch = self._watches.pop(number, None)
        if watch is not None:
            watch.stop()
        return {"ok": True}


def read_filter(params: Params) -> Filter:
    """`participants`, `start` and `end` of a request. Raises RpcError -32603 for a bad date."""
    return Filter(
        senders=frozenset(handle.lower() for handle in read.strings(params, "participants")),
        start=_moment(params, "start"),
        end=_moment(params, "end"),
    )


def serve(lines: Iterable[bytes], path: Path, behaviour: Behaviour, writer: LineWriter) -> int:
    """Answer until the input ends; the exit code, 1 when the database could not be opened at the start."""
    try:
        methods = Methods(path, behaviour, writer)
    except DatabaseUnavailableError as error:
        _answer_all(lines, writer, _refuse_everything(_permission_text(error)))
        return 1
    try:
        _answer_all(lines, writer, methods.table.get)
    finally:
        methods.close()
    return 0


def _answer_all(
    lines: Iterable[bytes], writer: LineWriter, handler_of: Callable[[str], Handler | None]
) -> None:
    for raw in lines:
        line = raw.decode("utf-8", "replace").strip()
        if line:
            answer = _answer(line, handler_of)
            if answer:
                writer.write(answer)


def _answer(line: str, handler_of: Callable[[str], Handler | None]) -> bytes:
    try:
        request = read_request(line)
    except BadRequestError as bad:
        return failure(bad.request_id, bad.error)
    try:
        with _sqlite_errors_as_imsg_shows_them():
            result = _handle(request, handler_of)
    except RpcError as error:
        return failure(request.id, error)
    return response(request.id, result) if request.wants_answer else b""


def _handle(request: Request, handler_of: Callable[[str], Handler | None]) -> dict[str, Any]:
    handler = handler_of(request.method)
    if handler is None:
        raise method_not_found(request.method)
    return handler(request.params)


@contextmanager
def _sqlite_errors_as_imsg_shows_them() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        raise internal_error(unlocalised("SQLite.Result", code)) from error


def _refuse_everything(text: str) -> Callable[[str], Handler | None]:
    def refuse(_params: Params) -> dict[str, Any]:
        raise internal_error(text)

    return lambda _method: refuse


def _permission_text(error: DatabaseUnavailableError) -> str:
    return (
        f"{error}\n\nPermission Error: cannot read {error.path}\n"
        "imsg needs Full Disk Access to read the Messages database; a simulator's database only needs a path\n"
        "that can be written: give it with --db."
    )


def _integer(params: Params, key: str, default: int) -> int:
    value = read.integer(params, key)
    return default if value is None else value


def _moment(params: Params, key: str) -> int | None:
    text = read.string(params, key)
    if text is None:
        return None
    try:
        return parse_iso(text)
    except ValueError as error:
        raise internal_error(f"Invalid ISO8601 date: {text}") from error
