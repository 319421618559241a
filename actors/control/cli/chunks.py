"""Orders for chunks, as ``outbox`` and ``dead`` give them: settle, send again, give up."""

import time
from collections.abc import Sequence

from actors.control import orders, shelf
from actors.control.cli.operating import Done, alone, journal, portions, refuse, runs, wait
from actors.control.orders import ChunkState
from actors.runtime.logs import stamp
from config import Places


def carry_out(where: Places, what: str, keys: Sequence[int], even_if_twice: bool = False) -> list[Done]:
    """Give the order ``what`` for each of ``keys`` and say what became of it. Raises ``VerbError``."""
    since = runs(where)
    with journal(where.journal):
        before = _states(where, keys, since)
    refused = {key: orders.refusal(key, before.get(key), what, even_if_twice) for key in dict.fromkeys(keys)}
    fit, after = [key for key, why in refused.items() if not why], dict[int, ChunkState]()
    if fit and since:
        for reply in portions(where, {"do": "order", "what": what}, "keys", fit):
            refused.update({one["key"]: one["why"] for one in reply["refused"]})
        after = _watch(where, what, {key: before[key] for key in fit if not refused[key]}, since)
    elif fit:
        with alone(where):
            # Between the look and the lock a gateway may have come and gone, and have sent them.
            before = _states(where, fit)
            refused.update({key: orders.refusal(key, before.get(key), what, even_if_twice) for key in fit})
            after = _write(where, what, [key for key in fit if not refused[key]])
    return [
        refuse(key, why)
        if why
        else Done(key, *orders.outcome(before[key], after.get(key, before[key]), what, bool(since)))
        for key, why in refused.items()
    ]


def _states(where: Places, keys: Sequence[int], since: str = "") -> dict[int, ChunkState]:
    """As they are to be taken: what is being sent since before the gateway started (``since``), no gateway sends."""
    return {
        key: orders.left_behind(state) if not since or stamp(state.attempted_at or 0.0) < since else state
        for key, state in shelf.chunk_states(where.journal, keys).items()
    }


def _watch(where: Places, what: str, before: dict[int, ChunkState], since: str) -> dict[int, ChunkState]:
    """The states when everything is settled, or when whatever has begun goes on without us."""

    def look() -> dict[int, ChunkState]:
        return _states(where, tuple(before), since) if before else {}

    with journal(where.journal):
        return wait(
            look,
            lambda now: all(orders.settled(before[key], state, what) for key, state in now.items()),
            lambda now: all(state != before[key] for key, state in now.items()),
        )


def _write(where: Places, what: str, keys: Sequence[int]) -> dict[int, ChunkState]:
    from actors.journal.offline import write_offline

    write_offline(where.journal, [orders.fact(key, what, time.time()) for key in keys])
    return shelf.chunk_states(where.journal, keys)
