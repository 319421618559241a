"""Processes that are stopped for a while: what was said meanwhile was missed, not late, and is answered once."""

import signal
from collections.abc import Callable

import pytest

from tests.faults.cases import Build, Cases
from tests.faults.town import VERSIONS, Town, wait_for
from tests.support.scripts import lives

case = Cases()
LONGER_THAN_A_PROBE = 3.0
"""Seconds; probes are given up after 1.5."""


def _pass_time(town: Town, seconds: float) -> None:
    """Somebody writes every half second."""
    for number in range(round(seconds * 2)):
        town.writes(f"meanwhile {number}")
        town.wait_out(0.5)


def _answered(town: Town, seconds: float) -> None:
    texts = [f"meanwhile {number}" for number in range(round(seconds * 2))]
    town.wait_answers("before", *texts, "after")
    assert town.sent() == [f"echo: {text}" for text in ("before", *texts, "after")]
    assert town.held() == []


@case(*VERSIONS)
def the_gateway(build: Build, version: str) -> None:
    """It wakes up, has missed nothing for good, and answers in order."""
    town = build(version).settle_in()
    town.write_and_wait("before")
    assert town.process is not None
    town.process.send_signal(signal.SIGSTOP)
    _pass_time(town, LONGER_THAN_A_PROBE)
    town.process.send_signal(signal.SIGCONT)
    town.writes("after")
    _answered(town, LONGER_THAN_A_PROBE)
    town.wait_well()


@case("0.9", "0.15", soak=True)
def the_gateway_for_longer_than_messages_stay_fresh(build: Build, version: str) -> None:
    """A message older than ``liveMinutes`` when it comes in is answered all the same: nobody was there to hear it."""
    town = build(version).settle_in(recovery={"liveMinutes": 1})
    town.write_and_wait("before")
    assert town.process is not None
    town.process.send_signal(signal.SIGSTOP)
    town.wait_out(2.0)
    town.writes("meanwhile 0")
    town.wait_out(75.0)
    town.process.send_signal(signal.SIGCONT)
    town.writes("after")
    _answered(town, 0.5)


@case("0.9", "0.15")
def its_imsg(build: Build, version: str) -> None:
    """It does not answer, so it is ended, stopped as it is, and its successor brings what it did not."""
    town = build(version).settle_in()
    town.write_and_wait("before")
    wait_for("the send to be answered", town.all_answered)
    first = town.kill_child(signal.SIGSTOP)
    town.writes("meanwhile 0")
    town.wait_problem("hanging")
    wait_for("it to be ended", lambda: not lives(first))
    town.writes("after")
    _answered(town, 0.5)
    town.wait_well()


@case("0.9", "0.15")
def its_imsg_for_a_moment(build: Build, version: str) -> None:
    """Shorter than anybody's patience: the same process goes on."""
    town = build(version).settle_in()
    town.write_and_wait("before")
    town.kill_child(signal.SIGSTOP)
    _pass_time(town, 1.0)
    town.kill_child(signal.SIGCONT)
    town.writes("after")
    _answered(town, 1.0)
    assert len(town.children()) == 1


@case("0.9")
def nobody_in_another_time_zone(build: Build, version: str) -> None:
    """The gateway's zone is hours away from the Mac's: dates are moments, whatever a clock on the wall shows."""
    town = build(version)
    town.environment["TZ"] = "Pacific/Kiritimati"
    town.settle_in(recovery={"liveMinutes": 1})
    town.write_and_wait("now")
    assert town.stop() == 0
    town.writes("while it was down")
    town.start()
    town.wait_answers("now", "while it was down")
    assert town.held() == []


@pytest.mark.parametrize("name", case.names())
def test_what_is_stopped_is(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
