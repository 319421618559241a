"""The reader under a newer config: its child makes way, and the next one is watched over the new link at once."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from actors.envelopes.control import Landmark, Probe, Quiesce, Reconfigure, SourceState, Tick
from actors.envelopes.facts import ChildEnded, ChildStarted, Watched
from actors.envelopes.inbound import Received
from actors.envelopes.inbound import Watching as Missed
from actors.envelopes.link import Answer, Disconnected, Lines, Subscribed
from actors.normalizer.guids import guid_key
from actors.rpc.capabilities import UNKNOWN
from actors.rpc.health import REPLACED, STARTING, Problem
from actors.rpc.reader import CHANGED
from tests.rpc.watching import LONGEST, NEW, PRELUDE, SHORTEST, SOURCE, Watching
from tests.support import actors
from tests.support.scripts import lives, python_script

OTHER = 9
REFUSED = Problem("unsafe-program", "everybody may write it", "chmod go-w")
OLD_ROW = b'{"method":"message","params":{"message":{"id":77}}}'


def another(link: Watching, text: str = "serve()") -> str:
    """Another imsg, of version 0.7.0; what it is asked is kept apart. To be written before anything is started."""
    folder = link.folder / "another"
    folder.mkdir(exist_ok=True)
    return python_script(folder / "imsg", PRELUDE.replace("0.9.0", "0.7.0") + text)


def asked(link: Watching, method: str) -> list[Any]:
    """What another imsg was asked."""
    return link.requests(method, link.folder / "another")


def watched(link: Watching, times: int) -> None:
    """Until so many watches ran."""
    link.until(lambda: len(link.sender.all(Subscribed)) >= times, f"watch {times}")


def test_the_next_child_is_started_over_the_new_link_at_once(link: Watching) -> None:
    link.script("serve()").start().up()
    health, pid = link.health, link.health.pid
    assert pid is not None
    link.reconfigure(attachments=True, debounce_ms=7)
    assert (health.state, health.problem) == ("down", STARTING)
    watched(link, 2)
    assert (health.state, health.spawned) == ("ok", 2)
    assert not lives(pid)
    (_, _, params) = link.requests("watch.subscribe")[1]
    assert (params["attachments"], params["debounce_ms"], params["since_rowid"]) == (True, 7, 42)
    assert [ready.epoch for ready in link.sender.all(Subscribed)] == [1, 2]
    assert [gone.why for gone in link.sender.all(Disconnected)] == [CHANGED]
    assert [type(fact) for fact in link.facts(ChildStarted, ChildEnded)] == [ChildStarted, ChildEnded, ChildStarted]
    assert health.last_error == ""


def test_it_may_be_another_program(link: Watching) -> None:
    cli = another(link)
    link.script("serve()").start().up()
    link.reconfigure(cli=cli, db_path="/y/chat.db")
    watched(link, 2)
    link.until(lambda: link.health.capabilities.version == "0.7.0", "its version")
    assert len(link.requests("watch.subscribe")) == 1
    assert len(asked(link, "watch.subscribe")) == 1
    assert link.sender.all(Subscribed)[-1].path == "/y/chat.db"


def test_a_child_that_made_way_is_none_that_failed(link: Watching) -> None:
    link.script("if RUN == 4: sys.exit(1)\nserve()").start().up()
    for times in (2, 3, 4):
        link.reconfigure(debounce_ms=times)
        watched(link, times)
    assert (link.health.state, link.due("relaunch")) == ("ok", [])
    link.call("die", "x")
    link.reconfigure(debounce_ms=5).gone(5)
    (pause,) = link.due("relaunch")
    assert SHORTEST <= pause <= LONGEST
    assert link.health.notice is None


def test_ends_of_the_program_of_before_count_for_nothing(link: Watching) -> None:
    link.script("if RUN < 2: sys.exit(1)\nuntil('die')\nsys.exit(1)").start().gone()
    link.stage.advance(LONGEST + 0.1)
    link.gone(2).reconfigure(debounce_ms=7)
    watched(link, 1)
    link.call("die", "x")
    link.gone(3)
    assert link.health.notice is None


def test_what_was_missed_meanwhile_counts_from_when_the_watch_was_well(link: Watching) -> None:
    link.script(f"{NEW}serve()").start().up()
    link.live_through(40)
    link.reconfigure(debounce_ms=7)
    watched(link, 2)
    first, last, _ = [fact.at for fact in link.facts(Watched)]
    assert link.normalizer.all(Missed)[-1].since == last > first


# Another database


def test_another_database_is_begun_where_the_journal_says(link: Watching) -> None:
    cli = another(link, "subscribed()\nrow(8)\nserve()")
    link.script(f"{NEW}subscribed()\nrow(43)\nserve()").start().up()
    link.until(lambda: link.rows(), "the row")
    link.live_through(10)
    link.others[OTHER] = SourceState(OTHER, 7, None, None, era=2, watched=1000.0)
    link.reconfigure(source=OTHER, cli=cli, db_path="/y/chat.db")
    watched(link, 2)
    link.until(lambda: len(link.rows()) == 2, "the row of the other")
    assert [(row.source, row.era) for row in link.normalizer.all(Received)] == [(SOURCE, 0), (OTHER, 2)]
    assert [params["since_rowid"] for _, _, params in asked(link, "watch.subscribe")] == [7]
    begun = link.normalizer.all(Missed)[-1]
    assert (begun.source, begun.era, begun.since) == (OTHER, 2, 1000.0), "nothing is known of it in this process"
    assert [fact.source for fact in link.facts(ChildStarted, ChildEnded)] == [SOURCE, SOURCE, OTHER]
    assert [fact.source for fact in link.facts(Watched)] == [SOURCE, SOURCE], "until when the first one was well"


def test_an_answer_of_the_journal_about_the_database_of_before_starts_nothing(link: Watching) -> None:
    link.script("if RUN == 0: sys.exit(1)\nserve()").start().gone()
    link.others[OTHER] = SourceState(OTHER, 7, None, None)
    assert link.link is not None
    newer = Reconfigure(dataclasses.replace(link.link, source=OTHER))
    link.stage.tell(link.actor, newer, SourceState(SOURCE, 42, None, None))
    watched(link, 1)
    assert [params["since_rowid"] for _, _, params in link.requests("watch.subscribe")] == [7]


@pytest.mark.parametrize(("source", "asks"), [(SOURCE, 41), (OTHER, 6)])
def test_rows_known_before_tell_about_their_own_database_only(link: Watching, source: int, asks: int) -> None:
    """Of the same one they are those of the last look: newer rows would be those of whatever stands there now."""
    link.others[SOURCE] = SourceState(SOURCE, 42, None, None, landmarks=(Landmark(42, 5, guid_key("G42")),))
    link.script(f"{NEW}serve()").start().up()
    link.live_through(10)
    newer = Landmark(7, 5, guid_key("G7"))
    link.others[source] = SourceState(source, 42, None, None, landmarks=(newer,))
    before = len(link.requests("messages.after"))
    link.reconfigure(source=source)
    watched(link, 2)
    assert link.requests("messages.after")[before:][0][2]["since_rowid"] == asks


# Without a child


def test_it_is_tried_at_once_whatever_the_pause_was(link: Watching) -> None:
    cli = another(link)
    link.script("sys.exit(1)").start().gone()
    link.stage.advance(LONGEST + 0.1)
    link.gone(2)
    assert len(link.due("relaunch")) == 1
    link.reconfigure(cli=cli)
    watched(link, 1)
    link.live_through(4 * LONGEST)
    assert link.health.spawned == 3, "what it waited for does not matter any more"


def test_a_pause_of_before_starts_nothing_beside_the_new_one(link: Watching) -> None:
    link.refusal = REFUSED
    link.script("serve()").start()
    refusals = []

    def refuse() -> Problem:
        refusals.append(link.stage.clock.now)
        return REFUSED

    link.reconfigure(refusal=refuse)
    assert (len(refusals), link.health.problem) == (1, REFUSED)
    link.stage.advance(LONGEST + 0.1)
    assert len(refusals) == 2, "one pause, and the shortest"


def test_those_who_send_hear_that_no_child_of_before_is_meant(link: Watching) -> None:
    cli = another(link)
    link.script("sys.exit(1)").start().gone()
    before = len(link.sender.all(Disconnected))
    link.reconfigure(cli=cli)
    watched(link, 1)
    told = link.sender.all(Disconnected)[before:]
    assert [(gone.epoch, gone.why) for gone in told] == [(1, CHANGED)]


def test_it_may_change_before_the_first_child_is_there(link: Watching) -> None:
    link.refusal = REFUSED
    link.script("serve()").start()
    link.reconfigure(refusal=lambda: None)
    watched(link, 1)
    assert link.health.spawned == 1
    assert [gone.why for gone in link.sender.all(Disconnected)] == [CHANGED]


# What the child of before still says


def test_rows_of_the_child_of_before_are_left_and_its_answers_passed_on(link: Watching) -> None:
    link.script("subscribed()\nsignal.signal(15, signal.SIG_IGN)\nserve()").start().up()
    link.call("chats.list", "mine")
    link.stage.tell(link.actor, Lines(1, (OLD_ROW,)))
    link.reconfigure(debounce_ms=7)
    link.stage.tell(link.actor, Lines(1, (OLD_ROW,)))
    watched(link, 2)
    assert link.rows() == [77], "the cursor brings the second one again"
    (answer,) = link.sender.all(Answer)
    assert (answer.tag, answer.lost) in {("mine", False), ("mine", True)}


def test_an_answer_of_the_child_of_before_makes_it_none_to_send_over(link: Watching) -> None:
    link.script("until('watch.subscribe')\nserve()").start()
    link.until(lambda: link.requests("watch.subscribe"), "the question")
    link.reconfigure(debounce_ms=7)
    link.stage.tell(link.actor, Answer(("subscribe", 1), {"subscription": 1}, None))
    assert (link.health.problem, link.sender.all(Subscribed)) == (STARTING, [])
    link.gone()


def test_what_is_learned_of_the_program_of_before_counts_for_nothing(link: Watching) -> None:
    link.script(f"{NEW}serve()").start().up()
    link.reconfigure(refusal=lambda: REFUSED).gone()
    link.stage.tell(link.actor, Tick("version", (1, "0.1.0")))
    assert (link.health.problem, link.health.capabilities) == (REFUSED, UNKNOWN)


def test_that_the_program_of_before_has_no_rpc_is_not_said_of_the_next(link: Watching) -> None:
    link.script("if RUN == 0: sys.exit(1)\nuntil('never')").start().gone()
    assert link.link is not None
    newer = Reconfigure(dataclasses.replace(link.link, debounce_ms=7))
    link.stage.tell(link.actor, newer, Tick("speaks", (1, False)))
    assert link.health.problem == STARTING


def test_notices_about_the_program_of_before_are_taken_back(link: Watching) -> None:
    link.script("serve()").start().up()
    link.health.note(Problem("old-imsg", "it is old"))
    link.reconfigure(debounce_ms=7)
    watched(link, 2)
    assert link.health.notice is None


@pytest.mark.parametrize(("source", "notice"), [(SOURCE, REPLACED), (OTHER, None)])
def test_that_a_database_was_replaced_stays_true_of_it(link: Watching, source: int, notice: Problem | None) -> None:
    link.script("serve()").start().up()
    link.health.note(REPLACED)
    link.others[OTHER] = SourceState(OTHER, 7, None, None)
    link.reconfigure(source=source)
    watched(link, 2)
    assert link.health.notice == notice


def test_of_two_changes_the_last_one_counts(link: Watching, tmp_path: Path) -> None:
    cli = another(link)
    link.script("serve()").start().up()
    link.reconfigure(cli=str(tmp_path / "nowhere")).reconfigure(cli=cli)
    watched(link, 2)
    assert link.health.spawned == 2


def test_who_waits_for_a_probe_is_told(link: Watching) -> None:
    link.script(f"{NEW}subscribed()\nwhile True: request()").start().up()
    told: list[int] = []
    link.stage.tell(link.actor, Probe(lambda: told.append(1)))
    link.until(lambda: link.requests("chats.list"), "the probe")
    assert told == []
    link.reconfigure(debounce_ms=7)
    assert told == [1]
    link.stage.tell(link.actor, Probe(lambda: told.append(2)))
    assert told == [1, 2]


def test_at_shutdown_nothing_is_started_any_more(link: Watching) -> None:
    link.script("serve()").start().up()
    link.stage.tell(link.actor, Quiesce(actors.Probe("supervisor").ref))
    link.reconfigure(debounce_ms=7).gone()
    assert (link.health.spawned, link.due("relaunch")) == (1, [])


def test_calls_under_way_are_lost_with_the_child_of_before(link: Watching) -> None:
    link.script("subscribed()\nwhile True: request()").start().up()
    link.call("send", "mine")
    link.until(lambda: link.requests("send"), "the request")
    link.reconfigure(debounce_ms=7)
    link.until(lambda: link.sender.all(Answer), "the loss")
    (answer,) = link.sender.all(Answer)
    assert (answer.tag, answer.lost, answer.started) == ("mine", True, True)
    watched(link, 2)
