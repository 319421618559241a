"""Blocks of a text that is still being written."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agents.blocks import Blocks, Coalesce, coalesce_of
from config.account import Account
from config.schema.channel_parts import BlockStreamingCoalesce

SMALL = Coalesce(20, 40, 1.0)
WORDS = st.sampled_from(
    ["one ", "two. ", "three! ", "four\n", "five\n\n", "```\n", "```py\n", "six", "~~~\n", "\u3002", " "]
)


def fed(*pieces: str, coalesce: Coalesce = SMALL) -> tuple[list[str], str]:
    """The blocks that come out while these pieces go in, and the rest."""
    blocks = Blocks(coalesce)
    return list(chain.from_iterable(map(blocks.feed, pieces))), blocks.rest()


def test_nothing_goes_out_before_it_is_large_enough() -> None:
    assert fed("A paragraph.\n\n", "more") == ([], "A paragraph.\n\nmore")


def test_a_block_ends_at_a_paragraph() -> None:
    assert fed("This is a paragraph.\n\nAnd", " this one too.\n\n", "x") == (
        ["This is a paragraph."],
        "And this one too.\n\nx",
    )


def test_a_block_that_grows_too_long_ends_at_a_line_else_at_a_sentence() -> None:
    assert fed("first line of the text\nand then words. No end in sight")[0] == ["first line of the text"]
    assert fed("Dear me. Once upon a time. There was no end in sight")[0] == ["Dear me. Once upon a time."]


def test_a_text_without_any_seam_is_cut_between_words_at_last() -> None:
    blocks, rest = fed(*["word "] * 40)
    assert blocks
    assert all(len(block) <= 2 * SMALL.most + 10 for block in blocks)
    assert " ".join([*blocks, rest]).split() == ["word"] * 40
    assert fed("x" * 200) == ([], "x" * 200)


def test_a_fence_stays_whole_however_long_it_is() -> None:
    code = "```py\n" + "x = 1\n\n" * 20 + "```"
    blocks, rest = fed(*re.split(r"(?<=\n)", f"Look at this.\n\n{code}\nThat was it. And so on and so forth. Bye"))
    assert blocks[:2] == ["Look at this.", code]
    assert rest == "That was it. And so on and so forth. Bye" or blocks[2:]


def test_a_fence_without_an_end_waits_for_the_end() -> None:
    text = "~~~\n" + "x\n" * 100
    assert fed(text) == ([], text.rstrip())


def test_after_a_silence_what_is_there_goes_out_to_its_last_sentence() -> None:
    blocks = Blocks(SMALL)
    assert list(blocks.feed("That is one thing. And an")) == []
    assert list(blocks.idle()) == []
    assert list(blocks.feed("other one. And")) == []
    assert list(blocks.idle()) == ["That is one thing. And another one."]
    assert list(blocks.idle()) == []
    assert blocks.rest() == "And"
    assert blocks.rest() == ""


@given(st.lists(WORDS, max_size=80), st.integers(0, 40), st.integers(0, 60))
def test_blocks_and_rest_are_the_text(pieces: list[str], least: int, most: int) -> None:
    blocks, rest = fed(*pieces, coalesce=Coalesce(least, most))
    assert "".join([*blocks, rest]).split() == "".join(pieces).split() or (
        re.sub(r"\s", "", "".join([*blocks, rest])) == re.sub(r"\s", "", "".join(pieces))
    )
    assert all(block.strip() for block in blocks)


@given(st.lists(WORDS, max_size=80))
def test_no_block_ends_inside_a_fence(pieces: list[str]) -> None:
    blocks, _ = fed(*pieces)
    for block in blocks:
        assert balanced(block), block


def balanced(text: str) -> bool:
    """Whether every fence of a text is closed."""
    mark = ""
    for line in text.split("\n"):
        found = re.match(r" {0,3}(`{3,}|~{3,})(.*)", line)
        if found and not mark:
            mark = found[1]
        elif found and found[1][0] == mark[0] and len(found[1]) >= len(mark) and not found[2].strip():
            mark = ""
    return not mark


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (Account(id="a"), None),
        (Account(id="a", block_streaming=True), Coalesce(800, 1200, 1.0)),
        (
            Account(
                id="a",
                block_streaming=True,
                block_streaming_coalesce=BlockStreamingCoalesce.model_validate({"minChars": 5, "idleMs": 0}),
            ),
            Coalesce(5, 1200, 0.0),
        ),
    ],
)
def test_how_an_account_streams(account: Account, expected: Coalesce | None) -> None:
    assert coalesce_of(account) == expected
