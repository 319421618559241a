"""One child's watch, looked after: begun again where it ends, and what was missed is known."""

import itertools
from pathlib import Path

import pytest

from actors.envelopes.control import Quiesce
from actors.envelopes.facts import Baseline, ChildEnded, Identified, Replaced, Watched
from actors.envelopes.inbound import Overlong, Received
from actors.envelopes.inbound import Watching as Missed
from actors.envelopes.link import Subscribed
from actors.rpc.frames import HEAD, MAX_LINE
from actors.rpc.health import Problem
from actors.rpc.keeper import FIRST_PROBE, NOTE_SECONDS
from actors.rpc.liveness import PROBE_SECONDS, STREAM_PAUSE
from actors.rpc.program import file_identity
from tests.rpc.watching import LONGEST, NEW, SOURCE, Watching
from tests.support.actors import Probe as Told


def gaps(link: Watching) -> list[float | None]:
    """Seconds from now back to the beginning of each gap that was told."""
    now = link.stage.clock.wall()
    return [None if gap.since is None else gap.since - now for gap in link.normalizer.all(Missed)]


ENDS = "subscribed()\n{}\nanswer(until('watch.subscribe'), 2)\nrow(51, 2)\nserve()"
OVERFLOW = 'say({"method": "watch.overflow", "params": {"subscription": 1, "resume_after_rowid": 9, "reason": "full"}})'


@pytest.mark.parametrize("how", ["stream_error()\nstream_error()", OVERFLOW])
def test_a_watch_that_ends_is_taken_up_again_from_the_cursor(link: Watching, how: str) -> None:
    link.script(ENDS.format(how)).start()
    link.until(lambda: link.due("resubscribe"), "the end of the watch")
    link.cursor = 50
    link.stage.advance(STREAM_PAUSE - 0.1)
    assert link.begun() == [42]
    link.stage.advance(0.2)
    link.until(lambda: link.rows(), "a row of the new watch")
    assert link.begun() == [42, 50]
    assert link.health.spawned == 1
    link.live_through(20 * STREAM_PAUSE)
    assert link.begun() == [42, 50]


def test_the_end_of_a_watch_that_was_given_up_means_nothing(link: Watching) -> None:
    link.script("subscribed(7)\nstream_error(3)\nrow(43, 7)\nserve()").start()
    link.until(lambda: link.rows(), "the row")
    assert link.due("resubscribe") == []


def test_a_watch_may_end_before_it_is_granted(link: Watching) -> None:
    """Before 0.14 its rows and its end may come before the answer."""
    link.script("asked = until('watch.subscribe')\nstream_error()\nanswer(asked)\nserve()").start()
    link.until(lambda: link.due("resubscribe"), "the end")
    link.stage.advance(STREAM_PAUSE)
    link.until(lambda: len(link.begun()) == 2, "another watch")


def test_a_watch_that_ends_with_its_child_is_taken_up_once(link: Watching) -> None:
    link.script("subscribed()\nif RUN == 0:\n    stream_error()\n    sys.exit(1)\nserve()").start().gone()
    link.stage.advance(LONGEST + 0.1)
    link.up().live_through(10)
    assert [run for run, _, _ in link.requests("watch.subscribe")] == [0, 1]


TWICE = """
first, second = until("watch.subscribe"), until("watch.subscribe")
answer(first, 1)
answer(second, 2)
serve()
"""


def test_a_watch_that_was_asked_for_twice_is_kept_once(link: Watching) -> None:
    link.script(TWICE).start()
    link.until(lambda: link.begun(), "the first question")
    link.stage.advance(12.0)
    link.until(lambda: link.requests("watch.unsubscribe"), "the end of the second watch")
    assert [params for _, _, params in link.requests("watch.unsubscribe")] == [{"subscription": 2}]
    assert link.health.state == "ok"
    assert len(link.sender.all(Subscribed)) == 1


@pytest.mark.parametrize("failure", ['error(asked, -32603, "Internal error", "x")', "sys.exit(1)"])
def test_a_first_run_that_cannot_learn_the_newest_row_stores_no_guess(link: Watching, failure: str) -> None:
    link.cursor = None
    link.script(f"NEWEST = [7]\nasked = until('messages.history')\nif RUN == 0: {failure}\nserve()").start()
    link.until(lambda: link.health.state != "down" or link.due("relaunch"), "what comes of it")
    assert link.facts(Baseline) == []
    assert "since_rowid" not in str(link.requests("watch.subscribe"))


