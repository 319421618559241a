"""Why a link is down or not well, said with a remedy, and taken back when it is over."""

import pytest

from actors.envelopes.control import Tick
from actors.envelopes.facts import ChildStarted
from actors.envelopes.link import ChildGone, Disconnected, Subscribed
from actors.rpc.desk import HEALTHY_AFTER
from actors.rpc.health import BROKEN_PIPE, FULL_DISK_ACCESS, Problem
from tests.rpc.watching import LONGEST, NEW, Watching
from tests.support.scripts import lives

BANNER = """
print("Permission Error: cannot access the Messages database")
print()
print("/Users/x/Library/Messages/chat.db requires Full Disk Access permission.")
for number in range(10): print(f"{number}. do this, then that")
sys.stdout.flush()
sys.exit(1)
"""


def test_a_missing_program_is_said_with_a_remedy_and_found_when_it_is_there(link: Watching) -> None:
    link.start()
    assert link.health.state == "down"
    assert str(link.cli) in link.health.reason
    assert "brew install" in link.health.remedy
    assert "cliPath" in link.health.remedy
    assert link.health.spawned == 0
    link.script("serve()")
    link.stage.advance(LONGEST + 0.1)
    link.up()
    assert link.health.spawned == 1


def test_the_banner_of_an_old_imsg_without_disk_access_is_understood(link: Watching) -> None:
    link.script(BANNER).start().gone()
    assert "Full Disk Access" in link.health.reason
    assert link.health.remedy == FULL_DISK_ACCESS
    assert link.due("relaunch")


NO_RPC = "print('usage: imsg <command>'); sys.exit(64)"


def test_a_program_that_does_not_speak_rpc_is_said_so(link: Watching) -> None:
    link.script(NO_RPC).start().gone()
    assert "without speaking JSON-RPC" in link.health.reason
    assert "usage: imsg" in link.health.reason
    assert "update imsg" in link.health.remedy


def test_a_program_whose_help_knows_no_rpc_has_none(link: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it said when it was asked for one: imsg before 0.3 prints its help and ends well."""
    monkeypatch.setenv("IMSG_HELP", "Usage: imsg <command>\nCommands: chats, history, watch, send")
    link.script("sys.exit(0)").start().gone()
    link.until(lambda: link.health.reason.endswith("has no rpc subcommand"), "what its help says")
    assert link.health.problem is not None
    assert link.health.problem.code == "no-rpc"
    assert "rpc --help" in link.health.remedy


@pytest.mark.parametrize(("code", "reason"), [(64, "exited (64)"), (-11, "signal 11"), (-15, "is stuck")])
def test_a_pipe_that_breaks_because_the_program_ended_says_less_than_its_end(
    link: Watching, code: int, reason: str
) -> None:
    """Only what our own signal ended was stuck."""
    link.script("while True: time.sleep(1)").start()
    link.stage.tell(link.actor, Disconnected(1, BROKEN_PIPE), ChildGone(1, code))
    assert reason in link.health.reason


def test_a_program_that_answers_and_ends_is_not_asked_for_its_help(link: Watching) -> None:
    link.script("until('watch.subscribe')\nsys.exit(3)").start().gone()
    link.close()
    link.stage.advance(0.0)
    assert "exited (3)" in link.health.reason


def test_nothing_is_started_that_must_not_be(link: Watching) -> None:
    link.refusal = Problem("another-gateway", "another gateway reads this database", "stop it")
    link.script("serve()").start()
    assert (link.health.state, link.health.problem, link.health.spawned) == ("down", link.refusal, 0)
    link.refusal = None
    link.stage.advance(LONGEST + 0.1)
    link.up()


def test_three_ends_in_a_minute_are_said_until_it_was_well_for_five(link: Watching) -> None:
    link.script("if RUN < 3: sys.exit(1)\nserve()").start()
    for times in (1, 2, 3):
        link.gone(times)
        (pause,) = link.due("relaunch")
        link.stage.advance(pause + 0.1)
    link.up()
    assert "ended 3 times in a minute" in link.health.reason
    assert link.health.problem is not None
    assert link.health.problem.code == "unsteady"
    link.live_through(HEALTHY_AFTER)
    assert link.health.state == "degraded"
    link.live_through(40)
    assert link.health.state == "ok"


def test_the_version_of_an_old_imsg_is_learned_beside_it(link: Watching) -> None:
    link.script("serve()").start().up()
    link.until(lambda: link.health.capabilities.version, "its version")
    assert (link.health.capabilities.version, link.health.capabilities.generation) == ("0.9.0", "0.6 to 0.13")
    assert len(link.facts(ChildStarted)) == 1


def test_a_version_that_is_learned_after_its_childs_end_stays_known(link: Watching) -> None:
    """It is asked for only now and then, and the next child is the same program."""
    link.script("if RUN == 0: sys.exit(1)\nserve()").start().gone()
    link.stage.tell(link.actor, Tick("version", (1, "0.9.0")))
    assert link.health.capabilities.version == "0.9.0"
    link.stage.advance(LONGEST + 0.1)
    link.up()
    assert link.health.capabilities.version == "0.9.0"


def test_an_imsg_of_today_is_not_asked_for_its_version(link: Watching) -> None:
    link.script(f"{NEW}serve()").start().up()
    assert link.health.capabilities.version == "0.15.9"
    link.stage.tell(link.actor, Tick("version", (1, "0.9.0")))
    assert link.health.capabilities.strict
    assert link.sender.all(Subscribed) == [Subscribed(1, link.health.capabilities, 0, "/x/chat.db")]


REFUSES = """
print("warning: contacts not available", file=sys.stderr, flush=True)
words = "unable to open database file (code: 14)\\n\\nPermission Error: ... Full Disk Access"
while True: error(request(), -32603, "Internal error", words)
"""


def test_an_imsg_without_disk_access_is_ended_and_its_reason_stays(link: Watching) -> None:
    """It never recovers by itself; what it says on stderr meanwhile must not hide the remedy."""
    link.script(REFUSES).start().gone()
    assert "Full Disk Access" in link.health.reason
    assert link.health.remedy == FULL_DISK_ACCESS
    assert not lives(link.facts(ChildStarted)[0].pid)
    assert len(link.due("relaunch")) == 1
    assert link.sender.all(Subscribed) == []


def test_a_refused_watch_is_told_in_imsgs_own_words(link: Watching) -> None:
    refuses = 'error(until("watch.subscribe"), -32602, "Invalid params", "since_rowid is odd")'
    link.script(f"{refuses}\nserve()").start().gone()
    assert "since_rowid is odd" in link.health.reason
    assert "None" not in link.health.reason
