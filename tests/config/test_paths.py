"""One grammar of paths for the command line and for chat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.paths import Path, PathError, assignment, dotted, parse, typed

KEYS = (
    st.text(max_size=6) | st.text(st.sampled_from("ab.[]\"'\\ =\u201c\u2019"), max_size=6) | st.integers(0, 10**9 - 1)
)
PATHS = st.lists(KEYS, max_size=4).map(tuple)


@given(path=PATHS)
def test_what_is_written_is_read_back(path: Path) -> None:
    assert parse(dotted(path)) == tuple(map(as_read, path)) or path == ("<root>",)


def as_read(key: str | int) -> str:
    return str(key)


@given(path=PATHS.filter(bool), value=st.text(max_size=8))
def test_an_assignment_is_split_behind_the_path(path: Path, value: str) -> None:
    if path == ("<root>",):
        return
    found, rest = assignment(f" {dotted(path)} = {value}")
    assert found == tuple(map(as_read, path))
    assert rest == value.strip()


@given(text=st.text(st.sampled_from("ab.[]0\"'\\ =\u201c\u201d\u2018\u2019"), max_size=10))
def test_any_text_is_a_path_or_refused_with_a_column(text: str) -> None:
    for read in (parse, typed, assignment):
        try:
            read(text)
        except PathError as error:
            assert 1 <= error.column <= len(text) + 1
            assert f"column {error.column}" in str(error)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a.b[0].c", ("a", "b", 0, "c")),
        ("a.0", ("a", "0")),
        ('a["x.y"].b', ("a", "x.y", "b")),
        ("a['x\"y']", ("a", 'x"y')),
        ("a[\u201c42\u201d].b", ("a", "42", "b")),
        ("a[\u2018it s\u2019]", ("a", "it s")),
        (r"a\.b.c", ("a.b", "c")),
        (r"a.me\@example\.com", ("a", "me@example.com")),
        (r"a\\b", ("a\\b",)),
        (r"a\ b", ("a b",)),
        ('["a"].b', ("a", "b")),
        ("channels.imessage.groups.*", ("channels", "imessage", "groups", "*")),
        ("<root>", ()),
        ("", ()),
    ],
)
def test_ways_to_write_a_path(text: str, path: Path) -> None:
    assert parse(text) == path


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        (".a", 1, "does not begin with a dot"),
        ("a.", 2, "a key is missing after the dot"),
        ("a..b", 2, "a key is missing"),
        ("a b", 2, "a key with blanks stands in brackets and quotes"),
        ("a[x]", 2, 'expected [0] or ["key"]'),
        ("a[0", 2, 'expected [0] or ["key"]'),
        ("a[0]b", 5, "cannot stand here"),
        ('a"b', 2, "cannot stand here"),
        ("a=b", 2, "a key with = stands in brackets"),
        (r'a["\q"]', 3, "a backslash here"),
    ],
)
def test_malformed_paths_name_the_column(text: str, column: int, words: str) -> None:
    with pytest.raises(PathError) as refused:
        parse(text)
    assert refused.value.column == column
    assert words in str(refused.value)
    assert text in str(refused.value)


@pytest.mark.parametrize("text", ["__proto__.a", "a.constructor", 'a["prototype"]', r"a.__pro\to__", " a.__proto__ "])
def test_prototype_names_are_refused_from_people(text: str) -> None:
    with pytest.raises(PathError, match="a name JavaScript keeps for itself"):
        typed(text)
    with pytest.raises(PathError, match="a name JavaScript keeps for itself"):
        assignment(f"{text}=1")


@pytest.mark.parametrize("text", ["a", "=1", "a b=1", "", "a["])
def test_no_assignment(text: str) -> None:
    with pytest.raises(PathError):
        assignment(text)


def test_an_assignment_may_hold_any_value() -> None:
    assert assignment('a["x=y"] = b=c') == (("a", "x=y"), "b=c")
    assert assignment("a.b=") == (("a", "b"), "")
