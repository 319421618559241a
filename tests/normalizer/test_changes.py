"""The normalizer and the repairer under a newer config, told while rows pass."""

from __future__ import annotations

from typing import Any

import pytest

from actors.envelopes.control import Listen, Reconfigure, Recorded, Spoken
from actors.envelopes.inbound import Dropped, Inbound, Judged, Received, Watching
from actors.envelopes.link import Answer, Subscribed
from actors.normalizer.actor import NormalizerView
from actors.normalizer.anchors import NO_ANCHOR
from actors.normalizer.fences import STALE_BACKLOG, TOO_MANY_MISSED
from actors.normalizer.repairer import AGAIN_SECONDS, GATHER_SECONDS, RepairerView
from config.schema.channel import Recovery
from tests.normalizer.bench import Bench
from tests.normalizer.test_repairer import Workshop, chats
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, OWN, START, guid, inbound, raw, wire

HOUR = 3600.0
DATED = START - 1000.0
"""What rows are dated unless a test says otherwise."""
ONESELF: dict[str, Any] = {"is_from_me": True, "chat_identifier": OWN, "sender": OWN, "destination_caller_id": OWN}
"""A row from me in the chat with oneself."""


@pytest.fixture
def bench(stage: KillableStage) -> Bench:
    """A normalizer with fences."""
    return Bench(stage, liveMinutes=15, maxRows=1)


def view(bench: Bench, onward: Any = None, **recovery: int) -> Reconfigure:
    """A newer config with the same accounts, as far as nothing else is said."""
    senders = [one.ref for one in bench.senders]
    return Reconfigure(NormalizerView(senders, {ACCOUNT: Recovery.model_validate(recovery)}, {ACCOUNT: "US"}, onward))


def stale(bench: Bench) -> list[str]:
    """The marks of the rows that passed."""
    return [row.stale for row in bench.passed]


def test_rows_meet_one_config_here_and_in_access(bench: Bench) -> None:
    before, after = Received(ACCOUNT, 1, raw(1), START), Received(ACCOUNT, 1, raw(2), START)
    bench.stage.tell(bench.ref, before, view(bench, "the rules", liveMinutes=60), after)
    assert [told if isinstance(told, str) else told.stale for told in bench.access.told] == [
        STALE_BACKLOG,
        "the rules",
        "",
    ]


def test_without_anything_to_say_access_is_told_nothing(bench: Bench) -> None:
    bench.stage.tell(bench.ref, view(bench))
    assert bench.access.told == []


def test_gaps_and_what_was_let_through_them_stay_known(bench: Bench) -> None:
    bench.stage.tell(bench.ref, Watching(1, 0, DATED - HOUR, START))
    bench.receive(raw(1))
    bench.stage.tell(bench.ref, view(bench, liveMinutes=15, maxRows=2))
    bench.receive(raw(2), raw(3))
    assert stale(bench) == ["", "", TOO_MANY_MISSED]


def test_gaps_are_kept_for_as_long_as_the_newer_fence_reaches(bench: Bench) -> None:
    bench.stage.tell(
        bench.ref,
        view(bench, liveMinutes=15, replayHours=1000),
        Watching(1, 0, DATED - HOUR, DATED + 1.0),
        Watching(1, 0, START + 500 * HOUR, START + 501 * HOUR),
    )
    bench.receive(raw(1), at=START + 502 * HOUR)
    assert stale(bench) == [""]


def test_our_own_words_stay_known(bench: Bench) -> None:
    bench.stage.tell(bench.ref, Spoken(7, 1, "hi", guid(3), START), view(bench))
    bench.receive(raw(3, text="hi"))
    assert bench.verdicts == [Dropped("echo")]


@pytest.mark.parametrize(("hours", "known"), [(48, []), (1000, [Dropped("agent echo in self-chat")])])
def test_words_whose_row_nobody_saw_are_kept_for_as_long_as_the_newer_fence_reaches(
    bench: Bench, hours: int, known: list[Dropped]
) -> None:
    bench.stage.tell(
        bench.ref,
        view(bench, replayHours=hours),
        Spoken(7, 1, "hi", "", DATED),
        Spoken(8, 1, "something else", "", START + 100 * HOUR),
    )
    bench.receive(raw(3, text="hi", **ONESELF), at=START + 100 * HOUR)
    assert bench.verdicts == known


def test_only_a_sender_that_is_new_is_listened_to(bench: Bench) -> None:
    new = Probe("three")
    senders = [bench.senders[1].ref, new.ref]
    bench.stage.tell(bench.ref, Reconfigure(NormalizerView(senders, {}, {})))
    assert [len(one.all(Listen)) for one in (*bench.senders, new)] == [1, 1, 1]
    assert new.all(Listen)[0].reply_to == bench.ref
    bench.stage.tell(bench.ref, view(bench))
    assert [len(one.all(Listen)) for one in (*bench.senders, new)] == [2, 1, 1]


