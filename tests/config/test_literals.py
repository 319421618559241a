"""What people type becomes the value they mean; what is written is read back the same."""

from __future__ import annotations

import json

import json5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import literals
from tests.config import json5_texts as texts

STYLES = st.builds(
    literals.Style,
    quote=st.sampled_from("\"'"),
    key_quote=st.sampled_from([None, "'", '"']),
    bare_keys=st.booleans(),
    colon=st.sampled_from([":", ": "]),
    comma=st.sampled_from([",", ", "]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    unit=st.sampled_from(["  ", "\t", "    "]),
    trailing_comma=st.booleans(),
    expand=st.booleans(),
)


@settings(deadline=None, max_examples=150)
@given(value=texts.VALUES, style=STYLES, indent=st.sampled_from([None, "", "  ", "\t"]), spread=st.booleans())
def test_what_is_written_is_read_back(value: object, style: literals.Style, indent: str | None, spread: bool) -> None:
    text = literals.write(value, style, indent, spread=spread)
    assert texts.strict(json5.loads(text)) == texts.strict(value)
    assert indent is not None or "\n" not in text


@settings(deadline=None, max_examples=150)
@given(value=texts.VALUES, indent=st.sampled_from([None, ""]))
def test_the_json_style_is_json(value: object, indent: str | None) -> None:
    text = literals.write(value, literals.JSON, indent)
    assert texts.strict(json.loads(text)) == texts.strict(value)
    assert texts.strict(literals.read(text, strict=True)) == texts.strict(value)


@settings(deadline=None, max_examples=200)
@given(text=st.text(max_size=12) | st.text(st.sampled_from("{}[]\"'+-.0123eExNa:, \u201c\u201d"), max_size=12))
def test_any_text_is_a_value_or_is_refused_with_words(text: str) -> None:
    for read in (literals.read, literals.read_chat, lambda text: literals.read(text, strict=True)):
        try:
            value = read(text)
        except literals.LiteralError as error:
            assert str(error)
        else:
            assert value == text or texts.strict(json5.loads(literals.write(value))) == texts.strict(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("0x10", 16),
        ("true", True),
        ("null", None),
        ("open", "open"),
        ("'open'", "open"),
        ("[bot]", "[bot]"),
        ("[1, 'a',]", [1, "a"]),
        ("{a: {b: 1}} // c", {"a": {"b": 1}}),
        ("+15555550123", "+15555550123"),
        ("+1 (555) 555-0123", "+1 (555) 555-0123"),
        ("007", "007"),
        ("NaN", "NaN"),
        ("1e999", "1e999"),
        ("{a: 1, a: 2}", "{a: 1, a: 2}"),
        ("${TOKEN}", "${TOKEN}"),
        ("", ""),
        ("a, b", "a, b"),
        ("1}, x: {", "1}, x: {"),
    ],
)
def test_read(text: str, value: object) -> None:
    found = literals.read(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", ["open", "+1555", "007", "NaN", "{a: 1, a: 2}", "", "[" * 5000, "'\\ud83d'", "[+1555]"]
)
def test_strict_reading_refuses_text_without_quotes(text: str) -> None:
    with pytest.raises(literals.LiteralError):
        literals.read(text, strict=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" 5 ", 5),
        ("-2.5", -2.5),
        ("true", True),
        ("null", None),
        ("007", "007"),
        ("0x10", "0x10"),
        ("1e3", "1e3"),
        ("+15555550123", "+15555550123"),
        ("hello there", "hello there"),
        ('"5"', "5"),
        ("'a \"b\"'", 'a "b"'),
        ("\u201cHello\u201d", "Hello"),
        ("\u2018it\u2019s\u2019", "it\u2019s"),
        ('"', '"'),
        ("{a: 1, b: ['x',]}", {"a": 1, "b": ["x"]}),
        ("[\u201c+15555550123\u201d, \u201cme@example.com\u201d]", ["+15555550123", "me@example.com"]),
        ('["\u201cso\u201d"]', ["\u201cso\u201d"]),
        ("=x", "=x"),
    ],
)
def test_read_chat(text: str, value: object) -> None:
    found = literals.read_chat(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  ", "a value is missing"),
        ("[bot]", "not valid JSON5"),
        ("{a: 1, a: 2}", "appears twice"),
        ("[1] // x\n]", "not valid JSON5"),
        ("[+15555550123]", "loses its plus sign"),
        ("[" * 200 + "]" * 200, "nested too deeply"),
        ("[Infinity]", "not a finite number"),
    ],
)
def test_read_chat_refuses(text: str, words: str) -> None:
    with pytest.raises(literals.LiteralError, match=words):
        literals.read_chat(text)


def test_short_things_stay_on_a_line_and_blocks_do_not() -> None:
    assert literals.write({"a": ["x", 1], "b": {}}) == '{ a: ["x", 1], b: {} }'
    assert literals.write({"a": {"b": 1}}) == "{\n  a: { b: 1 },\n}"
    assert literals.write({"a": {"b": 1}}, indent=None) == "{ a: { b: 1 } }"
    assert literals.write(["x" * 40] * 2, literals.JSON).count("\n") == 3