PAGES = """
serving = True
while serving:
    asked = request()
    params = asked["params"]
    if asked["method"] == "messages.after":
        numbers = [n for n in range(params["since_rowid"] + 1, 600)][:params["limit"]]
        if len(numbers) > 30:
            say('{"id":%d,"result":{"messages":["' % asked["id"] + "x" * TOO_LONG + '"]}}')
        else:
            last = numbers[-1] if numbers else params["since_rowid"]
            result(asked, {"messages": [{"id": n} for n in numbers], "next_rowid": last, "has_more": last < 599})
    else:
        answer(asked)
        serving = asked["method"] != "watch.subscribe"
row(600)
serve()
"""


def test_a_page_too_long_to_keep_is_asked_for_in_smaller_ones(link: Watching) -> None:
    link.cursor = 550
    link.script(f"{NEW}TOO_LONG = {MAX_LINE}\n{PAGES}").start()
    link.until(lambda: 600 in link.rows(), "the row behind them")
    assert link.rows() == list(range(551, 601))
    assert [params["limit"] for _, _, params in link.requests("messages.after")] == [200, 25, 200]
    assert link.begun() == [599]
    assert link.normalizer.all(Overlong) == []


REFETCHED = f"""
subscribed()
say('{{"method":"message","params":{{"subscription":1,"message":{{"id":77,"text":"' + "x" * {MAX_LINE} + '"}}}}}}')
row(78)
asked = until("messages.after")
result(asked, {{"messages": [{{"id": 77, "text": "short"}}], "next_rowid": 77, "has_more": False}})
serve()
"""


def test_a_row_too_long_to_keep_is_set_aside_and_asked_for_once_more(link: Watching) -> None:
    link.script(NEW + REFETCHED).start()
    link.until(lambda: 77 in link.rows(), "the row without its attachments")
    assert link.rows() == [78, 77]
    assert link.requests("messages.after")[-1][2] == {"since_rowid": 76, "limit": 1, "attachments": False}
    (overlong,) = link.normalizer.all(Overlong)
    assert len(overlong.head) == HEAD
    assert b'"id":77' in overlong.head
    assert link.health.dropped == 1


def test_an_old_imsg_cannot_be_asked_for_it(link: Watching) -> None:
    link.script(f"subscribed()\nsay('x' * {MAX_LINE + 1})\nrow(44)\nserve()").start()
    link.until(lambda: link.rows() == [44], "the row behind it")
    link.until(lambda: link.normalizer.all(Overlong), "its beginning")
    assert link.normalizer.all(Overlong)[0] == Overlong("default", SOURCE, link.stage.clock.wall(), b"x" * HEAD)
    link.live_through(1)
    assert link.requests("messages.after") == []


def test_it_is_stored_every_minute_that_the_watch_is_well(link: Watching) -> None:
    link.script("serve()").start().up()
    assert link.facts(Watched) == []  # it may still be catching up
    began = link.stage.clock.wall()
    link.live_through(300)
    passed = [fact.at - began for fact in link.facts(Watched)]
    assert [second - first for first, second in itertools.pairwise(passed)] == [NOTE_SECONDS] * 4
    assert passed[0] <= FIRST_PROBE + 6
    told = Told("supervisor")
    link.live_through(35)
    link.stage.tell(link.actor, Quiesce(told.ref))
    (*_, last) = link.facts(Watched)
    assert link.stage.clock.wall() - last.at <= PROBE_SECONDS + 5


def test_a_watch_that_has_not_caught_up_leaves_its_gap_to_the_next(link: Watching) -> None:
    """The rows of the gap are not all there yet: the next watch must know them for missed as well."""
    link.watched = link.stage.clock.wall() - 3600.0
    link.script("NEWEST = [50]\nif RUN == 0:\n    subscribed()\n    sys.exit(1)\nserve()").start().gone()
    link.stage.advance(LONGEST + 0.1)
    link.up()
    first, second = gaps(link)
    assert first == second
    assert link.facts(Watched) == []


def test_after_a_child_only_what_came_since_counts_as_missed(link: Watching) -> None:
    link.script("until('die')\nif RUN == 0: sys.exit(1)\nserve()").start().up()
    link.live_through(PROBE_SECONDS + 10)
    link.call("die", "x")
    link.gone()
    link.stage.advance(LONGEST + 0.1)
    link.until(lambda: len(gaps(link)) == 2, "the next watch")
    missed = gaps(link)[1]
    assert missed is not None
    assert -PROBE_SECONDS - 10 - LONGEST < missed < 0


