"""Sessions against a model: whatever comes in which order, each answered message stands once in its session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.envelopes.facts import Fact, Rejudged, Renewed
from actors.envelopes.inbound import Held
from tests.journal.desk import Room, message
from tests.journal.turning import answered, failed, part, recalled, silent, turn
from tests.support.examples import examples
from tests.support.probes import killable
from tests.support.rows import START, admit

STALE = Held("stale backlog", "recovery")
ACTS = (
    *("arrives", "arrives", "arrives", "is held", "is released", "begins anew", "restart"),
    *("is answered", "is answered at length", "in parts", "late", "fails", "says nothing"),
)
STEPS = st.tuples(st.integers(1, 2), st.sampled_from(ACTS), st.integers(1, 3))


@dataclass
class Session:
    """One session by the model: what it waits for, and its turns, each with a number, its rows and what was said."""

    open: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    turns: list[tuple[int, tuple[int, ...], str]] = field(default_factory=list)
    anew: int = 0
    failures: int = 0
    count: int = 0
    """Turns since it began anew."""

    def ended(self, number: int, seqs: tuple[int, ...], said: str, failures: int = 0) -> None:
        """A turn is over; another one of the same message does not count any more."""
        self.turns = [one for one in self.turns if one[1][-1] != seqs[-1]]
        self.turns.append((number, seqs, said))
        self.count += number > self.anew
        self.failures = failures

    def told(self) -> list[tuple[tuple[int, ...], str]]:
        """What an agent is told: each message with the last turn that took it in."""
        seen: set[int] = set()
        found = []
        for number, seqs, said in sorted(self.turns, reverse=True):
            rows = tuple(seq for seq in seqs if seq not in seen)
            if number > self.anew and rows:
                found.append((rows, said))
            seen.update(rows if number > self.anew else ())
        return found[::-1]


class Story:
    """A journal and the model beside it; ``act`` is one step of both."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.sessions = {f"s{n}": Session() for n in (1, 2)}
        self.seq = self.number = 0
        self.clock = START

    def act(self, name: str, what: str, count: int) -> Sequence[Fact]:
        """The facts of a step, which the model has taken in."""
        it = self.sessions[name]
        self.clock += 10
        match what:
            case "arrives" | "is held":
                self.seq += 1
                verdict = admit(name) if what == "arrives" else STALE
                (it.open if what == "arrives" else it.held).append(self.seq)
                return [self.room.appended(message(self.seq, chat=int(name[1])), verdict).fact]
            case "is released" if it.held:
                seq = it.held.pop(0)
                it.open.append(seq)
                return [Rejudged(seq, message(seq, chat=int(name[1])), admit(name))]
            case "begins anew":
                it.anew, it.failures, it.count = self.number, 0, 0
                return [Renewed(name, self.clock, "asked")]
        return self.turn(name, it, what, count) if it.open else []

    def turn(self, name: str, it: Session, what: str, count: int) -> Sequence[Fact]:
        """A turn of the first messages that wait; ``late``: its answer comes when the session began anew."""
        seqs, it.open = tuple(it.open[:count]), it.open[count:]
        said = f"answer to {seqs}"
        key: dict[str, Any] = {"session": name, "at": self.clock}
        if what == "fails":
            seqs, it.open = seqs[:1], [*seqs[1:], *it.open]
            it.held.append(seqs[0])
            self.number += 1
            it.ended(self.number, seqs, "", it.failures + 1)
            return [failed(seqs[0], **key)]
        if what == "late":
            it.anew, it.count = self.number, 0
            it.ended(self.number, seqs, said)
            return [Renewed(name, self.clock + 1, "daily"), answered(*seqs, text=said, **key)]
        self.number += 1
        it.ended(self.number, seqs, "NO_REPLY" if what == "says nothing" else said)
        if what == "says nothing":
            return [silent(*seqs, **key)]
        if what == "is answered at length":
            return [answered(*seqs, text=said, said=(said, "and more"), **key)]
        if what == "in parts":
            record = turn(*seqs, text=said, **key)
            return [
                part(0, seqs[-1], 0, "so", settles=seqs[:-1]),
                part(1, seqs[-1], 1, settles=seqs[-1:], record=record),
            ]
        return [answered(*seqs, text=said, **key)]

    def check(self) -> None:
        """The journal says what the model says."""
        for name, it in self.sessions.items():
            answer = recalled(self.room, name, int(name[1]))
            assert [(tuple(one.seq for one in past.messages), past.text) for past in answer.turns] == it.told()
            assert answer.number == it.count + 1
            answered_once = [seq for rows, _ in it.told() for seq in rows]
            assert len(answered_once) == len(set(answered_once))
            standing = self.room.standings.get(name)
            assert (standing.failures if standing else 0) == it.failures
        stored = dict(self.room.rows("SELECT key, failures FROM session"))
        assert stored == {name: self.sessions[name].failures for name in stored}


@given(steps=st.lists(STEPS, min_size=12, max_size=60), group=st.integers(1, 5))
@settings(max_examples=examples(60), deadline=None)
def test_each_answered_message_stands_once_in_its_session_in_the_order_of_turns(
    steps: list[tuple[int, str, int]], group: int
) -> None:
    """Any interleaving of two sessions, in commits of several facts, with restarts between them."""
    with killable() as stage:
        folder = Path.home() / f"{len(list(Path.home().iterdir()))}"
        folder.mkdir()
        room = Room(stage, folder / "journal.db")
        story = Story(room)
        facts: list[Fact] = []
        for step, (session, what, count) in enumerate(steps):
            facts += story.act(f"s{session}", what, count)
            if what == "restart" or step % group == 0:
                story.room.record(*facts)
                facts = []
            if what == "restart":
                stage.kill()
                story.room.close()
                story.room = Room(stage, folder / "journal.db")
                story.check()
        story.room.record(*facts)
        story.check()
        story.room.close()
