"""What an operator sees of a running actor without asking it."""

import threading
from typing import Any

from actors.envelopes.control import Ref
from actors.runtime.actor import Actor, Context
from actors.runtime.mailbox import Mailbox
from actors.runtime.pulse import Pulse, Pulses
from tests.support.actors import DEADLINE, wait_until


class Held(Actor):
    """Stays in each message until ``free`` is set."""

    def __init__(self, context: Context, inside: threading.Event, free: threading.Event) -> None:
        super().__init__(context)
        self._inside = inside
        self._free = free

    def on_receive(self, message: Any) -> None:
        self._inside.set()
        assert self._free.wait(DEADLINE)


def test_a_busy_actor_shows_what_it_works_on_and_what_waits(place: Context) -> None:
    inside, free = threading.Event(), threading.Event()
    ref: Ref = Held.start(place._replace(name="held", generation=4, parent="supervisor"), inside, free)
    for message in ("one", "two", "three"):
        Actor.tell(ref, message)
    assert inside.wait(DEADLINE)
    pulse = place.pulses.get("held")
    assert pulse is not None
    try:
        assert (pulse.name, pulse.parent, pulse.generation) == ("held", "supervisor", 4)
        assert (pulse.state, pulse.current) == ("running", "one")
        assert 0.0 <= place.clock.monotonic() - pulse.since < DEADLINE
        assert place.pulses.count(("held", "nobody")) == len(pulse.mailbox) == 2
    finally:
        free.set()
    wait_until(lambda: pulse.current is None, what="the end of its work")
    assert (pulse.handled, pulse.faults, len(pulse.mailbox)) == (3, 0, 0)
    ref.stop(block=True, timeout=DEADLINE)
    assert pulse.gone.wait(DEADLINE)
    assert place.pulses.get("held") is None


def test_the_end_of_an_earlier_generation_does_not_hide_its_successor() -> None:
    pulses = Pulses()
    first, second = (Pulse("a", "p", number, Mailbox()) for number in (1, 2))
    pulses.add(first)
    pulses.add(second)
    pulses.remove(first)
    assert pulses.get("a") is second
    pulses.remove(second)
    pulses.remove(second)
    assert pulses.all() == []


def test_a_snapshot_lists_by_birth_and_does_not_change() -> None:
    pulses = Pulses()
    for name in "cab":
        pulses.add(Pulse(name, "p", 1, Mailbox()))
    snapshot = pulses.all()
    pulses.add(Pulse("d", "p", 1, Mailbox()))
    assert [pulse.name for pulse in snapshot] == ["c", "a", "b"]
