"""Notes to oneself that come before their chat is known: held, found, and answered; our own words are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.envelopes.control import Spoken
from actors.envelopes.link import Call
from actors.normalizer.anchors import NO_ANCHOR
from actors.normalizer.repairer import GATHER_SECONDS
from tests.normalizer.bench import Bench
from tests.normalizer.test_one_turn import DATED, Flow
from tests.support.probes import KillableStage
from tests.support.rows import ANN, OWN, guid, raw, wire

NOWHERE: dict[str, Any] = {"chat_id": 0, "chat_guid": "", "chat_identifier": "", "chat_name": ""}
MINE: dict[str, Any] = {"sender": OWN, "destination_caller_id": OWN, "is_from_me": True}
HERE: dict[str, Any] = {"chat_guid": f"iMessage;-;{OWN}", "chat_identifier": OWN}


def ghost(number: int, text: str = "milk", **keys: Any) -> bytes:
    """A row from me that names no chat."""
    return raw(number, text=text, **{**NOWHERE, **MINE, **keys})


def found(number: int, text: str = "milk", **keys: Any) -> dict[str, Any]:
    """The same as a history has it."""
    return wire(number, 7, text, **{**HERE, **MINE, **keys})


def said(text: str, of: str = "", under_way: bool = False) -> Spoken:
    """What a sender tells."""
    return Spoken(7, 1, text, of, DATED + 1, under_way)


@pytest.fixture
def flow(stage: KillableStage, tmp_path: Path) -> Flow:
    """Who owns the number may speak."""
    return Flow(stage, tmp_path / "journal.db", OWN)


def test_a_note_is_held_until_its_chat_is_found(flow: Flow) -> None:
    flow.receive(ghost(1))
    assert flow.turns == []
    assert flow.ledger.counts == {NO_ANCHOR: 1}
    flow.find(found(1))
    assert flow.turns == [(guid(1), 7, "milk")]


def test_its_twin_is_nobodys_message(flow: Flow) -> None:
    flow.receive(ghost(1), ghost(2, is_from_me=False), raw(3, text="milk", **{**HERE, **MINE, "is_from_me": False}))
    flow.find(found(1))
    assert flow.turns == [(guid(1), 7, "milk")]
    assert (flow.ledger.counts["from me"], flow.ledger.counts["self-chat echo"]) == (1, 1)


@pytest.mark.parametrize("of", ["", guid(3)])
def test_an_answer_of_ours_is_known_once_its_chat_is(flow: Flow, of: str) -> None:
    """By the words it was sent with, or by the GUID that imsg names only when its row was here."""
    flow.stage.tell(flow.normalizer, said("echo: milk", under_way=True))
    flow.receive(ghost(3, "echo: milk"), ghost(5, "echo: milk"))
    flow.stage.tell(flow.normalizer, said("echo: milk", of))
    flow.find(found(3, "echo: milk"), found(5, "echo: milk"))
    assert flow.turns == [(guid(5), 7, "echo: milk")], "a person may say the same"
    assert flow.ledger.counts["agent echo in self-chat"] == 1


def test_what_was_written_to_a_friend_is_nobodys_message(flow: Flow) -> None:
    """Where imsg knows no sender it names the own address, in any chat."""
    flow.receive(ghost(1))
    flow.find(wire(1, 7, "milk", **MINE))
    assert flow.turns == []
    assert flow.ledger.counts["from me"] == 1


def test_a_friends_row_that_was_found_is_judged_by_its_words_too(stage: KillableStage, tmp_path: Path) -> None:
    """Our own words, told as a friend's, are no message."""
    flow = Flow(stage, tmp_path / "journal.db")
    flow.stage.tell(flow.normalizer, said("hi", under_way=True))
    flow.receive(raw(3, text="hi", **NOWHERE), raw(4, text="hi to you", **NOWHERE))
    flow.find(wire(3, 7, "hi"), wire(4, 7, "hi to you"))
    assert flow.turns == [(guid(4), 7, "hi to you")]
    assert flow.ledger.counts["echo"] == 1


@pytest.mark.parametrize(
    "keys",
    [{"destination_caller_id": ...}, {"sender": ANN}, {"sender": ""}, {"is_group": True}],
    ids=str,
)
def test_what_cannot_be_a_note_is_not_looked_for(flow: Flow, keys: dict[str, Any]) -> None:
    flow.receive(ghost(1, **keys))
    flow.stage.advance(GATHER_SECONDS)
    assert flow.caller.all(Call) == []
    assert flow.ledger.counts == {"from me": 1}


def test_what_has_a_guid_of_ours_is_not_looked_for(flow: Flow) -> None:
    """It is ours in any chat, and evidence at once."""
    flow.stage.tell(flow.normalizer, said("echo: milk", guid(3)))
    flow.receive(ghost(3, "echo: milk"))
    flow.stage.advance(GATHER_SECONDS)
    assert flow.caller.all(Call) == []
    assert flow.turns == []


def test_what_an_earlier_life_held_is_looked_for_again(stage: KillableStage, tmp_path: Path) -> None:
    first = Flow(stage, tmp_path / "journal.db", OWN)
    first.receive(ghost(1))
    stage.kill()
    second = Flow(stage, tmp_path / "journal.db", OWN)
    second.find(found(1))
    assert second.turns == [(guid(1), 7, "milk")]


def test_a_note_that_comes_too_late_is_not_answered_unasked(flow: Flow) -> None:
    """Whoever finds a chat for it would do that."""
    flow.receive(ghost(1, created_at="2027-01-01T00:00:00Z"))
    flow.stage.advance(GATHER_SECONDS)
    assert flow.caller.all(Call) == []
    assert flow.turns == []


def test_without_somebody_who_finds_chats_nothing_is_held_for_one(stage: KillableStage) -> None:
    bench = Bench(stage)
    bench.receive(ghost(1))
    assert [row.guid for row in bench.passed] == [guid(1)]
    assert bench.verdicts == []
