"""Texts are compared in one form, and whatever a stranger writes is in that form at once."""

from __future__ import annotations

import time
import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.access import mentions
from actors.normalizer.folding import LONGEST_COMPOSED, SHORT, composed, fold
from tests.normalizer.bench import Bench
from tests.support.probes import KillableStage
from tests.support.rows import raw

HIGH, LOW, VOWEL, KANA = "\u0300", "\u0316", "\u0f73", "\uff9e"
"""Marks above and below a letter, one that is two marks, and a letter that becomes a mark."""
MANY = 200_000
SECONDS = 1.0
"""What took minutes takes some milliseconds."""
Form = Literal["NFC", "NFKC"]


def seconds(text: str, form: Form = "NFC") -> float:
    """How long composing takes at the best of three."""
    return min(_timed(text, form) for _ in range(3))


def _timed(text: str, form: Form) -> float:
    start = time.perf_counter()
    composed(text, form)
    return time.perf_counter() - start


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
@pytest.mark.parametrize(
    "text",
    [
        "a" + HIGH * MANY + LOW * MANY,
        ("a" + HIGH * 500 + LOW * 500) * 400,
        "a" + VOWEL * MANY + KANA * MANY,
        "a" + (HIGH + LOW) * MANY,
        "\u0915\u093f" * MANY,
        HIGH * MANY,
        "\uac00" * MANY,
        "\ufdfa" * MANY,
    ],
    ids=["long run", "many runs", "hidden marks", "turns", "hindi", "no letter", "syllables", "phrases"],
)
def test_no_text_takes_longer_than_its_length(text: str, form: Form) -> None:
    assert seconds(text, form) < SECONDS


def test_what_is_as_short_as_not_to_be_cut_is_quick() -> None:
    for marks in (HIGH + LOW, VOWEL + KANA):
        half = SHORT // 2 - 1
        assert seconds("a" + marks[0] * half + marks[1] * half, "NFKC") < SECONDS / 100


def test_one_row_of_a_stranger_holds_nobody_up(stage: KillableStage) -> None:
    """Folded before anybody decides about it, on the one thread that everybody's rows pass."""
    bench = Bench(stage)
    body = raw(1, text="a" + HIGH * MANY + LOW * MANY)
    start = time.perf_counter()
    bench.receive(body)
    assert time.perf_counter() - start < SECONDS
    assert len(bench.passed[0].text) == 2 * MANY + 1, "only what is compared is cut"


def test_mentions_are_looked_for_at_once() -> None:
    """The longest text that is looked at, full of marks."""
    text = "a" + HIGH * (mentions.LONGEST_TEXT // 2) + LOW * (mentions.LONGEST_TEXT // 2)
    found = mentions.from_identity("Claw", None)
    start = time.perf_counter()
    assert not found.found_in(text)
    assert time.perf_counter() - start < 0.02
    assert found.found_in(text[:1000] + " Claw")


@given(st.text(max_size=SHORT // 4))
def test_a_short_text_has_the_one_form_that_unicode_gives_it(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert composed(unicodedata.normalize(form, text)) == unicodedata.normalize("NFC", text)


@given(st.text(st.sampled_from(["a", HIGH, LOW, "\u00e9", "\u1100", "\u1161"]), max_size=20))
def test_a_long_text_has_it_too_but_for_marks_nobody_writes(text: str) -> None:
    """Thirty on one letter is what the standard allows."""
    long = "x" * SHORT + text
    for form in ("NFC", "NFD"):
        assert fold(unicodedata.normalize(form, long)) == unicodedata.normalize("NFC", long)


def test_every_mark_is_seen_as_one() -> None:
    """Nothing that begins with a mark once it is taken apart escapes the cut."""
    for form in ("NFD", "NFKD"):
        begin = "".join(
            chr(code)
            for code in range(0x110000)
            if not 0xD800 <= code < 0xE000 and unicodedata.combining(unicodedata.normalize(form, chr(code))[0])
        )
        for one in begin:
            assert len(composed("a" + one * 1000)) <= 4 * 31, hex(ord(one))


def test_what_follows_the_longest_bubble_stays_as_it_is() -> None:
    """Texts that differ only there are still different, so no long message is taken for another."""
    front, apart = "\u00e9" * LONGEST_COMPOSED, "e" + HIGH
    assert fold(front + apart) == front + apart
    assert fold(front + "a") != fold(front + "b")


def test_a_row_is_folded_once(stage: KillableStage, monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[str] = []

    def counting(text: str) -> str:
        folded.append(text)
        return text

    monkeypatch.setattr("actors.normalizer.echoes.fold", counting)
    bench = Bench(stage)
    bench.receive(raw(1, text="milk"), raw(2, text="eggs", is_from_me=True))
    assert folded == ["milk", "eggs"]
