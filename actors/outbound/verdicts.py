"""What an answer of imsg means for a chunk: sent, not started, unknown, or hopeless (imsg protocol 7, 12.3). Pure.

Only what provably did not start is tried again. ``retry_safe`` decides where imsg says it (0.14 and later); for
older ones an internal error is unknown unless its text can only come from before the dispatch.
"""

from typing import Any, NamedTuple

from actors.envelopes.control import Answer

RETRY_SECONDS = (5.0, 25.0, 120.0, 600.0)
"""Pauses before the second to fifth attempt (decisions, Outbound)."""

NOT_STARTED_CODES = (-32000, -32002, -32004)
HOPELESS_CODES = (-32600, -32601, -32602)
BEFORE_DISPATCH = ("not authorized to send apple events", "error -1743", "application isn't running")
NO_SUCH_CHAT = ("can't get chat id", "can\u2019t get chat id", "error -1728", "only supported on macos")


class Accepted(NamedTuple):
    """imsg took it; ``guid`` is empty when it did not say."""

    guid: str


class NotStarted(NamedTuple):
    """Nothing happened; safe to try again."""

    why: str


class Unknown(NamedTuple):
    """It may have gone out."""

    why: str


class Hopeless(NamedTuple):
    """It did not go out and never will like this."""

    why: str


Meaning = Accepted | NotStarted | Unknown | Hopeless


def meaning(answer: Answer) -> Meaning:
    """What became of the send behind ``answer``."""
    if answer.late:
        return Unknown("imsg did not answer in time")
    if answer.lost:
        return Unknown("imsg ended before it answered") if answer.started else NotStarted("imsg was not there")
    if answer.error is not None:
        return of_error(answer.error)
    result = answer.result or {}
    if result.get("ok") is False:
        return Unknown("imsg answered ok: false")
    return Accepted(guid_of(result))


def of_error(error: dict[str, Any]) -> Meaning:
    """What a JSON-RPC error says about the send."""
    code, data = error.get("code"), error.get("data")
    why = f"imsg error {code}: {_detail(error)}"
    if isinstance(data, dict):
        if data.get("retry_safe") is True or data.get("disposition") == "not_started":
            return NotStarted(why)
        return NotStarted(why) if code in NOT_STARTED_CODES else Unknown(why)
    if code in NOT_STARTED_CODES:
        return NotStarted(why)
    if code in HOPELESS_CODES:
        return Hopeless(why)
    text = why.lower()
    if any(part in text for part in NO_SUCH_CHAT):
        return Hopeless(why)
    return NotStarted(why) if any(part in text for part in BEFORE_DISPATCH) else Unknown(why)


def _detail(error: dict[str, Any]) -> str:
    data = error.get("data")
    if isinstance(data, dict):
        data = data.get("detail")
    parts = [part for part in (error.get("message"), data, error.get("value")) if isinstance(part, str) and part]
    return ": ".join(parts)[:300] or "no text"


def guid_of(result: dict[str, Any]) -> str:
    """The GUID in a send result: the first non-numeric text among its id keys (outbound 2.3)."""
    for key in ("guid", "messageGuid", "message_id", "messageId", "id"):
        value = result.get(key)
        text = value.strip() if isinstance(value, str) else ""
        if text and not text.isdecimal() and text not in ("ok", "unknown"):
            return text
    return ""
