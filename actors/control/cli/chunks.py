"""Orders for chunks, as ``outbox`` and ``dead`` give them: settle, send again, give up."""

import time
from collections.abc import Sequence

from actors.control import orders, shelf
from actors.control.cli.operating import Done, alone, journal, portions, refuse, runs, wait
from actors.control.orders import ChunkState
from config import Places


def carry_out(where: Places, what: str, keys: Sequence[int], even_if_twice: bool = False) -> list[Done]:
    """Give the order ``what`` for each of ``keys`` and say what became of it. Raises ``VerbError``."""
    online = runs(where)
    with journal(where.journal):
        before = shelf.chunk_states(where.journal, keys)
    if not online:
        before = {key: orders.left_behind(state) for key, state in before.items()}
    refused = {key: orders.refusal(key, before.get(key), what, even_if_twice) for key in dict.fromkeys(keys)}
    fit = [key for key, why in refused.items() if not why]
    if fit and online:
        for reply in portions(where, {"do": "order", "what": what}, "keys", fit):
            refused.update({one["key"]: one["why"] for one in reply["refused"]})
        after = _watch(where, what, {key: before[key] for key in fit if not refused[key]})
    elif fit:
        after = _write(where, what, fit)
    else:
        after = {}
    became = {key: orders.outcome(before[key], after.get(key, before[key]), what, online) for key in fit}
    return [refuse(key, why) if why else Done(key, *became[key]) for key, why in refused.items()]


def _watch(where: Places, what: str, before: dict[int, ChunkState]) -> dict[int, ChunkState]:
    """The states when everything is settled, or when whatever has begun goes on without us."""

    def look() -> dict[int, ChunkState]:
        return shelf.chunk_states(where.journal, tuple(before)) if before else {}

    with journal(where.journal):
        return wait(
            look,
            lambda now: all(orders.settled(before[key], state, what) for key, state in now.items()),
            lambda now: all(state != before[key] for key, state in now.items()),
        )


def _write(where: Places, what: str, keys: Sequence[int]) -> dict[int, ChunkState]:
    from actors.journal.offline import write_offline

    with alone(where):
        write_offline(where.journal, [orders.fact(key, what, time.time()) for key in keys])
        return shelf.chunk_states(where.journal, keys)
