"""What an operator may do with a chunk, by the state it is in, and what became of it afterwards. Pure.

``what`` is the word of an ``Order``: ``sent`` and ``failed`` settle an uncertain chunk by the operator's knowledge,
``retry`` sends again, ``discard`` gives up. Whatever may have gone out is sent again only by somebody who says so.
"""

from typing import NamedTuple

from actors.envelopes.facts import Discarded, Failed, Requeued, Sent

BY_HAND = "the operator says that it did not go out"
GIVEN_UP = "given up by the operator"
ENDED = ("sent", "failed", "discarded")
RISK = "imsg may have sent it before it was lost, and then the person gets it twice"

_SETTLED = {
    "sent": "it was sent",
    "failed": "it did not go out: `gateway outbox retry {key}` sends it again",
    "discarded": "it was given up",
    "queued": "it waits for its turn; nobody has tried to send it",
    "deferred": "it did not start and is tried again by itself",
    "attempted": "it is being sent just now: look again in a moment",
}
_MAYBE = (
    "it may have gone out already. Look at the chat: if it is there, `gateway outbox resolve {key} sent`; if not, "
    "`gateway outbox resolve {key} not-sent`, then `gateway outbox retry {key}`. `--even-if-twice` sends it again all "
    "the same: " + RISK
)
_RETRY = {
    "sent": "it was sent",
    "discarded": "it was given up",
    "queued": "it waits for its turn already",
    "deferred": "it is tried again by itself",
    "attempted": "it is being sent just now: look again in a moment",
}


class ChunkState(NamedTuple):
    """What can change about a chunk. Times are unix seconds."""

    state: str
    why: str | None = None
    attempted_at: float | None = None
    ended_at: float | None = None
    tries: int = 0
    account: str = ""


class Outcome(NamedTuple):
    """What became of an order: ``done`` is whether that was what was asked for; ``said`` is for people."""

    done: bool
    said: str
    why: str = ""


def refusal(key: int, now: ChunkState | None, what: str, even_if_twice: bool = False) -> str:
    """Why an order makes no sense for a chunk in this state, and what does; empty when it may be carried out."""
    if now is None:
        return "there is no such chunk: see `gateway outbox list`"
    if what == "retry":
        if now.state == "uncertain":
            return "" if even_if_twice else _MAYBE.format(key=key)
        return _RETRY.get(now.state, "")
    if what == "discard":
        return _SETTLED[now.state] if now.state in ("sent", "discarded", "attempted") else ""
    return _SETTLED.get(now.state, "").format(key=key)


def left_behind(now: ChunkState) -> ChunkState:
    """The state as it is to be taken where no gateway runs: what was being sent when it ended is uncertain."""
    return now._replace(state="uncertain") if now.state == "attempted" else now


def fact(key: int, what: str, at: float) -> Sent | Failed | Requeued | Discarded:
    """The fact that carries out an order where no gateway runs."""
    match what:
        case "sent":
            return Sent(key, "", at)
        case "failed":
            return Failed(key, BY_HAND, at)
        case "retry":
            return Requeued(key, at)
    return Discarded(key, GIVEN_UP, at)


def settled(before: ChunkState, now: ChunkState, what: str) -> bool:
    """Whether there is nothing more to wait for: for ``retry`` the end of the new attempt."""
    if what != "retry":
        return now.state == _WANTED[what] or _overtaken(before, now)
    return now != before and now.state in (*ENDED, "uncertain", "deferred")


def outcome(before: ChunkState, now: ChunkState, what: str, online: bool = True) -> Outcome:
    """What became of an order, looked at some time after it was given; ``online``: a gateway runs."""
    if what != "retry":
        if now.state == _WANTED[what]:
            return Outcome(True, _DONE[what])
        if _overtaken(before, now):
            return Outcome(False, f"{now.state} meanwhile", _SETTLED[now.state].format(key="KEY"))
        return Outcome(False, f"still {now.state}", LATE)
    if now == before:
        return Outcome(False, f"still {now.state}", LATE)
    match now.state:
        case "sent":
            return Outcome(True, "sent")
        case "queued" | "attempted":
            return Outcome(True, "queued again", WAITS if online else AT_START)
        case "deferred":
            return Outcome(True, "queued again", f"not started yet: {now.why or 'imsg is not there'}")
        case "failed":
            return Outcome(False, "failed again", now.why or "")
    return Outcome(False, now.state, now.why or "")


def _overtaken(before: ChunkState, now: ChunkState) -> bool:
    """Whether it came to another end before the order was there."""
    return now.state in ENDED and now.state != before.state


WAITS = "it goes out when its turn comes and imsg is there: `gateway status`"
AT_START = "it goes out when a gateway runs: `gateway run`"
LATE = "the gateway has not done it yet; `gateway status` and `gateway logs` may tell why"
_WANTED = {"sent": "sent", "failed": "failed", "discard": "discarded"}
_DONE = {"sent": "settled as sent", "failed": "settled as not sent", "discard": "discarded"}
