"""What happened to a message, in the order of time: the journal's columns as a list of facts. Pure.

In: a ``Story``. Out: ``{time, fact, ...}`` per fact and one object per chunk, times in UTC ISO 8601. The journal keeps
states and not every step, so of a chunk that was tried three times the last attempt is told.
"""

from collections.abc import Iterator
from typing import Any

from actors.journal.stories import Story, StoryChunk
from actors.runtime.logs import stamp

Fact = dict[str, Any]

LET_IN = frozenset({"admit", "command"})
"""Kinds of rows whose sender was let in: for the agent, or with a command that is carried out."""

_ENDS = ("sent", "failed", "discarded")


def history(story: Story) -> list[Fact]:
    """``received``, ``judged`` and ``settled`` of the row; ``queued``, ``attempted`` and the end of each chunk."""
    facts = [*_of_row(story), *(fact for one in story.chunks for fact in _of_chunk(one))]
    return [{"time": stamp(at), **fact} for at, fact in sorted(facts, key=lambda entry: entry[0])]


def _of_row(story: Story) -> Iterator[tuple[float, Fact]]:
    yield story.received_at, {"fact": "received"}
    at_once = story.kind == "refused" and story.settled_at in {None, story.judged_at}
    end = _told(outcome=story.outcome, reason=story.reason, configKey=story.config_key)
    if story.kind in LET_IN:
        words = _told(session=story.session, agent=story.agent, authority=story.authority)
        yield story.judged_at, {"fact": "judged", "outcome": "admitted", **words}
    elif story.kind == "challenge":
        yield story.judged_at, {"fact": "judged", "outcome": "challenged", **_told(handle=story.session)}
    else:
        # Only what was held ends later by the operator's word; why it was held is not kept then.
        yield story.judged_at, {"fact": "judged", **(end if at_once else {"outcome": "held"})}
    if story.settled_at is not None and not at_once:
        yield story.settled_at, {"fact": "settled", **end}


def _of_chunk(one: StoryChunk) -> Iterator[tuple[float, Fact]]:
    named = {"chunk": one.key}
    yield one.queued_at, {"fact": "queued", **named}
    if one.attempted_at is not None:
        tries = _told(tries=one.tries or None)
        yield one.attempted_at, {"fact": "attempted", **named, **tries}
    last = one.queued_at if one.attempted_at is None else one.attempted_at
    if one.state in _ENDS:
        at = last if one.ended_at is None else one.ended_at
        yield at, {"fact": one.state, **named, **_told(guid=one.guid, why=one.why)}
    elif one.state in {"deferred", "uncertain"}:
        until = None if one.until is None else stamp(one.until)
        yield last, {"fact": one.state, **named, **_told(why=one.why, retryAt=until)}


def _told(**values: Any) -> Fact:
    """Those of these values that there are."""
    return {key: value for key, value in values.items() if value not in (None, "")}


def chunks(story: Story) -> list[dict[str, Any]]:
    """``{key, position, state, text, queuedAt, attemptedAt, retryAt, endedAt, tries, guid, why}`` in key order."""
    return [
        {
            "key": one.key,
            "position": one.position,
            "state": one.state,
            "text": one.text,
            "queuedAt": stamp(one.queued_at),
            "attemptedAt": _time(one.attempted_at),
            "retryAt": _time(one.until),
            "endedAt": _time(one.ended_at),
            "tries": one.tries,
            "guid": one.guid or None,
            "why": one.why or None,
        }
        for one in story.chunks
    ]


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else stamp(seconds)
