"""The guard's rules: three challenges a day, a day after a denial, five strikes, ten guesses, and clocks that jump."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.pairing.codes import LIFETIME
from actors.pairing.guard import (
    DAY,
    DENIED,
    FORGOTTEN,
    LOCK_SECONDS,
    MOST_CHALLENGES,
    MOST_GUESSES,
    MOST_KEPT,
    MOST_STRIKES,
    TOO_MANY,
    Mark,
    Record,
    challenged,
    denied,
    forget,
    guessed_wrong,
    locked_until,
    may_challenge,
    row_of,
)
from actors.pairing.guard import burnt as codes_burnt

NOW = 1_767_225_600.0
ANN, BEN = "+15552223333", "+15554445555"


def of(*moments: float, handle: str = ANN, account: str = "default") -> Record:
    """A record in which somebody was challenged then."""
    record = Record()
    for number, at in enumerate(moments):
        record = challenged(record, Mark(account, handle, at, f"C{number}", f"row {number}"))
    return record


def guesses(count: int, codes: tuple[str, ...] = (), at: float = NOW, record: Record | None = None) -> Record:
    """So many wrong guesses at one moment."""
    record = record or Record()
    for _ in range(count):
        record, _ = guessed_wrong(record, codes, at)
    return record


def test_three_challenges_a_day_for_each_person_and_account() -> None:
    record = of(NOW, NOW + 4000, NOW + 8000)
    assert may_challenge(of(NOW, NOW + 4000), "default", ANN, NOW + 8000) == ""
    assert may_challenge(record, "default", ANN, NOW + 9000) == TOO_MANY
    assert may_challenge(record, "default", BEN, NOW + 9000) == ""
    assert may_challenge(record, "work", ANN, NOW + 9000) == ""
    assert may_challenge(record, "default", ANN, NOW + DAY - 1) == TOO_MANY
    assert may_challenge(record, "default", ANN, NOW + DAY) == ""


def test_the_same_code_counts_once() -> None:
    record = of(NOW)
    assert challenged(record, Mark("default", ANN, NOW + 5, "C0", "another row")) is record
    assert row_of(record, "C0") == "row 0"
    assert row_of(record, "C1") is None


def test_a_denial_lasts_a_day_unless_the_person_is_let_in() -> None:
    record = denied(Record(), "default", ANN, NOW)
    assert may_challenge(record, "default", ANN, NOW + DAY - 1) == DENIED
    assert may_challenge(record, "default", ANN, NOW + DAY) == ""
    assert may_challenge(record, "work", ANN, NOW) == may_challenge(record, "default", BEN, NOW) == ""
    assert may_challenge(forget(record, "default", ANN), "default", ANN, NOW) == ""
    assert forget(record, "work", ANN) is record


def test_who_was_let_in_has_still_been_challenged() -> None:
    assert may_challenge(forget(of(NOW, NOW, NOW), "default", ANN), "default", ANN, NOW) == TOO_MANY


def test_the_fifth_wrong_guess_burns_the_requests_it_was_tried_on() -> None:
    record = guesses(MOST_STRIKES - 2, ("A", "B"))
    record, burnt = guessed_wrong(record, ("A",), NOW)
    assert burnt == ()
    record, burnt = guessed_wrong(record, ("A", "B", "C"), NOW)
    assert burnt == ("A",)
    record, burnt = guessed_wrong(record, ("B", "C"), NOW)
    assert burnt == ("B",)
    assert [(one.code, one.times) for one in record.strikes] == [("A", 5), ("B", 5), ("C", 2)]
    assert codes_burnt(record) == ("A", "B")


def test_the_tenth_wrong_guess_in_ten_minutes_locks_for_ten_minutes() -> None:
    record = guesses(MOST_GUESSES - 1)
    assert locked_until(record, NOW) is None
    record = guesses(1, at=NOW + 599, record=record)
    assert locked_until(record, NOW + 599) == NOW + 599 + LOCK_SECONDS
    assert locked_until(record, NOW + 599 + LOCK_SECONDS - 1) == NOW + 599 + LOCK_SECONDS
    assert locked_until(record, NOW + 599 + LOCK_SECONDS) is None


def test_slow_guesses_lock_nobody_out() -> None:
    record = Record()
    for number in range(50):
        record = guesses(1, at=NOW + 67 * number, record=record)
        assert locked_until(record, NOW + 67 * number) is None
    assert len(record.guesses) < MOST_GUESSES


@pytest.mark.parametrize("back", [5.0, 300.0, 3600.0, 10 * DAY])
def test_a_clock_set_back_never_locks_for_longer(back: float) -> None:
    record = guesses(MOST_GUESSES)
    locked = [after for after in range(1300) if locked_until(record, NOW - back + after) is not None]
    assert len(locked) <= LOCK_SECONDS + 2
    assert locked_until(record, NOW - back) is None
    assert locked_until(guesses(1, at=NOW - back, record=guesses(MOST_GUESSES - 1)), NOW - back) is None


@pytest.mark.parametrize("back", [5.0, 3600.0, DAY - 1, 10 * DAY])
def test_a_clock_set_back_holds_nobody_off_for_more_than_two_days(back: float) -> None:
    record = denied(of(NOW, NOW, NOW), "default", BEN, NOW)
    after = NOW - back + 2 * DAY
    assert may_challenge(record, "default", ANN, after) == may_challenge(record, "default", BEN, after) == ""


@pytest.mark.parametrize("jump", [-3600.0, 0.0, 3600.0])
def test_strikes_outlive_the_code_they_count_for(jump: float) -> None:
    record = guesses(MOST_STRIKES - 1, ("A",), at=NOW + LIFETIME)
    assert guessed_wrong(record, ("A",), NOW + jump)[1] == ("A",)


def test_what_is_over_is_forgotten() -> None:
    record = guesses(2, ("A",), record=denied(of(NOW), "default", BEN, NOW))
    later = challenged(record, Mark("default", BEN, NOW + FORGOTTEN, "N", "row"))
    assert (len(later.challenges), later.denials, later.strikes) == (1, (), ())
    assert guesses(1, at=NOW + DAY, record=record).guesses == (NOW + DAY,)


@pytest.mark.parametrize("jump", [25 * 3600.0, -25 * 3600.0, 6 * DAY])
def test_a_clock_that_jumps_and_comes_back_takes_nothing_along(jump: float) -> None:
    record = guesses(MOST_STRIKES - 1, ("A",), record=denied(of(NOW, NOW, NOW), "default", BEN, NOW))
    record = challenged(record, Mark("work", ANN, NOW + jump, "N", "row"))
    assert may_challenge(record, "default", ANN, NOW + 10) == TOO_MANY
    assert may_challenge(record, "default", BEN, NOW + 10) == DENIED
    assert guessed_wrong(record, ("A",), NOW + 10)[1] == ("A",)


def test_however_many_strangers_there_are_the_record_is_bounded() -> None:
    marks = tuple(Mark("default", f"p{number}@x.com", NOW, str(number), "") for number in range(MOST_KEPT))
    record = challenged(Record(challenges=marks), Mark("default", ANN, NOW, "last", ""))
    assert len(record.challenges) == MOST_KEPT
    assert record.challenges[-1].code == "last"


@given(st.lists(st.tuples(st.integers(0, 3 * int(DAY)), st.sampled_from([ANN, BEN])), max_size=60))
def test_whoever_writes_whenever_three_a_day_is_the_most(visits: list[tuple[int, str]]) -> None:
    record, told = Record(), list[tuple[int, str]]()
    for number, (offset, handle) in enumerate(sorted(visits)):
        if not may_challenge(record, "default", handle, NOW + offset):
            record = challenged(record, Mark("default", handle, NOW + offset, str(number), ""))
            told.append((offset, handle))
    for offset, handle in told:
        assert sum(offset <= at < offset + DAY and who == handle for at, who in told) <= MOST_CHALLENGES
