"""Doubts: which own row proves which uncertain chunk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.envelopes.control import OwnRow
from actors.envelopes.outbound import chunk_key
from actors.outbound.doubts import REMEMBERED, Doubts
from actors.outbound.evidence import proves
from tests.outbound.desk import chunks

AT = 1_800_000_000.123456


def row(text: str = "hi", at: float | None = AT + 1, chat: int = 7, guid: str = "G") -> OwnRow:
    """An own row."""
    return OwnRow(chat, text, guid, at)


def doubts(*texts: str) -> Doubts:
    """Doubts about one chunk of each text, attempted a second apart."""
    found = Doubts()
    for seq, text in enumerate(texts, start=1):
        found.add(chunks(seq, text)[0], AT + seq - 1)
    return found


def test_the_row_of_the_same_chat_text_and_time_proves_it() -> None:
    found = doubts("hi").proved_by(row())
    assert found is not None
    assert found.text == "hi"


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
    assert first.key == chunk_key(1, 0)
    about.drop(first.key)
    assert about.proved_by(row("ok", AT + 5, guid="a")) is None, "the same row, in another spelling"
    second = about.proved_by(row("ok", AT + 6, guid="B"))
    assert second is not None
    assert second.key == chunk_key(2, 0)


def test_what_a_send_answered_with_is_no_proof_of_another() -> None:
    about = doubts("ok")
    about.proved("G")
    assert about.proved_by(row("ok", guid="g")) is None


def test_a_parked_chunk_can_still_be_proved() -> None:
    about = doubts("ok")
    about.park(chunk_key(1, 0))
    assert about.is_parked(chunk_key(1, 0))
    assert about.proved_by(row("ok")) is not None
    assert about.drop(chunk_key(1, 0)) is True
    assert about.drop(chunk_key(1, 0)) is False
    assert about.open() == []


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
    about = doubts("ok")
    for own in about.rows_of(chunk_key(1, 0), result if isinstance(result, dict) else None):
        assert isinstance(own.text, str)
        assert isinstance(own.guid, str)


def test_history_rows_come_oldest_first_and_only_own_ones() -> None:
    messages = [
        {"guid": f"{number}", "text": "ok", "is_from_me": number != 1, "created_at": "2027-01-15T08:00:00Z"}
        for number in (3, 2, 1, 0)
    ]
    assert [own.guid for own in doubts("ok").rows_of(chunk_key(1, 0), {"messages": messages})] == [
        "0",
        "2",
        "3",
    ]
    assert doubts("ok").rows_of(chunk_key(9, 0), {"messages": messages}) == []


@given(st.text(), st.floats(0, 1e10), st.floats(-10, 10))
def test_a_chunk_is_proved_by_its_own_text_iff_the_row_is_not_older(
    text: str, at: float, later: float
) -> None:
    (chunk,) = chunks(1, text)
    if later >= 0:
        assert proves(chunk, at, 7, text, at + later)
    elif later < -0.002:
        assert not proves(chunk, at, 7, text, at + later)
    assert not proves(chunk, at, 8, text, at + later)
