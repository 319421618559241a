"""Chunks: what no input may break."""

import re
import time

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.outbound.chunks import Mode, chunk
from actors.outbound.units import reach, units
from tests.support.examples import examples

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"  # 11 units, one cluster
FLAG = "\U0001f1e9\U0001f1ea"  # 4 units, one cluster
SMILE = "\U0001f600"

HOSTILE = [
    *(
        "a",
        "bc",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        "\u00a0",
        "\u2028",
        "\x00",
        "\x1d",
        "\u200b",
        "\ufeff",
    ),
    *("(", ")", "(x y)", "\ud800", "\udc00", "\u0301", "\u200d", "\ufe0f", "\u0600", "e\u0301", " \u0301"),
    *(SMILE, "\U0001f44d\U0001f3fd", "\U0001f1e9", FLAG, FAMILY, "\u6f22", "\ud55c", "\u1112\u1161\u11ab"),
    *("\u0915\u094d\u0937", "1\ufe0f\u20e3", "\U000e0001"),
]
hostile = st.lists(st.sampled_from(HOSTILE), max_size=60).map("".join) | st.text(max_size=60)
modes: st.SearchStrategy[Mode] = st.sampled_from(["length", "newline"])


def unspaced(text: str) -> str:
    return "".join(text.split())


def assert_sound(pieces: tuple[str, ...], limit: int) -> None:
    for piece in pieces:
        assert not piece.isspace()
        assert 0 < units(piece) <= limit or (limit == 1 and len(piece) == 1)


@given(hostile, st.integers(1, 40), modes)
@settings(max_examples=examples(250), deadline=None)
@example("\u0600" + FLAG + FLAG, 4, "length")
def test_chunks_fit_are_not_blank_and_join_to_the_text(text: str, limit: int, mode: Mode) -> None:
    pieces = chunk(text, limit, mode)
    assert_sound(pieces, limit)
    assert unspaced("".join(pieces)) == unspaced(text)


@given(hostile, st.integers(1, 40))
def test_a_text_that_fits_is_untouched(text: str, limit: int) -> None:
    if text.strip() and units(text) <= limit:
        assert chunk(text, limit) == (text,)


@given(hostile, st.integers(1, 40), modes)
@settings(max_examples=examples(250), deadline=None)
@example("\u0600" + FLAG + FLAG, 4, "length")
@example(FAMILY + "a" + FLAG * 2, 7, "length")
@example("ab  \u0301c", 3, "length")
@example("a\u0600 \u0301\u0301", 4, "length")
def test_no_cut_falls_inside_a_cluster_that_fits(text: str, limit: int, mode: Mode) -> None:
    seen = [at for at, character in enumerate(text) if not character.isspace()]
    cluster_of = {at: cluster.span() for cluster in regex.finditer(r"\X", text) for at in range(*cluster.span())}
    done = 0
    for piece in chunk(text, limit, mode):
        begin, end = cluster_of[seen[done]]
        if units(text[begin:end]) <= limit:
            # Nothing visible before it in its cluster, and a space that carries a mark came along.
            assert done == 0 or seen[done - 1] < begin
            lead = piece[: len(piece) - len(piece.lstrip())]
            assert lead.endswith(text[begin : seen[done]])
        done += len(unspaced(piece))


@given(st.text(alphabet="ab `~\n(", max_size=120), st.integers(1, 30), modes)
@settings(max_examples=examples(150), deadline=None)
def test_with_stray_markers_only_markers_are_added(text: str, limit: int, mode: Mode) -> None:
    pieces = chunk(text, limit, mode)
    assert_sound(pieces, limit)
    joined = iter(unspaced("".join(pieces)))
    assert all(character in joined for character in unspaced(text))


MARKER = re.compile(r" {0,3}(`{3,}|~{3,})([^\n]*)")


def open_fence(text: str) -> str | None:
    """The marker of the fence still open at the end of `text`."""
    marker: str | None = None
    for line in text.split("\n"):
        if not (match := MARKER.fullmatch(line)):
            continue
        if marker is None:
            marker = match[1]
        elif match[1].startswith(marker) and not match[2].strip():
            marker = None
    return marker


def without_markers(text: str) -> str:
    return unspaced("\n".join(line for line in text.split("\n") if not MARKER.fullmatch(line)))


words = st.text(alphabet=f"ab (){SMILE}\u00e9", min_size=1, max_size=60)
code = st.lists(words | st.just("") | words.map(lambda line: "    " + line), min_size=1, max_size=8).map("\n".join)


@st.composite
def fenced(draw: st.DrawFn) -> str:
    marker = draw(st.sampled_from(["```", "~~~", "````", "  ```"]))
    closer = marker + draw(st.sampled_from(["", " "]))
    return f"{marker}{draw(st.sampled_from(['', 'js', ' python x']))}\nx\n{draw(code)}\n{closer}"


documents = st.lists(words | fenced(), min_size=1, max_size=6).flatmap(
    lambda blocks: st.sampled_from(["\n", "\n\n"]).map(lambda joint: joint.join(blocks))
)


@given(documents, st.integers(40, 120), modes)
@settings(max_examples=examples(150), deadline=None)
def test_fences_stay_balanced_where_there_is_room(text: str, limit: int, mode: Mode) -> None:
    pieces = chunk(text, limit, mode)
    assert_sound(pieces, limit)
    assert all(open_fence(piece) is None for piece in pieces)
    assert without_markers("\n".join(pieces)) == without_markers(text)


@given(hostile, st.integers(0, 30), st.integers(0, 30))
def test_reach_is_the_longest_stretch_that_fits(text: str, start: int, room: int) -> None:
    start = min(start, len(text))
    end = reach(text, start, room)
    measured = [1 + (ord(character) > 0xFFFF) for character in text]
    assert sum(measured[start:end]) <= room
    assert end == len(text) or sum(measured[start : end + 1]) > room


@pytest.mark.parametrize(
    "unit",
    [
        *("hello w\u00f6rld ", "a", SMILE, "\U0001f1e9", FAMILY, "\u0301", " \u0301", "(", "()", "(a b) "),
        *(
            "\n",
            "a\n\n",
            "\u00a0",
            "```\n",
            "```\na\n```\n",
            "`",
            "~~~\nxxxx",
            "\ud800",
            "\x00",
            "x(\n",
            " \n",
        ),
    ],
    ids=ascii,
)
def test_hostile_texts_take_linear_time(unit: str) -> None:
    text = "a" + unit * (200_000 // len(unit)) + "b"
    begun = time.process_time()
    for mode in ("length", "newline"):
        assert_sound(chunk(text, 4000, mode), 4000)
    assert time.process_time() - begun < 2
