"""`imsg rpc`: requests in, answers out, in the manner of the version that is played (imsg protocol 3, 12.2).

In: lines, one JSON-RPC request each. Out: answers and notifications through one `LineWriter`.

Up to 0.13 requests are handled strictly one after the other; the end of the input ends everything, and a database that
cannot be opened at the start is answered to every request, for good. From 0.14 on requests run in lanes, whatever was
accepted is still answered after the end of the input, and the database is looked for at each request.
"""

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from actors.simulator.behaviour import Behaviour
from actors.simulator.faults import Faults
from actors.simulator.frames import (
    BadRequestError,
    Request,
    RpcError,
    failure,
    internal_error,
    method_not_found,
    read_request,
    read_strict_request,
    response,
    unlocalised,
)
from actors.simulator.lanes import Lane, Lanes, lane_of
from actors.simulator.methods import Handler, Methods
from actors.simulator.outcomes import database_unavailable, server_busy
from actors.simulator.schema import DatabaseUnavailableError
from actors.simulator.writer import LineWriter

_SQLITE_AUTH = 23


def serve(
    lines: Iterable[bytes],
    path: Path,
    behaviour: Behaviour,
    writer: LineWriter,
    faults: Faults | None = None,
) -> int:
    """Answer until the input ends; the exit code, 1 where a database could not be opened at the start."""
    faults = faults or Faults.none()
    faults.at_start(behaviour.generation.strict)
    methods = Methods(path, behaviour, writer, faults)
    if behaviour.generation.strict:
        return _serve_in_lanes(lines, methods, writer)
    return _serve_in_turn(lines, methods, writer, behaviour)


def _serve_in_turn(lines: Iterable[bytes], methods: Methods, writer: LineWriter, behaviour: Behaviour) -> int:
    try:
        methods.connections.reading()
        methods.connections.writing()
    except DatabaseUnavailableError as error:
        text = _permission_text(error)
        if behaviour.generation.opens_gracefully:
            _answer_all(lines, writer, lambda _method: partial(_refuse, text))
        else:
            writer.write(f"{text}\n".encode())
        return 1
    try:
        _answer_all(lines, writer, methods.table.get)
    finally:
        methods.subscriptions.close()
        methods.connections.close()
    return 0


def _answer_all(lines: Iterable[bytes], writer: LineWriter, handler_of: Callable[[str], Handler | None]) -> None:
    for line in _trimmed(lines):
        answer = _answer(line, handler_of)
        if answer:
            writer.write(answer)


def _answer(line: str, handler_of: Callable[[str], Handler | None]) -> bytes:
    try:
        request = read_request(line)
    except BadRequestError as bad:
        return failure(bad.request_id, bad.error)
    try:
        result = _handle(request, handler_of(request.method))
    except DatabaseUnavailableError:
        return failure(request.id, internal_error(unlocalised("SQLite.Result", _SQLITE_AUTH)))
    except RpcError as error:
        return failure(request.id, error)
    return response(request.id, result) if request.wants_answer else b""


def _serve_in_lanes(lines: Iterable[bytes], methods: Methods, writer: LineWriter) -> int:
    lanes = Lanes(at_end=methods.connections.close)
    for line in _trimmed(lines):
        try:
            request = read_strict_request(line)
        except BadRequestError as bad:
            refused = failure(bad.request_id, bad.error)
            if not lanes.admit(Lane.CONTROL, partial(writer.write, refused)):
                writer.write(failure(bad.request_id, _too_many()))
            continue
        lane = lane_of(request.method, request.method in methods.table)
        if not lanes.admit(lane, partial(_run, request, methods, writer)) and request.wants_answer:
            writer.write(failure(request.id, _too_many()))
    methods.subscriptions.close()
    lanes.drain()
    return 0


def _run(request: Request, methods: Methods, writer: LineWriter) -> None:
    """One accepted request of 0.14+, to its answer; a notification never gets one."""
    try:
        answer = response(request.id, _handle(request, methods.table.get(request.method)))
    except DatabaseUnavailableError as error:
        answer = failure(request.id, database_unavailable(error.path, str(error)))
    except RpcError as error:
        answer = failure(request.id, error)
    if request.wants_answer:
        writer.write(answer)
    if request.method == "watch.subscribe":
        # Only now: no notification of a subscription comes before its number.
        methods.subscriptions.begin()


def _handle(request: Request, handler: Handler | None) -> dict[str, Any]:
    if handler is None:
        raise method_not_found(request.method)
    try:
        return handler(request.params)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        raise internal_error(unlocalised("SQLite.Result", code)) from error


def _trimmed(lines: Iterable[bytes]) -> Iterable[str]:
    for raw in lines:
        line = raw.decode("utf-8", "replace").strip()
        if line:
            yield line


def _too_many() -> RpcError:
    return server_busy("outstanding request limit exceeded")


def _refuse(text: str, _params: Any) -> dict[str, Any]:
    raise internal_error(text)


def _permission_text(error: DatabaseUnavailableError) -> str:
    return (
        f"{error}\n\nPermission Error: cannot read {error.path}\n"
        "imsg needs Full Disk Access to read the Messages database; a simulator's database only needs a path\n"
        "that can be written: give it with --db."
    )
