"""Chunks: what is cut where."""

import pytest

from actors.outbound.chunks import Mode, chunk
from actors.outbound.units import units

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"  # 11 units, one cluster
FLAG = "\U0001f1e9\U0001f1ea"  # 4 units, one cluster
SMILE = "\U0001f600"
JS = "```js\nconst a = 1;\nconst b = 2;\n```\nAfter"

TABLE: list[tuple[str, Mode, int, str, tuple[str, ...]]] = [
    ("row 1", "length", 10, "", ()),
    ("row 2: no limit", "length", 0, "hello", ("hello",)),
    ("row 3: fits, untouched", "length", 10, "abc   ", ("abc   ",)),
    ("row 4", "length", 5, "hello world", ("hello", "world")),
    (
        "row 6",
        "length",
        10,
        "Supercalifragilisticexpialidocious",
        ("Supercalif", "ragilistic", "expialidoc", "ious"),
    ),
    (
        "row 7",
        "length",
        35,
        "Heads up now (Though now I'm curious)ok",
        ("Heads up now", "(Though now I'm curious)ok"),
    ),
    ("row 9", "length", 12, "Hello) world (ok)", ("Hello)", "world (ok)")),
    ("row 11", "length", 15, "line one\nline two here", ("line one", "line two here")),
    (
        "row 12: newline beats a later space",
        "length",
        20,
        "alpha beta\ngamma delta eps",
        ("alpha beta", "gamma delta eps"),
    ),
    ("row 14: a leading newline is no seam", "length", 5, "\nabcdefghij", ("\nabcd", "efghi", "j")),
    (
        "row 16",
        "length",
        40,
        "paragraph one line\n\nparagraph two starts here and continues",
        ("paragraph one line", "paragraph two starts here and continues"),
    ),
    ("row 17", "length", 60, "a" * 100, ("a" * 60, "a" * 40)),
    ("row 18: whole characters", "length", 5, SMILE * 6, (SMILE * 2,) * 3),
    (
        "rows 20 and 32: fences stay balanced",
        "length",
        24,
        JS,
        ("```js\nconst a = 1;\n```", "```js\nconst b = 2;\n```", "After"),
    ),
    ("row 21: a bubble per paragraph", "newline", 1000, "Para one\n\nPara two", ("Para one", "Para two")),
    ("row 22", "newline", 1000, "Line one\nLine two", ("Line one\nLine two",)),
    ("row 23", "newline", 1000, "A\n\n\n\nB\n \t\nC", ("A", "B", "C")),
    ("row 25", "newline", 1000, "```\na\n\nb\n```", ("```\na\n\nb\n```",)),
    ("row 26", "newline", 1000, "```\na\n\nb\n```\n\nAfter", ("```\na\n\nb\n```", "After")),
    ("row 29", "newline", 1000, "a\r\n\r\nb", ("a", "b")),
    ("row 30", "newline", 10, "\n\n\n", ()),
    ("row 31", "newline", 10, "x" * 25, ("x" * 10, "x" * 10, "x" * 5)),
    ("row 34", "length", 20, f"~~~sh\n{'x' * 40}\n~~~", (f"~~~sh\n{'x' * 10}\n~~~",) * 4),
    (
        "row 35: no room, balance given up",
        "length",
        8,
        f"```\n{'y' * 12}\n```",
        ("```", "y" * 8, "yyyy\n```"),
    ),
    ("row 37: blank lines at a seam go", "length", 5, "a\n\n\nb c d e f g", ("a", "b c", "d e", "f g")),
    (
        "row 38: blank lines at a seam go",
        "newline",
        12,
        "```js\na\n\nb\n```\n\nAfter",
        ("```js\na\n```", "```js\nb\n```", "After"),
    ),
    (
        "nested parentheses",
        "length",
        26,
        "Hello (outer (inner) end) world",
        ("Hello (outer (inner) end)", "world"),
    ),
    ("an unclosed one holds nothing", "length", 12, "(one two three four", ("(one two", "three four")),
    ("nor one that cannot fit", "length", 10, "ab (c d e f g h)", ("ab (c d e", "f g h)")),
    ("indentation after a newline", "length", 12, "def f():\n    return 1", ("def f():", "    return 1")),
    ("no indentation after a space", "length", 5, "aaaa    bbb", ("aaaa", "bbb")),
    ("no cut at a no-break space", "length", 8, "abc 10\u00a0km left", ("abc", "10\u00a0km", "left")),
    (
        "text before a fence goes first",
        "length",
        24,
        f"Look:\n{JS}",
        ("Look:", "```js\nconst a = 1;\n```", "```js\nconst b = 2;\n```", "After"),
    ),
    (
        "an unclosed fence",
        "length",
        16,
        "```\naaaa bbbb\ncccc dddd",
        ("```\naaaa\n```", "```\nbbbb\n```", "```\ncccc dddd"),
    ),
    (
        "a long opening line is reopened bare",
        "length",
        40,
        f"```{'j' * 28}\n{'a' * 3}\n{'b' * 20}\n```",
        (f"```{'j' * 28}\naaa\n```", f"```\n{'b' * 20}\n```"),
    ),
    ("trailing white space alone does not make a chunk", "length", 5, "aa bb      ", ("aa bb",)),
    ("a blank stretch does not make a chunk", "length", 4, f"ab{' ' * 30}cd", ("ab", "cd")),
    ("a family is whole", "length", 12, f"aaaa{FAMILY}", ("aaaa", FAMILY)),
    ("flags are whole", "length", 6, FLAG * 2, (FLAG, FLAG)),
    ("one code point larger than the limit", "length", 1, f"a{SMILE}b", ("a", SMILE, "b")),
    ("blank", "length", 10, " \n\t ", ()),
    ("newline mode drops blank paragraphs", "newline", 50, "\n\n a\n\n \n\n b \n\n", (" a", " b")),
    (
        "parentheses in code are code",
        "length",
        16,
        "```\nf(a\nb)\ncccccc\n```",
        ("```\nf(a\nb)\n```", "```\ncccccc\n```"),
    ),
]


@pytest.mark.parametrize(("mode", "limit", "text", "chunks"), [c[1:] for c in TABLE], ids=[c[0] for c in TABLE])
def test_the_table_of_chunks(mode: Mode, limit: int, text: str, chunks: tuple[str, ...]) -> None:
    assert chunk(text, limit, mode) == chunks


def test_the_default_limit_is_4000_units() -> None:
    assert chunk("a" * 4000) == ("a" * 4000,)
    assert [len(piece) for piece in chunk("a" * 4001)] == [4000, 1]
    assert [units(piece) for piece in chunk(SMILE * 2001)] == [4000, 2]


def test_indentation_of_code_survives_a_seam() -> None:
    lines = "\n".join(f"    step_{number}()" for number in range(30))
    pieces = chunk(f"```py\ndef f():\n{lines}\n```", 100)
    assert len(pieces) > 4
    for piece in pieces:
        assert all(line.startswith(("```", "def", "    step_")) for line in piece.split("\n"))
