"""What a send does instead of what it should: errors before and after, lost answers, deaths, ghosts, late rows.

In: a send's handler, its parameters, and the `SendFault` of the moment. Out: its result, another one, an
`RpcError`, or no return at all. Texts are those of the generation: sentences up to 0.13, typed data from
0.14 (imsg protocol 7, 12.3).
"""

import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

from actors.simulator.faulty_ends import die
from actors.simulator.faulty_output import FaultyWriter, double, drop, null_result, text_id
from actors.simulator.faulty_weather import SendFault
from actors.simulator.frames import RpcError, internal_error
from actors.simulator.generations import Generation
from actors.simulator.lanes import Lane, lane_of
from actors.simulator.messages_db import MessagesDb, NewMessage
from actors.simulator.outcomes import Transport, may_have_completed, not_started, server_busy
from actors.simulator.params import Params
from actors.simulator.schema import DatabaseUnavailableError

Handler = Callable[[Any], dict[str, Any]]
Late = Callable[[str, Params], object]

SENDS = frozenset({"send", "send.tracked", "send.rich", "send.attachment", "send.multipart", "poll.send"})
_TIMED_OUT = "Messages got an error: AppleEvent timed out."
_IDENTIFIERS = ("id", "guid", "message_id", "chat_guid", "service")
_BENDS = {
    "lost-answer": drop,
    "duplicate-answer": double,
    "string-id": text_id,
    "null-result": null_result,
}


class SendFaults:
    """The sends of one process going wrong.

    path: the database, for ghost rows. late: carries out a request on a thread of its own, connection included.
    """

    def __init__(self, writer: FaultyWriter, path: Path, late: Late, played: Generation) -> None:
        self._writer = writer
        self._path = path
        self._late = late
        self._played = played
        self._poisoned = Event()

    def refuse_if_poisoned(self, method: str) -> None:
        """Raises -32004 for a mutation once a send was left in flight; only a new process gets over it."""
        if self._poisoned.is_set() and lane_of(method, known=True) is Lane.MUTATION:
            raise RpcError(-32004, "Mutation lane blocked", _in_flight("An earlier mutation is still in flight."))

    def go_wrong(self, fault: SendFault, method: str, handler: Handler, params: Params) -> dict[str, Any]:
        """Carry out one send under `fault`. Raises RpcError; may end the process."""
        if fault.do in _BENDS:
            self._writer.bend_next_answer(_BENDS[fault.do])
            return handler(params)
        if fault.do == "no-ids":
            result = handler(params)
            return {key: value for key, value in result.items() if key not in _IDENTIFIERS}
        if fault.do == "ok-false":
            return self._result(ok=False)
        if fault.do in ("exit-before", "exit-after"):
            if fault.do == "exit-after":
                handler(params)
            die(fault.how)
        if fault.do in ("late-row", "still-in-flight"):
            return self._come_late(fault, method, params)
        if fault.do == "ghost":
            return self._ghost(method, params)
        if fault.do == "fail-after":
            handler(params)
        raise self._error(fault.do, method, params)

    def _error(self, kind: str, method: str, params: Params) -> RpcError:
        if kind == "busy":
            return server_busy("outstanding request limit exceeded")
        number, text = {
            "fail-before": (-600, "Messages got an error: Application isn't running."),
            "fail-after": (-1712, _TIMED_OUT),
            "no-automation": (-1743, "Not authorized to send Apple events to Messages."),
            "no-chat": (-1728, f'Messages got an error: Can\'t get chat id "{_target(params)}".'),
        }[kind]
        detail = f"Messages automation failed with AppleScript error {number}."
        if kind == "fail-after":
            return self._unknown(method, text, detail)
        return not_started(*_way(method), detail) if self._played.strict else _script_failed(text)

    def _unknown(self, method: str, text: str, detail: str) -> RpcError:
        return may_have_completed(*_way(method), detail) if self._played.strict else _script_failed(text)

    def _come_late(self, fault: SendFault, method: str, params: Params) -> dict[str, Any]:
        Thread(target=self._carry_out, args=(fault.ms, method, dict(params)), name="late-send").start()
        if fault.do == "late-row":
            return self._unseen(method)
        if not self._played.strict:
            raise _script_failed(_TIMED_OUT)
        self._poisoned.set()
        detail = "Timed out waiting for response to 'send-message'"
        raise RpcError(-32001, "Delivery outcome unknown", _in_flight(detail))

    def _unseen(self, method: str) -> dict[str, Any]:
        """Messages said yes and no own row was found: fine up to 0.13, unknown from 0.14 (imsg protocol 12.8)."""
        if self._played.strict:
            detail = "Success returned, but no matching outgoing row within 8 seconds."
            raise may_have_completed(*_way(method), detail)
        return self._result(ok=True)

    def _result(self, *, ok: bool) -> dict[str, Any]:
        return {"ok": ok, "transport": "applescript"} if self._played.names_transport else {"ok": ok}

    def _carry_out(self, ms: int, method: str, params: Params) -> None:
        time.sleep(ms / 1000)
        try:
            self._late(method, params)
        except (RpcError, DatabaseUnavailableError, sqlite3.Error) as error:
            print(f"imsg-sim: late {method}: {error}", file=sys.stderr, flush=True)

    def _ghost(self, method: str, params: Params) -> dict[str, Any]:
        with closing(MessagesDb.open(self._path)) as db:
            row = db.insert(NewMessage(None, "", _target_guid(db, params), is_from_me=True)).id
        if "to" in params or not self._played.names_sent_row:
            # Only sends to a chat are checked for ghosts, and only where own rows are looked up at all.
            return self._unseen(method)
        text = (
            f"Messages accepted the chat send but wrote an unjoined empty outgoing row ({row});"
            " delivery to the target chat was not confirmed"
        )
        raise self._unknown(method, text, text)


def _script_failed(text: str) -> RpcError:
    return internal_error(f"AppleScript failed: {text}")


def _way(method: str) -> tuple[str, Transport]:
    """Operation and transport, as typed errors name them."""
    return ("send", "applescript") if method == "send" else ("send-message", "bridge_v2")


def _in_flight(detail: str) -> dict[str, Any]:
    return {
        "retry_safe": False,
        "disposition": "still_in_flight",
        "transport": "bridge_v2",
        "operation": "send-message",
        "detail": detail,
    }


def _target(params: Params) -> str:
    keys = ("chat_guid", "chat_identifier", "chat_id", "to")
    return next((str(params[key]) for key in keys if key in params), "")


def _target_guid(db: MessagesDb, params: Params) -> str:
    sql = "SELECT guid FROM chat WHERE ROWID = ?"
    row = db.connection.execute(sql, (params.get("chat_id"),)).fetchone()
    return str(row[0]) if row else _target(params)
