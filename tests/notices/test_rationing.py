"""How many notices, and which: so many an hour, none twice about one matter, and none forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.notices.rationing import HOUR, Ration, Told
from actors.notices.wording import LONGEST, addressee, notice_text

START = 1_800_000_000.0


def test_so_many_an_hour_go_and_the_next_says_what_it_missed() -> None:
    ration = Ration()
    assert [ration.take(f"m{n}", 2, float(n), START + n) for n in range(4)] == [Told(), Told(), None, None]
    assert ration.take("later", 2, 100.0, START + 100) is None
    assert ration.take("later", 2, HOUR, START + HOUR) == Told(3, START + 2)
    assert ration.take("next", 2, HOUR + HOUR / 2 + 4, START) == Told()


def test_a_matter_is_told_once_an_hour_and_its_repeats_do_not_count() -> None:
    ration = Ration()
    assert ration.take("m", 4, 0.0, START) == Told()
    assert [ration.take("m", 4, at, START) for at in (1.0, HOUR - 1)] == [None, None]
    assert ration.take("m", 4, HOUR, START) == Told()


def test_a_matter_that_was_only_missed_may_be_told() -> None:
    ration = Ration()
    assert ration.take("a", 1, 0.0, START) == Told()
    assert ration.take("b", 1, 1.0, START + 1) is None
    assert ration.take("b", 1, HOUR, START + HOUR) == Told(1, START + 1)


def test_what_could_not_be_told_counts_for_nothing() -> None:
    ration = Ration()
    assert ration.take("a", 1, 0.0, START) == Told()
    assert ration.take("b", 1, 1.0, START + 1) is None
    told = ration.take("c", 1, HOUR, START + HOUR)
    assert told == Told(1, START + 1)
    ration.give_back("c", told)
    assert ration.take("c", 1, HOUR, START + HOUR) == Told(1, START + 1)


@given(per_hour=st.integers(1, 10), steps=st.lists(st.tuples(st.integers(0, 30), st.floats(0.0, HOUR)), max_size=80))
def test_never_more_than_the_hour_allows_and_none_is_lost_from_the_count(
    per_hour: int, steps: list[tuple[int, float]]
) -> None:
    ration, now, went, missed, repeats = Ration(), 0.0, list[float](), 0, 0
    told_at: dict[str, float] = {}
    for matter, pause in steps:
        now += pause
        told = ration.take(str(matter), per_hour, now, START + now)
        if told is not None:
            assert now - told_at.get(str(matter), -HOUR) >= HOUR
            told_at[str(matter)] = now
            went.append(now)
            assert told.missed == missed
            missed = 0
        elif now - told_at.get(str(matter), -HOUR) < HOUR:
            repeats += 1
        else:
            missed += 1
    for at in went:
        # A full bucket, and what runs in meanwhile.
        assert sum(1 for other in went if at <= other < at + HOUR) <= 2 * per_hour


def test_whom_a_notice_goes_to() -> None:
    assert addressee(None, "US") == ""
    assert addressee(" ", "US") == ""
    assert addressee("(212) 555-0100", "US") == "+12125550100"
    assert addressee("imessage:Ann@Example.com", "US") == "ann@example.com"
    assert addressee("Chat_ID: 42", "US") == "chat_id:42"
    for nobody in ("chat_id:", "chat_id:0", "chat_id:x", "\u2600"):
        assert addressee(nobody, "US") is None


def test_the_words_are_one_short_line() -> None:
    assert notice_text("it\nfailed", Told(), START) == "Gateway: it failed"
    assert len(notice_text("word " * 1000, Told(), START)) <= LONGEST + len("Gateway: ")
    missed = notice_text("it failed", Told(7, START - 60), START)
    assert missed.startswith("Gateway: it failed (and 7 more since ")
    assert missed.endswith(", see `gateway logs`)")
    assert "-" in notice_text("it failed", Told(7, START - 3 * 86_400), START).partition("since ")[2], "with its date"
