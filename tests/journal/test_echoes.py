"""What the echo memory is told after a restart: whatever may have gone out, whatever became of it."""

from __future__ import annotations

import pytest

from actors.envelopes.control import Replayed
from actors.envelopes.facts import Attempted, Deferred, Discarded, Fact, Failed, Requeued, Sent, Uncertain
from actors.envelopes.outbound import chunk_key
from actors.journal.replays import RECALLED
from tests.journal.conftest import Open
from tests.journal.desk import Room, message, queued
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import START

KEY = chunk_key(1, 0)
HOUR = 3600.0
TRIED, GONE = START - 20 * HOUR, START - 13 * HOUR
"""When it was attempted, and when it ended: longer ago than twelve hours."""
WAYS: dict[str, tuple[list[Fact], float | None]] = {
    "sent": ([Attempted(KEY, TRIED), Sent(KEY, "", GONE)], GONE),
    "failed": ([Attempted(KEY, TRIED), Failed(KEY, "never", GONE)], TRIED),
    "discarded in doubt": ([Attempted(KEY, TRIED), Uncertain(KEY, "late"), Discarded(KEY, "given up", GONE)], TRIED),
    "sent again": ([Attempted(KEY, TRIED), Uncertain(KEY, "late"), Requeued(KEY, GONE)], TRIED),
    "discarded unsent": ([Discarded(KEY, "given up", GONE)], None),
    "queued": ([], None),
    "attempted": ([Attempted(KEY, TRIED)], None),
    "uncertain": ([Attempted(KEY, TRIED), Uncertain(KEY, "late")], None),
    "deferred": ([Attempted(KEY, TRIED), Deferred(KEY, GONE, 1, "busy")], None),
    "of another age": ([Attempted(KEY, START - 2 * RECALLED), Sent(KEY, "", START - 2 * RECALLED)], None),
}
"""What happened, and the time at which it counts as said; what is open is left to its sender, who looks after it."""


def _told(room: Room) -> list[tuple[str, str, float]]:
    normalizer = Probe("normalizer")
    room.replay("echoes", normalizer)
    return [(said.text, said.guid, said.at) for said in normalizer.all(Replayed)[-1].items]


@pytest.mark.parametrize("way", WAYS)
def test_every_chunk_that_was_attempted_comes_back(open_room: Open, stage: KillableStage, way: str) -> None:
    room = open_room()
    facts, at = WAYS[way]
    room.append(message(1))
    room.record(queued(1, "milk"), *facts)
    stage.kill()
    assert _told(open_room()) == ([] if at is None else [("milk", "", at)])


def test_the_guid_of_ours_that_an_attempt_carried_comes_back_with_it(room: Room) -> None:
    room.append(message(1))
    room.record(queued(1, "milk"), Attempted(KEY, TRIED, "OURS"), Failed(KEY, "never", GONE))
    assert _told(room) == [("milk", "OURS", TRIED)]
