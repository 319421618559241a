"""A live watch, probed: what hangs or stalls is replaced, and whoever wants to know is told exactly once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from actors.envelopes.control import Probe, Quiesce
from actors.envelopes.link import Answer
from actors.rpc.health import FULL_DISK_ACCESS
from actors.rpc.keeper import FIRST_PROBE
from actors.rpc.liveness import PROBE_SECONDS
from tests.rpc.watching import LONGEST, NEW, Watching
from tests.support.actors import Probe as Told


def test_a_program_that_refuses_to_be_probed_is_left_alone(link: Watching) -> None:
    """Any program may stand in for imsg: an error is a sign of life."""
    link.script("subscribed()\nwhile True: error(request(), -32601, 'Method not found', 'x')").start().up()
    link.live_through(3 * PROBE_SECONDS)
    assert len(link.requests("chats.list")) == 3
    assert (link.health.state, link.health.spawned) == ("ok", 1)


def test_a_child_that_does_not_answer_a_probe_hangs_and_is_replaced(link: Watching) -> None:
    link.script("subscribed()\nif RUN == 0:\n    while True: request()\nserve()").start().up()
    link.stage.advance(FIRST_PROBE)
    link.until(lambda: link.requests("chats.list"), "the probe")
    link.stage.advance(9.0)
    assert link.health.state == "ok"
    link.stage.advance(2.0)
    assert link.health.problem is not None
    assert link.health.problem.code == "hanging"
    link.gone()
    link.stage.advance(LONGEST + 0.1)
    link.up()


def test_a_quiet_inbox_is_probed_twice_a_minute_and_nothing_else(link: Watching) -> None:
    link.script("NEWEST = [42]\nserve()").start().up()
    link.live_through(FIRST_PROBE + 5)
    assert len(link.requests("chats.list")) == 1
    link.live_through(600)
    assert len(link.requests("chats.list")) == 1 + 600 / PROBE_SECONDS
    assert link.begun() == [42]
    assert (link.health.state, link.health.spawned) == ("ok", 1)


def test_a_stalled_watch_is_begun_again_and_brings_what_was_missing(link: Watching) -> None:
    link.delivered = 42
    link.script("NEWEST = [50]\nsubscribed()\nanswer(until('watch.subscribe'), 2)\nrow(50, 2)\nserve()").start().up()
    link.live_through(2 * FIRST_PROBE + 1)
    link.until(lambda: link.rows(), "the missing row")
    assert link.begun() == [42, 42]
    assert [params for _, _, params in link.requests("watch.unsubscribe")] == [{"subscription": 1}]
    assert link.health.problem is not None
    assert (link.health.state, link.health.problem.code) == ("degraded", "watch-behind")
    link.delivered = 50
    link.live_through(PROBE_SECONDS)
    assert (link.health.state, link.health.spawned) == ("ok", 1)


def test_what_no_watch_delivers_is_left_alone_after_another_child(link: Watching) -> None:
    link.delivered = 42
    link.script("NEWEST = [50]\nserve()").start().up()
    link.live_through(3 * FIRST_PROBE)
    link.gone()
    assert link.health.problem is not None
    assert (link.health.state, link.health.problem.code) == ("down", "watch-behind")
    link.stage.advance(LONGEST + 0.1)
    link.up().live_through(300)
    assert [run for run, _, _ in link.requests("watch.subscribe")] == [0, 0, 1]
    assert (link.health.state, link.health.spawned) == ("ok", 2)


def test_an_old_imsg_that_loses_its_database_is_replaced(link: Watching) -> None:
    lost = "error(until('chats.list'), -32603, 'Internal error', 'authorization denied')"
    link.script(f"subscribed()\nif RUN == 0: {lost}\nserve()").start().up()
    link.live_through(FIRST_PROBE)
    link.gone()
    assert link.health.remedy == FULL_DISK_ACCESS
    link.stage.advance(LONGEST + 0.1)
    link.up()


def test_an_imsg_of_today_that_loses_its_database_gets_it_back(link: Watching) -> None:
    lost = "error(until('chats.list'), -32002, 'Database unavailable', {'detail': 'authorization denied'})"
    link.script(f"{NEW}subscribed()\n{lost}\nanswer(until('watch.subscribe'), 2)\nserve()").start().up()
    link.live_through(FIRST_PROBE)
    assert (link.health.state, link.health.remedy) == ("down", FULL_DISK_ACCESS)
    link.live_through(6)
    link.up()
    assert [params for _, _, params in link.requests("watch.unsubscribe")] == [{"subscription": 1}]
    assert [run for run, _, _ in link.requests("watch.subscribe")] == [0, 0]
    assert link.health.spawned == 1


class Asker:
    """Somebody who wants to know how the link is, now."""

    def __init__(self, link: Watching) -> None:
        self.link = link
        self.calls = 0

    def ask(self) -> "Asker":
        def done() -> None:
            self.calls += 1

        self.link.stage.tell(self.link.actor, Probe(done))
        return self


def test_who_asks_is_told_after_a_probe(link: Watching) -> None:
    link.script("asked = until('chats.list')\ngo = until('go on')\nanswer(asked)\nanswer(go)\nserve()").start().up()
    asker = Asker(link).ask().ask()
    assert asker.calls == 0
    link.call("go on", "x")
    link.until(lambda: asker.calls == 2, "both answers")
    assert len(link.requests("chats.list")) == 1
    link.live_through(60)
    assert asker.calls == 2


def no_child(link: Watching) -> None:
    link.start()


def not_live(link: Watching) -> None:
    link.script("while True: request()").start()


def busy(link: Watching) -> None:
    link.script("until('send')\nwhile True: time.sleep(1)").start().up()
    link.call("send", "x")


def given_up(link: Watching) -> None:
    link.db_path = str(link.folder / "chat.db")
    Path(link.db_path).write_text("old")
    link.script("serve()").start().up()
    Path(link.db_path).replace(link.folder / "gone.db")
    Path(link.db_path).write_text("new")


def quiet(link: Watching) -> None:
    link.script(f"{NEW}serve()").start().up()
    link.stage.tell(link.actor, Quiesce(Told("supervisor").ref))


@pytest.mark.parametrize("situation", [no_child, not_live, busy, given_up, quiet])
def test_who_asks_what_cannot_be_found_out_now_is_told_at_once(
    link: Watching, situation: Callable[[Watching], None]
) -> None:
    situation(link)
    asker = Asker(link).ask()
    assert asker.calls == 1
    link.stage.advance(30.0)
    assert asker.calls == 1


HANGS = "subscribed()\nwhile True: request()"
ENDS_MEANWHILE = "subscribed()\nuntil('chats.list')\nsys.exit(1)"


@pytest.mark.parametrize("text", [HANGS, ENDS_MEANWHILE])
def test_who_asks_is_told_also_when_the_child_fails_meanwhile(link: Watching, text: str) -> None:
    link.script(text).start().up()
    asker = Asker(link).ask()
    link.until(lambda: link.requests("chats.list"), "the probe")
    if text == HANGS:
        link.stage.advance(10.5)
    link.until(lambda: asker.calls, "the answer")
    link.gone()
    assert asker.calls == 1
    assert link.health.state == "down"


@pytest.mark.parametrize("how", ["stop", "fail"])
def test_who_asks_is_told_also_when_the_reader_ends_meanwhile(link: Watching, how: str) -> None:
    link.script(HANGS).start().up()
    asker = Asker(link).ask()
    if how == "stop":
        link.actor.stop(block=False)
        link.stage.settle()
    else:
        link.poison()
    assert asker.calls == 1
    assert not link.actor.is_alive()


def test_a_send_under_way_in_an_imsg_of_today_does_not_stop_a_probe(link: Watching) -> None:
    link.script(f"{NEW}until('send')\nserve()").start().up()
    link.call("send", "x")
    asker = Asker(link).ask()
    link.until(lambda: asker.calls, "the answer")
    assert link.sender.all(Answer) == []
    assert link.health.busy == 1
