"""Mentions: what speaks to the agent, whatever the pattern or the message."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.access.mentions import LONGEST_TEXT, Mentions, compile_patterns, from_identity


def test_patterns_ignore_case_and_match_anywhere() -> None:
    mentions = compile_patterns([r"@?\bclaw\b", "robot"])
    assert mentions.usable
    assert mentions.found_in("hey CLAW, are you there")
    assert mentions.found_in("roBOTics")
    assert not mentions.found_in("clawed")


@pytest.mark.parametrize(
    "text",
    ["c\u200bl\u200da\u2060w", "\uff43\uff4c\uff41\uff57", "\u202eclaw", "c\u00adlaw", "cla\u034fw\ufe0f"],
)
def test_invisible_and_full_width_characters_hide_no_mention(text: str) -> None:
    assert compile_patterns(["claw"]).found_in(f"hi {text}!")


def test_patterns_are_folded_like_texts() -> None:
    assert compile_patterns(["re\u0301sume\u0301"]).found_in("my R\u00e9sum\u00e9")
    assert compile_patterns(["\U0001f469\u200d\U0001f4bb"]).found_in("ask \U0001f469\u200d\U0001f4bb")
    literal = compile_patterns(["\uff08claw\uff09"])
    assert literal.found_in("(claw)")
    assert not literal.found_in("claw")


def test_a_backspace_was_meant_as_a_word_boundary() -> None:
    mentions = compile_patterns(["\bclaw\b"])
    assert mentions.found_in("a claw")
    assert not mentions.found_in("clawed")


def test_patterns_the_engine_cannot_do_are_reported_with_their_path() -> None:
    patterns = ["(?=claw)", "claw", r"(a)\1", "(", "  ", "x" * 2000, "(x{1000}){1000}"]
    mentions = compile_patterns(patterns, "messages.groupChat.mentionPatterns")
    assert [path for path, _ in mentions.problems] == [
        f"messages.groupChat.mentionPatterns.{index}" for index in (0, 2, 3, 4, 5, 6)
    ]
    assert all(why for _, why in mentions.problems)
    assert mentions.found_in("claw")


def test_without_a_usable_pattern_nothing_is_a_mention() -> None:
    for mentions in (Mentions(), compile_patterns([]), compile_patterns(["("])):
        assert not mentions.usable
        assert not mentions.found_in("anything")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Claw Bot, hi", True),
        ("@claw   bot", True),
        ("hi @CLAW\nBOT", True),
        ("clawbot", False),
        ("my claw bots", False),
        ("xclaw bot", False),
        ("look \U0001f99e", True),
        ("look \U0001f980", False),
    ],
)
def test_name_and_emoji_are_mentions(text: str, expected: bool) -> None:
    assert from_identity("Claw  Bot", "\U0001f99e").found_in(text) is expected


def test_names_of_any_script_are_whole_words() -> None:
    zoe = from_identity("Zo\u00eb", None)
    assert zoe.found_in("hi zo\u00cb!")
    assert not zoe.found_in("zo\u00ebtrope")
    assert from_identity("a.b", None).found_in("@a.b?")
    assert not from_identity("a.b", None).found_in("axb")


def test_no_name_and_no_emoji_is_no_pattern() -> None:
    for name, emoji in ((None, None), ("", " "), ("\u200b", "\ufe0f")):
        assert not from_identity(name, emoji).usable


def test_an_emoji_matches_in_text_and_picture_form() -> None:
    assert from_identity(None, "\u2764\ufe0f").found_in("\u2764")


def test_only_the_beginning_of_a_long_text_counts() -> None:
    mentions = compile_patterns(["claw"])
    assert mentions.found_in("x" * (LONGEST_TEXT - 4) + "claw")
    assert not mentions.found_in("x" * LONGEST_TEXT + "claw")


def test_an_evil_pattern_takes_no_time() -> None:
    mentions = compile_patterns(["(a+)+b", "(.*a){20}b", "((a|aa)+)+c"])
    assert len(mentions.matchers) == 3
    began = time.perf_counter()
    assert not mentions.found_in("a" * 100_000 + "!")
    assert not mentions.found_in("\ufdfa" * 100_000)
    assert time.perf_counter() - began < 1


@given(st.text())
def test_any_text_can_be_asked(text: str) -> None:
    compile_patterns([r"\bclaw\b"]).found_in(text)
    compile_patterns([r"\bclaw\b"]).found_in(text + "\ud800")


@given(st.text(max_size=30))
def test_any_pattern_can_be_given(pattern: str) -> None:
    mentions = compile_patterns([pattern])
    assert len(mentions.matchers) + len(mentions.problems) == 1
