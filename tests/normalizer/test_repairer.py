"""The repairer: asks one question at a time, says only what it found, and lets nobody wait for imsg."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Listen, Recorded, Replay
from actors.envelopes.facts import Appended, Rejudged
from actors.envelopes.inbound import Held, Inbound
from actors.envelopes.link import Answer, Call, Subscribed
from actors.normalizer.anchors import NO_ANCHOR
from actors.normalizer.repairer import AGAIN_SECONDS, GATHER_SECONDS, GIVE_UP_SECONDS, PATIENCE, Repairer
from actors.normalizer.search import Search
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, guid, inbound, wire

HOLD = Held(NO_ANCHOR)
LONGEST = AGAIN_SECONDS[-1]


class Workshop:
    """A repairer between probes; ``answer`` plays imsg."""

    def __init__(self, stage: KillableStage) -> None:
        self.stage = stage
        self.access, self.journal = Probe("access"), Probe("journal")
        self.callers = {ACCOUNT: Probe("caller"), "work": Probe("caller at work")}
        callers = {account: caller.ref for account, caller in self.callers.items()}
        self.ref = Repairer.start(stage.place("repairer"), callers, self.access.ref, self.journal.ref, {"work"})
        stage.settle()

    def ghost(self, number: int = 1, account: str = ACCOUNT, age: float = 0.0) -> Inbound:
        """A row without a chat that came ``age`` seconds ago."""
        row = inbound(number, chat_id=0, chat_guid="", chat_identifier="", account=account)
        return replace(row, received_at=self.stage.clock.wall() - age)

    def hold(self, *rows: Inbound) -> None:
        """Rows were journaled as held; the first question is due."""
        for row in rows:
            self.stage.tell(self.ref, Recorded(row.rowid + 100, Appended(row, HOLD)))
        self.stage.advance(GATHER_SECONDS)

    def calls(self, account: str = ACCOUNT) -> list[Call]:
        """What imsg was asked."""
        return self.callers[account].all(Call)

    def answer(self, result: dict[str, Any] | None, account: str = ACCOUNT, **how: Any) -> None:
        """imsg answers the last question."""
        self.stage.tell(self.ref, Answer(self.calls(account)[-1].tag, result, None, **how))

    @property
    def repaired(self) -> list[tuple[int, int]]:
        """Row and chat of what access was told to judge again."""
        return [(told.seq, told.fact.chat.id) for told in self.access.all(Recorded)]

    @property
    def replays(self) -> list[tuple[str, str, str]]:
        """What the journal was asked to tell again."""
        return [(replay.what, replay.account, replay.reason) for replay in self.journal.all(Replay)]


@pytest.fixture
def shop(stage: KillableStage) -> Workshop:
    """A repairer."""
    return Workshop(stage)


def chats(*numbers: int) -> dict[str, Any]:
    """An answer to chats.list."""
    return {"chats": [{"id": number} for number in numbers]}


def test_it_hears_of_new_rows_and_of_links_and_asks_for_old_ones(shop: Workshop) -> None:
    assert [listen.reply_to for listen in shop.access.all(Listen)] == [shop.ref]
    assert [len(caller.all(Listen)) for caller in shop.callers.values()] == [1, 1]
    assert shop.replays == [("held", ACCOUNT, NO_ANCHOR), ("held", "work", NO_ANCHOR)]


def test_a_row_is_found_in_a_history_and_judged_again(shop: Workshop) -> None:
    shop.hold(shop.ghost())
    assert [(call.method, call.patience) for call in shop.calls()] == [("chats.list", PATIENCE)]
    shop.answer(chats(7, 8))
    assert shop.calls()[-1].params["chat_id"] == 7
    shop.answer({"messages": []})
    assert shop.calls()[-1].params["chat_id"] == 8
    shop.answer({"messages": [wire(1, 8)]})
    assert shop.repaired == [(101, 8)]
    shop.stage.advance(10 * LONGEST)
    assert len(shop.calls()) == 3
    assert len(shop.replays) == 2, "nothing is missing, so nothing is asked for"


@pytest.mark.parametrize("kind", ["replayed", "rejudged"])
def test_a_row_may_come_from_an_earlier_life_or_be_released(shop: Workshop, kind: str) -> None:
    row = shop.ghost()
    shop.stage.tell(shop.ref, Recorded(101, row if kind == "replayed" else Rejudged(101, row, HOLD)))
    shop.stage.advance(GATHER_SECONDS)
    shop.answer(chats(7))
    shop.answer({"messages": [wire(1, 7)]})
    assert shop.repaired == [(101, 7)]


def test_rows_of_one_account_share_a_round_and_accounts_take_turns(shop: Workshop) -> None:
    shop.hold(shop.ghost(1), shop.ghost(2), shop.ghost(3, "work"))
    assert (len(shop.calls()), len(shop.calls("work"))) == (1, 0)
    shop.answer(chats(7))
    shop.answer({"messages": [wire(2, 7), wire(1, 7)]})
    assert sorted(shop.repaired) == [(101, 7), (102, 7)]
    shop.stage.advance(GATHER_SECONDS)
    shop.answer(chats(9), "work")
    assert shop.calls("work")[-1].params == {"chat_id": 9, "limit": 50, "attachments": True}


def test_a_row_that_comes_during_a_round_waits_for_the_next(shop: Workshop) -> None:
    shop.hold(shop.ghost(1))
    shop.hold(shop.ghost(2))
    assert len(shop.calls()) == 1
    shop.answer(chats(7))
    shop.answer({"messages": [wire(1, 7)]})
    shop.stage.advance(GATHER_SECONDS)
    assert [call.method for call in shop.calls()] == ["chats.list", "messages.history", "chats.list"]


def again(shop: Workshop, after: float, age: float) -> None:
    """Nothing is found; the journal is asked again ``after`` so many seconds, and tells the row again."""
    before = len(shop.replays)
    shop.answer(chats())
    shop.stage.advance(after - 0.5)
    assert len(shop.replays) == before
    shop.stage.advance(0.5)
    assert len(shop.replays) == before + 2
    shop.stage.tell(shop.ref, Recorded(101, shop.ghost(age=age)))
    shop.stage.advance(GATHER_SECONDS)


def test_what_is_not_found_is_looked_for_again_soon_and_then_every_ten_minutes_for_a_day(shop: Workshop) -> None:
    shop.hold(shop.ghost())
    for pause in (3.0, 10.0, 60.0, 600.0, 600.0):
        again(shop, pause, age=GIVE_UP_SECONDS / 2)
    again(shop, LONGEST, age=GIVE_UP_SECONDS)
    told = len(shop.replays)
    shop.answer(chats())
    shop.stage.advance(2 * LONGEST)
    assert len(shop.replays) == told
    assert shop.repaired == []


def test_a_new_row_is_looked_for_soon_again_whatever_waits_already(shop: Workshop) -> None:
    shop.hold(shop.ghost())
    for pause in AGAIN_SECONDS[:-1]:
        again(shop, pause, age=pause)
    shop.answer(chats())
    shop.hold(shop.ghost(2))
    again(shop, AGAIN_SECONDS[0], age=80)
    again(shop, AGAIN_SECONDS[1], age=90)


def test_a_new_row_that_is_found_leaves_the_others_their_turn(shop: Workshop) -> None:
    shop.hold(shop.ghost())
    for pause in AGAIN_SECONDS[:-1]:
        again(shop, pause, age=pause)
    shop.answer(chats())
    shop.hold(shop.ghost(2))
    shop.answer(chats(7))
    shop.answer({"messages": [wire(2, 7)]})
    told = len(shop.replays)
    shop.stage.advance(LONGEST)
    assert len(shop.replays) == told + 2


@pytest.mark.parametrize("how", [{}, {"late": True}])
def test_a_link_that_cannot_list_its_chats_is_asked_again_later(shop: Workshop, how: dict[str, Any]) -> None:
    shop.hold(shop.ghost())
    shop.answer(None, **how)
    assert len(shop.calls()) == 1
    shop.stage.advance(LONGEST)
    assert shop.replays[2:] == [("held", ACCOUNT, NO_ANCHOR), ("held", "work", NO_ANCHOR)]


def test_one_chat_that_fails_is_passed_over(shop: Workshop) -> None:
    shop.hold(shop.ghost())
    shop.answer(chats(7, 8))
    shop.answer(None, late=True)
    shop.answer({"messages": [wire(1, 8)]})
    assert shop.repaired == [(101, 8)]


def test_an_answer_that_comes_too_late_counts_no_more(shop: Workshop) -> None:
    shop.hold(shop.ghost())
    shop.answer(chats(7, 8))
    late = shop.calls()[-1].tag
    shop.answer(None, late=True)
    shop.stage.tell(shop.ref, Answer(late, {"messages": [wire(1, 7)]}, None))
    assert len(shop.calls()) == 3
    assert shop.repaired == []


@pytest.mark.parametrize("when", [0, 1])
def test_a_lost_link_is_asked_again_as_soon_as_it_is_back(shop: Workshop, when: int) -> None:
    shop.hold(shop.ghost())
    if when:
        shop.answer(chats(7))
    shop.answer(None, lost=True, started=False)
    shop.stage.advance(LONGEST / 2)
    assert len(shop.calls()) == 1 + when
    shop.stage.tell(shop.ref, Subscribed(2))
    shop.stage.advance(GATHER_SECONDS)
    shop.answer(chats(7))
    shop.answer({"messages": [wire(1, 7)]})
    assert shop.repaired == [(101, 7)]


def test_a_lost_link_of_one_account_does_not_hold_up_the_other(shop: Workshop) -> None:
    shop.hold(shop.ghost(1), shop.ghost(2, "work"))
    shop.answer(None, lost=True, started=False)
    shop.stage.advance(GATHER_SECONDS)
    assert [call.method for call in shop.calls("work")] == ["chats.list"]


@pytest.mark.parametrize(
    "row", [inbound(1), inbound(1, chat_id=0, account="gone"), inbound(1, chat_id=0, is_group=True)]
)
def test_rows_it_can_do_nothing_for_are_left_alone(shop: Workshop, row: Inbound) -> None:
    shop.hold(row)
    assert shop.calls() == shop.calls("work") == []


def test_a_message_that_breaks_a_round_ends_that_round_only(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_search: Any, _result: Any) -> Any:
        raise RuntimeError("a bug")

    shop.hold(shop.ghost())
    with monkeypatch.context() as patched:
        patched.setattr(Search, "answered", breaks)
        for _ in range(12):
            shop.answer(chats(7))
    shop.stage.advance(LONGEST)
    assert len(shop.replays) == 4
    shop.hold(shop.ghost())
    shop.answer(chats(7))
    shop.answer({"messages": [wire(1, 7, guid=guid(1))]})
    assert shop.repaired == [(101, 7)]
    assert shop.stage.deaths.told == []
