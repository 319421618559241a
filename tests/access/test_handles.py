"""Handles: what is one person, and what only looks like one."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.access.handles import LONGEST, LONGEST_KEPT, can_be_answered, canonical

TABLE = [
    (" +1 (555) 222-3333 ", None, "+15552223333"),
    ("+1.555.222.3333", "US", "+15552223333"),
    ("(+1) 555 222 3333", None, "+15552223333"),
    ("tel:+1-555-222-3333", None, "+15552223333"),
    ("TEL:+15552223333", None, "+15552223333"),
    ("Name@Example.com", None, "name@example.com"),
    ("imessage:+1555", None, "+1555"),
    ("SMS: +1555", None, "+1555"),
    ("auto:imessage:+1555", None, "+1555"),
    ("sms:User@X.com", None, "user@x.com"),
    ("Alice", "US", "Alice"),
    ("", None, ""),
    (" \t", None, ""),
    ("***", None, ""),
    ("+", None, ""),
    ("imessage:", None, ""),
    # national numbers need a region, and only possible ones become E.164
    ("555-1234", None, "5551234"),
    ("555-1234", "US", "5551234"),
    ("(555) 222-3333", "US", "+15552223333"),
    ("1 555 222 3333", "US", "+15552223333"),
    ("(555) 222-3333", None, "5552223333"),
    ("07911 123456", "GB", "+447911123456"),
    ("0044 7911 123456", "GB", "+447911123456"),
    ("030 1234567", "de", "+49301234567"),
    ("262966", "US", "262966"),
    ("5552223333", "nowhere", "5552223333"),
    # the 0 for callers at home goes, or stays, as the country has it
    ("+49 (0)30 1234567", "US", "+49301234567"),
    ("+39 (0)6 1234567", "US", "+39061234567"),
    ("+1 (0)555 222 3333", "US", "+105552223333"),
    ("+1555222333(0)", "US", "+15552223330"),
    # what is dialled in the region is the number, what only has more digits in front is not
    ("011 1 555 222 3333", "US", "+15552223333"),
    ("00 49 30 1234567", "DE", "+49301234567"),
    ("11 555 222 3333", "US", "115552223333"),
    ("1 1 1 555 222 3333", "US", "1115552223333"),
    ("011 1 1 555 222 3333", "US", "011115552223333"),
    ("44 0 7911 123456", "GB", "4407911123456"),
    ("555 1234", "BS", "5551234"),
    ("8 (912) 345-67-89", "RU", "+79123456789"),
    ("011 15-1234-5678", "AR", "+5491112345678"),
    ("@", None, ""),
    (" " * 400, None, ""),
    ("-" * 100, None, ""),
]


@pytest.mark.parametrize(("text", "region", "expected"), TABLE)
def test_texts_have_one_canonical_form(text: str, region: str | None, expected: str) -> None:
    assert canonical(text, region) == expected


TRICKS = [
    "\uff0b\uff11\uff15\uff15\uff15\uff12\uff12\uff12\uff13\uff13\uff13\uff13",  # full-width
    "+1555222\u0663\u0663\u0663\u0663",  # Arabic digits
    "+1555\u200b2223333",
    "\u202e+15552223333",
    "\u202a+15552223333\u202c",
    "+1\u00a0555\u00a0222\u00a03333",
    "+15552223333\x00",
    "+15552223333\x0b",
    "+15552223333;ext=5",
    "tel:+15552223333;ext=5",
    "+15552223333x5",
    "+1555222333E",
    "+1555222O333",
    "++15552223333",
    "+1+5552223333",
    "1555222+3333",
    "chat_id:+15552223333",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_look_alike_is_not_the_number(trick: str) -> None:
    for region in (None, "US"):
        assert canonical(trick, region) != "+15552223333"


@pytest.mark.parametrize(
    "trick",
    [
        "\u212aim@x.com",  # Kelvin sign, whose lower case is k
        "k\u0131m@x.com",
        "k\u0456m@x.com",
        "kim@x.com.",
        "kim+tag@x.com",
        "kim@x\u3002com",
        "ki\u00adm@x.com",
        "kim@x.com\u200b",
    ],
)
def test_a_look_alike_is_not_the_address(trick: str) -> None:
    assert canonical(trick, "US") != canonical("Kim@X.com", "US") == "kim@x.com"


@given(st.text(max_size=40), st.sampled_from([None, "US", "GB", "DE"]))
def test_a_canonical_form_is_its_own(text: str, region: str | None) -> None:
    once = canonical(text, region)
    assert canonical(once, region) == once


@given(st.text(alphabet=st.characters(min_codepoint=128), min_size=1, max_size=3), st.data())
def test_no_foreign_character_vanishes(foreign: str, data: st.DataObject) -> None:
    number = "+15552223333"
    at = data.draw(st.integers(0, len(number)))
    assert canonical(number[:at] + foreign + number[at:], "US") != number


@given(st.text(max_size=30))
def test_a_plus_is_never_invented_for_other_text(text: str) -> None:
    result = canonical(text, None)
    assert not result.startswith("+") or "+" in text


def test_a_text_beyond_any_address_stays_as_it_is() -> None:
    assert canonical("+" + "1" * 5000, "US") == "+" + "1" * 5000
    assert canonical("tel:+" + "1" * 5000, "US") == "tel:+" + "1" * 5000
    assert canonical(" " * 1_000_000, "US") == ""


def test_the_texts_of_strangers_take_bounded_memory() -> None:
    tracemalloc.start()
    try:
        for number in range(15_000):
            canonical(f"{number}\U0001f600".ljust(LONGEST_KEPT, "\U0001f600"), "US")
        for number in range(9_000):
            canonical(f"{number}\U0001f600".ljust(LONGEST, "\U0001f600"), "US")
        current, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert current < 6_000_000


@pytest.mark.parametrize(
    ("handle", "expected"),
    [
        ("+15552223333", True),
        ("5551234", True),
        ("kim@x.com", True),
        ("262966", False),
        ("+12345", False),
        ("Alice", False),
        ("urn:biz:0123456789", False),
        ("k\u0456m@x.com", False),
        ("kim@x@y.com", False),
        ("kim @x.com", False),
        ("+15552223333\u200b", False),
        ("", False),
    ],
)
def test_only_people_can_be_answered(handle: str, expected: bool) -> None:
    assert can_be_answered(handle) is expected
