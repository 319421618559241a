"""Words in patterns: their boundaries are where people see them, in every script, or that is reported."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.access.mentions import compile_patterns
from actors.access.word_ends import UnspeltError, spelt

BOT, HEY, AIDE = "\u0431\u043e\u0442", "\u044d\u0439", "\u0430\u0441\u0441\u0438\u0441\u0442\u0435\u043d\u0442"
NAMASTE = "\u0928\u092e\u0938\u094d\u0924\u0947"


@pytest.mark.parametrize(
    ("pattern", "mentions", "others"),
    [
        (rf"@?{AIDE}\b", [AIDE, f"{HEY} @{AIDE.upper()}, 1", f"{AIDE}."], [f"{AIDE}\u043a\u0430", f"{AIDE}1"]),
        ("\\b\u00c4nne\\b", ["\u00e4nne", "hi \u00c4nne!"], ["\u00e9\u00e4nne", "x\u00e4nne", "\u00e4nnes"]),
        ("\\bzo\u00eb\\b", ["zo\u00eb", "(ZO\u00cb)", "zoe\u0308"], ["zo\u00ebtrope", "azo\u00eb"]),
        (rf"\b(?:{AIDE}|{BOT})\b", [BOT, f"a {AIDE} b"], [f"\u0440\u043e{BOT}", f"{BOT}\u044b"]),
        (rf"(?i)(\bclaw\b|\b{BOT}\b)", ["Claw", BOT, f"x {BOT}"], ["clawed", f"{BOT}\u044b"]),
        (rf"(?P<name>\b{BOT}?\b)", [BOT, BOT[:2]], [f"\u0440{BOT}"]),
        (rf"^\b{BOT}\b", [BOT, f"{BOT}, hi"], [f"hi {BOT}", f"{BOT}\u044b"]),
        (rf"\b{BOT}\b$", [f"hi {BOT}"], [f"{BOT}.", f"\u0440{BOT}"]),
        (rf"^\b({BOT}|{HEY})\b$", [BOT, HEY], [f"{BOT} {HEY}"]),
        (rf"\b{HEY}\b,\s+\b{BOT}\b", [f"{HEY}, {BOT}"], [f"{HEY},{BOT}", f"{HEY} {BOT}"]),
        (rf"\b{BOT}\w*\b", [BOT, f"{BOT}\u044b!"], [f"\u0440{BOT}"]),
        (rf"{BOT}[\w.]+{HEY}", [f"{BOT}\u044b.\u044b{HEY}"], [f"{BOT} {HEY}"]),
        (rf"{BOT}\W{HEY}", [f"{BOT}-{HEY}"], [f"{BOT}\u044b{HEY}"]),
        (r"\b\p{Cyrillic}+\b", ["hi " + BOT], ["hi"]),
        (r"\b\x{431}\x{43e}\x{442}\b", [BOT], [f"{BOT}\u044b"]),
        (rf"\b{NAMASTE}\b", [NAMASTE, f"{NAMASTE}!"], [f"{NAMASTE}\u0928", f"\u0928{NAMASTE}"]),
        (rf"\bclaw\b.*{BOT}", [f"claw {BOT}"], [f"clawed {BOT}"]),
    ],
)
def test_a_word_ends_where_its_letters_end(pattern: str, mentions: list[str], others: list[str]) -> None:
    found = compile_patterns([pattern])
    assert found.problems == ()
    assert [text for text in mentions if not found.found_in(text)] == []
    assert [text for text in others if found.found_in(text)] == []


@pytest.mark.parametrize(
    "pattern",
    [rf"{BOT}\b[,:]?", rf"{BOT}\b.*!", rf"({BOT}|claw)\b ?now", rf"(?:\b{BOT})+", rf"(?:{BOT}\b)* x", rf"{BOT}\b{HEY}"],
)
def test_a_boundary_that_cannot_be_spelt_is_reported_with_what_to_write(pattern: str) -> None:
    found = compile_patterns([pattern], "agents.list.0.groupChat.mentionPatterns")
    [(path, why)] = found.problems
    assert path == "agents.list.0.groupChat.mentionPatterns.0"
    assert r"the \b in " in why
    assert r"[^\pL\pN_]" in why
    assert not found.usable


@pytest.mark.parametrize("pattern", [r"\bclaw\b", r"@?\bclaw\b\w*", rf"\Q{BOT}\b\E", rf"{BOT}\\b", rf"{BOT}[.b]", "("])
def test_what_re2_sees_as_it_is_meant_stays_as_it_is(pattern: str) -> None:
    assert spelt(pattern) == pattern


def test_a_mention_before_a_command_may_be_of_any_script() -> None:
    found = compile_patterns([rf"\b@?{AIDE}\b"])
    assert found.are_all_of(f"@{AIDE}, ")
    assert not found.are_all_of(f"{HEY} {AIDE} ")


def test_s17_many_boundaries_are_quick_enough() -> None:
    names = "|".join(rf"\b{BOT}{number}.{{0,20}}\b" for number in range(10))
    found = compile_patterns([names, rf"\b(?:x|.){{300}}Q\b|\b{BOT}\b"])
    assert len(found.matchers) == 2
    for text in ("a" * 9000, f"{BOT}3 " * 2000, "".join(chr(0x410 + number * 7919 % 900) for number in range(9000))):
        began = time.perf_counter()
        found.found_in(text)
        assert time.perf_counter() - began < 2


@given(st.text("\\\\b(|)?:*+[]^$w Q\u0431a@{2}p", max_size=16))
def test_any_pattern_is_spelt_or_refused(pattern: str) -> None:
    try:
        spelt(pattern)
    except UnspeltError as error:
        assert str(error)
    found = compile_patterns([pattern])
    assert len(found.matchers) + len(found.problems) == 1
