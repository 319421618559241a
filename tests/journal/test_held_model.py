"""Held rows against a model: whoever decides what, however often, a row goes one way at a time (I2)."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.envelopes.control import Discard, Record
from actors.envelopes.facts import Rejudged, Settled
from actors.envelopes.inbound import Absorbed, Corrupt, Dropped, Held, Verdict
from tests.journal.desk import Room, message
from tests.support.examples import examples
from tests.support.probes import killable
from tests.support.rows import admit

STALE = Held("missed too long ago", "channels.imessage.recovery.replayHours")
NO_AGENT = Held("no agent")

VERDICTS: dict[str, Verdict] = {
    "admit": admit(),
    "same": STALE,
    "other": NO_AGENT,
    "drop": Dropped("no mention"),
    "corrupt": Corrupt("x"),
}
ENDS = {"admit": None, "same": "held", "other": "held", "drop": "dropped", "corrupt": "corrupt"}


@given(
    steps=st.lists(
        st.tuples(st.integers(1, 4), st.sampled_from([*VERDICTS, "discard", "answered", "failed", "restart"])),
        max_size=25,
    ),
    together=st.booleans(),
)
@settings(max_examples=examples(60), deadline=None)
def test_a_held_row_goes_one_way_at_a_time_whoever_decides_what_and_how_often(
    steps: list[tuple[int, str]], together: bool
) -> None:
    """A model of four held rows: each is admitted once per release, and its outcome is the first one."""
    held: dict[int, str | None] = dict.fromkeys(range(1, 5), STALE.reason)
    outcomes: dict[int, str | None] = dict.fromkeys(range(1, 5), "held")
    admitted: list[int] = []
    with killable() as stage:
        folder = Path.home() / f"{len(list(Path.home().iterdir()))}"
        folder.mkdir()
        room = Room(stage, folder / "journal.db")
        room.tell(*(room.appended(message(n, chat=n), STALE) for n in range(1, 5)))
        for seq, what in steps:
            reason = held[seq]
            match what:
                case "restart":
                    room.ledger.load(room.store)
                case "answered" | "failed":
                    outcome = Absorbed("no reply") if what == "answered" else Held("agent failed: x")
                    if outcomes[seq] is None:
                        held[seq] = None if what == "answered" else "agent failed: x"
                        outcomes[seq] = "absorbed" if what == "answered" else "held"
                        room.record(Settled(seq, outcome))
                case "discard":
                    room.tell(*(Discard((seq,)),) * (1 + together))
                    if reason is not None:
                        held[seq], outcomes[seq] = None, "dropped"
                case _:
                    verdict = VERDICTS[what]
                    fact = Rejudged(seq, message(seq, chat=seq), verdict)
                    room.tell(*(Record(fact, room.sessions.ref),) * (1 + together))
                    if reason is not None and not (isinstance(verdict, Held) and verdict.reason == reason):
                        held[seq] = verdict.reason if isinstance(verdict, Held) else None
                        outcomes[seq] = ENDS[what]
                        admitted += [seq] if what == "admit" else []
        assert room.outcomes() == outcomes
        assert room.admitted == admitted
        assert sum((+room.ledger.counts).values()) == sum(one is not None for one in outcomes.values())
        assert +room.ledger.counts == {name: n for name, n in room.store.tallies().items() if n}
        room.close()
