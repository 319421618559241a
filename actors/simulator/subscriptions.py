"""`watch.subscribe`, `watch.unsubscribe`: which watches run, and how each version starts them (imsg protocol 4, 12.7).

In: parameters. Out: result objects, and watches writing beside the answers. Up to 0.13 a watch begins before the
answer is written; from 0.14 on it is opened, and begins only after (`begin`).
"""

from threading import Lock
from typing import Any

from actors.simulator.behaviour import Behaviour
from actors.simulator.chats import ChatCache
from actors.simulator.connections import Connections
from actors.simulator.faults import Faults
from actors.simulator.frames import invalid_params
from actors.simulator.links import LinkDeduper
from actors.simulator.messages import Detail
from actors.simulator.outcomes import server_busy
from actors.simulator.params import Params
from actors.simulator.reading import read_filter
from actors.simulator.rows import RowReader
from actors.simulator.streams import BufferedStream, DirectStream
from actors.simulator.strict import between, positive
from actors.simulator.watch import Stream, Subscription, Watch
from actors.simulator.writer import LineWriter

MOST_SUBSCRIPTIONS = 64
_DEFAULT_BUFFER, _LARGEST_BUFFER = 256, 4096
_STOP_S = 1.0


class Subscriptions:
    """The watches of one process."""

    def __init__(
        self,
        connections: Connections,
        cache: ChatCache,
        behaviour: Behaviour,
        writer: LineWriter,
        faults: Faults,
    ) -> None:
        self._connections = connections
        self._cache = cache
        self._behaviour = behaviour
        self._played = behaviour.generation
        self._writer = writer
        self._faults = faults
        self._links = LinkDeduper() if self._played.drops_repeated_links else None
        self._watches: dict[int, Watch] = {}
        self._opened: list[Watch] = []
        self._count = 0
        self._closing = False
        self._lock = Lock()

    def subscribe(self, params: Params) -> dict[str, Any]:
        """Open a watch. Raises RpcError, DatabaseUnavailableError, sqlite3.Error."""
        asked = self._read(params)
        # 0 means from now on, not from the beginning. Taken before the answer: what is written after
        # the client has it is certain to be delivered.
        newest = RowReader(self._connections.reading()).newest_rowid()
        with self._lock:
            if self._closing:
                raise server_busy("server is shutting down")
            if self._played.strict and self._running() >= MOST_SUBSCRIPTIONS:
                raise server_busy("subscription limit exceeded")
            self._count += 1
            asked = asked._replace(number=self._count, cursor=params.get("since_rowid", 0) or newest)
            watch = self._watches[asked.number] = Watch(asked, self._stream(asked), self._connections, self._faults)
            if self._played.strict:
                self._opened.append(watch)
                return {"subscription": asked.number, "buffer_limit": asked.buffer_limit}
        watch.start()
        return {"subscription": asked.number}

    def begin(self) -> None:
        """The answer is written: start what was opened."""
        with self._lock:
            opened, self._opened = self._opened, []
        for watch in opened:
            if not watch.has_ended():
                watch.start()

    def unsubscribe(self, params: Params) -> dict[str, Any]:
        """End a watch; a number that is not known is fine."""
        number = positive(params, "subscription") if self._played.strict else params.get("subscription")
        if number is None:
            raise invalid_params("subscription is required")
        with self._lock:
            watch = self._watches.pop(number, None)
        if watch is not None:
            watch.stop()
        return {"ok": True}

    def close(self) -> None:
        """End all watches and let none begin any more."""
        with self._lock:
            self._closing = True
            watches = list(self._watches.values())
        for watch in watches:
            watch.stop()
        for watch in watches:
            watch.join(_STOP_S)

    def _running(self) -> int:
        self._watches = {number: watch for number, watch in self._watches.items() if not watch.has_ended()}
        return len(self._watches)

    def _read(self, params: Params) -> Subscription:
        played = self._played
        debounce_ms = params.get("debounce_ms", played.debounce_ms) if played.settable_debounce else played.debounce_ms
        if debounce_ms < 0:
            raise invalid_params("debounce_ms must be a non-negative integer")
        attachments, events = params.get("attachments", False), params.get("include_reactions", False)
        return Subscription(
            number=0,
            cursor=0,
            chat_id=positive(params, "chat_id") if played.strict else params.get("chat_id"),
            wanted=read_filter(params, played),
            detail=Detail(attachments, params.get(played.reactions_with, False), reaction_events=events),
            debounce_ms=debounce_ms,
            fallback_ms=self._behaviour.fallback_ms if played.falls_back else None,
            poll_rows=self._behaviour.poll_rows,
            drains=played.replays_at_once,
            buffer_limit=between(params, "buffer_limit", 1, _LARGEST_BUFFER, _DEFAULT_BUFFER) if played.strict else 0,
        )

    def _stream(self, asked: Subscription) -> Stream:
        if self._played.strict:
            return BufferedStream(asked, self._cache, self._played, self._connections, self._writer)
        return DirectStream(asked, self._cache, self._links, self._played, self._writer)
