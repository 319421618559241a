"""Words of ours whose row nobody has seen: each accounts for one row from me, and a person may say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.normalizer.folding import fold
from actors.normalizer.unseen import (
    LIVE_SECONDS,
    MOST,
    MOST_SAYINGS,
    RECALLED_SECONDS,
    Unseen,
    is_damaged,
)
from actors.simulator.attributed_body import decode, encode

HERE, THERE = (1, 7), (1, 8)
AT = 1_800_000_000.0
YOU, CUTS = "\u4f60", "\u7184"
"""Chinese characters; the UTF-8 of the second holds 86 84."""


def test_a_saying_accounts_for_one_row() -> None:
    unseen = Unseen()
    unseen.begun(HERE, "ok", AT)
    assert unseen.take(HERE, "ok", AT + 1)
    assert not unseen.take(HERE, "ok", AT + 2)


def test_as_many_rows_as_it_was_said_are_ours_however_late_they_come() -> None:
    unseen = Unseen()
    for number in range(3):
        unseen.begun(HERE, "ok", AT + number)
        unseen.ended(HERE, "ok")
    assert [unseen.take(HERE, "ok", AT + 60) for _ in range(4)] == [True, True, True, False]


def test_told_twice_of_the_same_send_is_one_saying() -> None:
    unseen = Unseen()
    unseen.begun(HERE, "ok", AT)
    unseen.begun(HERE, "ok", AT + 5)
    assert [unseen.take(HERE, "ok", AT + 6) for _ in range(2)] == [True, False]


def test_other_words_and_other_chats_are_not_ours() -> None:
    unseen = Unseen()
    unseen.begun(HERE, "ok", AT)
    assert not unseen.take(THERE, "ok", AT)
    assert not unseen.take((2, 7), "ok", AT)
    assert not unseen.take(HERE, "okay", AT)
    assert unseen.take(HERE, "ok", AT)


def test_what_imsg_named_is_looked_for_no_longer() -> None:
    unseen = Unseen()
    unseen.begun(HERE, "ok", AT)
    unseen.named(HERE, "ok")
    unseen.named(HERE, "ok")
    unseen.named(THERE, "ok")
    assert not unseen.take(HERE, "ok", AT + 1)


def test_a_name_belongs_to_the_latest_saying() -> None:
    unseen = Unseen()
    unseen.begun(HERE, "ok", AT)
    unseen.ended(HERE, "ok")
    unseen.begun(HERE, "ok", AT + LIVE_SECONDS / 2)
    unseen.named(HERE, "ok")
    assert not unseen.take(HERE, "ok", AT + LIVE_SECONDS + 1), "the one that is left is too old"


def test_what_is_under_way_counts_for_hours_and_what_was_before_a_restart_by_its_date() -> None:
    unseen = Unseen()
    unseen.begun(HERE, "ok", AT)
    unseen.ended(HERE, "ok")
    unseen.recalled(HERE, "then", AT)
    assert not unseen.take(HERE, "then", AT + RECALLED_SECONDS + 1)
    assert unseen.take(HERE, "then", AT + RECALLED_SECONDS)
    assert not unseen.take(HERE, "ok", AT + LIVE_SECONDS + 1)
    assert unseen.take(HERE, "ok", AT + LIVE_SECONDS)


def test_what_did_not_start_is_taken_back() -> None:
    """Only what is under way: the same words of an earlier send may still come."""
    unseen = Unseen()
    unseen.begun(HERE, "ok", AT)
    unseen.ended(HERE, "ok")
    unseen.begun(HERE, "ok", AT + 1)
    unseen.taken_back(HERE, "ok")
    unseen.taken_back(HERE, "ok")
    unseen.taken_back(THERE, "ok")
    assert [unseen.take(HERE, "ok", AT + 2) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("kept", [LIVE_SECONDS, 4 * LIVE_SECONDS])
def test_what_is_too_old_to_be_seen_is_forgotten_in_every_chat(kept: float) -> None:
    unseen = Unseen(kept)
    for hour in range(400):
        for chat in (HERE, THERE, (2, hour)):
            unseen.begun(chat, f"{hour}", AT + hour * 3600)
    assert len(unseen) <= 3 * (kept / 3600 + 2)


def test_what_is_told_of_a_recovery_stays_for_as_long_as_that_reaches() -> None:
    """Words of two days ago, told first; their row has the date of that."""
    unseen = Unseen(4 * LIVE_SECONDS)
    unseen.recalled(HERE, "then", AT)
    unseen.recalled(HERE, "later", AT + 4 * LIVE_SECONDS)
    assert unseen.take(HERE, "then", AT + 1)


def test_it_is_bounded_and_forgets_the_oldest() -> None:
    unseen = Unseen()
    for number in range(MOST_SAYINGS + 1):
        unseen.begun(HERE, f"{number}", AT)
    assert not unseen.take(HERE, "0", AT)
    assert unseen.take(HERE, "1", AT)
    for chat in range(MOST):
        unseen.begun((3, chat), "ok", AT)
    assert not unseen.take(HERE, "2", AT)
    assert unseen.take((3, 0), "ok", AT)


# What imsg makes of a body that only stands in attributedBody (imsg protocol 9)


@pytest.mark.parametrize(
    "said",
    [f"the fire is {CUTS} now", f"it is {CUTS}{CUTS}", YOU * 4000, YOU * 3999 + CUTS, "x" * 9000],
    ids=["cut", "cut twice", "long", "long and cut", "just long"],
)
def test_a_body_that_was_read_wrongly_is_still_ours(said: str) -> None:
    heard = fold(decode(encode(said)))
    assert heard != said
    unseen = Unseen()
    unseen.begun(HERE, fold(said), AT)
    assert unseen.take(HERE, heard, AT)


@pytest.mark.parametrize("heard", ["", "o", "okay", "xok", "k"])
def test_other_words_are_not_taken_for_damage(heard: str) -> None:
    assert not is_damaged("ok", heard)


def test_what_is_whole_is_taken_first() -> None:
    unseen = Unseen()
    unseen.begun(HERE, f"a {CUTS}", AT)
    unseen.begun(HERE, "a", AT)
    assert unseen.take(HERE, "a", AT)
    unseen.named(HERE, f"a {CUTS}")
    assert not unseen.take(HERE, "a", AT), "both are accounted for"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(CUTS), max_size=40))
def test_whatever_imsg_reads_of_a_text_is_known(text: str) -> None:
    said = fold(f"a {text}")
    heard = fold(decode(encode(said)))
    assert heard == said or is_damaged(said, heard)
