"""Doubts: which own row proves which uncertain chunk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.envelopes.link import OwnRow
from actors.envelopes.outbound import chunk_key
from actors.outbound.doubts import EVIDENCE_SECONDS, REMEMBERED, Doubt, Doubts, rows_of
from actors.outbound.evidence import in_chat, proves
from tests.outbound.desk import chunks, place

AT = 1_800_000_000.123456


def row(text: str = "hi", at: float | None = AT + 1, chat: int = 7, guid: str = "G") -> OwnRow:
    """An own row."""
    return OwnRow(chat, text, guid, at, place(chat).chat_guid)


def doubts(*texts: str) -> Doubts:
    """Doubts about one chunk of each text, attempted a second apart."""
    found = Doubts()
    for seq, text in enumerate(texts, start=1):
        found.add(Doubt(chunks(seq, text)[0], AT + seq - 1))
    return found


def test_the_row_of_the_same_chat_text_and_time_proves_it() -> None:
    found = doubts("hi").proved_by(row())
    assert found is not None
    assert found.chunk.text == "hi"


def test_a_row_dated_in_the_millisecond_of_the_attempt_counts() -> None:
    """Rows carry milliseconds only."""
    assert doubts("hi").proved_by(row(at=1_800_000_000.123)) is not None
    assert doubts("hi").proved_by(row(at=1_800_000_000.122)) is None


def test_a_row_without_a_date_or_of_another_chat_or_text_proves_nothing() -> None:
    about = doubts("hi")
    assert about.proved_by(row(at=None)) is None
    assert about.proved_by(row(chat=8)) is None
    assert about.proved_by(row(text="Hi")) is None
    assert about.proved_by(row()) is not None


def test_line_ends_blanks_around_and_damage_in_front_do_not_matter() -> None:
    for text in ("a\r\nb", " a\nb\n", "\ufffda\nb", "\ufffe\x00a\rb"):
        assert doubts("a\nb").proved_by(row(text)) is not None


def test_the_oldest_of_two_equal_texts_is_proved_first_and_each_by_a_row_of_its_own() -> None:
    about = doubts("ok", "ok")
    first = about.proved_by(row("ok", AT + 5, guid="A"))
    assert first is not None
    assert first.chunk.key == chunk_key(1, 0)
    about.drop(first.chunk.key)
    assert about.proved_by(row("ok", AT + 5, guid="a")) is None, "the same row, in another spelling"
    second = about.proved_by(row("ok", AT + 6, guid="B"))
    assert second is not None
    assert second.chunk.key == chunk_key(2, 0)


def test_what_a_send_answered_with_is_no_proof_of_another() -> None:
    about = doubts("ok")
    about.proved("G")
    assert about.proved_by(row("ok", guid="g")) is None


def test_a_parked_chunk_can_still_be_proved() -> None:
    about = doubts("ok")
    (doubt,) = about
    doubt.parked = True
    assert not about.waiting()
    assert about.proved_by(row("ok")) is doubt
    about.drop(chunk_key(1, 0))
    about.drop(chunk_key(1, 0))
    assert len(about) == 0


def test_a_tracked_chunk_is_proved_by_its_own_guid_alone() -> None:
    about = Doubts()
    about.add(Doubt(chunks(1, "ok")[0], AT, guid="ab-1"))
    about.add(Doubt(chunks(2, "ok")[0], AT))
    other = about.proved_by(row("ok", guid="other"))
    assert other is not None
    assert other.chunk.key == chunk_key(2, 0)
    its_own = about.proved_by(row("whatever Messages made of it", at=None, guid="AB-1"))
    assert its_own is not None
    assert its_own.chunk.key == chunk_key(1, 0)


def test_the_row_of_a_tracked_chunk_proves_no_other() -> None:
    about = doubts("ok")
    about.overtaken(chunks(2, "ok")[0], "ab-2", AT + 1)
    assert about.proved_by(row("ok", AT + 2, guid="AB-2")) is None
    assert about.proved_by(row("ok", AT + 2, guid="AB-3")) is not None, "its own GUID tells them apart"


def test_a_row_dated_after_a_later_attempt_of_the_same_words_proves_no_older_one() -> None:
    about = doubts("ok")
    about.overtaken(chunks(2, "ok")[0], "", AT + 10)
    about.overtaken(chunks(3, "ok")[0], "", AT + 20)
    assert about.proved_by(row("ok", AT + 15)) is None
    assert about.proved_by(row("ok", AT + 5)) is not None


@pytest.mark.parametrize(
    ("era", "guid", "same"),
    [(0, "any;-;+1", True), (1, "any;-;+1", False), (1, "any;-;+2", True), (1, "", False)],
)
def test_across_eras_only_the_guid_of_a_chat_names_it(era: int, guid: str, same: bool) -> None:
    to = place(7, era=0, guid="any;-;+2")
    assert in_chat(OwnRow(7, "ok", "G", AT, guid, era), to) is same


def test_a_window_counts_only_while_it_runs() -> None:
    doubt = Doubt(chunks(1, "ok")[0], AT)
    assert not doubt.is_over(1e9), "it never began"
    assert doubt.run(100.0) == EVIDENCE_SECONDS
    doubt.pause(130.0)
    doubt.pause(500.0)
    assert not doubt.is_over(1e9)
    assert doubt.run(1000.0) == EVIDENCE_SECONDS - 30
    assert doubt.run(1010.0) == EVIDENCE_SECONDS - 40, "begun twice, it goes on all the same"
    assert not doubt.is_over(1029.9)
    assert doubt.is_over(1030.0)


def test_proofs_are_bounded() -> None:
    about = doubts("ok")
    for number in range(REMEMBERED + 1):
        about.proved(f"{number}")
    assert about.proved_by(row("ok", guid="0")) is not None


@given(
    result=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["messages", "is_from_me", "text", "guid", "created_at", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_history_answer_breaks_it(result: object) -> None:
    for own in rows_of(chunks(1, "ok")[0], result if isinstance(result, dict) else None):
        assert isinstance(own.text, str)
        assert isinstance(own.guid, str)


def test_history_rows_come_oldest_first_and_only_own_ones() -> None:
    messages = [
        {"guid": f"{number}", "text": "ok", "is_from_me": number != 1, "created_at": "2027-01-15T08:00:00Z"}
        for number in (3, 2, 1, 0)
    ]
    found = rows_of(chunks(1, "ok", to=place(7, era=3))[0], {"messages": messages})
    assert [own.guid for own in found] == ["0", "2", "3"]
    assert {(own.chat_id, own.era) for own in found} == {(7, 3)}


@given(st.text(), st.floats(0, 1e10), st.floats(-10, 10))
def test_a_chunk_is_proved_by_its_own_text_iff_the_row_is_not_older(text: str, at: float, later: float) -> None:
    (chunk,) = chunks(1, text)
    if later >= 0:
        assert proves(row(text, at + later), chunk, at)
    elif later < -0.002:
        assert not proves(row(text, at + later), chunk, at)
    assert not proves(row(text, at + later, chat=8), chunk, at)
