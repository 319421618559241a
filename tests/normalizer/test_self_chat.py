"""The chat with oneself: a person's notes pass, our own answers never do, and neither do the twins of both."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.envelopes.control import Replayed, Spoken
from actors.envelopes.inbound import Dropped, Held
from actors.normalizer.echoes import LOOP, PREVIEW_SECONDS, EchoMemory
from actors.normalizer.fences import STALE_BACKLOG
from actors.normalizer.previews import LINK_PREVIEW
from actors.normalizer.unseen import LIVE_SECONDS, RECALLED_SECONDS
from tests.normalizer.bench import Bench
from tests.support.probes import KillableStage
from tests.support.rows import ANN, BEN, OWN, START, guid, inbound, raw

ECHO, TWIN = Dropped("agent echo in self-chat"), Dropped("self-chat echo")
DATE = "2027-01-15T08:16:40.000Z"
"""START, on the wire."""
NOTES: dict[str, Any] = {
    "chat_guid": f"iMessage;-;{OWN}",
    "chat_identifier": OWN,
    "sender": OWN,
    "destination_caller_id": OWN,
    "created_at": DATE,
}


def mine(number: int, text: str = "milk", **keys: Any) -> bytes:
    """The row from me."""
    return raw(number, text=text, is_from_me=True, **{**NOTES, **keys})


def twin(number: int, text: str = "milk", **keys: Any) -> bytes:
    """The row that came back."""
    return raw(number, text=text, **{**NOTES, **keys})


def said(text: str = "echo: milk", of: str = "", at: float = START, under_way: bool = False) -> Spoken:
    """What a sender tells."""
    return Spoken(7, 1, text, of, at, under_way)


@pytest.fixture
def bench(stage: KillableStage) -> Bench:
    """A normalizer."""
    return Bench(stage)


def test_a_note_is_to_be_judged_like_anybodys_message(bench: Bench) -> None:
    """And its twin, which policy knows by its sender."""
    bench.receive(mine(1), twin(2), at=START)
    assert [(row.guid, row.is_from_me) for row in bench.passed] == [(guid(1), True), (guid(2), False)]
    assert bench.verdicts == []


@pytest.mark.parametrize("of", [guid(3), guid(3).lower()])
@pytest.mark.parametrize("under_way", [True, False])
def test_an_answer_is_known_by_its_guid(bench: Bench, of: str, under_way: bool) -> None:
    bench.stage.tell(bench.ref, said(of=of, under_way=under_way))
    bench.receive(mine(3, "whatever Messages made of it"), at=START + 3600)
    assert bench.verdicts == [ECHO]
    assert bench.passed == []


def test_an_answer_is_known_by_its_words_while_its_guid_is_not(bench: Bench) -> None:
    """However long the send takes, and after one that names no GUID."""
    bench.stage.tell(bench.ref, said(under_way=True))
    bench.receive(mine(3, "echo: milk"), at=START + 170)
    bench.stage.tell(bench.ref, said(at=START + 180), said(at=START + 181, under_way=True), said(at=START + 182))
    bench.receive(mine(5, "echo: milk"), at=START + 182 + RECALLED_SECONDS)
    assert bench.verdicts == [ECHO, ECHO]
    assert bench.passed == []


def test_the_row_it_was_told_of_is_evidence_for_its_sender(bench: Bench) -> None:
    bench.stage.tell(bench.ref, said(under_way=True))
    bench.receive(mine(3, "echo: milk"))
    (judged,) = [told for told in bench.access.told if hasattr(told, "verdict")]
    assert judged.row.is_from_me


def test_equal_answers_to_equal_notes_are_all_known(bench: Bench) -> None:
    """Their rows may come when all of them have been said."""
    for at in range(3):
        bench.stage.tell(bench.ref, said(at=START + at, under_way=True), said(at=START + at + 0.5))
    bench.receive(
        *(row for number in (10, 20, 30) for row in (mine(number, "echo: milk"), twin(number + 1, "echo: x")))
    )
    assert bench.verdicts == [ECHO, ECHO, ECHO]
    assert all(not row.is_from_me for row in bench.passed)


def test_a_person_may_say_what_we_said(bench: Bench) -> None:
    """The row of ours was seen, or imsg named it: another one with its words is a person's."""
    bench.stage.tell(bench.ref, said(under_way=True), said(of=guid(3)))
    bench.receive(mine(3, "echo: milk"), mine(4, "echo: milk"), at=START + 1)
    bench.stage.tell(bench.ref, said("echo: eggs", under_way=True))
    bench.receive(mine(5, "echo: eggs"), at=START + 1)
    bench.stage.tell(bench.ref, said("echo: eggs", at=START + 2))
    bench.receive(mine(6, "echo: eggs"), at=START + 3600)
    assert [row.guid for row in bench.passed] == [guid(4), guid(6)]
    assert bench.verdicts == [ECHO, ECHO]


