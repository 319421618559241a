"""What goes wrong again and again is told, and nothing that is being begun anew passes for well."""

import pytest

from actors.envelopes.control import Probe as Ask
from actors.envelopes.link import Disconnected, Subscribed
from actors.rpc.catchup import LIMIT, SecondLook
from actors.rpc.liveness import PROBE_SECONDS
from tests.rpc.watching import NEW, Watching

ENDS_AT_ONCE = """
number = 0
while True:
    asked = request()
    answer(asked, number := number + 1)
    if asked["method"] == "watch.subscribe":
        stream_error(number)
"""


@pytest.mark.parametrize("new", ["", NEW])
def test_a_watch_that_keeps_ending_is_told_and_begun_again_ever_later(link: Watching, new: str) -> None:
    link.script(new + ENDS_AT_ONCE).start()
    link.live_through(60)
    assert link.health.state == "degraded"
    assert link.health.problem is not None
    assert link.health.problem.code == "unsteady"
    assert "database locked" in link.health.reason
    assert 5 <= len(link.begun()) <= 8
    assert link.health.spawned == 1


@pytest.mark.parametrize("new", ["", NEW])
def test_a_watch_that_ended_thrice_and_then_stays_is_well_again(link: Watching, new: str) -> None:
    link.script(new + ENDS_AT_ONCE.replace('== "watch.subscribe"', '== "watch.subscribe" and number < 20')).start()
    link.live_through(15)
    assert link.health.state == "degraded"
    link.live_through(300 + 2 * PROBE_SECONDS)
    assert link.health.state == "ok"


HANGS_WHEN_WOKEN = """
subscribed()
answer(until("watch.unsubscribe"))
while True:
    request()
"""


@pytest.mark.parametrize("new", ["", NEW])
def test_a_probe_while_a_watch_is_being_begun_again_waits_for_what_comes_of_it(link: Watching, new: str) -> None:
    link.script(new + HANGS_WHEN_WOKEN).start().up()
    said: list[str] = []
    link.stage.clock.epoch += 3600.0
    link.stage.advance(5.0)
    link.until(lambda: "watch.unsubscribe" in str(link.requests()), "the end of the watch")
    link.stage.tell(link.actor, Ask(lambda: said.append(link.health.state)))
    assert said == []
    for _ in range(25):  # before 0.14 one question waits for the other
        link.stage.advance(1.0)
    assert said == ["down"]
    assert "does not answer" in link.health.reason


def test_a_probe_while_a_watch_is_being_begun_again_asks_the_new_one(link: Watching) -> None:
    link.script("asked = until('watch.subscribe')\nstream_error()\nanswer(asked)\nserve()").start()
    link.until(lambda: link.due("resubscribe"), "the end")
    said: list[str] = []
    link.stage.tell(link.actor, Ask(lambda: said.append(link.health.state)))
    assert said == []
    assert link.requests("chats.list") == []
    link.stage.advance(1.0)
    link.until(lambda: said, "the end of the probe")
    assert said == ["ok"]
    assert len(link.requests("chats.list")) == 1


def test_the_child_of_a_new_reader_is_not_taken_for_the_one_of_the_old(link: Watching) -> None:
    link.script("serve()").start().up()
    link.poison()
    assert "the reader failed" in {gone.why for gone in link.sender.all(Disconnected)}
    link.start()
    link.until(lambda: len(link.sender.all(Subscribed)) == 2, "the second watch")
    link.live_through(3)
    assert link.health.state == "ok"
    assert link.health.spawned == 2


LATE = """
while True:
    asked = request()
    if asked["method"] == "messages.after" and asked["params"]["since_rowid"] == 42 and RUN_AGAIN:
        result(asked, {"messages": [{"id": 43}, {"id": 44}], "next_rowid": 44, "has_more": False})
    else:
        answer(asked)
    RUN_AGAIN = asked["method"] == "chats.list" or RUN_AGAIN
"""


def test_a_row_whose_chat_was_written_late_is_found_by_a_second_look(link: Watching) -> None:
    """The watch passed it over (imsg protocol 12.7), and a later row moved the cursor."""
    link.script(NEW + "RUN_AGAIN = False\n" + LATE).start().up()
    link.delivered = 44
    link.live_through(2 * PROBE_SECONDS)
    link.until(link.rows, "the second look")
    assert link.rows()[:2] == [43, 44]
    link.live_through(10 * PROBE_SECONDS)
    assert len(link.rows()) <= 4


def test_a_second_look_goes_back_by_two_and_rests_when_nothing_is_new() -> None:
    look = SecondLook()
    look.begin(10)
    assert look.params(10, False) is None
    first = look.params(20, True)
    assert first == {"since_rowid": 10, "limit": LIMIT, "attachments": True, "include_reactions": True}
    since = [params and params["since_rowid"] for params in (look.params(row, False) for row in (30, 30, 30, 30))]
    assert since == [10, 20, None, None]
    look.begin(-1)
    assert look.params(5, False) == {**first, "since_rowid": 0, "attachments": False}


SET_ASIDE = """
NEWEST = [43]
while True:
    asked = request()
    answer(asked)
    if asked["method"] == "watch.subscribe":
        row(43)
"""


def test_a_newest_row_that_is_set_aside_costs_no_child_that_can_be_asked_for_rows(link: Watching) -> None:
    """It is delivered and never moves the cursor; what is sent meanwhile must not be lost for it."""
    link.script(NEW + SET_ASIDE).start().up()
    link.live_through(4 * PROBE_SECONDS)
    assert link.health.spawned == 1
    assert link.health.state == "ok"
