"""imsg's own verbs beside `rpc`: chats, history, send, status (imsg protocol 2).

In: options of the command line, the path of the database, the behaviour of this run. Out: lines to print.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from actors.simulator import lenient
from actors.simulator.behaviour import Behaviour
from actors.simulator.chats import ChatCache, list_chats, list_chats_in_detail
from actors.simulator.frames import plain_line
from actors.simulator.links import merge_previews
from actors.simulator.messages import Detail, MessageReader
from actors.simulator.methods import carry_out
from actors.simulator.options import Options, UsageError
from actors.simulator.params import SHAPES, Params
from actors.simulator.reading import read_filter
from actors.simulator.schema import open_database
from actors.simulator.standing import command_line_status

_TARGETS = frozenset({"to", "chat-id", "chat-identifier", "chat-guid"})
_SEND = _TARGETS | {"text", "file", "service", "region", "transport"}
_SENDING_KNOBS = frozenset({"own-address", "send-delay-ms", "send-ids", "bridge", "flip-ms", "twin-ms"})

OPTIONS = {
    "chats": frozenset({"log-level", "limit"}),
    "history": frozenset({"log-level", "chat-id", "limit", "participants", "start", "end"}),
    "send": _SENDING_KNOBS | _SEND | {"log-level"},
    "status": frozenset({"log-level", "bridge"}),
}
USAGE = {
    "chats": "imsg chats [--db PATH] [--limit N] [--json]",
    "history": "imsg history --chat-id N [--db PATH] [--limit N] [--participants A,B] [--start ISO] [--end ISO]"
    " [--attachments] [--json]",
    "send": "imsg send --to X | --chat-id N | --chat-identifier S | --chat-guid S [--text T] [--file P]"
    " [--service imessage|sms|auto] [--region US] [--json]",
    "status": "imsg status [--json]\n\nVersion and abilities; from 0.7.3 on.",
}


def run(options: Options, path: Path, behaviour: Behaviour) -> Iterator[bytes]:
    """Carry out one of these verbs. Raises UsageError, RpcError, DatabaseUnavailableError, sqlite3.Error."""
    return _VERBS[options.verb](options, path, behaviour)


def _chats(options: Options, path: Path, behaviour: Behaviour) -> Iterator[bytes]:
    limit = max(options.integer("limit", 20) or 0, 1)
    played = behaviour.generation
    cache = ChatCache(played)
    with closing(open_database(path, create=False)) as connection:
        if played.routing_details:
            rows = list_chats_in_detail(connection, cache, limit, unread_only=False)
        else:
            rows = [chat.full for chat in list_chats(connection, cache, limit)]
    for row in rows:
        if "json" in options.switches:
            yield plain_line(row, escape_slashes=False)
        else:
            yield _line(f"[{row['id']}] {row['name']} ({row['identifier']}) last={row['last_message_at']}")


def _history(options: Options, path: Path, behaviour: Behaviour) -> Iterator[bytes]:
    chat_id = options.integer("chat-id")
    if chat_id is None:
        raise UsageError("--chat-id is required: see imsg chats")
    limit = max(options.integer("limit", 50) or 0, 1)
    played = behaviour.generation
    wanted = read_filter(lenient.read(SHAPES["messages.history"], dict(options.values)), played)
    as_json = "json" in options.switches
    # JSON always carries files and reactions here, whatever the switches say.
    detail = Detail(attachments=as_json or "attachments" in options.switches, reactions=True)
    with closing(open_database(path, create=False)) as connection:
        reader = MessageReader(connection, ChatCache(played), played)
        rows = reader.rows.history(chat_id, limit, wanted)
        if played.merges_previews:
            rows = merge_previews(rows[::-1])[::-1]
        for message in reader.show(rows, detail):
            yield plain_line(message) if as_json else _line(_spoken(message))


def _spoken(message: dict[str, Any]) -> str:
    way = "sent" if message["is_from_me"] else "recv"
    return f"{message['created_at']} [{way}] {message['sender']}: {message['text']}"


def _send(options: Options, path: Path, behaviour: Behaviour) -> Iterator[bytes]:
    params: Params = {name.replace("-", "_"): options.values[name] for name in _SEND & options.values.keys()}
    if "chat-id" in options.values:
        params["chat_id"] = options.integer("chat-id")
    carry_out("send", params, path, behaviour)
    yield _line('{"status":"sent"}' if "json" in options.switches else "sent")


def _status(options: Options, _path: Path, behaviour: Behaviour) -> Iterator[bytes]:
    if not behaviour.generation.status_verb:
        raise UsageError(f"unknown command 'status': imsg {behaviour.generation.version} has none")
    standing = command_line_status(behaviour)
    yield plain_line(standing, escape_slashes=False) if "json" in options.switches else _line(standing["message"])


def _line(text: str) -> bytes:
    return f"{text}\n".encode()


_VERBS: dict[str, Callable[[Options, Path, Behaviour], Iterator[bytes]]] = {
    "chats": _chats,
    "history": _history,
    "send": _send,
    "status": _status,
}
