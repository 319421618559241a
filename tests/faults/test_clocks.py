"""Clocks that jump and answers that come after their time, with the real actors on a clock moved by hand.

No process can be given another clock than its machine's, so the wall clock is moved here: by a sleep (the wall clock
runs on, the monotonic one does not), or by somebody who sets it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actors.envelopes.control import Record, Recorded, Replay, Replayed
from actors.envelopes.facts import Sent, Uncertain
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Inbound, Replied
from actors.envelopes.link import Call, Connected, Response, Subscribed
from actors.envelopes.outbound import Chunk, Prepared, chunk_key
from actors.normalizer.actor import Normalizer
from actors.outbound.inquiries import PATIENCE
from actors.outbound.sender import OutboundSender
from actors.outbound.wire import Prefs, namespace_of
from actors.pairing.codes import LIFETIME
from actors.pairing.store import PairingStore
from actors.rpc.caller import RpcCaller
from actors.rpc.capabilities import OLD_METHODS, Capabilities
from actors.rpc.health import LinkHealth
from config.schema.channel import Recovery
from tests.rpc.calling import Desk, Pipe
from tests.rpc.watching import Watching
from tests.support.actors import Probe, Stage, stage
from tests.support.rows import ACCOUNT, ANN, guid, wire

MINUTE, HOUR = 60.0, 3600.0
LIVE, MISSED_TOO_LONG_AGO, BACKLOG = "", "missed too long ago", "stale backlog"
ECHO_OF_ROWS = """
subscribed()
while True:
    asked = request()
    if asked["method"] == "say":
        for message in asked["params"]["rows"]:
            say({"jsonrpc": "2.0", "method": "message", "params": {"subscription": 1, "message": message}})
    answer(asked)
"""


@pytest.fixture(name="stage")
def _stage() -> Iterator[Stage]:
    """Everything on the test's own thread, but for the child's pipes."""
    with stage() as place:
        yield place


class Ears:
    """A reader over a child that says what it is told to, a normalizer behind it, and what that lets through."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.access = Probe("access")
        self.link = Watching(stage, folder).script(ECHO_OF_ROWS)
        journal = Probe("journal", lambda message: None)
        normalizer = Normalizer.start(
            stage.context("normalizer"), self.access.ref, journal.ref, (), {ACCOUNT: Recovery()}
        )
        self.link.normalizer = Probe("normalizer", normalizer.tell)
        self.link.watched = stage.clock.wall()
        self.link.start().up()
        self._count = 0

    def hear(self, *ages: float) -> list[str]:
        """Rows of these ages (seconds, by the wall clock) come in now; why each is stale, if it is."""
        rows, now = [], self.stage.clock.wall()
        for age in ages:
            self._count += 1
            at = datetime.fromtimestamp(now - age, UTC).isoformat()
            rows.append(wire(self._count, guid=guid(self._count), created_at=at))
        self.stage.tell(self.link.caller, Call("say", {"rows": rows}, self.link.sender.ref, "say", 60.0))
        self.link.until(lambda: len(self.access.all(Inbound)) == self._count, "the rows")
        return [row.stale for row in self.access.all(Inbound)[-len(ages) :]]

    def close(self) -> None:
        """Nothing under way is left."""
        self.link.close()


@pytest.fixture
def ears(stage: Stage, tmp_path: Path) -> Iterator[Ears]:
    """Watching, and well since half an hour."""
    one = Ears(stage, tmp_path)
    one.link.live_through(10)
    yield one
    one.close()


@pytest.mark.parametrize(
    ("ages", "hours", "verdicts"),
    [
        # Asleep: dated while nobody was there, or up to 15 minutes before, is missed; older is somebody's backlog.
        ((0, 4 * HOUR, 8 * HOUR, 8.2 * HOUR), 8, (LIVE, LIVE, LIVE, LIVE)),
        ((9 * HOUR, 30 * HOUR), 8, (BACKLOG, BACKLOG)),
        ((HOUR, 47 * HOUR, 49 * HOUR), 72, (LIVE, LIVE, MISSED_TOO_LONG_AGO)),
        # Set forward by an hour: the same, as nobody can tell it from a sleep.
        ((0, 30 * MINUTE), 1, (LIVE, LIVE)),
        ((1.5 * HOUR,), 1, (BACKLOG,)),
        # Set back: what was dated by the clock before is from the future, which is no reason to hold it.
        ((0, -HOUR, 10 * MINUTE), -1, (LIVE, LIVE, LIVE)),
        ((20 * MINUTE,), -1, (BACKLOG,)),
        # It stands still.
        ((0, 14 * MINUTE), 0, (LIVE, LIVE)),
        ((16 * MINUTE,), 0, (BACKLOG,)),
    ],
)
def test_after_the_wall_clock_jumped(
    ears: Ears, ages: tuple[float, ...], hours: float, verdicts: tuple[str, ...]
) -> None:
    """What came while nobody could watch was missed; what only looks old is not held for the clock's sake."""
    ears.stage.clock.epoch += hours * HOUR
    assert ears.hear(*ages) == list(verdicts)