def test_words_nobody_saw_a_row_of_are_ours_for_twelve_hours(bench: Bench) -> None:
    bench.stage.tell(bench.ref, said(under_way=True), said())
    bench.receive(mine(3, "echo: milk", created_at=...), at=START + LIVE_SECONDS + 1)
    assert [row.guid for row in bench.passed] == [guid(3)]


@pytest.mark.parametrize("order", [(mine, twin), (twin, mine)], ids=["mine first", "twin first"])
def test_the_twin_of_an_answer_is_no_loop(bench: Bench, order: Any) -> None:
    """However many there are: each of our answers has one."""
    for number in range(0, 40, 2):
        text = f"echo: {number}"
        bench.stage.tell(bench.ref, said(text, guid(number + 1), under_way=True), said(text, guid(number + 1)))
        for make in order:
            bench.receive(make(number + (1 if make is mine else 2), text), at=START)
    assert bench.verdicts == [ECHO] * 20
    assert [row.is_from_me for row in bench.passed] == [False] * 20


def test_the_twin_of_an_answer_under_way_is_an_echo(bench: Bench) -> None:
    bench.stage.tell(bench.ref, said(under_way=True))
    bench.receive(twin(4, "echo: milk"), mine(3, "echo: milk"))
    assert bench.verdicts == [Dropped("echo"), ECHO]


def test_an_answer_that_becomes_ours_only_later_is_an_echo_by_guid(bench: Bench) -> None:
    """Written as not from me, corrected when nobody looks any more."""
    bench.stage.tell(bench.ref, said(of=guid(3), under_way=True))
    bench.receive(twin(3, "echo: milk"), twin(4, "echo: milk"))
    bench.receive(mine(3, "echo: milk"), at=START + 60)
    assert bench.verdicts == [Dropped("echo"), ECHO]
    assert [row.guid for row in bench.passed] == [guid(4)], "the twin is for policy"


def test_the_preview_of_a_link_we_sent_is_ours(bench: Bench) -> None:
    """imsg tells it as a row of its own with the same words, or as a part of our row; the person's links are theirs."""
    link = "echo: https://example.org"
    bench.stage.tell(bench.ref, said(link, guid(3)))
    bench.receive(mine(3, link, url_preview={"guid": guid(9)}), mine(4, link), at=START + 2)
    bench.receive(mine(5, "https://example.org", url_preview={"guid": guid(8)}), at=START + 2)
    bench.receive(mine(6, link, created_at=...), at=START + PREVIEW_SECONDS + 1)
    assert bench.verdicts == [ECHO, Dropped(LINK_PREVIEW), ECHO, Dropped(LINK_PREVIEW)]
    assert [row.guid for row in bench.passed] == [guid(5), guid(6)]


def test_our_words_that_keep_coming_as_new_notes_are_held(bench: Bench) -> None:
    """Something writes each of our answers once more, from me: the eighth time it is a loop."""
    for number in range(LOOP + 1):
        text = f"echo: {number}"
        bench.stage.tell(bench.ref, said(text, guid(100 + number)))
        bench.receive(mine(200 + number, text), at=START + 1)
    assert bench.verdicts == [Held("echo loop")] * 2
    assert len(bench.passed) == LOOP - 1


def test_a_note_that_comes_too_late_is_marked_and_an_answer_is_not_counted(stage: KillableStage) -> None:
    """A backlog of notes is no more to be answered unasked than one of anybody else's."""
    bench = Bench(stage, liveMinutes=15, replayHours=48, maxRows=1)
    old = "2027-01-15T07:00:00Z"
    bench.stage.tell(bench.ref, said("said", guid(2)))
    bench.receive(mine(1, created_at=old), mine(2, "said", created_at=old), mine(3), raw(4, is_from_me=True))
    assert [row.stale for row in bench.passed] == [STALE_BACKLOG, "", ""]
    assert bench.verdicts == [ECHO]


# After a restart


def test_what_was_sent_before_a_restart_is_known_with_or_without_its_guid(bench: Bench) -> None:
    told = Replayed("echoes", (said("by name", guid(3)), said("by words"), said("by words")))
    bench.stage.tell(bench.ref, told)
    bench.receive(mine(3, "by name"), mine(4, "by words"), mine(5, "by words"), at=START + 3600)
    assert bench.verdicts == [ECHO, ECHO, ECHO]


