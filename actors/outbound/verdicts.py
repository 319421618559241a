"""What an answer of imsg means for a chunk: sent, not started, unknown, or hopeless (imsg protocol 7, 12.3). Pure.

Only what provably did not start is tried again. ``retry_safe`` decides where imsg says it (0.14 and later); for
older ones an internal error is unknown unless its text can only come from before the dispatch.
"""

from typing import Any, NamedTuple

from actors.envelopes.link import Answer

RETRY_SECONDS = (5.0, 25.0, 120.0, 600.0)
"""Pauses before the second to fifth attempt (decisions, Outbound)."""
DATABASE_SECONDS = 5.0
"""How long a send waits for a database that imsg cannot open just now."""

BUSY, OUTCOME_UNKNOWN, DATABASE_DOWN, LANE_BLOCKED, NO_METHOD = -32000, -32001, -32002, -32004, -32601
ELSEWHERE = {"code": DATABASE_DOWN, "message": "another Messages database stands there; it is not watched yet"}
"""What a send is answered by ourselves then."""
HOPELESS_CODES = (-32600, NO_METHOD, -32602)
BEFORE_DISPATCH = ("not authorized to send apple events", "error -1743", "application isn't running")
NO_SUCH_CHAT = ("can't get chat id", "can\u2019t get chat id", "error -1728", "only supported on macos")


class Accepted(NamedTuple):
    """imsg took it; ``guid`` is empty when it did not say."""

    guid: str


class NotStarted(NamedTuple):
    """Nothing happened; safe to try again: after ``pause`` seconds, or, where that is None, as a try that counts."""

    why: str
    pause: float | None = None


class Used(NamedTuple):
    """A tracked send whose GUID imsg knows already: an earlier request with it got through, or has reserved it."""

    why: str


class Blocked(NamedTuple):
    """Nothing happened, and nothing will until there is a new child: an earlier send blocks imsg's lane."""

    why: str


class Unknown(NamedTuple):
    """It may have gone out. ``stuck``: it is still under way in imsg, and blocks the lane for all after it."""

    why: str
    stuck: bool = False


class Hopeless(NamedTuple):
    """It did not go out and never will like this."""

    why: str


Meaning = Accepted | NotStarted | Used | Blocked | Unknown | Hopeless


def meaning(answer: Answer, tracked: bool = False) -> Meaning:
    """What became of the send behind ``answer``; ``tracked`` when it carried a GUID of ours."""
    if answer.late:
        return Unknown("imsg did not answer in time")
    if answer.lost:
        return Unknown("imsg ended before it answered") if answer.started else NotStarted("imsg was not there", 0.0)
    if answer.error is not None:
        return of_error(answer.error, tracked)
    result = answer.result or {}
    said, guid = result.get("ok"), guid_of(result)
    if said or (said is None and guid):
        return Accepted(guid)
    return Unknown("imsg answered without a result" if said is None else f"imsg answered ok: {said!r:.20}")


def of_error(error: dict[str, Any], tracked: bool = False) -> Meaning:
    """What a JSON-RPC error says about the send."""
    code, data = error.get("code"), error.get("data")
    why = f"imsg error {code}: {_detail(error)}"
    if code == LANE_BLOCKED:
        return Blocked(why)  # whatever the data says is about the earlier send
    if code == DATABASE_DOWN:
        return NotStarted(why, DATABASE_SECONDS)
    if code == BUSY:
        return NotStarted(why)
    if isinstance(data, dict):
        if data.get("retry_safe") is True or data.get("disposition") == "not_started":
            # "already identifies a message", "already reserved": the one refusal that tells of an earlier request.
            return Used(why) if tracked and "already" in why.lower() else NotStarted(why)
        return Unknown(why, stuck=data.get("disposition") == "still_in_flight")
    if code in HOPELESS_CODES:
        # A tracked send that imsg cannot do any more goes out another way.
        return NotStarted(why) if tracked and code == NO_METHOD else Hopeless(why)
    return Unknown(why) if code == OUTCOME_UNKNOWN else _of_text(why)


def _of_text(why: str) -> Meaning:
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
