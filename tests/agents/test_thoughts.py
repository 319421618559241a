"""Thoughts that stand in an answer never come out, however the answer is cut; what stands behind them does."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agents.thoughts import Thoughts, spoken, without_first


def pieces(*cut: str) -> str:
    """The answer these pieces make, as somebody hears it who takes back what was thought after all."""
    thoughts, text = Thoughts(), ""
    for heard in [*map(thoughts.feed, cut), thoughts.rest()]:
        text = heard.text if heard.anew else text + heard.text
    return text


CASES = [
    ("", ""),
    ("Hello.", "Hello."),
    ("<think>secret</think>Hello.", "Hello."),
    ("<think>\nsecret\n\nmore\n</think>\n\nHello.", "Hello."),
    (" \n<THINK>secret</Think >Hello.", " \nHello."),
    ("<thinking>secret</thinking>Hello.", "Hello."),
    ("<reasoning effort='high'>secret</reasoning>Hello.", "Hello."),
    ("<thought>secret</thought>Hello.", "Hello."),
    ("< think >secret< / think >Hello.", "Hello."),
    ("<think>secret</thinking>Hello.", "Hello."),
    ("Hello <think>secret</think> you.", "Hello you."),
    ("Hello.\n\n<think>secret</think>\n\nAnd you?", "Hello.\n\nAnd you?"),
    ("<think/>Hello.", "Hello."),
    ("<think>secret", ""),
    ("Hello. <think>secret", "Hello. "),
    ("<think>secret</thi", ""),
    ("<think></think>", ""),
    # Thoughts that began without a sign.
    ("secret\n</think>\nHello.", "Hello."),
    ("</think>\n\nHello.", "Hello."),
    ("<think>secret</think>secret</think>Hello.", "Hello."),
    # Thoughts in thoughts; one of them may only have been spoken of.
    ("<think>a<think>b</think>c</think>Hello.", "Hello."),
    ("<think>use the <think> tag</think>Hello.", "Hello."),
    ("<think>`</think>` is the end</think>Hello.", "Hello."),
    ("<think>```\n</think>Hello.", "Hello."),
    # What is code is text.
    ("```\n<think>x</think>\n```\nHello.", "```\n<think>x</think>\n```\nHello."),
    ("~~~xml\n<think>\n```\n</think>", "~~~xml\n<think>\n```\n</think>"),
    ("```\ncode\n```\n<think>secret</think>Hello.", "```\ncode\n```\nHello."),
    ("<think>secret</think>```\n<think>\n```", "```\n<think>\n```"),
    ("```x```\n<think>secret</think>Hello.", "```x```\nHello."),
    ("Write `<think>` and `</think>`.", "Write `<think>` and `</think>`."),
    ("Write `<think>x</think>` here.", "Write `<think>x</think>` here."),
    ("run `ls`</think>Hello.", "Hello."),
    # What only looks like it.
    ("a < b and b > c, a <- b, <", "a < b and b > c, a <- b, <"),
    ("<thinker>x</thinker> <thi <b>bold</b> <think", "<thinker>x</thinker> <thi <b>bold</b> <think"),
    ("I <think this is fine", "I <think this is fine"),
]


@pytest.mark.parametrize(("text", "said"), CASES)
def test_thoughts_are_taken_out_however_the_text_is_cut(text: str, said: str) -> None:
    assert spoken(text) == said
    assert pieces(text) == said
    assert pieces(*text) == said
    for at in range(len(text)):
        assert pieces(text[:at], text[at:]) == said


WORDS = st.sampled_from(
    ["<think>", "</think>", "<thinking>", "</reasoning >", "<", "/", "think", ">", "`", "```", "~~~\n", "\n", " ", "a"]
)


@given(st.lists(WORDS, max_size=14), st.data())
def test_the_cuts_do_not_matter(words: list[str], data: st.DataObject) -> None:
    text = "".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    cut = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert pieces(*cut) == spoken(text)


@given(
    st.lists(st.sampled_from(["S", "S\n\n", "S```\n", "<b>S", "S<", "S`"]), max_size=6), st.sampled_from(["", "Hi. "])
)
def test_what_stands_between_the_tags_never_comes_out(thoughts: list[str], before: str) -> None:
    text = f"{before}<think>{''.join(thoughts)}\n</think>Hello."
    told = Thoughts()
    said = "".join(told.feed(sign).text for sign in text) + told.rest().text
    assert "S" not in said
    assert said.endswith("Hello.")


@given(st.text(st.characters(exclude_characters="<")))
def test_a_text_without_tags_stays_as_it_is(text: str) -> None:
    assert spoken(text) == text == pieces(*text)


def test_what_came_before_a_lone_closing_tag_is_taken_back() -> None:
    thoughts = Thoughts()
    assert thoughts.feed("secret. ") == ("secret. ", False)
    assert thoughts.feed("more</think>Hello") == ("Hello", True)
    assert thoughts.feed(".") == (".", False)


@pytest.mark.parametrize("sign", ["<", "`", "<think>", "</think>", "<think ", " ", "~", "<think>\n```\n", "a<b "])
def test_time_grows_with_the_text_only(sign: str) -> None:
    began = time.process_time()
    pieces(*[sign] * 40_000)
    spoken(sign * 40_000)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n<think>secret</think>Hello.", "Hello."),
        ("</think>Hello.", "Hello."),
        ("<think>secret", ""),
        ("Hello <think>you</think>.", "Hello <think>you</think>."),
        ("secret</think>Hello.", "secret</think>Hello."),
        ("`<think>` is a tag", "`<think>` is a tag"),
    ],
)
def test_the_beginning_alone(text: str, said: str) -> None:
    assert without_first(text) == said
