"""The chunker: one answer in, its bubbles to the sender of its account, each with its key."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.envelopes.control import Reconfigure, Record
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Absorbed, Corrupt, Dropped, Held, Replied
from actors.envelopes.outbound import Prepared, Reply, chunk_key, reply_of
from actors.envelopes.steering import Inform, Notice
from actors.outbound.answers import MOST_CHUNKS, answer_of, is_later
from actors.outbound.chunker import ChunkerView, OutboundChunker, OutboundView, prepare
from actors.outbound.units import units
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import address


def reply(text: str, seq: int = 1, account: str = "default", *also: int) -> Reply:
    """An answer to row ``seq`` that settles it, and the rows ``also``."""
    settles = tuple((one, Replied()) for one in (seq, *also))
    return Reply(seq, "agent:main:main", address(account=account), text, settles)


def test_a_short_answer_is_one_chunk_with_the_key_of_its_row() -> None:
    sent = prepare(reply("hello", 5), OutboundView())
    (chunk,) = sent.chunks
    assert (chunk.key, chunk.text, chunk.address, chunk.tries) == (chunk_key(5, 0), "hello", address(), 0)
    assert reply_of(chunk.key) == 5
    assert [(seq, type(outcome)) for seq, outcome in sent.settles] == [(5, Replied)]


def test_a_long_one_is_several_in_order_with_keys_in_a_row() -> None:
    chunks = prepare(reply("word " * 30, 5), OutboundView(limit=40)).chunks
    assert [chunk.key for chunk in chunks] == [chunk_key(5, position) for position in range(len(chunks))]
    assert all(units(chunk.text) <= 40 for chunk in chunks)
    assert "".join("".join(chunk.text for chunk in chunks).split()) == "word" * 30


def test_the_prefix_stands_once_in_front_of_the_reply() -> None:
    chunks = prepare(reply("word " * 30), OutboundView(limit=40, prefix="auto", identity_name="Ada")).chunks
    assert chunks[0].text.startswith("[Ada] word")
    assert not any("[Ada]" in chunk.text for chunk in chunks[1:])


@pytest.mark.parametrize(
    ("session", "name"),
    [("agent:poet:imessage:group:7", "Basho"), ("agent:main:main", "Ada"), ("", "Ada"), ("agent:other:main", "Ada")],
)
def test_the_name_in_the_prefix_is_that_of_the_agent_that_answers(session: str, name: str) -> None:
    view = OutboundView(prefix="auto", identity_name="Ada", names={"poet": "Basho"})
    [chunk] = prepare(replace(reply("hello"), session=session), view).chunks
    assert chunk.text == f"[{name}] hello"


def test_newline_mode_makes_a_bubble_of_each_paragraph() -> None:
    chunks = prepare(reply("one\n\ntwo"), OutboundView(mode="newline")).chunks
    assert [chunk.text for chunk in chunks] == ["one", "two"]


@pytest.mark.parametrize("text", ["", "  ", "\n\t\n", "NO_REPLY", "no_reply.", "\u200b\u200d", "\ud800", "\x00\x01"])
def test_nothing_to_say_settles_every_row_as_absorbed_and_sends_nothing(text: str) -> None:
    sent = prepare(reply(text, 5, "default", 6, 7), OutboundView(prefix="auto", identity_name="Ada"))
    assert sent.chunks == ()
    assert [(seq, type(outcome)) for seq, outcome in sent.settles] == [(5, Absorbed), (6, Absorbed), (7, Absorbed)]


@pytest.mark.parametrize("text", ["a\n\n" * (MOST_CHUNKS + 1), "a" * 5_000_000])
def test_an_answer_of_too_many_bubbles_is_held_with_the_reason(text: str) -> None:
    sent = prepare(reply(text), OutboundView(mode="newline"))
    assert sent.chunks == ()
    outcome = sent.settles[0][1]
    assert isinstance(outcome, Held)
    assert outcome.reason.startswith("reply too long: ")


def test_a_later_answer_begins_where_it_says() -> None:
    sent = prepare(replace(reply("one\n\ntwo", 5), first=4000, settles=()), OutboundView(mode="newline"))
    assert [(chunk.key, chunk.text) for chunk in sent.chunks] == [
        (chunk_key(5, 4000), "one"),
        (chunk_key(5, 4001), "two"),
    ]
    assert sent.settles == ()
    assert len({answer_of(chunk.key) for chunk in sent.chunks}) == 1
    assert all(is_later(chunk.key) for chunk in sent.chunks)


@pytest.mark.parametrize(("first", "most"), [(0, 1024), (1024, 1024), (3072, 1024), (4000, 96), (4095, 1)])
def test_an_answer_stays_in_its_own_positions(first: int, most: int) -> None:
    view = OutboundView(mode="newline")
    sent = prepare(replace(reply("a\n\n" * most, 3), first=first), view)
    assert [chunk.key for chunk in sent.chunks] == [chunk_key(3, first + n) for n in range(most)]
    assert sent.chunks[-1].key < chunk_key(4, 0)
    assert len({answer_of(chunk.key) for chunk in sent.chunks}) == 1
    for text in ("a\n\n" * (most + 1), "a" * (view.limit * most + 1)):
        held = prepare(replace(reply(text, 3), first=first), view)
        assert held.chunks == ()
        assert isinstance(held.settles[0][1], Held)


@pytest.mark.parametrize("first", [-1, 1, 1023, 4096, 1 << 40])
def test_no_answer_begins_within_the_first_one_or_beyond_the_row(first: int) -> None:
    with pytest.raises(ValueError, match=f"no answer can begin at position {first}"):
        prepare(replace(reply("hello"), first=first), OutboundView())


def test_as_many_bubbles_as_there_may_be_are_sent() -> None:
    chunks = prepare(reply("a\n\n" * MOST_CHUNKS, 3), OutboundView(mode="newline")).chunks
    assert len(chunks) == MOST_CHUNKS
    assert reply_of(chunks[-1].key) == 3
    assert chunks[-1].key < chunk_key(4, 0)


@given(text=st.text(st.characters(exclude_categories=()), max_size=300), limit=st.integers(1, 50))
@settings(deadline=None)
def test_no_text_breaks_it_and_every_chunk_can_be_stored_and_sent(text: str, limit: int) -> None:
    sent = prepare(reply(text), OutboundView(limit=limit))
    for chunk in sent.chunks:
        chunk.text.encode("utf-8")
        assert chunk.text.strip()
    assert len(sent.settles) == 1


def test_an_answer_goes_to_the_sender_of_its_account(stage: KillableStage) -> None:
    journal, senders = Probe("journal"), {"a": Probe("a"), "b": Probe("b")}
    chunker = OutboundChunker.start(
        stage.place("chunker"),
        {account: probe.ref for account, probe in senders.items()},
        {"a": OutboundView(), "b": OutboundView(prefix="B:")},
        journal.ref,
    )
    stage.tell(chunker, reply("one", 1, "a"), reply("two", 2, "b"), reply("NO_REPLY", 3, "a"))
    assert [[chunk.text for chunk in sent.chunks] for sent in senders["a"].all(Prepared)] == [["one"], []]
    assert [[chunk.text for chunk in sent.chunks] for sent in senders["b"].all(Prepared)] == [["B: two"]]


@pytest.mark.parametrize("text", [None, b"bytes", 5, ["x"]])
def test_what_is_no_text_ends_its_rows_as_corrupt_and_the_next_is_served(stage: KillableStage, text: Any) -> None:
    journal, sender = Probe("journal"), Probe("sender")
    chunker = OutboundChunker.start(
        stage.place("chunker"), {"default": sender.ref}, {"default": OutboundView()}, journal.ref
    )
    stage.tell(chunker, reply(cast(str, text), 5, "default", 6), reply("next", 7))
    facts = [record.fact for record in journal.all(Record)]
    assert [(type(fact), fact.seq, type(fact.outcome)) for fact in facts] == [
        (Settled, 5, Corrupt),
        (Settled, 6, Corrupt),
    ]
    assert [[chunk.text for chunk in sent.chunks] for sent in sender.all(Prepared)] == [["next"]]


def test_many_bad_answers_do_not_end_it(stage: KillableStage) -> None:
    journal, sender = Probe("journal"), Probe("sender")
    chunker = OutboundChunker.start(
        stage.place("chunker"), {"default": sender.ref}, {"default": OutboundView()}, journal.ref
    )
    stage.tell(chunker, *(reply(cast(str, None), seq) for seq in range(1, 20)), reply("next", 20))
    assert len(journal.all(Record)) == 19
    assert len(sender.all(Prepared)) == 1
    assert stage.deaths.told == []


def test_an_account_that_is_not_configured_any_more_is_held(stage: KillableStage) -> None:
    journal, sender = Probe("journal"), Probe("sender")
    chunker = OutboundChunker.start(
        stage.place("chunker"), {"default": sender.ref}, {"default": OutboundView()}, journal.ref
    )
    stage.tell(chunker, reply("hello", 5, "gone"))
    (fact,) = [record.fact for record in journal.all(Record)]
    assert (fact.seq, fact.outcome) == (5, Held("account not configured", "channels.imessage.accounts"))
    assert stage.errors() == []


def test_answers_go_where_and_as_the_newer_config_says(stage: KillableStage) -> None:
    journal, senders = Probe("journal"), {"a": Probe("a"), "b": Probe("b")}
    chunker = OutboundChunker.start(
        stage.place("chunker"), {"a": senders["a"].ref}, {"a": OutboundView(prefix="A:")}, journal.ref
    )
    newer = ChunkerView({"b": senders["b"].ref}, {"b": OutboundView(prefix="B:")})
    stage.tell(chunker, reply("one", 1, "a"), Reconfigure(newer), reply("two", 2, "b"), reply("three", 3, "a"))
    assert [[chunk.text for chunk in sent.chunks] for sent in senders["a"].all(Prepared)] == [["A: one"]]
    assert [[chunk.text for chunk in sent.chunks] for sent in senders["b"].all(Prepared)] == [["B: two"]]
    (held,) = [record.fact for record in journal.all(Record)]
    assert (held.seq, held.outcome) == (3, Held("account not configured", "channels.imessage.accounts"))
    assert stage.errors() == []


def test_a_pairing_answer_keeps_the_outcome_it_came_with() -> None:
    settles = ((5, Dropped("pairing required", "channels.imessage.dmPolicy")),)
    assert prepare(Reply(5, "pairing", address(), "code", settles), OutboundView()).settles == settles


# In parts, and what the owner hears


class Told:
    """A chunker that has said who hears of what cannot be said."""

    def __init__(self, stage: KillableStage, view: OutboundView | None = None) -> None:
        self.journal, self.sender, self.owner = Probe("journal"), Probe("sender"), Probe("notices")
        self.ref = OutboundChunker.start(
            stage.place("chunker"), {"default": self.sender.ref}, {"default": view or OutboundView()}, self.journal.ref
        )
        stage.tell(self.ref, Inform(self.owner.ref))

    @property
    def prepared(self) -> list[tuple[list[str], int]]:
        """The bubbles and the number of each part."""
        return [([chunk.text for chunk in one.chunks], one.part) for one in self.sender.all(Prepared)]

    @property
    def notices(self) -> list[tuple[str, str]]:
        """What about, and the words."""
        return [(one.about, one.text) for one in self.owner.all(Notice)]


def part(text: str, number: int, goes_on: bool, seq: int = 5) -> Reply:
    """Part ``number`` of the answer to a row."""
    return replace(reply(text, seq), part=number, goes_on=goes_on, settles=() if goes_on else ((seq, Replied()),))


def test_parts_go_to_the_sender_as_they_come(stage: KillableStage) -> None:
    told = Told(stage)
    stage.tell(told.ref, part("one", 0, True), reply("other", 6), part("two", 1, True), part("three", 2, False))
    assert told.prepared == [(["one"], 0), (["other"], 0), (["two"], 1), (["three"], 2)]
    keys = [chunk.key for one in told.sender.all(Prepared) for chunk in one.chunks]
    assert keys == [chunk_key(5, 0), chunk_key(6, 0), chunk_key(5, 1), chunk_key(5, 2)]
    assert told.notices == []


def test_an_answer_given_anew_in_one_part_ends_its_row_and_says_nothing(stage: KillableStage) -> None:
    """The turn was cut off after its first part, and ran again."""
    told = Told(stage)
    stage.tell(told.ref, part("one", 0, True), reply("all of it", 5))
    assert told.prepared == [(["one"], 0), ([], 0)]
    assert told.sender.all(Prepared)[1].settles == ((5, Replied()),)
    ((about, text),) = told.notices
    assert about == "cut off: 1/7"
    assert text.startswith("the rest of an answer in chat 7 (+15552223333) was not sent: it was begun anew")


def test_the_owner_hears_of_an_answer_that_is_too_long(stage: KillableStage) -> None:
    told = Told(stage, OutboundView(mode="newline"))
    stage.tell(told.ref, reply("a\n\n" * (MOST_CHUNKS + 1)), reply("NO_REPLY", 2))
    ((about, text),) = told.notices
    assert about == "held: 1/7"
    assert "(reply too long: 1025 chunks); the message is held" in text


def test_the_owner_hears_once_of_a_rest_that_does_not_fit(stage: KillableStage) -> None:
    told = Told(stage, OutboundView(mode="newline"))
    stage.tell(told.ref, part("one", 0, True), part("a\n\n" * MOST_CHUNKS, 1, True), part("two", 2, False))
    assert told.prepared == [(["one"], 0), ([], 1), ([], 2)]
    assert [about for about, _ in told.notices] == ["cut off: 1/7"]


def test_files_are_named_to_the_owner_and_in_the_log_and_never_in_the_chat(stage: KillableStage) -> None:
    told = Told(stage)
    media = ("/home/a/one.png", "two.pdf", "three", "four")
    stage.tell(told.ref, replace(reply("here"), media=media), replace(reply("", 2), media=media[:1]))
    assert told.prepared == [(["here"], 0), ([], 0)]
    assert told.sender.all(Prepared)[1].settles == ((2, Absorbed("files cannot be sent yet")),)
    many, one = (text for _, text in told.notices)
    assert "4 files of an answer" in many
    assert many.endswith("one.png, two.pdf, three and 1 more.")
    assert "a file of an answer" in one
    assert "/home" not in many
    assert any("/home/a/one.png, two.pdf, three, four" in text for _, text in stage.logged)


def test_the_owner_hears_of_an_answer_that_breaks_and_of_no_notice(stage: KillableStage) -> None:
    told = Told(stage)
    broken = reply(cast(str, None))
    stage.tell(told.ref, broken, replace(broken, settles=(), first=2048), part(cast(str, None), 0, True, 7))
    stage.tell(told.ref, part("two", 1, False, 7))
    assert [about for about, _ in told.notices] == ["broken: 1/7", "broken: 1/7", "cut off: 1/7"]
    assert told.sender.all(Prepared)[-1].settles == ((7, Replied()),)
