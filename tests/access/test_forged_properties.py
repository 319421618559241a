"""No text is taken for a listed person unless it is spelled like one, whatever is done to the letters.

``spellings`` says once more, and simpler than the product, which ways of writing are one person.
"""

from __future__ import annotations

import re
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.access.policy import Allowed, decide
from actors.envelopes.inbound import Admit
from tests.access.builders import row, view
from tests.access.gates import EVERYWHERE, LISTED, admitted_at
from tests.support.examples import examples

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_NATIONAL = re.compile(r"1?([0-9]{10})")
_ABROAD = re.compile(r"011([0-9]{8,15})")


def spellings(text: str) -> frozenset[str]:
    """What a text may stand for by the documented ways of writing a handle, region US, told in the simplest way."""
    text = text.strip(" \t\r\n")
    while found := re.match(r"[ \t\r\n]*(?:imessage|sms|auto):[ \t\r\n]*", text, re.ASCII | re.IGNORECASE):
        text = text[found.end() :]
    if "@" in text:
        return frozenset({text.translate(_LOWER)})
    if text[:4].translate(_LOWER) == "tel:":
        text = text[4:]
    plain = _plain(text)
    both = {plain, _plain(text.replace("(0)", "", 1))} if plain.startswith("+") else {plain}
    dialled = {"+1" + found[1] for found in [_NATIONAL.fullmatch(plain)] if found}
    abroad = {"+" + found[1] for found in [_ABROAD.fullmatch(plain)] if found}
    return frozenset(both | dialled | abroad)


def _plain(text: str) -> str:
    return "".join(character for character in text if character not in " \t().-")


LOOKALIKES = (
    "\u0456\u0131\u212a\u0445\u0441\u043e\u043c\uff0b\uff11\uff13\uff15\uff20"
    "\u0661\u0663\u06f3\u200b\u200d\u202e\u2060\ufeff\u00ad\u3002"
)
NEAR = st.one_of(
    st.characters(),
    st.sampled_from(list(LOOKALIKES)),
    st.sampled_from(list("0123456789+-().@;=x \t\r\n\x00\x0b")),
    st.sampled_from(["tel:", "sms:", "imessage:", ";ext=", "(0)", "00", "011", "+1", "chat_id:", "+tag", "mailto:"]),
)


@st.composite
def near(draw: st.DrawFn) -> str:
    """A text a few edits away from a listed handle."""
    text = draw(st.sampled_from([*LISTED, "5552223333", "KIM@X.COM"]))
    for _ in range(draw(st.integers(0, 3))):
        at, cut = draw(st.integers(0, len(text))), draw(st.integers(0, 1))
        text = text[:at] + draw(st.one_of(NEAR, st.just(""))) + text[at + cut :]
    return text


@settings(max_examples=examples(500))
@given(near())
def test_who_is_admitted_is_spelled_like_somebody_listed(sender: str) -> None:
    if admitted_at(sender):
        assert spellings(sender) & set(LISTED)


@settings(max_examples=examples(500))
@given(st.text(max_size=40))
def test_no_other_text_is_anybody_listed(sender: str) -> None:
    assert admitted_at(sender) == (EVERYWHERE if spellings(sender) & set(LISTED) else [])


@settings(max_examples=examples(500))
@given(near(), near())
def test_an_entry_admits_only_what_is_spelled_like_it(entry: str, sender: str) -> None:
    of = view(dm_policy="allowlist", allow_from=(entry,))
    message = row(sender=sender, chat_id=99, guid_of_chat="iMessage;-;c", identifier="c")
    if isinstance(decide(message, of, Allowed()), Admit):
        assert spellings(sender) & spellings(entry)


@given(near())
def test_every_gate_sees_the_same_person(sender: str) -> None:
    assert admitted_at(sender) in ([], EVERYWHERE)
