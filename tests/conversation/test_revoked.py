"""Whoever loses their access gets no answer any more, also where their message is one of several of a turn."""

from __future__ import annotations

import pytest

from actors.conversation.habits import Habits
from actors.envelopes.inbound import Absorbed, Dropped, Held, Inbound, Recheck, Replied
from actors.envelopes.outbound import Reply
from tests.conversation.table import Table
from tests.support.probes import KillableStage
from tests.support.rows import ANN, BEN

REVOKED = Dropped("revoked", "channels.imessage.dmPolicy")


def shut_out(table: Table, *senders: str) -> None:
    """They may not speak any more."""

    def refused(row: Inbound) -> Dropped | None:
        return REVOKED if row.sender in senders else None

    table.tell(Recheck(table.stage.clock.wall(), refused))


@pytest.fixture
def group(stage: KillableStage) -> Table:
    """A turn of two messages of Ann's and one of Ben's runs, the last one Ben's."""
    table = Table(stage, Habits(mode="collect", quiet=0.0))
    table.hear(1, sender=ANN)
    for seq, sender in [(2, ANN), (3, ANN), (4, BEN)]:
        table.hear(seq, sender=sender)
    table.end(1, "one")
    assert table.asked[-1] == (2, 2, 3, 4)
    return table


def answers(table: Table) -> list[tuple[int, str, list[int]]]:
    """Row, text and settled rows of the replies to the second turn."""
    replies = table.chunker.all(Reply)[1:]
    return [(one.seq, one.text, [seq for seq, _ in one.settles]) for one in replies]


def test_of_a_turn_only_the_messages_of_whoever_it_is_drop_out(group: Table) -> None:
    shut_out(group, ANN)
    group.end(2, "hello")
    assert group.settled == [(2, REVOKED), (3, REVOKED)]
    assert answers(group) == [(4, "hello", [4])]
    assert group.turns[-1].seqs == (4,)


def test_where_the_last_message_drops_out_another_row_carries_the_answer(group: Table) -> None:
    shut_out(group, BEN)
    group.end(2, "hello")
    assert (group.settled, answers(group)) == ([(4, REVOKED)], [(3, "hello", [2, 3])])


@pytest.mark.parametrize("how", ["answers", "fails", "is stopped"])
def test_a_turn_that_nobody_may_hear_says_nothing(group: Table, how: str) -> None:
    shut_out(group, BEN)
    shut_out(group, ANN, BEN)
    group.say(2, "well")
    group.hear(5, sender="+15550009999")
    if how == "is stopped":
        assert group.stop().running
    group.end(2, "hello" if how == "answers" else None, "no idea")
    assert group.settled[-3:] == [(4, REVOKED), (2, REVOKED), (3, REVOKED)]
    assert (answers(group), group.noticed) == ([], [])
    assert [turn.seqs for turn in group.turns] == [(1,)]
    if how != "is stopped":
        assert group.asked[-1] == (3, 5)


@pytest.mark.parametrize("how", ["fails", "is stopped"])
def test_a_turn_without_an_answer_ends_as_revoked_for_them_only(group: Table, how: str) -> None:
    shut_out(group, ANN)
    if how == "is stopped":
        group.stop()
    group.end(2, None, "no idea")
    assert group.settled[:2] == [(2, REVOKED), (3, REVOKED)]
    ((seq, outcome),) = group.settled[2:]
    assert (seq, type(outcome)) == (4, Absorbed if how == "is stopped" else Held)


def test_whoever_was_shut_out_hears_no_part(group: Table) -> None:
    shut_out(group, ANN)
    group.say(2, "well")
    assert group.settled == [(2, REVOKED), (3, REVOKED)]
    group.end(2, "hello")
    assert answers(group) == [(4, "well", []), (4, "hello", [4])]


def test_after_a_part_the_answer_goes_on_for_those_who_are_left(group: Table) -> None:
    group.say(2, "well")
    shut_out(group, BEN)
    group.end(2, "hello")
    assert (group.settled, answers(group)) == ([], [(4, "well", [2, 3]), (4, "hello", [4])])


def test_after_a_part_it_ends_where_nobody_is_left(group: Table) -> None:
    group.say(2, "well")
    shut_out(group, ANN, BEN)
    group.say(2, "hello")
    group.end(2, "hello")
    assert answers(group) == [(4, "well", [2, 3]), (4, "", [4])]
    outcomes = [outcome for reply in group.chunker.all(Reply)[1:] for _, outcome in reply.settles]
    assert outcomes == [Replied(), Replied(), REVOKED]
    assert len(group.turns) == 2


def test_messages_that_wait_drop_out_and_the_others_are_served(group: Table) -> None:
    group.hear(5, sender=ANN)
    group.hear(6, sender=BEN)
    shut_out(group, BEN)
    assert group.settled == [(6, REVOKED)]
    group.end(2)
    assert group.asked[-1] == (3, 5)


def test_a_turn_that_has_not_begun_runs_without_them_or_not_at_all(stage: KillableStage) -> None:
    table = Table(stage, Habits(window=0.5))
    table.answers = False
    table.hear(1, 2, sender=BEN)
    stage.advance(0.5)
    asked = table.journal.told[0].fact
    shut_out(table, BEN)
    table.recalled(asked)
    stage.settle()
    assert (table.asked, table.ended) == ([], [1, 2])


def test_what_it_was_steered_by_drops_out_too(stage: KillableStage) -> None:
    table = Table(stage, Habits(mode="steer"))
    table.hear(1, agent="wheel", sender=ANN)
    table.hear(2, agent="wheel", sender=BEN)
    shut_out(table, BEN)
    table.end(1, "both", taken=(2,))
    assert (table.settled, table.replies) == ([(2, REVOKED)], [(1, "both")])
