"""Which columns a table shows, and how wide they are."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from actors.control.columns import Column, Cut, fitted, middle

COLUMNS = (
    Column("name"),
    Column("words", Cut.END),
    Column("path", Cut.MIDDLE),
    Column("faults", usual="0"),
    Column("since", expendable=2),
    Column("parent", expendable=1),
)
ROW = ("conversation:1", "w" * 30, "/a/b/" + "c" * 20 + "/end", "2", "12:00:00", "supervisor")


def shown(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, highlight=False, emoji=False)
    console.print(fitted(COLUMNS, [[Text(text) for text in row] for row in rows], width))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_with_room_all_is_there() -> None:
    head, _, line = shown([ROW], 200)
    assert head.split() == [column.head for column in COLUMNS]
    assert tuple(line.split()) == ROW


def test_columns_that_say_nothing_are_left_out_the_first_never() -> None:
    head, _, line = shown([("-", "-", "-", "0", "-", "x")], 80)
    assert (head.split(), line.split()) == (["name", "parent"], ["-", "x"])
    assert "faults" in shown([ROW, ("-", "-", "-", "0", "-", "-")], 200)[0]


def test_without_rows_the_heads_are_there() -> None:
    assert shown([], 80)[0].split() == [column.head for column in COLUMNS]


@pytest.mark.parametrize(("width", "gone"), [(107, []), (106, ["parent"]), (95, ["parent"]), (94, ["parent", "since"])])
def test_expendable_columns_leave_in_their_order(width: int, gone: list[str]) -> None:
    assert shown([ROW], width)[0].split() == [column.head for column in COLUMNS if column.head not in gone]


def test_names_keep_their_width_while_others_are_cut() -> None:
    line = shown([ROW], 56)[2]
    name, words, path, faults = line.split()
    assert (name, faults) == ("conversation:1", "2")
    assert words.endswith("w\u2026")
    assert (path[:3], path[-4:], "\u2026" in path) == ("/a/", "/end", True)


def test_as_a_last_resort_names_go_on_in_the_next_line() -> None:
    lines = shown([ROW], 34)
    assert lines[0].split() == ["name", "words", "path", "faults"]
    assert "conversation:1" in "".join(line.split(" ")[0] for line in lines[2:])


@given(
    rows=st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")))] * 6)),
    width=st.integers(30, 120),
)
def test_no_line_is_wider_than_asked(rows: list[tuple[str, ...]], width: int) -> None:
    assert all(Text(line).cell_len <= width for line in shown(rows, width))


@given(text=st.text(max_size=60), width=st.integers(3, 60))
def test_a_cut_in_the_middle_keeps_both_ends(text: str, width: int) -> None:
    cut = middle(text, width)
    assert len(cut) <= width
    if len(text) > width:
        assert (cut[0], cut[-1]) == (text[0], text[-1])
    else:
        assert cut == text
