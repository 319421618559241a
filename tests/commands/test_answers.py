"""Answers: within one bubble, and without a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.commands import answers
from actors.outbound.units import units
from config.paths import PathError, assignment
from config.problems import Problem

LINES = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=40), max_size=12)


@given(LINES, st.integers(60, 400))
def test_an_answer_fits_and_says_when_it_does_not(lines: list[str], room: int) -> None:
    text = "\n".join(lines)
    said = answers.capped(text, room, "; more: /x")
    assert units(said) <= room
    assert said == text or said.endswith("... cut here; more: /x")


def test_whole_lines_stay_and_one_that_is_too_long_is_cut() -> None:
    assert answers.capped("one\ntwo\nthree" + "x" * 90, 30) == "one\ntwo\n... cut here"
    assert answers.capped("\U0001f600" * 100, 33) == "\U0001f600" * 10 + "\n... cut here"


DOCUMENT = {"a": {"token": "abcdefgh", "list": ("x", {"b": 1})}, "args": ("run", "--token", "abcdefgh")}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("a", "list", 0), '"x"'),
        (("a", "list", "1", "b"), "1"),
        (("a", "list", 2), "null (not set)"),
        (("a", "list", "x"), "null (not set)"),
        (("a", "list", 0, "y"), "null (not set)"),
        (("b",), "null (not set)"),
        (("a", "token"), '"__OPENCLAW_REDACTED__"'),
        (("args", 2), '"__OPENCLAW_REDACTED__"'),
    ],
)
def test_a_value_is_found_by_its_path_and_shown_without_secrets(path: tuple[str | int, ...], shown: str) -> None:
    assert answers.value(DOCUMENT, path) == shown


@pytest.mark.parametrize("text", ["channels.x sk-secret", "a. sk-secret", "a b=sk-secret", "=sk-secret"])
def test_what_is_wrong_with_a_path_repeats_no_value(text: str) -> None:
    with pytest.raises(PathError) as caught:
        assignment(text)
    said = answers.no_path(caught.value, "usage", text)
    assert "sk-secret" not in said
    assert said.endswith(".\nusage")


def test_of_many_problems_the_first_are_told() -> None:
    found = [Problem(f"a.{number}", "is wrong") for number in range(5)]
    assert answers.problems(found) == ["- a.0: is wrong", "- a.1: is wrong", "- a.2: is wrong", "and 2 more"]


def test_of_a_long_diff_the_first_changes_are_told() -> None:
    lines = [str(number) for number in range(12)]
    assert answers.diff(lines) == [*lines[:9], "... and 3 more lines"]
    assert answers.diff(lines[:9]) == lines[:9]
