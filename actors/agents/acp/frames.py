"""What a line of an ACP agent is to us. Pure.

In: a line of its stdout. Out: a frame for the protocol's library, words of the answer, a pause between two of its
messages, junk, or nothing. Only the answer is taken from what the agent tells about its work: thoughts, plans and tool
calls are passed over here, so that nothing behind can show them to anybody, and neither their size nor a kind that is
newer than this code matters.
"""

import json
from typing import Any, NamedTuple

PREVIEW = 120


class Words(NamedTuple):
    """A piece of the answer, as streamed. ``message`` names the message it belongs to, where the agent says that."""

    text: str
    message: str = ""


class Pause(NamedTuple):
    """The agent did something else: what it says next is another message."""


class Junk(NamedTuple):
    """A line that is no frame: why, and its beginning."""

    why: str
    start: str


Frame = dict[str, Any]


def sift(line: bytes) -> Frame | Words | Pause | Junk | None:
    """What ``line`` is; None for what we have no use for. Never raises."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Junk("not JSON", preview(line))
    if not isinstance(value, dict):
        return Junk("not an object", preview(line))
    method = value.get("method")
    if method is None:
        return _response(value, line)
    if not isinstance(method, str):
        return Junk("a method that is no text", preview(line))
    if "id" in value:
        return value
    return _update(value.get("params")) if method == "session/update" else None


def is_request_or_response(head: bytes) -> bool:
    """Whether a line that was too long to keep may have been one somebody waits for, by its beginning."""
    return b'"session/update"' not in head


def preview(line: bytes) -> str:
    """The start of a line for a log, as text."""
    return line[:PREVIEW].decode("utf-8", "replace")


def _response(value: Frame, line: bytes) -> Frame | Junk:
    """A response with a number the library can look up, and an error it can read."""
    number = value.get("id")
    if not isinstance(number, int):
        return Junk("neither a request nor a response to one of ours", preview(line))
    error = value.get("error")
    if error is None:
        return {"id": number, "result": value.get("result")}
    known = error if isinstance(error, dict) else {"message": str(error)}
    code, message = known.get("code"), known.get("message")
    return {
        "id": number,
        "error": {
            "code": code if isinstance(code, int) else -32603,
            "message": message if isinstance(message, str) else "error",
            "data": known.get("data"),
        },
    }


def _update(params: Any) -> Words | Pause | None:
    match params:
        case {"update": {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": str(text)}}}:
            message = params["update"].get("messageId")
            return Words(text, message if isinstance(message, str) else "")
        case {"update": {"sessionUpdate": "tool_call" | "agent_thought_chunk"}}:
            return Pause()
    return None