def test_words_from_before_a_restart_tell_nothing_of_rows_that_are_not_from_me(bench: Bench) -> None:
    """A friend who says the same right after it is heard."""
    bench.stage.tell(bench.ref, Replayed("echoes", (said("hi"),)))
    bench.receive(raw(3, text="hi"), at=START + 1)
    assert [row.guid for row in bench.passed] == [guid(3)]


def test_what_a_person_says_long_after_a_restart_is_a_note(bench: Bench) -> None:
    """Of what had no GUID nobody knows whether its row was seen: dates tell."""
    bench.stage.tell(bench.ref, Replayed("echoes", (said(at=START - RECALLED_SECONDS - 1),)))
    bench.receive(mine(3, "echo: milk"))
    assert [row.guid for row in bench.passed] == [guid(3)]


@pytest.mark.parametrize("of", [guid(3), ""])
def test_what_was_said_before_a_long_stop_is_known_for_as_long_as_rows_are_replayed(
    stage: KillableStage, of: str
) -> None:
    """Its row comes two days later, and would be answered as a note."""
    bench, then = Bench(stage, replayHours=48), START - 47 * 3600
    bench.stage.tell(bench.ref, Replayed("echoes", (said(of=of, at=then), said("echo: eggs"))))
    bench.receive(mine(3, "echo: milk", created_at=datetime.fromtimestamp(then, UTC).isoformat()))
    assert bench.verdicts == [ECHO]


def test_what_is_in_doubt_after_a_restart_is_known_by_its_words(bench: Bench) -> None:
    """A sender tells it as under way; the row comes when the gateway is back, hours later."""
    bench.stage.tell(bench.ref, Replayed("echoes"), said(at=START + 7200, under_way=True))
    bench.receive(mine(3, "echo: milk"), twin(4, "echo: milk"), at=START + 7201)
    assert bench.verdicts == [ECHO]


# Where imsg knows no local address


def test_without_a_local_address_a_row_from_me_is_no_note_and_its_twin_is_no_message(bench: Bench) -> None:
    bench.receive(mine(1, destination_caller_id=...), twin(2, destination_caller_id=...))
    assert [(row.guid, row.is_from_me) for row in bench.passed] == [(guid(1), True)]
    assert bench.verdicts == [TWIN]


def test_a_twin_without_a_local_address_is_known_by_the_note(bench: Bench) -> None:
    bench.receive(mine(1), twin(2, destination_caller_id=..., created_at="2027-01-15T08:16:40.900Z"))
    assert [row.guid for row in bench.passed] == [guid(1)]
    assert bench.verdicts == [TWIN]


# In a friend's chat


@pytest.mark.parametrize("sender", [OWN, ANN, ""])
def test_what_is_written_from_me_to_a_friend_is_left_to_policy(bench: Bench, sender: str) -> None:
    """Nothing of it is a note, and what we say there is no echo of a self-chat."""
    keys: dict[str, Any] = {"sender": sender, "is_from_me": True, "destination_caller_id": OWN}
    bench.stage.tell(bench.ref, said("hi", guid(1)), *(said(f"{number}", guid(100)) for number in range(20)))
    bench.receive(raw(1, text="hi", **keys), *(raw(10 + number, text=f"{number}", **keys) for number in range(20)))
    assert len(bench.passed) == 21
    assert bench.verdicts == []


# Whatever the order


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["named", "silent", "tracked", "lost"]),
        st.sampled_from(["a", "b"]),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=12,
)
"""Sends: how imsg answers, with which words, how many sends later the row comes, whether it comes before the answer."""


@given(STEPS)
def test_no_row_of_ours_passes_whenever_it_comes(steps: list[tuple[str, str, int, bool]]) -> None:
    memory, late = EchoMemory(), dict[int, list[tuple[str, str]]]()

    def comes(text: str, of: str) -> None:
        assert memory.own_row(inbound(1, 7, text, is_from_me=True, **{**NOTES, "guid": of}))

    for turn, (kind, text, lag, first) in enumerate(steps):
        of = guid(1000 + turn)
        memory.spoken(said(text, of.lower() if kind == "tracked" else "", START + turn, under_way=True))
        if first:
            comes(text, of)
        else:
            late.setdefault(turn + lag, []).append((text, of))
        if kind == "lost":
            memory.spoken(said(text, "", START + turn, under_way=True))
        known = {"named": of, "tracked": of.lower()}.get(kind, "")
        memory.spoken(said(text, known, START + turn))
        for row in late.pop(turn, ()):
            comes(*row)
    for rows in late.values():
        for row in rows:
            comes(*row)
    assert not any(memory.own_row(inbound(1, 7, text, guid=BEN, is_from_me=True)) for text in ("c", "ab"))
