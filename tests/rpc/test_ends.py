"""The first and the last of a reader: children of a killed gateway, and its own when it stops."""

import subprocess
from collections.abc import Callable, Iterator

import pytest

from actors.envelopes.control import Quiesce, Quiet
from actors.envelopes.facts import ChildEnded
from actors.envelopes.link import Answer
from actors.rpc import reader as module
from actors.runtime.process import started_at
from tests.rpc.watching import Watching
from tests.support.actors import Probe
from tests.support.scripts import lives


@pytest.fixture
def leftover() -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    """Children of a gateway that was killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(text: str) -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen(("/bin/sh", "-c", text), start_new_session=True, stdin=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


Leftover = Callable[[str], "subprocess.Popen[bytes]"]


def test_a_child_of_a_killed_gateway_is_awaited_before_a_new_one_starts(link: Watching, leftover: Leftover) -> None:
    process = leftover("read x")
    link.child_pid, link.child_started = process.pid, started_at(process.pid)
    link.script("serve()").start()
    assert link.health.spawned == 0
    assert "last gateway" in link.health.reason
    assert str(process.pid) in link.health.remedy
    process.communicate()
    link.up()
    assert process.returncode == 1  # it saw the end of its input


def test_a_child_of_a_killed_gateway_that_stays_is_ended_first(
    link: Watching, leftover: Leftover, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ORPHAN_PATIENCE", 0.05)
    process = leftover("sleep 1000")
    link.child_pid, link.child_started = process.pid, started_at(process.pid)
    link.script("serve()").start()
    link.until(lambda: link.health.spawned, "the end of the other")
    assert not lives(process.pid)
    link.up()


def test_a_process_that_only_has_the_number_of_a_former_child_is_let_alone(link: Watching, leftover: Leftover) -> None:
    process = leftover("read x")
    link.child_pid, link.child_started = process.pid, 1_000_000.0
    link.script("serve()").start().up()
    assert process.poll() is None


def test_shutting_down_takes_nothing_new_and_starts_nothing(link: Watching) -> None:
    link.script("subscribed()\nrow(43)\nrequest()\nrow(44)\nsys.exit(1)").start()
    link.until(lambda: link.rows() and link.health.state == "ok", "the first row")
    asker = Probe("supervisor")
    link.stage.tell(link.actor, Quiesce(asker.ref))
    assert asker.told == [Quiet("reader")]
    link.gone()
    assert [params for _, _, params in link.requests("watch.unsubscribe")] == [{"subscription": 1}]
    assert link.rows() == [43]
    assert link.due("relaunch") == []
    assert link.health.spawned == 1


def test_stopping_ends_the_child_and_says_so(link: Watching) -> None:
    link.script("serve()").start().up()
    pid = link.health.pid
    assert pid is not None
    link.call("send", "under way")
    link.actor.stop(block=False)
    link.stage.settle()
    assert not lives(pid)
    assert len(link.facts(ChildEnded)) == 1
    assert [answer.tag for answer in link.sender.all(Answer)] == ["under way"]
    assert link.due("relaunch") == []


def test_a_reader_that_fails_for_good_ends_its_child(link: Watching) -> None:
    link.script("serve()").start().up()
    pid = link.health.pid
    assert pid is not None
    link.poison()
    assert not link.actor.is_alive()
    link.until(lambda: not lives(pid), "the end of the child")
