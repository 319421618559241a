"""What the outbox held when the gateway started, put back in its place. Pure.

What was attempted may have gone out: it is uncertain, and so is what was so before. Their chats wait for evidence as
after any other doubt; those in doubt for long were parked by the last gateway, or have nobody waiting for them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from actors.envelopes.control import OpenChunk
from actors.envelopes.outbound import Chunk
from actors.outbound.doubts import Doubt, Doubts
from actors.outbound.lanes import Key, Lanes, lane_of
from actors.outbound.settlement import MOST_ISSUES
from actors.outbound.verdicts import RETRY_SECONDS

OLD_SECONDS = 600.0
"""An uncertain chunk attempted longer ago does not hold up its chat after a restart."""


class Restored(NamedTuple):
    """What is left to do: ``attempted`` are keys that are uncertain now, ``waits`` lanes with their pause in seconds.

    ``insisted`` are keys the operator sent back into the queue after a tracked attempt.
    """

    attempted: tuple[int, ...]
    waits: tuple[tuple[Key, float], ...]
    insisted: frozenset[int]


def restore(items: Iterable[OpenChunk], lanes: Lanes, doubts: Doubts, wall: float, now: float) -> Restored:
    """Fill lanes and doubts, in key order. ``wall`` is unix seconds, ``now`` monotonic ones."""
    attempted, waits, insisted = [], [], set()
    for item in items:
        chunk = Chunk(item.key, item.address, item.text, item.tries)
        at = item.attempted_at or 0.0
        match item.state:
            case "uncertain" if wall - at >= OLD_SECONDS:
                lanes.adopt_parked(chunk)
                doubts.add(Doubt(chunk, at, item.guid, issued=MOST_ISSUES, parked=True))
            case "attempted" | "uncertain":
                _step_aside(lanes, doubts, chunk)
                lanes.adopt(chunk)
                doubts.add(Doubt(chunk, at, item.guid))
                if item.state == "attempted":
                    attempted.append(chunk.key)
            case _:
                lanes.add(chunk)
                # A clock that was set back must not make an hour of a minute.
                pause = min((item.until or 0.0) - wall, RETRY_SECONDS[-1])
                if item.state == "deferred" and pause > 0:
                    lanes.wait(chunk, now + pause)
                    waits.append((lane_of(chunk), pause))
                elif item.state == "queued" and item.guid:
                    insisted.add(chunk.key)
    return Restored(tuple(attempted), tuple(waits), frozenset(insisted))


def _step_aside(lanes: Lanes, doubts: Doubts, chunk: Chunk) -> None:
    """A later chunk of the chat was attempted: the one in doubt before it had been parked."""
    before = lanes.ahead(chunk)
    doubt = doubts.get(before.key) if before is not None else None
    if doubt is not None:
        doubt.parked = True
        lanes.park(doubt.chunk.key)
