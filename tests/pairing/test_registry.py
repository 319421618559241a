"""The registry: one answer per request, over crashes too, and nothing to anyone while the files cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.access.reasons import PAIRING_REQUIRED, STORE_UNREADABLE
from actors.envelopes.control import Listen, Record, Recorded, Replay
from actors.envelopes.facts import Rejudged
from actors.envelopes.inbound import Challenge, Challenged, Dropped, Held
from actors.pairing.codes import LIFETIME, MOST_PENDING
from actors.pairing.registry import AGAIN_SECONDS, FULL, MOST_POSTPONED, PENDING
from tests.pairing.office import KEY, Office
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, ANN, BEN, address, inbound


def test_it_asks_for_strangers_whose_answer_a_crash_prevented(office: Office) -> None:
    (replay,) = office.journal.all(Replay)
    assert (replay.what, replay.then) == ("challenged", office.ref)


def test_a_stranger_gets_id_and_code_and_their_row_ends_with_the_answer(office: Office) -> None:
    office.challenge(5)
    (reply,) = office.replies
    assert (reply.seq, reply.address) == (5, address(5))
    assert reply.settles == ((5, Dropped(PAIRING_REQUIRED, KEY)),)
    assert ANN in reply.text
    assert office.code() in reply.text
    assert f"pairing approve imessage {office.code()}" in reply.text
    assert office.settled == []


def test_a_repeat_gets_no_second_answer(office: Office) -> None:
    for seq in range(1, 6):
        office.challenge(seq)
        office.stage.advance(60.0)
    assert len(office.replies) == 1
    assert office.settled == [(seq, Dropped(PENDING, KEY)) for seq in range(2, 6)]


def test_when_the_request_has_expired_the_next_message_opens_a_new_one(office: Office) -> None:
    office.challenge(1)
    office.stage.advance(LIFETIME + 1)
    office.challenge(2)
    first, second = office.replies
    assert first.text != second.text


def test_over_the_cap_nobody_hears_anything(office: Office) -> None:
    for seq in range(1, MOST_PENDING + 3):
        office.challenge(seq, f"+1555000{seq:04d}")
    assert [reply.seq for reply in office.replies] == list(range(1, MOST_PENDING + 1))
    assert office.settled == [(seq, Dropped(FULL, KEY)) for seq in (MOST_PENDING + 1, MOST_PENDING + 2)]


def test_a_crash_between_the_request_and_its_answer_costs_no_answer(office: Office) -> None:
    """The request is on disk, the answer is not: the replayed row gets it, with the same code."""
    received = office.stage.clock.wall()
    code, created = office.store.challenge(ACCOUNT, ANN, received + 0.5, {})
    assert created
    office.stage.advance(30.0)
    office.challenge(1, replayed=True, received_at=received)
    (reply,) = office.replies
    assert code in reply.text


def test_a_crash_after_the_answer_gives_no_second_one(office: Office) -> None:
    """A later row of the same person was not settled: the request was there before it."""
    office.challenge(1)
    office.stage.advance(30.0)
    office.open()
    office.challenge(2, replayed=True, received_at=office.stage.clock.wall() - 10)
    assert office.replies == []
    assert office.settled == [(2, Dropped(PENDING, KEY))]


def test_two_rows_that_come_again_get_one_answer(office: Office) -> None:
    received = office.stage.clock.wall()
    office.store.challenge(ACCOUNT, ANN, received + 0.5, {})
    for seq in (1, 2):
        office.challenge(seq, replayed=True, received_at=received)
    assert [reply.seq for reply in office.replies] == [1]
    assert office.settled == [(2, Dropped(PENDING, KEY))]


def test_a_row_that_comes_again_after_its_request_expired_opens_a_new_one(office: Office) -> None:
    received = office.stage.clock.wall()
    office.store.challenge(ACCOUNT, ANN, received + 0.5, {})
    office.stage.advance(LIFETIME + 10)
    office.challenge(1, replayed=True, received_at=received)
    assert len(office.replies) == 1


@pytest.mark.parametrize("replayed", [False, True])
def test_one_who_was_approved_meanwhile_is_not_asked_again(office: Office, replayed: bool) -> None:
    """A message from before the approval is not answered, and no second code is given for it."""
    received = office.stage.clock.wall()
    code, _ = office.store.challenge(ACCOUNT, ANN, received, {})
    assert office.store.approve(None, code, received + 60)
    office.challenge(1, replayed=replayed, received_at=received)
    assert office.replies == []
    assert office.settled == [(1, Dropped(PAIRING_REQUIRED, KEY))]
    assert office.store.requests(ACCOUNT, now=received + 60) == ()


@pytest.mark.parametrize("name", ["imessage-pairing.json", "imessage-default-allowFrom.json"])
def test_unreadable_files_hold_the_row_and_it_is_tried_again(office: Office, stage: KillableStage, name: str) -> None:
    path = office.break_files(name)
    office.challenge(1)
    assert office.replies == []
    assert office.settled == [(1, Held(STORE_UNREADABLE, KEY))]
    assert any(str(path) in line for line in stage.errors())
    path.unlink()
    stage.advance(AGAIN_SECONDS)
    (again,) = [record for record in office.journal.all(Record) if type(record.fact) is Rejudged]
    assert (again.fact.seq, again.fact.verdict, again.then) == (1, Challenge(ANN, KEY), office.ref)
    office.challenge(1)
    assert len(office.replies) == 1
    stage.advance(10 * AGAIN_SECONDS)
    assert len(office.journal.all(Record)) == 2


def test_while_they_stay_unreadable_a_flood_is_bounded_and_said_once(office: Office, stage: KillableStage) -> None:
    office.break_files()
    for seq in range(1, MOST_POSTPONED + 50):
        office.challenge(seq, f"+1555{seq:07d}")
    assert len(office.settled) == MOST_POSTPONED + 49
    assert len(stage.errors()) == 1
    stage.advance(AGAIN_SECONDS)
    again = [record.fact for record in office.journal.all(Record) if type(record.fact) is Rejudged]
    assert len(again) == MOST_POSTPONED


def test_however_many_were_held_all_are_judged_again(office: Office, stage: KillableStage) -> None:
    """Beyond those it keeps, once a round of these went well; by whoever knows what to do with them."""
    judge = Probe("judge")
    stage.tell(office.ref, Listen(judge.ref))
    path = office.break_files()
    for seq in range(1, MOST_POSTPONED + 50):
        office.challenge(seq, f"+1555{seq:07d}")
    for _ in range(3):
        # The files stay broken: those that are tried again come back, and nothing else does.
        stage.advance(AGAIN_SECONDS)
        for seq in range(1, MOST_POSTPONED + 1):
            office.challenge(seq, f"+1555{seq:07d}")
    path.unlink()
    stage.advance(AGAIN_SECONDS)
    assert held_again(office) == []
    stage.advance(AGAIN_SECONDS)
    assert held_again(office) == [Replay("held", judge.ref, reason=STORE_UNREADABLE)]
    stage.advance(10 * AGAIN_SECONDS)
    assert len(held_again(office)) == 1


def held_again(office: Office) -> list[Replay]:
    """What it asks the journal for beside the challenges of its start."""
    return [asked for asked in office.journal.all(Replay) if asked.what == "held"]


def test_what_breaks_it_is_held_visibly_and_many_do_not_end_it(office: Office, stage: KillableStage) -> None:
    for seq in range(1, 11):
        nobodys = address(seq, account=" ")
        office.stage.tell(office.ref, Challenged(seq, ANN, nobodys, inbound(seq), False))
    office.challenge(11)
    assert [(seq, type(outcome)) for seq, outcome in office.settled] == [(seq, Held) for seq in range(1, 11)]
    assert [reply.seq for reply in office.replies] == [11]
    assert stage.deaths.told == []


def test_the_log_shows_no_whole_handle(office: Office, stage: KillableStage) -> None:
    office.challenge(1, BEN)
    assert not any(BEN in text for _, text in stage.logged)
    assert any("...5555" in text for _, text in stage.logged)


def test_an_answer_names_the_request_of_its_own_account(stage: KillableStage, tmp_path: Path) -> None:
    office = Office(stage, tmp_path)
    row = inbound(2, account="work")
    office.challenge(1)
    stage.tell(office.ref, Challenged(2, ANN, address(7, account="work"), row, False))
    first, second = office.replies
    assert first.text != second.text
    assert second.address.account == "work"
    assert not office.journal.all(Recorded)
