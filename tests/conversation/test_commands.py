"""Commands between messages of a session: what came before one is stopped by it, what came after waits for it."""

from __future__ import annotations

import pytest

from actors.conversation.behind import LONGEST_SECONDS
from actors.conversation.sessions import TICK_SECONDS
from actors.envelopes.facts import Renewed
from actors.envelopes.inbound import Absorbed, Dropped
from actors.envelopes.outbound import Run
from actors.envelopes.session import Recall
from actors.envelopes.steering import Abandon, Coming, Finished, Interrupt, Interrupted, Renew
from tests.conversation.house import House
from tests.support.actors import Probe
from tests.support.rows import admitted

STOPPED = Absorbed("stopped")


def coming(house: House, seq: int, session: str = "a") -> None:
    """The journal has a command."""
    house.stage.tell(house.ref, Coming(session, seq))


def stop(house: House, before: int, chat: tuple[int, int] | None = None, session: str = "a") -> Interrupted:
    """The desk carries out the ``/stop`` in row ``before``."""
    desk = Probe("desk")
    house.stage.tell(house.ref, Interrupt(session, chat, "stopped", before, desk.ref, before))
    return desk.next(Interrupted)


def done(house: House, *seqs: int) -> None:
    """These rows have their outcome on disk."""
    house.stage.tell(house.ref, Finished(seqs))


def test_what_came_behind_a_command_waits_until_that_is_done(house: House) -> None:
    house.quick(1, "a")
    coming(house, 2)
    house.quick(3, "a")
    house.quick(4, "b")
    assert house.replies == [1, 4]
    done(house, 2)
    assert house.replies == [1, 4, 3]


def test_a_stop_does_not_stop_what_came_behind_it(house: House) -> None:
    house.slow(1, "a")
    house.slow(2, "a")
    coming(house, 3)
    house.hear(admitted(4, session="a"))
    answer = stop(house, 3)
    assert (answer.running, answer.waiting) == (True, 1)
    assert house.settled == [(2, STOPPED), (1, STOPPED)]
    house.end(house.runner.all(Run)[0])
    done(house, 3)
    assert [run.turn.message.seq for run in house.runner.all(Run)] == [1, 4]


def test_a_stop_does_not_stop_what_came_later_and_is_here_already(house: House) -> None:
    """As it is where nobody announced it."""
    run = house.slow(2, "a")
    house.slow(3, "a")
    answer = stop(house, 2)
    assert (answer.running, answer.waiting, house.settled) == (False, 0, [])
    answer = stop(house, 3)
    assert (answer.running, answer.waiting, house.settled) == (True, 0, [(2, STOPPED)])
    house.end(run)
    assert house.runner.all(Run)[-1].turn.message.seq == 3


def test_a_stop_finds_what_waits_behind_an_earlier_command(house: House) -> None:
    coming(house, 1)
    coming(house, 3)
    house.quick(2, "a")
    house.quick(4, "a")
    answer = stop(house, 3)
    assert (answer.running, answer.waiting, house.settled) == (False, 1, [(2, STOPPED)])
    done(house, 1)
    assert house.replies == []
    done(house, 3)
    assert house.replies == [4]


def test_a_stop_finds_what_waits_for_a_seat_unless_it_came_later(house: House) -> None:
    for seq, session in enumerate(["x", "y", "z", "a", "a", "a"], start=1):
        house.slow(seq, session)
    assert stop(house, 6).waiting == 2
    assert house.settled == [(4, STOPPED), (5, STOPPED)]
    assert house.look("a") == (1, False)


@pytest.mark.parametrize("chat", [None, (1, 7)])
def test_the_journal_hears_of_it_before_any_row_of_it_ends(house: House, chat: tuple[int, int] | None) -> None:
    """A row that ends makes room for the next one there."""
    house.slow(1, "a")
    house.slow(2, "a")
    before = len(house.journal.told)
    stop(house, 9, chat)
    first, *others = house.journal.told[before:]
    assert (first, len(others)) == (Abandon("a", chat, 9, "stopped"), 2)


def test_what_the_journal_told_meanwhile_is_stopped_too(house: House) -> None:
    house.commits = False
    stop(house, 9, (1, 7))
    house.quick(3, "a")
    assert (house.replies, house.settled) == ([], [(3, STOPPED)])
    house.quick(4, "a", chat=8)
    house.quick(5, "b")
    house.quick(6, "a", released=True)
    house.quick(10, "a")
    assert house.replies == [4, 5, 6, 10]


def test_once_the_stop_is_answered_nothing_older_is_stopped(house: House) -> None:
    """What still comes is told anew, by an account that runs again."""
    stop(house, 9)
    done(house, 9)
    house.quick(3, "a")
    assert house.replies == [3]


def test_a_command_that_is_never_done_does_not_silence_its_session(house: House) -> None:
    coming(house, 1)
    house.quick(2, "a")
    house.stage.advance(LONGEST_SECONDS + TICK_SECONDS)
    assert house.replies == [2]


def test_whoever_waits_behind_a_command_may_lose_their_access(house: House) -> None:
    revoked = Dropped("revoked", "channels.imessage.dmPolicy")
    coming(house, 1)
    house.quick(2, "a")
    house.recheck(lambda _: revoked, at=house.stage.clock.wall())
    done(house, 1)
    assert (house.replies, house.settled) == ([], [(2, revoked)])


def test_what_is_asked_once_a_session_begins_anew_is_asked_behind_that(house: House) -> None:
    house.end(house.slow(1, "a"))
    before = len(house.journal.told)
    house.stage.tell(house.ref, Renew("a", "asked"), admitted(2, session="a"))
    assert [type(one.fact) for one in house.journal.told[before:]] == [Renewed, Recall]


def test_a_command_that_came_back_as_a_message_is_not_waited_for_again(house: House) -> None:
    """A replay tells of it once more while its message is being answered."""
    house.slow(1, "a")
    coming(house, 1)
    house.slow(2, "b")
    assert house.look("a") == (0, True)
    house.hear(admitted(3, session="a"))
    assert house.look("a") == (1, True)