def test_there_and_back_again(ears: Ears) -> None:
    """An hour forward and back within seconds, as a clock that is being set does: news stay news."""
    for hours in (1, -1, 1, -1):
        ears.stage.clock.epoch += hours * HOUR
        ears.link.live_through(6)
        assert ears.hear(0, 5) == [LIVE, LIVE]
    assert ears.link.health.state == "ok"
    assert ears.link.health.spawned == 1


@pytest.mark.parametrize("hours", [-1, 1, 8])
def test_deadlines_do_not_look_at_the_wall_clock(stage: Stage, hours: float) -> None:
    """A call under way when the clock jumps has its whole patience, no less and no more."""
    desk = Desk(stage)
    desk.calls("send", patience=60.0)
    stage.advance(30.0)
    stage.clock.epoch += hours * HOUR
    stage.advance(29.0)
    assert desk.answers() == []
    stage.advance(2.0)
    assert [answer.late for answer in desk.answers()] == [True]


def test_a_pairing_request_lives_as_long_as_it_should(tmp_path: Path) -> None:
    """Through a clock set back and forward again, and not a second beyond its hour."""
    store, now = PairingStore(tmp_path / "credentials"), 1_800_000_000.0
    code, _ = store.challenge("default", ANN, now, {})
    for at in (now - HOUR, now + LIFETIME - 1, now):
        assert [waiting.code for waiting in store.requests(now=at)] == [code]
    assert store.requests(now=now + LIFETIME + 1) == ()
    assert store.approve(None, code, now + LIFETIME - 1)


class Outbox:
    """A sender and its caller over a pipe; the journal stores at once."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.pipe = Pipe()
        self.facts: list[Any] = []
        self._journal = Probe("journal", self._store)
        health = LinkHealth(reading=None)
        self.caller = RpcCaller.start(stage.context("caller"), health)
        self.sender = OutboundSender.start(
            stage.context("sender"),
            ACCOUNT,
            self.caller,
            self._journal.ref,
            Prefs(namespace_of(1), "auto", "US", 1),
            health,
        )
        stage.tell(self.caller, Connected(1, self.pipe), Subscribed(1, Capabilities("0.9.0", False, OLD_METHODS), 0))

    def _store(self, message: Any) -> None:
        match message:
            case Replay(what, then):
                then.tell(Replayed(what, ()))
            case Record(fact, then):
                self.facts.append(fact)
                if then is not None:
                    then.tell(Recorded(0, fact))

    def of(self, kind: type[Any]) -> list[Any]:
        """The facts of one type."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def sends(self) -> list[dict[str, Any]]:
        """The requests to send."""
        return [request for request in self.pipe.requests if request["method"] == "send"]


def test_an_answer_after_the_deadline_settles_the_doubt(stage: Stage) -> None:
    """Nobody knows whether it went out; the late answer tells that it did. It is not sent a second time."""
    outbox = Outbox(stage)
    chunk = Chunk(chunk_key(1, 0), ReplyAddress(ACCOUNT, 1, 7, f"iMessage;-;{ANN}", "auto"), "only once")
    stage.tell(outbox.sender, Prepared((chunk,), ((1, Replied()),)))
    [send] = outbox.sends()
    stage.advance(PATIENCE + 1.0)
    assert [fact.key for fact in outbox.of(Uncertain)] == [chunk.key]
    stage.tell(outbox.caller, Response(send["id"], b'{"ok":true,"guid":"A1"}', b""))
    assert [(fact.key, fact.guid) for fact in outbox.of(Sent)] == [(chunk.key, "A1")]
    stage.advance(8 * HOUR)
    assert len(outbox.sends()) == 1
