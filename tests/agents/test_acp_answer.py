"""The answer of an ACP agent, put together from pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agents.acp.answer import MOST, Answer, TooMuchError
from actors.agents.acp.frames import Pause, Words
from actors.agents.blocks import Blocks, Coalesce


def gathered(*pieces: str | Pause | Words, blocks: Blocks | None = None) -> list[str]:
    """The blocks that were finished on the way, then the rest."""
    answer, said = Answer(blocks), list[str]()
    for piece in pieces:
        said += answer.hear(Words(piece) if isinstance(piece, str) else piece)
    return [*said, answer.rest()]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ((), ""),
        (("he", "llo", " you"), "hello you"),
        (("I look.", Pause(), "Done."), "I look.\n\nDone."),
        (("I look.", Pause(), Pause(), "Done."), "I look.\n\nDone."),
        ((Pause(), "Done."), "Done."),
        (("Done.", Pause()), "Done."),
        ((Words("one", "m1"), Words("!", "m1"), Words("two", "m2")), "one!\n\ntwo"),
        ((Words("one", "m1"), Words(" more"), Words(" too", "m1")), "one more too"),
        (("\n\n  code\n", "\n"), "  code"),
        (("half a face \ud83d", "\ude00."), "half a face \U0001f600."),
        (("broken \ud83d.",), "broken \ufffd."),
    ],
)
def test_pieces_are_one_text_and_messages_are_paragraphs(pieces: tuple[str | Pause | Words, ...], text: str) -> None:
    assert gathered(*pieces) == [text]


@pytest.mark.parametrize("blocks", [False, True])
@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (("<think>secret</think>Hello.",), "Hello."),
        (("<thi", "nk>secret.\n\nsecret.\n\n", "</think>", "\n\nHello."), "Hello."),
        (("<think>secret", Pause(), "secret</think>Hello."), "Hello."),
        (("secret", "</think>Hello."), "Hello."),
        (("secret</think>",), ""),
        (("<think>secret",), ""),
        (("a <",), "a <"),
    ],
)
def test_thoughts_among_the_words_are_not_said(pieces: tuple[str | Pause, ...], said: str, blocks: bool) -> None:
    assert gathered(*pieces, blocks=Blocks(Coalesce(8, 100)) if blocks else None) == [said]
    answer = Answer()
    for piece in pieces[:-1]:
        list(answer.hear(Words(piece) if isinstance(piece, str) else piece))
    assert answer.is_blank or "secret" in pieces


def test_a_silent_message_in_blocks_is_silent_to_its_end() -> None:
    small = Coalesce(5, 100)
    pieces = ("NO_REPLY\n\n", "narration.\n\n", "more of it")
    assert gathered(*pieces, blocks=Blocks(small)) == [""]
    assert gathered(*pieces, Pause(), "Hello.", blocks=Blocks(small)) == ["Hello."]
    assert gathered("NO_REPLY", Pause(), "Hello.", blocks=Blocks(small)) == ["Hello."]


def test_finished_blocks_come_out_on_the_way_when_they_are_wanted() -> None:
    pieces = ("The first one.\n", "\nThe second one.", "\n\nThe third", Pause(), "and the last one")
    said = gathered(*pieces, blocks=Blocks(Coalesce(8, 100)))
    assert said == ["The first one.", "The second one.", "The third", "and the last one"]


def test_after_a_silence_what_is_there_may_be_said() -> None:
    answer = Answer(Blocks(Coalesce(8, 100)))
    assert list(answer.hear(Words("A sentence, and another. And "))) == []
    assert list(answer.idle()) == ["A sentence, and another."]
    assert answer.rest() == "And"
    assert list(Answer().idle()) == []


@pytest.mark.parametrize(
    ("pieces", "blank"), [((), True), ((" ", "\n"), True), ((Pause(),), True), ((" ", "x"), False)]
)
def test_it_knows_whether_anything_was_said(pieces: tuple[str | Pause, ...], blank: bool) -> None:
    answer = Answer()
    for piece in pieces:
        list(answer.hear(Words(piece) if isinstance(piece, str) else piece))
    assert answer.is_blank is blank


def test_an_answer_without_end_is_refused() -> None:
    answer = Answer()
    list(answer.hear(Words("x" * MOST)))
    with pytest.raises(TooMuchError, match="answered more than 4 MiB"):
        list(answer.hear(Words("x")))


@given(st.lists(st.text(st.sampled_from("ab \n.`")) | st.just(Pause()), max_size=30))
def test_in_blocks_it_says_the_same(pieces: list[str | Pause]) -> None:
    whole = gathered(*pieces)[0]
    cut = gathered(*pieces, blocks=Blocks(Coalesce(8, 20)))
    assert "".join("".join(cut).split()) == "".join(whole.split())