def test_national_numbers_are_those_of_the_newer_region(bench: Bench) -> None:
    """A row from me in a chat with the own number, written nationally on one side."""
    where = {**ONESELF, "chat_identifier": "(555) 999-0000"}
    bench.stage.tell(bench.ref, Reconfigure(NormalizerView([], {ACCOUNT: Recovery()}, {ACCOUNT: "DE"})))
    bench.receive(raw(1, **where))
    bench.stage.tell(bench.ref, Reconfigure(NormalizerView([], {ACCOUNT: Recovery()}, {ACCOUNT: "US"})))
    bench.receive(raw(2, **where))
    assert stale(bench) == ["", STALE_BACKLOG], "the second one is a note, and notes can be too old"


def test_rows_of_an_account_that_is_gone_still_pass(bench: Bench) -> None:
    bench.stage.tell(bench.ref, Reconfigure(NormalizerView([], {}, {})))
    bench.receive(raw(1), raw(2, text="mine", is_from_me=True), raw(3, text="whose", chat_id=0), b"junk")
    bench.stage.tell(bench.ref, Recorded(9, inbound(9, text="found")))
    assert [type(told) for told in bench.access.told] == [Inbound, Inbound, Inbound, Judged, Recorded]
    assert bench.stage.errors() == []


# The repairer


@pytest.fixture
def shop(stage: KillableStage) -> Workshop:
    """A repairer for two accounts."""
    return Workshop(stage)


def change(shop: Workshop, *accounts: str, attachments: tuple[str, ...] = ()) -> None:
    """A newer config has these accounts."""
    callers = {account: shop.callers.setdefault(account, Probe(account)).ref for account in accounts}
    shop.stage.tell(shop.ref, Reconfigure(RepairerView(callers, attachments)))


def test_what_is_held_of_a_new_account_is_looked_for(shop: Workshop) -> None:
    change(shop, ACCOUNT, "work", "new")
    assert [len(shop.callers[account].all(Listen)) for account in (ACCOUNT, "work", "new")] == [1, 1, 1]
    assert shop.replays[2:] == [("held", "new", NO_ANCHOR)]
    shop.hold(shop.ghost(1, "new"))
    shop.answer(chats(7), "new")
    shop.answer({"messages": [wire(1, 7)]}, "new")
    assert shop.repaired == [(101, 7)]


def test_what_waits_of_an_account_that_stays_is_looked_for_all_the_same(shop: Workshop) -> None:
    shop.hold(shop.ghost())
    change(shop, ACCOUNT)
    shop.answer(chats(7))
    shop.answer({"messages": [wire(1, 7)]})
    assert shop.repaired == [(101, 7)]


def test_a_search_of_an_account_that_is_gone_ends_and_the_next_one_begins(shop: Workshop) -> None:
    shop.hold(shop.ghost(1, "work"))
    shop.hold(shop.ghost(2))
    asked = shop.calls("work")[-1].tag
    change(shop, ACCOUNT)
    shop.stage.tell(shop.ref, Answer(asked, chats(7), None))
    assert len(shop.calls("work")) == 1
    shop.stage.advance(GATHER_SECONDS)
    shop.answer(chats(7))
    shop.answer({"messages": [wire(2, 7)]})
    assert shop.repaired == [(102, 7)]


def test_rows_of_an_account_that_is_gone_stay_held(shop: Workshop) -> None:
    shop.hold(shop.ghost(1), shop.ghost(2, "work"))
    shop.answer(None, lost=True, started=False)
    change(shop, "work")
    shop.hold(shop.ghost(3))
    shop.stage.tell(shop.ref, Subscribed(2))
    shop.stage.advance(GATHER_SECONDS)
    assert len(shop.calls()) == 1
    shop.answer(chats(), "work")
    shop.stage.advance(AGAIN_SECONDS[0])
    assert shop.replays[2:] == [("held", "work", NO_ANCHOR)]
    assert shop.stage.errors() == []


def test_an_account_that_comes_back_is_asked_as_a_new_one(shop: Workshop) -> None:
    shop.hold(shop.ghost(1, "work"))
    shop.answer(None, "work", lost=True, started=False)
    change(shop, ACCOUNT)
    shop.callers["work"] = Probe("work again")
    change(shop, ACCOUNT, "work")
    assert shop.replays[2:] == [("held", "work", NO_ANCHOR)]
    shop.hold(shop.ghost(1, "work"))
    assert [call.method for call in shop.calls("work")] == ["chats.list"]


def test_files_are_asked_for_where_the_newer_config_says_so(shop: Workshop) -> None:
    change(shop, ACCOUNT, "work", attachments=(ACCOUNT,))
    shop.hold(shop.ghost(1))
    shop.answer(chats(7))
    assert shop.calls()[-1].params["attachments"] is True
    shop.answer({"messages": [wire(1, 7)]})
    shop.hold(shop.ghost(2, "work"))
    shop.answer(chats(7), "work")
    assert "attachments" not in shop.calls("work")[-1].params
