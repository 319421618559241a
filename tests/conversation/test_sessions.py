"""The sessions: conversations on demand, rested when they have nothing to do, never one that has."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pykka import ActorRegistry

from actors.conversation.conversation import Conversation
from actors.conversation.sessions import IDLE_SECONDS, TICK_SECONDS, Sessions
from actors.envelopes.control import Finished, Record, Replay
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Admitted, Dropped, Inbound, Recheck
from actors.envelopes.outbound import Reply, Run, TurnEnded
from tests.conversation.people import Quick, Thinking
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import admitted

REVOKED = Dropped("revoked", "channels.imessage.dmPolicy")


class House:
    """Sessions with real conversations, everyone else a probe."""

    def __init__(self, stage: KillableStage, cap: int = 64) -> None:
        self.stage = stage
        self.runner, self.chunker, self.journal = Probe("runner"), Probe("chunker"), Probe("journal")
        agents = {"main": Thinking(), "quick": Quick()}
        self.ref = Sessions.start(
            stage.place("sessions"), agents, self.runner.ref, self.chunker.ref, self.journal.ref, cap
        )
        self.recheck(lambda _: None)

    def recheck(self, refused: Callable[[Inbound], Dropped | None], at: float = 0.0) -> None:
        """Who was admitted until then may have lost it."""
        self.stage.tell(self.ref, Recheck(at, refused))

    def hear(self, *messages: Admitted) -> None:
        """The gate lets messages through."""
        self.stage.tell(self.ref, *messages)

    def quick(self, seq: int, session: str) -> None:
        """A message whose agent answers at once."""
        self.hear(admitted(seq, text=f"{seq}", session=session, agent="quick"))

    def slow(self, seq: int, session: str) -> Run:
        """A message whose agent takes its time."""
        self.hear(admitted(seq, text=f"{seq}", session=session, agent="main"))
        return self.runner.all(Run)[-1]

    def end(self, run: Run) -> None:
        """The agent is done."""
        self.stage.tell(run.reply_to, TurnEnded(run.turn.number, "done", ""))

    @property
    def settled(self) -> list[tuple[int, object]]:
        """``(seq, outcome)`` of the rows that ended without an answer."""
        facts = [record.fact for record in self.journal.all(Record)]
        return [(fact.seq, fact.outcome) for fact in facts if type(fact) is Settled]

    @property
    def seated(self) -> list[str]:
        """The sessions that have a conversation now."""
        names = [pulse.name for pulse in self.stage.pulses.all()]
        return [name.removeprefix("conversation:") for name in names if name.startswith("conversation:")]

    @property
    def replies(self) -> list[int]:
        """The rows that were answered, in order."""
        return [reply.seq for reply in self.chunker.all(Reply)]


@pytest.fixture
def house(stage: KillableStage) -> House:
    """Sessions with room for three."""
    return House(stage, cap=3)


def test_it_asks_for_what_is_open_once_it_knows_who_may_still_speak(house: House) -> None:
    house.recheck(lambda _: None)
    (replay,) = house.journal.all(Replay)
    assert (replay.what, replay.then) == ("admitted", house.ref)
    waiting = Sessions.start(house.stage.place("others"), {}, house.runner.ref, house.chunker.ref, house.journal.ref)
    house.stage.settle()
    assert waiting.is_alive()
    assert len(house.journal.all(Replay)) == 1


def test_what_was_admitted_before_its_sender_was_shut_out_is_not_answered(house: House) -> None:
    house.recheck(lambda row: REVOKED if row.text == "2" else None, at=house.stage.clock.wall())
    for seq in (1, 2, 3):
        house.quick(seq, "a")
    assert house.replies == [1, 3]
    assert house.settled == [(2, REVOKED)]


def test_what_comes_after_a_revocation_was_judged_by_then(house: House) -> None:
    house.recheck(lambda _: REVOKED, at=-1.0)
    house.quick(1, "a")
    assert (house.replies, house.settled) == ([1], [])


def test_whoever_is_shut_out_in_the_middle_of_a_turn_gets_no_answer(house: House) -> None:
    run = house.slow(1, "a")
    house.slow(2, "a")
    house.slow(3, "a")
    house.recheck(lambda row: REVOKED if row.text in {"1", "2"} else None, at=house.stage.clock.wall())
    assert house.settled == [(2, REVOKED)]
    house.end(run)
    assert house.settled == [(2, REVOKED), (1, REVOKED)]
    house.end(house.runner.all(Run)[-1])
    assert house.replies == [3]
    house.stage.advance(2 * IDLE_SECONDS)
    assert house.seated == []


def test_a_conversation_is_started_on_demand_and_kept_for_its_session(house: House) -> None:
    assert house.seated == []
    house.quick(1, "a")
    house.quick(2, "b")
    house.quick(3, "a")
    assert sorted(house.seated) == ["a", "b"]
    assert house.replies == [1, 2, 3]


def test_sessions_do_not_wait_for_each_other(house: House) -> None:
    run = house.slow(1, "a")
    house.quick(2, "b")
    assert house.replies == [2]
    house.end(run)
    assert house.replies == [2, 1]


def test_over_the_cap_the_least_recently_used_rests(house: House) -> None:
    for seq, session in enumerate(["a", "b", "c", "a", "d"], start=1):
        house.quick(seq, session)
    assert sorted(house.seated) == ["a", "c", "d"]
    house.quick(6, "b")
    assert sorted(house.seated) == ["a", "b", "d"]
    assert house.replies == [1, 2, 3, 4, 5, 6]


def test_a_busy_one_never_rests_whatever_the_cap(house: House) -> None:
    runs = [house.slow(seq, f"s{seq}") for seq in range(1, 11)]
    assert len(house.seated) == 10
    house.stage.advance(2 * IDLE_SECONDS)
    assert len(house.seated) == 10
    for run in runs:
        house.end(run)
    assert house.replies == list(range(1, 11))
    assert len(house.seated) == 3


def test_one_with_messages_waiting_behind_its_turn_is_busy(house: House) -> None:
    run = house.slow(1, "a")
    house.slow(2, "a")
    house.end(run)
    for seq, session in enumerate(["b", "c", "d", "e"], start=3):
        house.quick(seq, session)
    assert "a" in house.seated
    house.end(house.runner.all(Run)[-1])
    assert house.replies[-1] == 2


def test_an_idle_one_rests_after_ten_minutes_and_comes_back_on_demand(house: House) -> None:
    house.quick(1, "a")
    house.stage.advance(IDLE_SECONDS - TICK_SECONDS)
    assert house.seated == ["a"]
    house.quick(2, "b")
    house.stage.advance(2 * TICK_SECONDS)
    assert house.seated == ["b"]
    house.stage.advance(IDLE_SECONDS)
    assert house.seated == []
    house.quick(3, "a")
    assert house.seated == ["a"]
    assert house.replies == [1, 2, 3]


def test_a_message_that_comes_while_it_is_being_rested_is_served(house: House) -> None:
    """The stop and the message are told in one batch; the message must find a new conversation."""
    house.quick(1, "a")
    house.stage.clock.now += IDLE_SECONDS + 1
    house.hear(
        *(admitted(seq, text="x", session=session, agent="quick") for seq, session in [(2, "b"), (3, "c"), (4, "d")]),
        admitted(5, text="x", session="a", agent="quick"),
    )
    assert sorted(house.replies) == [1, 2, 3, 4, 5]


def test_five_thousand_sessions_are_served_and_only_the_cap_stays(stage: KillableStage) -> None:
    house = House(stage)
    stage.tell(
        house.ref,
        *(
            admitted(seq, text="x", session=f"s{seq % 5000}", agent="quick", chat=seq % 5000 + 1)
            for seq in range(1, 10_001)
        ),
    )
    assert sorted(house.replies) == list(range(1, 10_001))
    assert len(house.seated) <= 64
    for session in range(5000):
        own = [seq for seq in house.replies[:] if seq % 5000 == session][:2]
        assert own == sorted(own)
        if session > 50:
            break


def test_five_thousand_busy_sessions_end_in_good_time(stage: KillableStage) -> None:
    house = House(stage)
    stage.tell(house.ref, *(admitted(seq, session=f"s{seq}", agent="main") for seq in range(1, 5001)))
    runs = house.runner.all(Run)
    assert len(runs) == 5000
    for run in runs:
        run.reply_to.tell(TurnEnded(run.turn.number, "done", ""))
    stage.settle()
    assert len(house.replies) == 5000
    assert len(house.seated) == 64


def test_when_it_stops_nothing_it_started_says_anything_any_more(house: House, stage: KillableStage) -> None:
    run = house.slow(1, "a")
    house.ref.stop(block=False)
    stage.settle()
    house.end(run)
    assert house.replies == []
    assert not [ref for ref in ActorRegistry.get_by_class(Conversation) if ref.is_alive()]


def test_when_it_dies_nothing_it_started_says_anything_any_more(house: House, stage: KillableStage) -> None:
    run = house.slow(1, "a")
    stage.tell(house.ref, *(Finished("nobody", 1) for _ in range(7)))
    assert [death.name for death in stage.deaths.told] == ["sessions"]
    house.end(run)
    assert house.replies == []
    assert house.seated == []
