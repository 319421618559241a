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
def test_s18_invisible_and_full_width_characters_hide_no_mention(text: str) -> None:
    assert compile_patterns(["claw"]).found_in(f"hi {text}!")


@pytest.mark.parametrize(
    "hidden",
    [
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
        *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x180B, 0x180E, 0x3164, 0xFEFF, 0xFFA0, 0xE0100, 0xE0041),
    ],
)
def test_s18_no_character_without_ink_hides_one(hidden: int) -> None:
    mentions = compile_patterns([r"\bclaw\b"])
    for text in (f"cl{chr(hidden)}aw", f"{chr(hidden)}claw{chr(hidden)}"):
        assert mentions.found_in(text)


def test_s18_what_only_looks_alike_is_no_mention() -> None:
    """The message then waits for a mention, as any other: nothing is let in by a look-alike."""
    assert not compile_patterns(["claw"]).found_in("\u0441law")
    assert not from_identity("Claw", None).found_in("Cl\u0430w")


def test_s18_an_accent_behind_an_invisible_character_is_still_one() -> None:
    assert compile_patterns(["caf\u00e9"]).found_in("cafe\u200b\u0301")
    assert compile_patterns(["cafe\u200b\u0301"]).found_in("caf\u00e9")


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


EVERYTHING = ["@bot|", "x*", ".*", "(?s).*", "^", "$", "(claw)?", r"\b", r"claw|\b", r"\B", ".", ".+", r"\S", "[^x]"]


@pytest.mark.parametrize("pattern", [*EVERYTHING, "\u0431\u043e\u0442|\\b", "(?:\u0431\u043e\u0442)?\\b"])
def test_a_pattern_that_matches_every_message_is_reported_and_not_used(pattern: str) -> None:
    mentions = compile_patterns(["claw", pattern], "messages.groupChat.mentionPatterns")
    [(path, why)] = mentions.problems
    assert (path, "would match every message" in why) == ("messages.groupChat.mentionPatterns.1", True)
    assert not mentions.found_in("hello there")
    assert mentions.found_in("claw")


@pytest.mark.parametrize("pattern", ["x+", "claw.*", "^claw", "[a-z]", r"\d", "\U0001f99e?claw"])
def test_a_pattern_that_needs_something_is_used(pattern: str) -> None:
    assert compile_patterns([pattern]).problems == ()


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


@pytest.mark.parametrize("pattern", [r"\bclaw\b", "claw$", "^x+claw$", "x{20} ?claw$"])
def test_a_cut_is_no_end_of_a_word_or_a_text(pattern: str) -> None:
    """What matches only because the rest is not looked at is no mention."""
    mentions = compile_patterns([pattern])
    text = "x" * (LONGEST_TEXT - 5) + " claw"
    assert mentions.found_in(text) or pattern.startswith("^")
    assert not mentions.found_in(text + "ed")
    assert not mentions.found_in("\ufdfa" * 500 + text)


def test_s17_a_pattern_that_would_take_long_is_reported_and_not_used() -> None:
    slow = [".{0,1000}x" * 6, "[ax].{0,1000}Q", "(?:a|b|x|.){1000}Q"]
    mentions = compile_patterns(slow, "agents.list.0.groupChat.mentionPatterns")
    assert [path for path, _ in mentions.problems] == [
        f"agents.list.0.groupChat.mentionPatterns.{index}" for index in range(3)
    ]
    assert all("too large" in why for _, why in mentions.problems)


def test_s17_the_slowest_pattern_that_is_used_is_quick_enough() -> None:
    mentions = compile_patterns(["[ax].{0,500}Q", "(?:a|b|x|.){600}Q", r"(?:^|[^\pL])claw(?:[^\pL]|$)"])
    assert len(mentions.matchers) == 3
    for text in ("a" * 100_000, "xa" * 50_000, "\u4e2d" * 100_000):
        began = time.perf_counter()
        assert not mentions.found_in(text)
        assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("claw", True),
        (" @Claw, ", True),
        ("@\uff23law: ", True),
        ("cl\u200baw", True),
        ("claw\n", False),
        ("\nclaw", False),
        ("claw\u2028", False),
        ("\U0001f99e ", True),
        ("hi claw ", False),
        ("claw claw ", False),
        ("", False),
        (" , ", False),
        ("@", False),
        ("x" * 300, False),
        (" " * 60 + "claw", True),
        (" " * 61 + "claw", False),
    ],
)
def test_what_may_stand_before_a_command_is_a_mention_and_nothing_else(before: str, expected: bool) -> None:
    assert from_identity("Claw", "\U0001f99e").are_all_of(before) is expected
    if "\U0001f99e" not in before:
        assert compile_patterns(["claw"]).are_all_of(before) is expected
    assert not Mentions().are_all_of(before)


@pytest.mark.parametrize(
    "pattern", [".*claw.*", "(?s).*claw.*", "^claw.*", "claw.*now|claw", r"[\s\S]*", "(hey )?claw.*"]
)
def test_a_pattern_that_matches_whole_sentences_makes_no_mention_of_them(pattern: str) -> None:
    mentions = compile_patterns([pattern])
    for before in ("claw please look at the ", "hey claw look at ", "claw, do it right now "):
        assert not mentions.are_all_of(before)


def test_a_mention_of_several_words_needs_each_of_them() -> None:
    assert from_identity("Claw  Bot", None).are_all_of("@claw   bot: ")
    assert not from_identity("Claw Bot", None).are_all_of("claw claw bot ")
    assert compile_patterns([".*claw.*"]).are_all_of("Claw, ")
    assert compile_patterns(["hey claw", "claw"]).are_all_of("hey claw ")


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
