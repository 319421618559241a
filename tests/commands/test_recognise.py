"""Commands that are no slash text: abort words and triggers of one's own, from the front of a message to its end."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.commands.parse import TRAILING
from actors.commands.recognise import ABORTS, Recognised, compiled, may_be_command, recognised
from tests.commands import words

OWN = compiled(["/new", " /RESET ", "start over", "Start over now", "/fresh", "/compact", "/config", ""])


def named(text: str, *, with_files: bool = False) -> Recognised | None:
    """What ``text`` is where claw is how one is mentioned."""
    return recognised(text, OWN, words.is_claw, with_files=with_files)


@pytest.mark.parametrize("word", ABORTS)
@pytest.mark.parametrize("form", ["{}", "{}!", " {} \n", "{}...", "{}?!", "{}\u2026", "{}\u3002"])
def test_an_abort_word_is_the_whole_message_in_any_case(word: str, form: str) -> None:
    for spelt in (word, word.upper(), word.title()):
        assert named(form.format(spelt)) == Recognised("stop", "", "", True)
        assert named("@claw, " + form.format(spelt)) == Recognised("stop", "", "", False)


@pytest.mark.parametrize(
    "text",
    [
        "stop it",
        "please stop",
        "nonstop",
        "1stop",
        "stop/",
        "/ stop",
        "-stop",
        "stop stop",
        "waiting",
        "await",
        "st\u200bop",
        "st\u043ep",
        "\u017ftop",
        "\uff53\uff54\uff4f\uff50",
        "the claw\nstop",
        "starting over",
        "start  overs",
        "please start over",
        "//fresh",
        "a/fresh",
        "start over.",
        "",
        " ",
        "!",
    ],
)
def test_anything_else_is_text(text: str) -> None:
    assert named(text) is None


@given(
    text=st.text(max_size=4),
    word=st.sampled_from(["", "/", "/new x", "claw, ", *ABORTS]),
    end=st.text(alphabet=TRAILING + "ptcPTC\u212a\u0130\u017f", max_size=3),
)
def test_what_is_text_at_the_first_glance_is_no_command(text: str, word: str, end: str) -> None:
    for said in (text + word + end, text + word.upper() + end, word.title() + end):
        if not may_be_command(said):
            assert recognised(said, None, lambda _: True) is None


@pytest.mark.parametrize("text", ["message number 5", "echo: hello", "is it?", "I will wait for it", "", "it", "up."])
def test_most_texts_are_seen_to_be_no_command_at_the_first_glance(text: str) -> None:
    assert not may_be_command(text)


def test_a_word_with_a_file_is_not_the_whole_message() -> None:
    assert named("stop", with_files=True) is None
    assert named("/stop", with_files=True) == Recognised("stop", "", "stop", False)
    assert named("start over", with_files=True) == Recognised("new", "", "", True)


@pytest.mark.parametrize(
    ("text", "arguments", "written", "bare"),
    [
        ("start over", "", "", True),
        (" START \t Over\n", "", "", True),
        ("start over now", "", "", True),
        ("start over nowadays I see", "nowadays I see", "", True),
        ("start over with cats\nand dogs", "with cats\nand dogs", "", True),
        ("claw: start over", "", "", False),
        ("claw start over /new x", "/new x", "", False),
        ("/fresh", "", "", False),
        ("@claw /Fresh fish", "fish", "", False),
        ("/compact", "", "compact", False),
        ("start over stop", "stop", "", True),
    ],
)
def test_a_trigger_is_the_whole_message_or_stands_before_the_first_one(
    text: str, arguments: str, written: str, bare: bool
) -> None:
    assert named(text) == Recognised("new", arguments, written, bare)


def test_a_trigger_takes_no_name_of_a_command_carried_out_here() -> None:
    assert named("/config show") == Recognised("config", "show", "config", False)
    assert named("/new x") == Recognised("new", "x", "new", False)


@pytest.mark.parametrize("triggers", [(), ("/new", "/reset"), ("", "  ")])
def test_without_triggers_of_ones_own_nothing_is_looked_for(triggers: tuple[str, ...]) -> None:
    assert compiled(triggers) is None
    assert recognised("start over", None, words.is_claw) is None


def test_a_trigger_is_words_and_no_pattern() -> None:
    pattern = compiled(["a.c (x", ".*"])
    assert recognised("abc (x", pattern, words.is_claw) is None
    assert recognised("a.c (x", pattern, words.is_claw) == Recognised("new", "", "", True)


def test_a_huge_message_takes_no_time() -> None:
    began = time.perf_counter()
    for text in ("start " * 200_000, " " * 1_000_000 + "stop", "stop" + "." * 1_000_000, "start" + " " * 1_000_000):
        named(text)
    assert time.perf_counter() - began < 1


@given(st.text(), st.sampled_from(["", "stop", "start over", "/fresh", "/new ", "claw "]), st.text())
def test_any_text_can_be_asked(before: str, word: str, after: str) -> None:
    found = named(before + word + after)
    assert found is None or found.name
