"""The quick reader of JSON5: as the reference parser reads it, or not at all; and no text takes long."""

from __future__ import annotations

import json
from pathlib import Path

import json5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.dotenv import parse_dotenv
from config.positions import MAX_VALUES
from config.quick import Doubt, Quick, to_json
from config.source import MAX_UNUSUAL, Source, parse_bytes
from tests.config.conftest import Load
from tests.config.shown import EVERYTHING, TEXT
from tests.config.test_mutations import within
from tests.support.examples import examples

REFUSED = "refused"
BASE = ("{", "}", "[", "]", ":", ",", " ", "\n", "//x\n", "/*y*/", "a", "$b", "true", "null", "'s'", '"t"', "1", "+2.5")
ODD = (
    "-0",
    "01",
    ".5",
    "1.",
    "0x1",
    "1e2",
    "+",
    "-",
    "'",
    '"',
    "\\",
    "/",
    "/*",
    "\u00a0",
    "\u2028",
    "'\\x41'",
    '"\\u00e9"',
)


def quick(text: str) -> object:
    """The value, or that it is refused; a Doubt where the text is left to the reference parser."""
    found = to_json(text)
    if isinstance(found, Doubt):
        return found
    try:
        return json.loads(found.json)
    except ValueError:
        return REFUSED


def agrees(text: str) -> bool:
    """Whether the quick reader says what the reference parser says, or nothing. True, 1 and 1.0 are three values."""
    found = quick(text)
    if isinstance(found, Doubt):
        return True
    try:
        expected = json5.loads(text)
    except ValueError:
        return found == REFUSED
    return found != REFUSED and json.dumps(found) == json.dumps(expected)


@settings(deadline=None, max_examples=examples(150))
@given(parts=st.lists(st.sampled_from(BASE) | st.sampled_from(ODD), max_size=9))
def test_random_tokens(parts: list[str]) -> None:
    assert agrees("".join(parts))


@settings(deadline=None, max_examples=examples(100))
@given(data=st.data())
def test_damaged_json5(data: st.DataObject) -> None:
    text = """{ // c
      a: 'x', "b": [1, +2.5, -3e2, true,], /* d */ $c: { null: null, "e'": '', }, }"""
    at = data.draw(st.integers(0, len(text)))
    put = data.draw(st.sampled_from(BASE) | st.sampled_from(ODD) | st.just(""))
    assert agrees(text[:at] + put + text[at + data.draw(st.integers(0, 3)) :])


@pytest.mark.parametrize("text", [TEXT, EVERYTHING, "{}", "[[],]", "{true:1,}"])
def test_what_people_write_is_read_quickly(text: str) -> None:
    assert isinstance(to_json(text), Quick)
    assert agrees(text)


@pytest.mark.parametrize("text", ["[,]", "{,}", "[1,,]", "{a:}", "{a b:1}", "[a:1]", "{a:1}}", "{'a' 'b'}", "", "//x"])
def test_what_is_wrong_is_left_to_the_report(text: str) -> None:
    assert quick(text) == REFUSED or isinstance(to_json(text), Doubt)


def large(entry: str) -> str:
    """A file far above what the reference parser is given, with `entry` on its own line near the end."""
    lines = ",\n".join(f"  k{number}: {{ text: 'abcdefgh', list: [1, 2, 3,] }}" for number in range(8_000))
    return f"{{ // large\n{lines},\n{entry}\n}}"


def test_a_large_file_is_read_in_time() -> None:
    with within(2):
        found = parse_bytes(Path("/x"), large("  last: 1").encode())
    assert isinstance(found, Source)
    assert found.value["last"] == 1


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("  last 1", "wrong, or an unusual way to write it"),
        ("  last: .5", "must be plain JSON5"),
        ("  last: [1 2]", "not valid JSON5: Expecting ',' delimiter"),
        ("  k1: 1", "appears twice"),
        ("  last: NaN", "not a finite number"),
    ],
)
def test_a_large_file_is_refused_in_time(entry: str, message: str, load_text: Load) -> None:
    with within(2):
        (problem,) = load_text(large(entry)).problems
    assert message in problem.message
    assert (problem.line, problem.column) == (8_002, 3 if "twice" in message else problem.column)


@pytest.mark.parametrize(
    "text",
    [
        "{a:" + "1" * MAX_UNUSUAL + "x}",
        "{a:" + "1" * 2_000_000 + "x}",
        "{" + "/" * 2_000_000,
        "{a:'" + "\\" * 2_000_001,
        "{" + "/**/" * 500_000 + "a:1,}",
        "{a:[" + "'x'," * 400_000 + "]}",
        "[" * 2_000_000,
        "{}" * 1_000_000,
    ],
    ids=["digits", "more digits", "slashes", "backslashes", "comments", "entries", "brackets", "objects"],
)
def test_no_text_takes_long(text: str, load_text: Load) -> None:
    with within(2):
        load_text(text)


def test_the_number_of_values_is_bounded(load_text: Load) -> None:
    (problem,) = load_text("{a:[\n" + "1," * MAX_VALUES + "]}").problems
    assert (problem.message, problem.line) == ("more than 50000 values: shorten the file", 2)


@pytest.mark.parametrize("text", ["A=x" + " \t" * 500_000 + "\r y", " " * 1_000_000, 'A="' + "\\" * 1_000_001])
def test_no_env_file_takes_long(text: str) -> None:
    with within(2):
        parse_dotenv(text)
