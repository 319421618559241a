"""Answers in parts: one behind the other, under keys of their own, and every row ends once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.envelopes.inbound import Absorbed, Dropped, Held, Outcome, Replied
from actors.envelopes.outbound import Prepared, Reply, chunk_key
from actors.envelopes.session import TurnRecord
from actors.outbound.answers import MOST_CHUNKS, NOTICES, answer_of, notice_position, reply_id, room
from actors.outbound.parts import AGAIN, FORGOTTEN, REMEMBERED, Parts, Taken
from actors.outbound.preparing import NO_REPLY, ONLY_FILES, OutboundView, prepare
from actors.outbound.units import units
from tests.support.rows import address

VIEW = OutboundView()
TURN = TurnRecord("s", "main", (1, 2), "all of it", 1.0, 2.0)


def answer(*texts: str, seq: int = 2, also: int = 1) -> list[Reply]:
    """An answer to rows ``also`` and ``seq`` in parts, as a conversation tells it."""
    last = len(texts) - 1
    return [
        Reply(
            seq,
            "s",
            address(),
            text,
            ((also, Replied()),) if not number and last else ((seq, Replied()),) if number == last else (),
            part=number,
            goes_on=number != last,
            turn=TURN if number == last else None,
        )
        for number, text in enumerate(texts)
    ]


def said(parts: Parts, replies: list[Reply], view: OutboundView = VIEW) -> list[Taken]:
    """What becomes of each part."""
    return [parts.take(reply, view) for reply in replies]


def texts(taken: list[Taken]) -> list[list[str]]:
    """The bubbles of each part."""
    return [[chunk.text for chunk in one.prepared.chunks] for one in taken]


def ends(taken: list[Taken]) -> dict[int, Outcome]:
    """What each row ends with; each only once."""
    every = [pair for one in taken for pair in one.prepared.settles]
    assert len(dict(every)) == len(every)
    return dict(every)


def keys(taken: list[Taken]) -> list[int]:
    """The keys of all bubbles."""
    return [chunk.key for one in taken for chunk in one.prepared.chunks]


def test_parts_stand_one_behind_the_other_and_the_last_carries_the_turn() -> None:
    taken = said(Parts(), answer("one\n\ntwo", "three", "four"), OutboundView(mode="newline"))
    assert texts(taken) == [["one", "two"], ["three"], ["four"]]
    assert keys(taken) == [chunk_key(2, n) for n in range(4)]
    assert [one.prepared.part for one in taken] == [0, 1, 2]
    assert [one.prepared.turn for one in taken] == [None, None, TURN]
    assert [[seq for seq, _ in one.prepared.settles] for one in taken] == [[1], [], [2]]
    assert ends(taken) == {1: Replied(), 2: Replied()}


def test_the_prefix_stands_once_in_front_of_the_first_words() -> None:
    view = OutboundView(prefix="auto", identity_name="Ada")
    assert texts(said(Parts(), answer("NO_REPLY", "one", "two"), view)) == [[], ["[Ada] one"], ["two"]]


@pytest.mark.parametrize("silent", ["", " \n", "NO_REPLY", "no_reply."])
def test_a_silent_part_makes_no_bubbles_and_ends_its_rows(silent: str) -> None:
    taken = said(Parts(), answer("one", silent, "two", silent))
    assert texts(taken) == [["one"], [], ["two"], []]
    assert keys(taken) == [chunk_key(2, 0), chunk_key(2, 1)]
    assert ends(taken) == {1: Replied(), 2: Replied()}
    assert taken[-1].prepared.turn == TURN


def test_an_answer_of_silent_parts_is_absorbed() -> None:
    taken = said(Parts(), answer("NO_REPLY", "", "NO_REPLY"))
    assert ends(taken) == {1: NO_REPLY, 2: NO_REPLY}
    assert taken[-1].prepared.turn == TURN
    assert [one.why for one in taken] == ["", "", ""]


def test_a_row_that_is_not_to_be_replied_to_ends_as_it_says() -> None:
    """Whoever wrote it was shut out before the answer ended."""
    lost = Dropped("sender not allowed", "channels.imessage.allowFrom")
    for first in ("one", "NO_REPLY"):
        begun, last = answer(first, "")
        taken = said(Parts(), [begun, replace(last, settles=((2, lost),))])
        assert ends(taken)[2] == lost
    assert prepare(replace(answer("")[0], settles=((2, lost),)), VIEW).settles == ((2, lost),)


def test_a_part_that_does_not_fit_any_more_ends_the_answer_and_what_was_said_stays() -> None:
    taken = said(Parts(), answer("one", "a\n\n" * MOST_CHUNKS, "two", "three"), OutboundView(mode="newline"))
    assert texts(taken) == [["one"], [], [], []]
    assert ends(taken) == {1: Replied(), 2: Replied()}
    assert [one.why for one in taken] == ["", f"reply too long: {MOST_CHUNKS} chunks", "", ""]
    assert taken[-1].prepared.turn == TURN


def test_an_answer_whose_first_words_do_not_fit_is_held() -> None:
    taken = said(Parts(), answer("NO_REPLY", "a" * (VIEW.limit * MOST_CHUNKS + 1), "two"))
    assert texts(taken) == [[], [], []]
    assert ends(taken) == {1: NO_REPLY, 2: Held(f"reply too long: {VIEW.limit * MOST_CHUNKS + 1} characters")}
    assert taken[-1].prepared.turn is None, "it may be answered yet"


def test_an_answer_that_is_begun_anew_is_not_said_again() -> None:
    parts = Parts()
    first = said(parts, answer("one", "two", "three")[:2])
    again = said(parts, answer("uno", "due"))
    assert texts(first + again) == [["one"], ["two"], [], []]
    assert [one.why for one in again] == [AGAIN, ""]
    assert ends(again)[2] == Replied()
    assert len(parts) == 0


@pytest.mark.parametrize("in_parts", [False, True])
def test_one_that_said_nothing_yet_is_said_when_it_is_begun_anew(in_parts: bool) -> None:
    parts = Parts()
    said(parts, answer("NO_REPLY", "one")[:1])
    replies = answer("uno", "due") if in_parts else answer("uno")
    assert parts.knows(replies[0])
    assert texts(said(parts, replies)) == ([["uno"], ["due"]] if in_parts else [["uno"]])


def test_a_part_of_an_answer_nobody_knows_is_not_said_and_ends_its_rows() -> None:
    parts = Parts()
    for seq in range(10, 11 + REMEMBERED):
        said(parts, answer("one", "two", seq=seq, also=seq + 10_000)[:1])
    assert len(parts) == REMEMBERED
    (rest,) = said(parts, answer("one", "two", seq=10)[1:])
    assert (rest.prepared.chunks, rest.prepared.settles, rest.why) == ((), ((10, Replied()),), FORGOTTEN)
    assert texts(said(parts, answer("one", "two", seq=11)[1:])) == [["two"]]


def test_a_part_that_cannot_be_cut_ends_the_answer() -> None:
    parts = Parts()
    first, second = answer("one", "two")
    said(parts, [first])
    parts.forget(second)
    assert not parts.knows(first)


def test_answers_of_different_rows_do_not_mix() -> None:
    parts = Parts()
    one, other = answer("one", "two"), answer("uno", "due", seq=4, also=3)
    taken = said(parts, [one[0], other[0], other[1], one[1]])
    assert keys(taken) == [chunk_key(2, 0), chunk_key(4, 0), chunk_key(4, 1), chunk_key(2, 1)]


@given(
    said_=st.lists(st.text(st.sampled_from("ab cd\n.()"), max_size=120) | st.just("NO_REPLY"), min_size=1, max_size=6),
    limit=st.integers(5, 60),
    newline=st.booleans(),
)
@settings(deadline=None)
def test_joined_again_parts_are_the_answer_under_unique_rising_keys(
    said_: list[str], limit: int, newline: bool
) -> None:
    parts, view = Parts(), OutboundView(limit, "newline" if newline else "length")
    taken = said(parts, answer(*said_))
    assert len(parts) == 0
    taken = said(parts, answer(*said_), view)
    found = keys(taken)
    assert found == list(range(chunk_key(2, 0), chunk_key(2, 0) + len(found)))
    assert len({answer_of(key) for key in found}) <= 1
    assert "".join("".join(text.split()) for one in texts(taken) for text in one) == "".join(
        "".join(text.split()) for text in said_ if text != "NO_REPLY"
    )
    assert all(units(text) <= limit for one in texts(taken) for text in one)
    assert set(ends(taken)) == ({1, 2} if len(said_) > 1 else {2})
    assert isinstance(ends(taken)[2], Replied if found else Absorbed)


@given(sizes=st.lists(st.integers(0, MOST_CHUNKS), min_size=2, max_size=8))
@settings(deadline=None)
def test_parts_never_leave_the_positions_of_their_answer(sizes: list[int]) -> None:
    taken = said(Parts(), answer(*("a\n\n" * size for size in sizes)), OutboundView(mode="newline"))
    found = keys(taken)
    assert all(one < other for one, other in pairwise(found))
    assert not found or found[-1] < chunk_key(2, MOST_CHUNKS)
    assert set(ends(taken)) == {1, 2}


# One part


def test_a_turn_and_the_number_of_a_part_pass_through() -> None:
    (whole,) = answer("one")
    assert prepare(whole, VIEW) == Prepared(prepare(whole, VIEW).chunks, ((2, Replied()),), 0, TURN)
    assert prepare(replace(whole, text="NO_REPLY"), VIEW).turn == TURN
    assert prepare(replace(whole, text="a" * (VIEW.limit * MOST_CHUNKS + 1)), VIEW).turn is None


def test_files_alone_are_no_reply() -> None:
    (whole,) = answer("one")
    assert prepare(replace(whole, text="", media=("/tmp/a.png",)), VIEW).settles == ((2, ONLY_FILES),)
    assert [chunk.text for chunk in prepare(replace(whole, media=("/tmp/a.png",)), VIEW).chunks] == ["one"]
    taken = said(Parts(), [replace(one, text="", media=("/tmp/a.png",)) for one in answer("one", "two")])
    assert ends(taken) == {1: ONLY_FILES, 2: ONLY_FILES}


# Notices


@pytest.mark.parametrize("text", ["short", "word " * 200, "one\n\ntwo"])
def test_a_notice_is_one_bubble_in_a_position_of_its_own(text: str) -> None:
    position = notice_position(3)
    assert position == NOTICES + 3
    told = Reply(5, "", address(), text, (), position)
    (chunk,) = prepare(told, OutboundView(limit=40, mode="newline")).chunks
    assert chunk.key == chunk_key(5, NOTICES + 3)
    assert text.startswith(chunk.text)
    assert room(position) == 1


def test_a_row_carries_so_many_notices_and_no_more() -> None:
    assert notice_position(MOST_CHUNKS - 1) == NOTICES + MOST_CHUNKS - 1
    assert notice_position(MOST_CHUNKS) is None
    assert notice_position(-1) is None


def test_every_notice_is_an_answer_by_itself_and_the_chunks_of_others_are_one() -> None:
    blocks = {first: {reply_id(chunk_key(7, first + n)) for n in range(MOST_CHUNKS)} for first in (0, 1024, 2048, 3072)}
    assert {first: len(ids) for first, ids in blocks.items()} == {0: 1, 1024: 1, 2048: MOST_CHUNKS, 3072: 1}
    assert len(set().union(*blocks.values())) == MOST_CHUNKS + 3
