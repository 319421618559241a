"""An imsg that ends, or comes up and cannot work: the gateway says why, brings it back, and loses no message."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.cases import Build, Cases
from tests.faults.town import BEN, VERSIONS, Town, wait_for
from tests.support.scripts import lives

case = Cases()
FIRST_PAUSE, TWO_PAUSES = 4.4, 13.4
"""The pauses before a child is started again are 5 s, then 10 s, less their jitter."""


def _ends(town: Town, end: Callable[[], object], words: str) -> None:
    town.settle_in().write_and_wait("before")
    wait_for("the send to be answered", town.all_answered)
    at = time.monotonic()
    end()
    problem = town.wait_problem("exited")
    assert words in problem["reason"]
    assert "rpc" in problem["remedy"]
    town.weather()
    town.writes("while it was gone")
    town.writes("and another", BEN)
    town.wait_answers("before", "while it was gone", "and another")
    assert time.monotonic() - at > FIRST_PAUSE
    assert len(town.children()) == 2
    town.wait_well()


def _exits(town: Town, code: int, words: str) -> None:
    def end() -> None:
        town.weather(exit_after={"requests": 1, "how": f"exit:{code}"})
        town.probe()

    _ends(town, end, words)


@case(*VERSIONS)
def ends_with_exit_0(build: Build, version: str) -> None:
    """It closes; the pause is kept, and what came meanwhile is answered once."""
    _exits(build(version), 0, "closed")


@case("0.9")
def ends_with_exit_1(build: Build, version: str) -> None:
    """The same, with an exit code."""
    _exits(build(version), 1, "exited (1)")


@case("0.15")
def ends_by_a_segmentation_fault(build: Build, version: str) -> None:
    """The same, by a signal, which is named."""
    town = build(version)
    _ends(town, lambda: town.kill_child(signal.SIGSEGV), "ended by signal 11")


@case(*VERSIONS)
def ends_before_its_first_line(build: Build, version: str) -> None:
    """A second child says nothing at all and ends; the third one is asked for what came since the first."""
    town = build(version).settle_in()
    town.write_and_wait("before")
    town.weather(start="exit:3")
    town.kill_child()
    town.writes("while it was gone")
    wait_for("the second child to end", lambda: "exited (3)" in (town.account().get("lastError") or ""))
    town.weather()
    town.wait_answers("before", "while it was gone")
    assert len(town.children()) == 3


@case(*VERSIONS)
def ends_amid_a_burst(build: Build, version: str) -> None:
    """Every message is answered once, or its answer is kept: in doubt, or behind one in doubt. None is doubled."""
    town = build(version).settle_in()
    texts = {f"burst {number}" for number in range(50)}
    town.weather(exit_after={"rows": 20, "how": "signal:9"})
    with town.db.transaction():
        for number, text in enumerate(sorted(texts)):
            town.writes(text, f"+1555333{number % 10:04d}")
    town.wait_problem("exited")
    town.weather()
    town.wait_well()
    kept = "SELECT text FROM outbox WHERE state IN ('uncertain', 'queued')"
    wait_for(
        "every answer to be out or kept",
        lambda: texts == set(town.answers()) | {text.removeprefix("echo: ") for (text,) in town.journal(kept)},
    )
    assert max(town.answers().values()) == 1
    assert town.journal("SELECT count(DISTINCT guid), count(*) FROM inbound WHERE kind = 'admit'") == [(50, 50)]


@case("0.15")
def ends_amid_tracked_sends(build: Build, version: str) -> None:
    """Sends that carry a GUID of ours are all settled: every answer is out, once."""
    town = build(version, bridge=True).settle_in()
    texts = [f"burst {number}" for number in range(50)]
    town.weather(exit_after={"rows": 20, "how": "signal:9"})
    with town.db.transaction():
        for number, text in enumerate(texts):
            town.writes(text, f"+1555333{number % 10:04d}")
    town.wait_problem("exited")
    town.weather()
    town.wait_answers(*texts)
    wait_for("nothing to be in doubt", lambda: town.journal("SELECT DISTINCT state FROM outbox") == [("sent",)])


@case("0.9")
def never_spins(build: Build, version: str) -> None:
    """One that ends at once is started three times in fifteen seconds, not more."""
    town = build(version)
    town.weather(start="exit:1")
    at = time.monotonic()
    town.settle_in(ready=False)
    wait_for("three children", lambda: len(town.children()) == 3)
    assert time.monotonic() - at > TWO_PAUSES
    assert town.account()["problem"]["code"] == "exited"


@case("0.9", soak=True)
def is_called_unsteady(build: Build, version: str) -> None:
    """Three ends in a minute are told also once the fourth child works: degraded, with what to do."""
    town = build(version)
    town.weather(start="exit:1")
    town.settle_in(ready=False)
    wait_for("three children", lambda: len(town.children()) == 3)
    wait_for("the end of the third", lambda: not lives(town.children()[2]))
    town.weather()
    problem = town.wait_problem("unsteady", seconds=60)
    assert "3 times in a minute" in problem["reason"]
    assert town.account()["state"] == "degraded"
    town.write_and_wait("after all that")
    assert len(town.children()) == 4


@case("0.5")
def has_no_rpc(build: Build, version: str) -> None:
    """An imsg older than ``rpc``: the remedy is to update it, and it is noticed when that is done."""
    town = build(version)
    town.weather(start="no-rpc")
    town.settle_in(ready=False)
    assert "update imsg" in town.wait_problem("no-rpc")["remedy"]
    town.weather()
    town.wait_well()
    town.write_and_wait("after the update")


@case("0.5")
def prints_a_banner_about_permissions(build: Build, version: str) -> None:
    """Lines that are no JSON-RPC, and exit 1: told as what they say, a missing permission."""
    town = build(version)
    town.weather(start="banner")
    town.settle_in(ready=False)
    assert "Full Disk Access" in town.wait_problem("no-disk-access")["remedy"]
    town.weather()
    town.wait_well()
    town.write_and_wait("after the permission")


@case(*VERSIONS)
def may_not_read(build: Build, version: str) -> None:
    """No Full Disk Access at the start. Given, it goes on by itself: from 0.14 on in the same process."""
    town = build(version)
    town.weather(start="no-access")
    town.settle_in(ready=False)
    assert "Full Disk Access" in town.wait_problem("no-disk-access")["remedy"]
    town.weather()
    town.wait_well()
    town.write_and_wait("after the permission")
    assert (len(town.children()) == 1) is (version == "0.15")


@case("0.9", "0.15")
def may_not_read_any_more(build: Build, version: str) -> None:
    """The permission goes while it runs and comes back: what came meanwhile is answered."""
    town = build(version).settle_in()
    town.weather(access=False)
    town.writes("while it was blind")
    town.wait_problem("no-disk-access")
    town.weather()
    town.wait_answers("while it was blind")
    assert (len(town.children()) == 1) is (version == "0.15")
    town.wait_well()


@pytest.mark.parametrize("name", case.names())
def test_a_child_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
