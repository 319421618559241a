"""Echo memory: our own words are never answered, other people's words are never swallowed."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.envelopes.control import Spoken
from actors.envelopes.inbound import Inbound
from actors.normalizer.echoes import (
    GUID_SECONDS,
    LOOP_SECONDS,
    MOST,
    NEVER,
    TEXT_SECONDS,
    TEXTS_KEPT_SECONDS,
    UNDER_WAY_SECONDS,
    EchoMemory,
)
from actors.normalizer.folding import DAMAGE, fold
from tests.support.rows import START, guid, inbound

OURS, THEIRS = guid(1000), guid(2000)


def said(text: str = "ok", of: str = "", at: float = START, chat: int = 7, source: int = 1) -> Spoken:
    """What we attempted."""
    return Spoken(chat, source, text, of, at)


def heard(text: str = "ok", of: str = THEIRS, at: float = START + 1, **keys: Any) -> Inbound:
    """A row that claims to be someone else's."""
    return inbound(1, text=text, guid=of, received_at=at, **keys)


def memory(*spoken: Spoken) -> EchoMemory:
    """A memory of these."""
    found = EchoMemory()
    for one in spoken:
        found.spoken(one)
    return found


def test_the_guid_of_something_we_sent_is_an_echo_whatever_its_text() -> None:
    about = memory(said("ok", OURS))
    assert about.is_echo(heard("ok", OURS))
    assert about.is_echo(heard("changed by the system", OURS))
    assert about.is_echo(heard("ok", OURS.lower()))
    assert about.is_echo(heard("ok", OURS, chat=99))


def test_the_guid_counts_for_twelve_hours() -> None:
    about = memory(said("ok", OURS))
    assert about.is_echo(heard("ok", OURS, START + GUID_SECONDS))
    assert not about.is_echo(heard("ok", OURS, START + GUID_SECONDS + 1))


def test_two_different_guids_are_never_an_echo() -> None:
    """A person who says the same as we did is heard, at once and in the same chat."""
    assert not memory(said("ok", OURS)).is_echo(heard("ok", THEIRS, START))
    assert not memory(said("ok"), said("ok", OURS)).is_echo(heard("ok", THEIRS, START + 0.1))


def test_the_text_counts_only_while_no_guid_is_known_and_for_four_seconds() -> None:
    about = memory(said("ok"))
    assert about.is_echo(heard(at=START))
    assert about.is_echo(heard(at=START + TEXT_SECONDS))
    assert not about.is_echo(heard(at=START + TEXT_SECONDS + 0.1))
    assert not about.is_echo(heard(at=START - 1)), "said before we did"


@pytest.mark.parametrize("row", [heard("no"), heard("OK"), heard(chat=8), heard(source=2), heard("")])
def test_another_text_chat_or_database_is_no_echo(row: Inbound) -> None:
    assert not memory(said("ok")).is_echo(row)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("a\nb", "a\r\nb"),
        ("a\nb", "a\rb"),
        ("ok", " ok \n"),
        ("ok", "\ufffdok"),
        ("ok", "\ufffe\uffff\x00ok"),
        ("ok", "\ufeffok"),
        (unicodedata.normalize("NFC", "café Ångström"), unicodedata.normalize("NFD", "café Ångström")),
        (unicodedata.normalize("NFD", "한글"), unicodedata.normalize("NFC", "한글")),
    ],
)
def test_what_messages_does_to_a_text_on_its_way_does_not_hide_an_echo(ours: str, theirs: str) -> None:
    """Promise 13: NFC and NFD, and the damage a broken attributedBody puts in front."""
    assert memory(said(ours)).is_echo(heard(theirs))


def test_our_own_row_tells_the_guid_we_did_not_know() -> None:
    about = memory(said("ok"))
    about.own_row(heard("ok", OURS, is_from_me=True))
    assert about.is_echo(heard("ok", OURS, START + 3600))
    assert not about.is_echo(heard("ok", THEIRS, START + 1))


def test_an_own_row_the_person_typed_teaches_nothing() -> None:
    about = memory(said("ok", OURS))
    about.own_row(heard("typed by hand", THEIRS, is_from_me=True))
    about.own_row(heard("ok", THEIRS, is_from_me=True))
    assert not about.is_echo(heard("typed by hand", THEIRS))
    assert not about.is_echo(heard("ok", THEIRS))