def test_after_a_sleep_the_watch_is_begun_again_and_what_came_meanwhile_was_missed(link: Watching) -> None:
    link.script("serve()").start().up()
    link.live_through(20)
    link.stage.clock.epoch += 8 * 3600.0
    link.live_through(5)
    link.until(lambda: len(link.begun()) == 2, "another watch")
    missed = gaps(link)[-1]
    assert missed is not None
    assert missed <= -8 * 3600.0
    assert [params for _, _, params in link.requests("watch.unsubscribe")] == [{"subscription": 1}]
    assert link.health.spawned == 1


def test_rows_that_come_right_after_a_sleep_were_missed_like_the_others(link: Watching) -> None:
    """They may be faster than the next look at the clock, and their dates lie in the sleep."""
    link.script("subscribed()\nuntil('wake')\nrow(43)\nserve()").start().up()
    link.live_through(7)
    link.stage.clock.epoch += 8 * 3600.0
    link.call("wake", "x")
    link.until(lambda: link.rows(), "the row")
    told = [type(message) for message in link.normalizer.told]
    assert told[: told.index(Received) + 1] == [Missed, Missed, Received]


@pytest.mark.parametrize("new", ["", NEW])
def test_a_database_that_went_back_is_watched_from_there_in_a_new_era(link: Watching, new: str) -> None:
    link.delivered = link.visible = 42
    link.watched = link.stage.clock.wall() - 3600.0
    link.script(f"{new}NEWEST = [42]\nanswer(until('messages.history'))\nNEWEST = [30]\nserve()").start().up()
    link.live_through(FIRST_PROBE + PROBE_SECONDS + 5)
    assert link.facts(Replaced) == [Replaced(SOURCE, 30, "")]
    link.until(lambda: len(link.begun()) == 2, "another watch")
    link.up()
    assert link.begun() == [42, 30]
    assert link.sender.all(Subscribed)[-1].era == 1
    assert link.normalizer.all(Missed)[-1].era == 1
    missed = gaps(link)[-1]
    assert missed is not None
    assert missed >= -PROBE_SECONDS - 5  # not since this watch began
    assert link.facts(ChildEnded) == []


def test_a_replaced_database_file_gets_a_child_that_reads_it(link: Watching, tmp_path: Path) -> None:
    database = tmp_path / "chat.db"
    database.write_text("old")
    link.db_path = str(database)
    link.script("serve()").start().up()
    link.file = file_identity(str(database))
    assert link.facts(Identified) == [Identified(SOURCE, link.file)]
    (tmp_path / "other.db").write_text("new")
    (tmp_path / "other.db").replace(database)
    link.stage.advance(FIRST_PROBE + 5)
    link.gone()
    link.stage.advance(LONGEST + 0.1)
    link.until(lambda: link.facts(Replaced), "the new era")
    link.up()
    assert link.facts(Replaced) == [Replaced(SOURCE, -1, file_identity(str(database)))]
    assert link.health.problem is not None
    assert (link.health.state, link.health.problem.code) == ("degraded", "database-replaced")
    assert link.begun()[-1] == -1


def test_rows_too_long_that_come_after_the_end_began_are_left_for_the_next_start(link: Watching) -> None:
    link.script(f"subscribed()\nuntil('watch.unsubscribe')\nsay('x' * {MAX_LINE + 1})\nsys.exit(0)").start().up()
    link.stage.tell(link.actor, Quiesce(Told("supervisor").ref))
    link.gone()
    assert link.health.dropped == 1
    assert link.normalizer.all(Overlong) == []


def test_a_line_that_was_meant_to_be_a_message_is_set_aside(link: Watching) -> None:
    broken = '{"method":"message","params":{"message":{"id":44,"text":"a" "b"}}}'
    link.script(f"subscribed()\nsay({broken!r})\nsay('not json')\nrow(45)\nserve()").start()
    link.until(lambda: link.rows() == [45], "the row behind it")
    (kept,) = link.normalizer.all(Overlong)
    assert kept.head == broken.encode()
    assert kept.why


def test_another_gateway_that_comes_later_is_noticed_and_makes_way_again(link: Watching) -> None:
    link.script("serve()").start().up()
    link.refusal = Problem("another-gateway", "process 7 reads it", "stop one of them")
    link.live_through(PROBE_SECONDS + 10.0)
    link.gone()
    assert link.health.problem == link.refusal
    begun, link.refusal = link.health.spawned, None
    while link.health.spawned == begun:  # no further: a child that starts needs time of the real clock
        link.live_through(1.0)
    link.up()


def test_a_program_that_became_unsafe_costs_no_running_child_its_life(link: Watching) -> None:
    link.script("serve()").start().up()
    link.refusal = Problem("unsafe-program", "anybody may write it", "chmod")
    link.live_through(PROBE_SECONDS + 10.0)
    assert (link.health.spawned, link.health.state) == (1, "ok")
