"""The methods of one process by name, each with its reader of parameters in front (imsg protocol 4, 12.2).

In: the database's path, the behaviour of this run. Out: handlers from parameters as sent to result objects, for any
thread, and for one request without a server `carry_out`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors.simulator import lenient, strict
from actors.simulator.behaviour import Behaviour
from actors.simulator.chats import ChatCache
from actors.simulator.connections import Connections
from actors.simulator.faults import Faults
from actors.simulator.frames import invalid_params
from actors.simulator.messages_app import MessagesApp
from actors.simulator.params import SHAPES, Params
from actors.simulator.presence import Presence
from actors.simulator.reading import Reading
from actors.simulator.send import Sender
from actors.simulator.standing import Standing
from actors.simulator.subscriptions import Subscriptions
from actors.simulator.tapbacks import Tapbacks
from actors.simulator.typed_send import TypedSender
from actors.simulator.writer import LineWriter

Handler = Callable[[Any], dict[str, Any]]


class Methods:
    """The methods over one database; all state of the process besides its pipes."""

    def __init__(self, path: Path, behaviour: Behaviour, writer: LineWriter, faults: Faults) -> None:
        played = behaviour.generation
        self.connections = Connections(path, behaviour.own_address, faults.has_access, looks_again=played.strict)
        cache = ChatCache(played)
        self.subscriptions = Subscriptions(self.connections, cache, behaviour, writer, faults)
        every = _handlers(self.connections, cache, behaviour, self.subscriptions)
        self.table = faults.wrap({name: _reads(name, every[name], played.strict) for name in played.methods})


def carry_out(method: str, params: Params, path: Path, behaviour: Behaviour) -> dict[str, Any]:
    """One request outside of any server, in the calling thread, without faults.

    Raises RpcError, DatabaseUnavailableError, sqlite3.Error.
    """
    methods = Methods(path, behaviour, LineWriter(1), Faults.none())
    try:
        return methods.table[method](params)
    finally:
        methods.connections.close()


def _handlers(
    connections: Connections, cache: ChatCache, behaviour: Behaviour, subscriptions: Subscriptions
) -> dict[str, Handler]:
    app = MessagesApp(connections, behaviour)
    reading, presence = Reading(connections, cache, behaviour), Presence(behaviour)
    standing = Standing(connections, behaviour)
    typed = TypedSender(app, connections, behaviour)
    untyped = Sender(app, connections, cache, behaviour)
    return {
        "initialize": standing.initialize,
        "status": standing.status,
        "chats.list": reading.chats_list,
        "chats.get": reading.chats_get,
        "messages.history": reading.history,
        "messages.after": reading.after,
        "messages.search": reading.search,
        "message.send_status": reading.send_status,
        "watch.subscribe": subscriptions.subscribe,
        "watch.unsubscribe": subscriptions.unsubscribe,
        "send": typed.send if behaviour.generation.strict else untyped.send,
        "send.tracked": typed.tracked,
        "typing": presence.typing,
        "typing.start": presence.typing_of_0_5,
        "typing.stop": presence.typing_of_0_5,
        "read": presence.read,
        "tapback": Tapbacks(app, behaviour).tapback,
    }


def _reads(method: str, handler: Handler, strictly: bool) -> Handler:
    """The handler behind the reader of its generation."""
    shape = SHAPES[method]

    def with_lenient_parameters(params: Any) -> dict[str, Any]:
        return handler(lenient.read(shape, params))

    def with_strict_parameters(params: Any) -> dict[str, Any]:
        if not isinstance(params, dict):
            raise invalid_params("params must be an object when present")
        return handler(strict.read(method, shape, params))

    return with_strict_parameters if strictly else with_lenient_parameters
