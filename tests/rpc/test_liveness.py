"""A watch lives by what it delivers, not by how much comes in; a clock that jumped is a gap."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.rpc.liveness import (
    ASLEEP_SECONDS,
    PAUSED_SECONDS,
    UNSTEADY_SECONDS,
    Endings,
    Heartbeat,
    Liveness,
    Verdict,
    first_chat,
    first_row,
)

WELL, WAIT, RESUBSCRIBE, RESTART, UNSEEN = Verdict


def judged(*looks: tuple[int | None, int, int]) -> list[Verdict]:
    """What one link's probes say about (newest, delivered, waiting) after (newest, delivered, waiting)."""
    liveness = Liveness()
    return [liveness.judge(*look) for look in looks]


@pytest.mark.parametrize(("newest", "delivered"), [(None, 0), (None, 42), (42, 42), (7, 42)])
def test_a_quiet_inbox_is_well_however_long(newest: int | None, delivered: int) -> None:
    assert judged(*[(newest, delivered, 0)] * 100) == [WELL] * 100


def test_what_stays_behind_is_begun_again_then_replaced_then_left_alone() -> None:
    assert judged(*[(50, 42, 0)] * 6) == [WAIT, RESUBSCRIBE, RESTART, UNSEEN, WELL, WELL]


def test_a_row_after_the_one_left_alone_counts_again() -> None:
    looks = judged(*[(50, 42, 0)] * 4, *[(51, 42, 0)] * 2, (51, 51, 0))
    assert looks[4:] == [WAIT, RESUBSCRIBE, WELL]


def test_a_watch_that_makes_progress_is_not_behind() -> None:
    looks = judged(*[(1000, delivered, 0) for delivered in range(100, 1000, 100)])
    assert looks == [WAIT] * 9


def test_rows_on_their_way_to_the_disk_are_not_missing() -> None:
    assert judged(*[(50, 42, 3)] * 10) == [WAIT] * 10


def test_progress_after_a_new_beginning_starts_the_count_anew() -> None:
    looks = [(50, 42, 0), (50, 42, 0), (50, 45, 0), (50, 45, 0), (50, 45, 0)]
    assert judged(*looks) == [WAIT, RESUBSCRIBE, WAIT, RESUBSCRIBE, RESTART]


def test_what_was_known_of_another_database_means_nothing() -> None:
    liveness = Liveness()
    liveness.over(0)
    for _ in range(4):
        liveness.judge(50, 42, 0)
    liveness.over(0)
    assert liveness.judge(50, 42, 0) is WELL
    liveness.over(1)
    assert [liveness.judge(12, 10, 0) for _ in range(2)] == [WAIT, RESUBSCRIBE]
    assert [liveness.judge(20 + row, 11 + row, 0) for row in range(5)] == [WAIT] * 5


def test_what_keeps_ending_begins_anew_ever_later_and_is_forgotten_after_a_minute() -> None:
    endings = Endings()
    assert [endings.another(float(now)) for now in range(6)] == [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30)]
    assert endings.another(5.0 + UNSTEADY_SECONDS) == (1, 1)


LOOKS = st.tuples(st.none() | st.integers(1, 9), st.integers(0, 9), st.integers(0, 1))


@given(st.lists(LOOKS, max_size=30))
def test_nothing_is_replaced_without_having_been_begun_again_before(looks: list[tuple[int | None, int, int]]) -> None:
    before = WELL
    for verdict in judged(*looks):
        if verdict in (RESTART, UNSEEN):
            assert before is (RESUBSCRIBE if verdict is RESTART else RESTART)
        before = verdict


@pytest.mark.parametrize(
    ("wall", "monotonic", "jump"),
    [
        (5.0, 5.0, None),
        (5.0 + ASLEEP_SECONDS, 5.0, None),
        (6.0 + ASLEEP_SECONDS, 5.0, (1000.0, 6.0 + ASLEEP_SECONDS)),
        (8 * 3600.0, 5.0, (1000.0, 8 * 3600.0)),  # the clock of the processor stands still in sleep
        (PAUSED_SECONDS, PAUSED_SECONDS, None),
        (61.0, 61.0, (1000.0, 61.0)),  # stopped, or starved
        (-3600.0, 5.0, None),  # the wall clock was set back
        (-3600.0, 61.0, (1000.0, 61.0)),
    ],
)
def test_a_beat_that_comes_late_is_a_gap(wall: float, monotonic: float, jump: object) -> None:
    heartbeat = Heartbeat(1000.0, 50.0)
    assert heartbeat.beat(1000.0 + wall, 50.0 + monotonic) == jump
    assert heartbeat.beat(1005.0 + wall, 55.0 + monotonic) is None


@pytest.mark.parametrize(
    ("result", "number"),
    [
        ({"chats": [{"id": 7}, {"id": 9}]}, 7),
        ({"chats": []}, None),
        ({"chats": [{"id": "7"}]}, None),
        ({"chats": [{"id": True}]}, None),
        ({"chats": [{}]}, None),
        ({"chats": {"id": 7}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_what_an_answer_tells_first(result: dict[str, Any] | None, number: int | None) -> None:
    assert first_chat(result) == number
    renamed = None if result is None else {key.replace("chats", "messages"): value for key, value in result.items()}
    assert first_row(renamed) == number