def test_saying_the_same_again_keeps_both_guids() -> None:
    about = memory(said("ok", OURS), said("ok", at=START + 60))
    assert about.is_echo(heard("ok", OURS, START + 61))
    about.spoken(said("ok", THEIRS, START + 60))
    assert about.is_echo(heard("ok", OURS, START + 62))
    assert about.is_echo(heard("ok", THEIRS, START + 62))


def test_the_memory_is_bounded_and_forgets_the_oldest() -> None:
    about = memory(*(said(f"{n}", guid(n), START) for n in range(1, MOST + 2)))
    assert not about.is_echo(heard("1", guid(1)))
    assert about.is_echo(heard("2", guid(2)))
    assert about.is_echo(heard("x", guid(MOST + 1)))


@given(st.text(max_size=30))
def test_a_text_is_its_own_echo_in_any_normal_form(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert fold(unicodedata.normalize(form, text)) == fold(text)


def under_way(text: str = "ok", at: float = START) -> Spoken:
    """A send that has not been answered."""
    return Spoken(7, 1, text, "", at, open=True)


def test_while_the_send_is_under_way_the_text_counts_however_long_it_takes() -> None:
    """A send may take minutes, and its own row may come before its answer."""
    about = memory(under_way())
    assert about.is_echo(heard(at=START + 90))
    about.spoken(said(at=START + 100))
    assert about.is_echo(heard(at=START + 100 + TEXT_SECONDS))
    assert not about.is_echo(heard(at=START + 101 + TEXT_SECONDS))


def test_no_send_is_under_way_for_longer_than_its_deadline_and_the_window_after_it() -> None:
    """However often it is told again: a friend who says the same later is heard."""
    about = memory(under_way(), under_way(at=START + 180))
    assert about.is_echo(heard(at=START + UNDER_WAY_SECONDS))
    assert not about.is_echo(heard(at=START + UNDER_WAY_SECONDS + 1))
    about.spoken(under_way(at=START + 3600))
    assert about.is_echo(heard(at=START + 3700)), "another send"


def test_what_did_not_start_was_not_said() -> None:
    about = memory(under_way(), said(at=NEVER))
    assert not about.is_echo(heard())
    assert not about.repeats(heard())
    assert not about.own_row(heard(is_from_me=True))


def test_taking_back_touches_nothing_that_was_said() -> None:
    """A try that did not start takes neither the answer before it nor what our own row told."""
    about = memory(said("ok"), said(at=NEVER))
    assert about.is_echo(heard(at=START + TEXT_SECONDS))
    about = memory(under_way())
    assert about.own_row(heard("ok", OURS, is_from_me=True))
    about.spoken(said(at=NEVER))
    assert about.is_echo(heard("ok", OURS))


def test_words_are_forgotten_when_nobody_asks_for_them_any_more() -> None:
    about = memory(*(said("x" * number, guid(number), START + number * TEXTS_KEPT_SECONDS) for number in range(1, 50)))
    assert len(about._texts) == 2
    assert about.is_echo(heard("x", guid(49), START + 49 * TEXTS_KEPT_SECONDS)), "not their GUIDs"


def test_an_answer_without_a_guid_does_not_forget_the_one_our_own_row_told() -> None:
    about = memory(under_way())
    about.own_row(inbound(1, text="ok", guid=OURS, received_at=START + 1, is_from_me=True))
    about.spoken(said(at=START + 2))
    assert about.is_echo(heard("ok", OURS, START + 60))
    assert not about.is_echo(heard("ok", THEIRS, START + 2.5))


def test_words_that_keep_coming_back_are_counted_per_chat() -> None:
    """Nine returns in ten minutes: the eighth and all after it are a loop; other chats and other words are not."""
    about = memory(*(said(f"echo {number}", of=guid(3000 + number), at=START + number) for number in range(9)))
    counted = [about.returns(heard(f"echo {number}", guid(4000 + number), START + 20 + number)) for number in range(9)]
    assert counted == [1, 2, 3, 4, 5, 6, 7, 8, 8]
    assert about.returns(heard("something else")) == 0
    assert about.returns(heard("echo 1", chat=8)) == 0
    assert about.returns(heard("echo 1", at=START + LOOP_SECONDS + 2)) == 0


@given(st.text(max_size=20), st.sampled_from(["NFC", "NFD"]), st.text(DAMAGE, max_size=3))
def test_neither_normal_form_nor_damage_in_front_hides_an_echo(text: str, form: Any, damage: str) -> None:
    about = memory(under_way(text))
    assert about.is_echo(heard(damage + unicodedata.normalize(form, text)))
