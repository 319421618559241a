"""The normalizer: everything through the same mailbox, in the order it came."""

from __future__ import annotations

import pytest

from actors.envelopes.control import Listen, Replay, Replayed, Spoken
from actors.envelopes.inbound import Corrupt, Dropped, Held, Inbound, Judged, Overlong, Received
from actors.normalizer import actor as room
from actors.normalizer.actor import Normalizer
from actors.normalizer.normalize import normalize
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, START, guid, raw


class Bench:
    """A normalizer between probes."""

    def __init__(self, stage: KillableStage) -> None:
        self.stage = stage
        self.access, self.journal = Probe("access"), Probe("journal")
        self.senders = [Probe("one"), Probe("two")]
        self.ref = Normalizer.start(
            stage.place("normalizer"), self.access.ref, self.journal.ref, [one.ref for one in self.senders]
        )
        stage.settle()

    def receive(self, *bodies: bytes, at: float = START) -> None:
        """Rows come."""
        self.stage.tell(self.ref, *(Received(ACCOUNT, 1, body, at) for body in bodies))


@pytest.fixture
def bench(stage: KillableStage) -> Bench:
    """A normalizer."""
    return Bench(stage)


def test_it_learns_what_was_said_and_listens_to_what_will_be(bench: Bench) -> None:
    (replay,) = bench.journal.all(Replay)
    assert (replay.what, replay.then) == ("echoes", bench.ref)
    assert [len(sender.all(Listen)) for sender in bench.senders] == [1, 1]


def test_good_bad_and_own_rows_pass_in_the_order_they_came(bench: Bench) -> None:
    bench.stage.tell(bench.ref, Spoken(7, 1, "echo: hi", guid(3), START))
    bench.receive(
        raw(1),
        b"junk",
        raw(3, text="echo: hi"),
        raw(4, is_from_me=True),
        raw(5, guid=""),
        raw(6, text="last"),
    )
    kinds = [
        (type(message).__name__, type(message.verdict).__name__ if type(message) is Judged else "")
        for message in bench.access.told
    ]
    assert kinds == [
        ("Inbound", ""),
        ("Judged", "Corrupt"),
        ("Judged", "Dropped"),
        ("Inbound", ""),
        ("Judged", "Corrupt"),
        ("Inbound", ""),
    ]
    assert bench.access.all(Judged)[1].verdict == Dropped("echo")


def test_echoes_are_known_over_restarts(bench: Bench) -> None:
    bench.stage.tell(bench.ref, Replayed("echoes", (Spoken(7, 1, "hi", guid(3), START - 3600),)))
    bench.receive(raw(3, text="hi"))
    (judged,) = bench.access.all(Judged)
    assert judged.verdict == Dropped("echo")


def test_an_own_row_is_passed_on_and_remembered(bench: Bench) -> None:
    """is_from_me turns true only later on some versions: the second row of the same guid is an echo."""
    bench.stage.tell(bench.ref, Spoken(7, 1, "hi", "", START))
    bench.receive(raw(3, text="hi", is_from_me=True))
    assert [row.is_from_me for row in bench.access.all(Inbound)] == [True]
    bench.receive(raw(4, text="hi", guid=guid(3)), at=START + 3600)
    assert bench.access.all(Judged)[0].verdict == Dropped("echo")


def test_a_row_that_breaks_it_is_kept_as_corrupt_in_its_place_and_many_do_not_end_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(account: str, source: int, body: bytes, received_at: float) -> object:
        if b"poison" in body:
            raise RuntimeError("a bug")
        return normalize(account, source, body, received_at)

    monkeypatch.setattr(room, "normalize", breaks)
    bodies = [raw(number, text="poison" if number % 2 else "fine") for number in range(1, 25)]
    bench.receive(*bodies)
    told = bench.access.told
    assert [message.row.raw if type(message) is Judged else message.raw for message in told] == bodies
    assert {type(one.verdict) for one in bench.access.all(Judged)} == {Corrupt}
    assert len(bench.access.all(Judged)) == 12
    assert bench.stage.deaths.told == []


def test_an_overlong_line_is_kept_as_corrupt_and_each_is_a_row_of_its_own(bench: Bench) -> None:
    bench.stage.tell(bench.ref, Overlong("default", 1, START), Overlong("default", 1, START + 1))
    first, second = bench.access.all(Judged)
    assert isinstance(first.verdict, Corrupt)
    assert "16 MiB" in first.verdict.error
    assert first.row.raw != second.row.raw


def test_our_own_words_that_keep_coming_back_are_held(bench: Bench) -> None:
    """The eighth return in a chat is a loop: held, so that nothing is lost and nothing is answered."""
    for number in range(9):
        bench.stage.tell(bench.ref, Spoken(7, 1, f"echo {number}", guid(500 + number), START + number))
    bench.receive(*(raw(100 + number, text=f"echo {number}") for number in range(9)), at=START + 20)
    verdicts = [message.verdict for message in bench.access.all(Judged)]
    assert verdicts == [Held("echo loop"), Held("echo loop")]
    assert len(bench.access.all(Inbound)) == 7
