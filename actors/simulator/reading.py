"""The methods that only read: chats.*, messages.*, message.send_status (imsg protocol 4, 12.5, 12.8).

In: parameters as their version's reader leaves them. Out: result objects. Raises RpcError for values that make no
sense, DatabaseUnavailableError, sqlite3.Error. Every method is for any thread.
"""

import time
from typing import Any

from actors.simulator.behaviour import Behaviour
from actors.simulator.chats import ChatCache, list_chats, list_chats_in_detail, one_chat
from actors.simulator.connections import Connections
from actors.simulator.dates import apple_ns, iso, parse_iso
from actors.simulator.frames import internal_error, invalid_params
from actors.simulator.generations import Generation
from actors.simulator.links import merge_previews
from actors.simulator.messages import Detail, MessageReader
from actors.simulator.outcomes import bridge_unavailable
from actors.simulator.params import Params
from actors.simulator.rows import Filter
from actors.simulator.strict import between, non_empty, positive

_STATUS = """
SELECT is_sent, is_delivered, is_finished, error, date_delivered, date_read, service FROM message WHERE guid = ?
"""


class Reading:
    """The reading methods over one database."""

    def __init__(self, connections: Connections, cache: ChatCache, behaviour: Behaviour) -> None:
        self._connections = connections
        self._cache = cache
        self._played = behaviour.generation
        self._bridge = behaviour.bridge

    def chats_list(self, params: Params) -> dict[str, Any]:
        """`chats.list`: chats with a message, newest activity first."""
        limit = self._limit(params, 20)
        connection = self._connections.reading()
        if self._played.routing_details:
            unread_only = params.get("unread_only", False)
            return {"chats": list_chats_in_detail(connection, self._cache, limit, unread_only=unread_only)}
        return {"chats": [chat.rpc for chat in list_chats(connection, self._cache, limit)]}

    def chats_get(self, params: Params) -> dict[str, Any]:
        """`chats.get` (0.15.10): one chat."""
        chat_id = _required(params, "chat_id")
        chat = one_chat(self._connections.reading(), self._cache, chat_id)
        if chat is None:
            raise invalid_params(f"unknown chat_id {chat_id}")
        return chat

    def history(self, params: Params) -> dict[str, Any]:
        """`messages.history`: the newest messages of a chat, newest first."""
        if "chat_id" not in params:
            raise invalid_params("chat_id is required")
        limit = self._limit(params, 50)
        wanted = read_filter(params, self._played)
        chat_id = _required(params, "chat_id") if self._played.strict else params["chat_id"]
        reader = self._reader()
        rows = reader.rows.history(chat_id, limit, wanted)
        if self._played.merges_previews:
            rows = merge_previews(rows[::-1])[::-1]
        attachments = params.get("attachments", False)
        # Behind attachments:true in the first versions, and always there since (imsg protocol 1).
        reactions = attachments or self._played.reactions_with != "attachments"
        return {"messages": list(reader.show(rows, Detail(attachments, reactions)))}

    def after(self, params: Params) -> dict[str, Any]:
        """`messages.after`: a page of rows above a cursor, and the cursor of the next page."""
        since = params.get("since_rowid", -1)
        if since < 0:
            raise invalid_params("since_rowid must be a non-negative integer")
        chat_id = positive(params, "chat_id")
        limit = between(params, "limit", 1, 500, 100)
        events = params.get("include_reactions", False)
        reader = self._reader()
        # One row more than the page holds tells whether there is another page.
        rows = reader.rows.scan(since, chat_id, limit + 1)
        page = rows[:limit]
        shown = merge_previews([row for row in page if events or not row.is_hidden])
        detail = Detail(params.get("attachments", False), reactions=True, reaction_events=events)
        return {
            "messages": list(reader.show(shown, detail)),
            "next_rowid": page[-1].id if page else since,
            "has_more": len(rows) > limit,
        }

    def search(self, params: Params) -> dict[str, Any]:
        """`messages.search`: messages whose text contains or is a query, newest first."""
        query = non_empty(params, "query")
        match = params.get("match", "contains")
        if not query:
            raise invalid_params("query is required")
        if match not in ("contains", "exact"):
            raise invalid_params("match must be contains or exact")
        limit = between(params, "limit", 1, 100, 50)
        reader = self._reader()
        rows = merge_previews(reader.rows.search(query, limit, whole=match == "exact")[::-1])[::-1]
        return {"messages": list(reader.show(rows, Detail(reactions=True)))}

    def send_status(self, params: Params) -> dict[str, Any]:
        """`message.send_status`: how far a message got; an unknown GUID is pending, which proves nothing."""
        guid = non_empty(params, "guid")
        if not guid:
            raise invalid_params("guid is required")
        if not self._bridge:
            raise bridge_unavailable()
        row = self._connections.reading().execute(_STATUS, (guid,)).fetchone()
        status = {"ok": True, "guid": guid, "checked_at": iso(apple_ns(time.time_ns()))}
        return status | (_send_state(*row) if row else _UNKNOWN_STATE)

    def _reader(self) -> MessageReader:
        return MessageReader(self._connections.reading(), self._cache, self._played)

    def _limit(self, params: Params, default: int) -> int:
        if self._played.strict:
            return positive(params, "limit") or default
        limit: int = params.get("limit", default)
        return max(limit, 1)


def read_filter(params: Params, played: Generation) -> Filter:
    """`participants`, `start` and `end` of a request. Raises RpcError for a bad date."""
    return Filter(
        senders=frozenset(handle.lower() for handle in params.get("participants", ())),
        start=_moment(params.get("start"), played),
        end=_moment(params.get("end"), played),
    )


def _moment(text: str | None, played: Generation) -> int | None:
    if text is None:
        return None
    try:
        return parse_iso(text)
    except ValueError as error:
        refusal = invalid_params if played.strict else internal_error
        raise refusal(f"Invalid ISO8601 date: {text}") from error


def _required(params: Params, key: str) -> int:
    value = positive(params, key)
    if value is None:
        raise invalid_params(f"{key} is required")
    return value


_UNKNOWN_STATE: dict[str, Any] = {"send_state": "pending", "service": None, "status_fields": None}


def _send_state(
    sent: int, delivered: int, finished: int, error: int, date_delivered: int, date_read: int, service: str
) -> dict[str, Any]:
    state = "pending"
    if error:
        state = "failed"
    elif delivered or date_delivered:
        state = "delivered"
    elif sent:
        state = "sent"
    fields = {
        "is_sent": bool(sent),
        "is_delivered": bool(delivered),
        "is_finished": bool(finished),
        "error": error,
        "date_delivered": iso(date_delivered) if date_delivered else None,
        "date_read": iso(date_read) if date_read else None,
        "is_delayed": False,
        "is_prepared": False,
        "is_pending_satellite_send": False,
        "was_downgraded": False,
    }
    found: dict[str, Any] = {"send_state": state, "service": service, "status_fields": fields}
    return found | ({"delivered_at": iso(date_delivered)} if date_delivered else {})
