"""`imsg-sim`: the command line of imsg 0.9 as far as a gateway uses it, and two verbs of our own.

imsg's verbs: rpc, chats, history, send. Ours: `init` makes an empty database; `receive` writes an incoming
message the way another process would. Output is imsg's: results and errors alike go to stdout, exit 0 or 1
(imsg protocol 2). Unlike imsg, `rpc`, `send` and `receive` create a database that is missing.

`IMSG_VERSION` overrides the printed version; `IMSG_SIM_DB` the default database; the other `IMSG_SIM_*`
knobs are described in `behaviour`.
"""

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from actors.simulator.behaviour import Behaviour, BehaviourError, read_behaviour
from actors.simulator.chats import ChatCache, list_chats
from actors.simulator.frames import RpcError, plain_line
from actors.simulator.messages import Detail, MessageReader
from actors.simulator.messages_db import MessagesDb
from actors.simulator.options import Options, UsageError, parse
from actors.simulator.params import Params
from actors.simulator.schema import DatabaseUnavailableError, open_database
from actors.simulator.send import Sender
from actors.simulator.server import read_filter, serve
from actors.simulator.writer import LineWriter

VERSION = "0.9.0"
_DEFAULT_DB = "~/Library/Messages/chat.db"
_KNOBS = frozenset({"own-address", "send-delay-ms", "send-ids"})
_TARGETS = frozenset({"to", "chat-id", "chat-identifier", "chat-guid"})
_SEND = _TARGETS | {"text", "file", "service", "region", "transport"}
_KNOWN = {
    "rpc": _KNOBS | {"db", "log-level"},
    "chats": frozenset({"db", "log-level", "limit"}),
    "history": frozenset({"db", "log-level", "chat-id", "limit", "participants", "start", "end"}),
    "send": _KNOBS | _SEND | {"db", "log-level"},
    "receive": frozenset({"db", "own-address", "chat-id", "from", "group-name", "text", "service"}),
    "init": frozenset({"db"}),
}
_USAGE = {
    "": "imsg <command> [options]\n\nCommands: rpc, chats, history, send\nSimulator only: receive, init",
    "rpc": "imsg rpc [--db PATH] [--log-level L] [-v|--verbose] [--json|-j]\n\n"
    "Speak JSON-RPC 2.0 over stdin and stdout, one message a line.\n"
    "Simulator only: [--own-address A] [--send-delay-ms N] [--send-ids true|false]",
    "chats": "imsg chats [--db PATH] [--limit N] [--json]",
    "history": "imsg history --chat-id N [--db PATH] [--limit N] [--participants A,B] [--start ISO] [--end ISO]"
    " [--attachments] [--json]",
    "send": "imsg send --to X | --chat-id N | --chat-identifier S | --chat-guid S [--text T] [--file P]"
    " [--service imessage|sms|auto] [--region US] [--json]",
    "receive": "imsg receive --chat-id N | --from HANDLE [--group-name NAME] --text T [--service iMessage|SMS]"
    " [--db PATH]",
    "init": "imsg init [--db PATH]",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code. `argv` defaults to the process's own words."""
    words = sys.argv[1:] if argv is None else argv
    try:
        options = parse(words, _KNOWN)
        if "help" in options.switches:
            return _say(f"Usage: {_USAGE.get(options.verb, _USAGE[''])}")
        if "version" in options.switches:
            return _say(os.environ.get("IMSG_VERSION", VERSION))
        return _VERBS[options.verb](options, _database(options))
    except (UsageError, BehaviourError) as error:
        _say(f"Error: {error}")
    except RpcError as error:
        _say(error.data)
    except DatabaseUnavailableError as error:
        _say(f"{error}: {error.path}")
    except sqlite3.Error as error:
        _say(f"database error: {error}")
    return 1


def _rpc(options: Options, path: Path) -> int:
    # imsg has no handlers: it dies by the signal, and by SIGPIPE when nobody reads any more.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    with open(0, "rb", closefd=False) as stdin:
        return serve(stdin, path, _behaviour(options), LineWriter(1))


def _chats(options: Options, path: Path) -> int:
    limit = max(options.integer("limit", 20) or 0, 1)
    connection = open_database(path, create=False)
    try:
        for chat in list_chats(connection, ChatCache(), limit):
            row = chat.full
            if "json" in options.switches:
                _emit(plain_line(row, escape_slashes=False))
            else:
                _say(f"[{row['id']}] {row['name']} ({row['identifier']}) last={row['last_message_at']}")
    finally:
        connection.close()
    return 0


def _history(options: Options, path: Path) -> int:
    chat_id = options.integer("chat-id")
    if chat_id is None:
        raise UsageError("--chat-id is required: see imsg chats")
    limit = max(options.integer("limit", 50) or 0, 1)
    wanted = read_filter(dict(options.values))
    connection = open_database(path, create=False)
    try:
        reader = MessageReader(connection, ChatCache())
        rows = reader.history(chat_id, limit, wanted)
        as_json = "json" in options.switches
        # JSON always carries files and reactions here, whatever the switches say.
        detail = Detail(attachments=as_json or "attachments" in options.switches, reactions=True)
        for message in reader.show(rows, detail):
            if as_json:
                _emit(plain_line(message))
            else:
                way = "sent" if message["is_from_me"] else "recv"
                _say(f"{message['created_at']} [{way}] {message['sender']}: {message['text']}")
    finally:
        connection.close()
    return 0


def _send(options: Options, path: Path) -> int:
    params: Params = {name.replace("-", "_"): options.values[name] for name in _SEND & options.values.keys()}
    behaviour = _behaviour(options)
    db = MessagesDb.open(path, behaviour.own_address)
    reading = open_database(path, create=False)
    try:
        Sender(db, reading, path, ChatCache(), behaviour).send(params)
    finally:
        reading.close()
        db.close()
    return _say('{"status":"sent"}' if "json" in options.switches else "sent")


def _receive(options: Options, path: Path) -> int:
    text = options.values.get("text")
    if text is None:
        raise UsageError("--text is required: see imsg receive --help")
    db = MessagesDb.open(path, _behaviour(options).own_address)
    try:
        with db.transaction():
            chat_id, sender = _conversation(db, options)
            service = options.values.get("service", "iMessage")
            stored = db.incoming(chat_id, sender, text, service=service)
    finally:
        db.close()
    _emit(plain_line({"id": stored.id, "guid": stored.guid, "chat_id": stored.chat_id}))
    return 0


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


def _init(_options: Options, path: Path) -> int:
    MessagesDb.open(path).close()
    return _say(str(path))


def _database(options: Options) -> Path:
    return Path(options.values.get("db", os.environ.get("IMSG_SIM_DB", _DEFAULT_DB))).expanduser()


def _behaviour(options: Options) -> Behaviour:
    return read_behaviour(os.environ, options.values)


def _say(text: str) -> int:
    _emit(f"{text}\n".encode())
    return 0


def _emit(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


_VERBS: dict[str, Callable[[Options, Path], int]] = {
    "rpc": _rpc,
    "chats": _chats,
    "history": _history,
    "send": _send,
    "receive": _receive,
    "init": _init,
}
