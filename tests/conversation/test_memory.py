"""The latest turns, and what the journal knows of them: each is told once, none is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.conversation.memory import KEPT, Memory, heard, past, renewed
from actors.envelopes.session import Heard, Past, Recalled, TurnRecord
from tests.support.rows import ANN, admitted


def record(seq: int, at: float | None = None, text: str = "yes", failure: str = "") -> TurnRecord:
    """A turn of one row."""
    at = float(seq) if at is None else at
    return TurnRecord("s", "main", (seq,), text, at, at + 0.5, failure, "small", 3, 4)


def known(seq: int) -> Past:
    """The same as the journal tells it."""
    return past(record(seq), [admitted(seq)])


def test_a_message_stands_there_as_it_was_told() -> None:
    files = [{"original_path": "/a.png", "mime_type": "image/png"}]
    message = admitted(3, text="/new hi", words="hi", sender_name="Ann", attachments=files, received_at=50.0)
    at = message.row.sent_at
    assert at is not None
    assert heard(message) == Heard(3, message.row.guid, ANN, "Ann", "hi", at, ("image/png",))
    undated = admitted(3, created_at=..., received_at=50.0)
    assert heard(undated).at == 50.0


def test_a_turn_stands_there_with_what_became_of_it() -> None:
    turn = past(record(3), [admitted(3)])
    assert (turn.seq, turn.text, turn.outcome, turn.model, turn.input_tokens) == (3, "yes", "replied", "small", 3)
    assert past(record(3, text=" "), []).outcome == "absorbed"
    assert past(record(3, text="", failure="no"), []).outcome == "failed"
    assert past(record(3, text="well", failure="no"), []).outcome == "replied"


def test_what_began_before_the_session_began_anew_is_not_told() -> None:
    """By what came when, not by the clock: that may have been put back."""
    memory = Memory()
    memory.add(record(1, at=5000.0), [])
    memory.begin_anew()
    memory.add(replace(record(2, at=9000.0), before_renewal=True), [])
    memory.add(record(3, at=1400.0), [])
    assert [one.seq for one in memory.with_latest(Recalled("s", 9), 10).turns] == [3]


def test_a_new_session_keeps_what_was_only_listened_to() -> None:
    listened = (Heard(1, "G", ANN, "", "x", 1.0),)
    before = Recalled("s", 9, (known(1),), 7, 1.0, 2.0, listened)
    assert renewed(before) == Recalled("s", 9, (), 1, None, None, listened)


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(0, 12), st.integers(0, 6), st.booleans())
def test_with_what_the_journal_knows_and_what_it_lacks_the_latest_are_told_once(
    times: list[int], told: int, most: int, goes_on: bool
) -> None:
    """Turns end one after the other, and the clock may be put back in between; by the first question the journal knows
    some of them, by the second all.
    """
    if goes_on or not most:
        times.sort()
    memory = Memory()
    for seq, at in enumerate(times, start=1):
        memory.add(record(seq, at), [admitted(seq)])
    everything = [past(record(seq, at), [admitted(seq)]) for seq, at in enumerate(times, start=1)]

    def answer(turns: list[Past]) -> Recalled:
        first, last = (turns[0].began_at, turns[-1].ended_at) if turns else (None, None)
        return Recalled("s", 99, tuple(turns[-most:]) if most else (), len(turns) + 1, first, last)

    first = memory.with_latest(answer(everything[:told]), most)
    if most:
        assert [one.seq for one in first.turns] == [one.seq for one in everything][-most:]
    if everything:
        assert first.last_at == everything[-1].ended_at
    second = memory.with_latest(answer(everything), most)
    assert second == answer(everything), "nothing is told twice"


def test_one_that_was_written_down_before_an_earlier_one_is_told_once() -> None:
    """A turn without an answer is settled at once; the answer before it takes longer."""
    memory = Memory()
    for seq in (1, 2):
        memory.add(record(seq), [])
    for _ in range(2):
        told = memory.with_latest(Recalled("s", 9, (known(2),), 2, 2.0, 2.5), 10)
        assert sorted(one.seq for one in told.turns) == [1, 2]
    assert memory.with_latest(Recalled("s", 9, (known(2), known(1)), 3, 1.0, 2.5), 10).number == 3


def test_only_so_many_are_kept() -> None:
    memory = Memory()
    for seq in range(1, 3 * KEPT):
        memory.add(record(seq), [])
    assert len(memory.with_latest(Recalled("s", 999), 1000).turns) == KEPT
