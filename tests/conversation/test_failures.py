"""What a failing agent leads to: held rows, a word to the owner, one to the chat where it is wanted, quarantine."""

from __future__ import annotations

import pytest

from actors.conversation.habits import Habits
from actors.conversation.resets import ResetPolicy
from actors.envelopes.facts import Adjusted, Renewed
from actors.envelopes.inbound import Held
from actors.envelopes.outbound import Reply, chunk_key
from actors.envelopes.session import MOST_FAILURES, Recalled, Standing
from actors.envelopes.steering import Notice, Renew
from actors.outbound.answers import is_later, room
from tests.conversation.table import SESSION, Table
from tests.support.probes import KillableStage

RUNTIME = "agents.list[].runtime"


def failed(why: str) -> Held:
    """The outcome of such a row."""
    return Held(f"agent failed: {why}", RUNTIME)


def test_a_failed_turn_is_held_with_its_reason_and_the_next_one_works(table: Table) -> None:
    table.hear(1, 2)
    table.end(1, None, "exited with code 3: no such model")
    assert table.settled == [(1, failed("exited with code 3: no such model"))]
    assert table.replies == []
    (turn,) = table.turns
    assert (turn.seqs, turn.failure, turn.text) == ((1,), "exited with code 3: no such model", "")
    table.end(2, "two")
    assert table.replies == [(2, "two")]


def test_all_messages_of_a_failed_turn_are_held_and_it_is_one_turn(table: Table) -> None:
    table.hear(1, 2, 3, agent="many")
    table.end(1)
    table.stage.advance(1.0)
    table.end(2, None, "no idea")
    assert table.settled == [(2, failed("no idea")), (3, failed("no idea"))]
    assert [turn.seqs for turn in table.turns] == [(1,), (2, 3)]


@pytest.mark.parametrize(("agent", "why"), [("fails", "no idea"), ("broken", "broke: ZeroDivisionError")])
def test_a_quick_agent_that_fails_is_held_the_same_way(table: Table, agent: str, why: str) -> None:
    table.hear(1, agent=agent)
    table.hear(2, agent="quick")
    ((seq, outcome),) = table.settled
    assert seq == 1
    assert isinstance(outcome, Held)
    assert outcome.reason.startswith(f"agent failed: {why}")
    assert table.replies == [(2, "TEXT 2")]
    assert table.attended == [(0, True, False), (0, True, True)]


def test_the_owner_is_told_where_and_why_but_not_what_anybody_wrote(table: Table) -> None:
    table.hear(1, text="my secret")
    table.end(1, None, "exited with code 3:\n" + "x" * 1000)
    (notice,) = table.notices.all(Notice)
    assert (notice.account, notice.about) == ("default", f"agent failed: {SESSION}")
    assert "exited with code 3: xxx" in notice.text
    assert "secret" not in notice.text
    assert len(notice.text) < 500


@pytest.mark.parametrize("agent", ["main", "fails"])
def test_an_apology_is_a_later_answer_that_leaves_the_row_held(stage: KillableStage, agent: str) -> None:
    table = Table(stage, Habits(apologies={"default": "Sorry, not now."}))
    table.hear(1, agent=agent)
    table.end(1, None, "no idea")
    assert table.settled == [(1, failed("no idea"))], "told the journal first"
    (reply,) = table.chunker.all(Reply)
    assert (reply.seq, reply.text, reply.settles, reply.turn) == (1, "Sorry, not now.", (), None)
    assert is_later(chunk_key(1, reply.first)), "the place of the first answer stays free for one that works"
    assert room(reply.first)


def test_other_accounts_do_not_apologise(stage: KillableStage) -> None:
    table = Table(stage, Habits(apologies={"work": "Sorry."}))
    table.hear(1)
    table.end(1, None, "no idea")
    assert table.replies == []


def quarantine(table: Table, first: int = 1) -> None:
    """Turns fail until the session is left alone."""
    for seq in range(first, first + MOST_FAILURES):
        table.hear(seq)
        table.end(table.asked[-1][0], None, "no idea")


def test_after_three_failed_turns_messages_are_held_and_the_owner_is_told_once(table: Table) -> None:
    table.hear(1, 2, 3, 4)
    for number in (1, 2, 3):
        table.end(number, None, "no idea")
    table.hear(5)
    table.hear(6, agent="quick")
    held = [(seq, outcome.reason) for seq, outcome in table.settled[3:] if isinstance(outcome, Held)]
    assert [seq for seq, _ in held] == [4, 5, 6]
    assert {reason.partition(":")[0] for _, reason in held} == {"quarantined"}
    assert len(table.asked) == 3
    assert [about for about in table.noticed if "quarantined" in about] == [f"quarantined: {SESSION}"]


def test_an_agent_that_fails_after_it_said_something_is_left_alone_too(table: Table) -> None:
    for seq in range(1, 1 + MOST_FAILURES):
        table.hear(seq)
        table.say(seq, "let me see")
        table.end(seq, None, "timed out after 600 s")
    table.hear(9)
    assert len(table.asked) == MOST_FAILURES
    ((seq, outcome),) = table.settled
    assert (seq, type(outcome)) == (9, Held)
    assert f"quarantined: {SESSION}" in table.noticed


def test_a_turn_that_works_in_between_begins_the_count_anew(table: Table) -> None:
    for seq, text in enumerate([None, None, "fine", None, None], start=1):
        table.hear(seq)
        table.end(seq, text, "no idea")
    table.hear(6)
    assert table.asked[-1] == (6, 6)


def test_a_session_that_was_quarantined_before_still_is(stage: KillableStage) -> None:
    table = Table(stage, standings={SESSION: Standing(failures=3)})
    table.hear(1)
    assert (table.asked, len(table.settled)) == ([], 1)


def test_a_released_message_ends_the_quarantine(table: Table) -> None:
    quarantine(table)
    table.hear(4)
    table.hear(4, released=True)
    assert table.facts(Adjusted) == [Adjusted(SESSION, "failures", 0)]
    table.hear(5)
    table.end(4, "fine")
    assert table.asked[-2:] == [(4, 4), (5, 5)]


def test_beginning_anew_ends_the_quarantine(table: Table) -> None:
    quarantine(table)
    table.tell(Renew(SESSION, "asked"))
    table.hear(4)
    assert table.asked[-1] == (4, 4)


@pytest.mark.parametrize("quiet", [10.0, 1000.0])
def test_a_reset_by_itself_ends_the_quarantine(stage: KillableStage, quiet: float) -> None:
    table = Table(stage, Habits(direct=ResetPolicy(idle=600.0)))
    quarantine(table)
    now = stage.clock.wall()
    table.memory = Recalled(SESSION, 0, started_at=now, last_at=now)
    stage.advance(quiet)
    table.hear(4)
    if quiet < 600:
        assert len(table.asked) == 3
        assert table.settled[-1][0] == 4
    else:
        assert table.asked[-1] == (4, 4)
        assert [fact.why for fact in table.facts(Renewed)] == ["idle"]


def test_a_turn_that_was_stopped_is_no_failure(table: Table) -> None:
    for seq in range(1, 6):
        table.hear(seq)
        table.stop()
        table.end(seq, None, "cancelled")
    table.hear(6)
    assert table.asked[-1] == (6, 6)
