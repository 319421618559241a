"""Rows that come from an address of our own, and do not say so themselves: never a reason to answer ourselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from actors.access.policy import Allowed, decide
from actors.envelopes.control import Spoken
from actors.envelopes.inbound import Admit, Dropped, Held, Inbound
from actors.normalizer.echoes import BACK_SECONDS, LOOP
from actors.normalizer.own_addresses import MOST_ADDRESSES, MOST_CHATS, OwnAddresses
from tests.access.builders import view
from tests.normalizer.bench import Bench
from tests.support.probes import KillableStage
from tests.support.rows import ANN, BEN, OWN, START, guid, inbound, raw

ALIAS = "me@example.org"
TWIN, FROM_ME = Dropped("self-chat echo"), Dropped("from me")
LISTED = view(dm_policy="allowlist", allow_from=(OWN,))
"""The own number may speak."""


@pytest.fixture
def bench(stage: KillableStage) -> Bench:
    """A normalizer."""
    return Bench(stage)


def keys(*, named: bool, at: float = START) -> dict[str, Any]:
    """A row of the chat with oneself of that time, which names the local address or does not."""
    return {
        "chat_guid": f"iMessage;-;{OWN}",
        "chat_identifier": OWN,
        "sender": OWN,
        "created_at": datetime.fromtimestamp(at, UTC).isoformat(),
        "destination_caller_id": OWN if named else ...,
    }


def admitted(bench: Bench, since: int = 0) -> list[Inbound]:
    """What is answered of the rows passed on from there."""
    return [row for row in bench.passed[since:] if type(decide(row, LISTED, Allowed())) is Admit]


def answers(bench: Bench, *, own: bool, twin: bool, late: float, guids: bool) -> int:
    """How many answers one note calls forth; each of them, like the note, comes back ``late`` seconds later.

    ``own`` and ``twin``: the rows from me and those that come back name the local address. ``guids``: imsg names those
    of what it sends.
    """
    now, number, count = START, 1, 0
    bench.receive(raw(1, text="milk", is_from_me=True, **keys(named=own)), at=now)
    bench.receive(raw(2, text="milk", **keys(named=twin, at=now + late)), at=now + late)
    waiting = admitted(bench)
    while waiting and count < 2 * LOOP:
        row, seen = waiting.pop(0), len(bench.passed)
        now, number, count = now + 30.0, number + 2, count + 1
        text = f"echo: {row.text}"
        bench.stage.tell(bench.ref, Spoken(7, 1, text, "", now, open=True))
        bench.receive(raw(number, text=text, is_from_me=True, **keys(named=own, at=now)), at=now + 0.2)
        bench.stage.tell(bench.ref, Spoken(7, 1, text, guid(number) if guids else "", now + 0.3))
        back = now + 0.3 + late
        bench.receive(raw(number + 1, text=text, **keys(named=twin, at=now + late)), at=back)
        waiting += admitted(bench, seen)
    return count


@pytest.mark.parametrize("guids", [True, False])
@pytest.mark.parametrize("late", [0.0, 0.4, 1.5, 5.0])
@pytest.mark.parametrize(("own", "twin"), [(True, True), (True, False), (False, True), (False, False)])
def test_no_note_is_answered_twice(bench: Bench, *, own: bool, twin: bool, late: float, guids: bool) -> None:
    assert answers(bench, own=own, twin=twin, late=late, guids=guids) <= 1
    assert not [verdict for verdict in bench.verdicts if isinstance(verdict, Held)], "and that is no loop"


def test_what_comes_from_an_address_that_any_row_named_is_by_ourselves(bench: Bench) -> None:
    """Whatever it says and whenever; in whose chat it stands only makes another name for it."""
    bench.receive(raw(1, destination_caller_id=OWN), raw(2, chat=9, is_group=True, destination_caller_id=ALIAS))
    bench.receive(
        raw(3, text="milk", **keys(named=False)),
        raw(4, text="eggs", sender="(555) 999-0000"),
        raw(5, text="bread", **{**keys(named=False), "sender": ALIAS, "destination_caller_id": OWN}),
        at=START + 3600,
    )
    assert bench.verdicts == [TWIN, FROM_ME, TWIN]
    assert len(bench.passed) == 2


def test_other_people_groups_and_databases_are_left_to_policy(bench: Bench) -> None:
    bench.receive(raw(1, destination_caller_id=OWN))
    bench.receive(raw(2), raw(3, chat=9, sender=OWN, is_group=True), raw(4, sender=BEN, destination_caller_id=ANN))
    assert bench.verdicts == []
    memory = OwnAddresses()
    memory.saw(inbound(1, destination_caller_id=OWN), "US")
    assert memory.are_own(inbound(2, sender=OWN), "US")
    assert not memory.are_own(inbound(2, sender=OWN, source=2), "US")
    assert not memory.are_own(inbound(2, sender=""), "US")


# Where no row ever names a local address


def spoke(bench: Bench, text: str = "ok", at: float = START) -> None:
    """We said something, and its row, whose sender is the peer's address, came."""
    bench.stage.tell(bench.ref, Spoken(7, 1, text, "", at, open=True), Spoken(7, 1, text, guid(1), at + 1))
    bench.receive(raw(1, text=text, is_from_me=True), at=at + 1)


def test_a_friend_who_says_the_same_a_moment_later_is_heard(bench: Bench) -> None:
    """In a friend's chat the rows from me bear the friend's address: only what comes back at once is refused."""
    spoke(bench)
    late = datetime.fromtimestamp(START + 2 + BACK_SECONDS, UTC).isoformat()
    bench.receive(raw(2, text="ok", created_at=late), at=START + 3 + BACK_SECONDS)
    assert [row.guid for row in bench.passed] == [guid(1), guid(2)]


@pytest.mark.parametrize("row", [{"text": "yes"}, {"sender": BEN}], ids=str)
def test_other_words_and_other_people_are_heard_at_once(bench: Bench, row: dict[str, Any]) -> None:
    spoke(bench)
    bench.receive(raw(2, **{"text": "ok", "created_at": ..., **row}), at=START + 2)
    assert [one.guid for one in bench.passed] == [guid(1), guid(2)]


def test_where_an_address_is_known_a_friend_may_say_the_same_at_once(bench: Bench) -> None:
    bench.receive(raw(9, chat=8, destination_caller_id=OWN))
    spoke(bench)
    bench.receive(raw(2, text="ok", created_at=...), at=START + 2)
    assert [one.guid for one in bench.passed] == [guid(9), guid(1), guid(2)]


# Its memory


def test_it_is_bounded() -> None:
    memory = OwnAddresses()
    for number in range(MOST_ADDRESSES + 1):
        memory.saw(inbound(1, destination_caller_id=f"me{number}@example.org"), None)
    assert memory.are_own(inbound(1, sender="me0@example.org"), None)
    assert not memory.are_own(inbound(1, sender=f"me{MOST_ADDRESSES}@example.org"), None)
    for number in range(MOST_CHATS + 1):
        memory.saw(inbound(1, number + 1, is_from_me=True, source=2), None)
    assert not memory.may_be_own(inbound(1, 1, source=2), None)
    assert memory.may_be_own(inbound(1, MOST_CHATS + 1, source=2), None)
