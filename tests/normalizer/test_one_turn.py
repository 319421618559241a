"""One message is one turn, however often and in whatever shape imsg tells it: normalizer, access and a real journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.access.controller import AccessController
from actors.access.policy import Allowed
from actors.access.view import AccessView
from actors.envelopes.control import Replay
from actors.envelopes.inbound import Admitted, Overlong, Received
from actors.envelopes.link import Answer, Call
from actors.journal.actor import Journal
from actors.journal.ledger import Ledger
from actors.journal.schema import connect
from actors.journal.store import Store
from actors.normalizer.actor import Normalizer
from actors.normalizer.repairer import GATHER_SECONDS, Repairer
from config.account import Account
from config.schema.channel import Recovery
from config.schema.root import Config
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, ANN, guid, inbound, raw, wire

DATED = inbound().sent_at or 0.0
"""The date of the rows; they come a second later."""

ECHO = {"agents": {"list": [{"id": "main", "runtime": {"type": "echo"}}]}}
GROUP: dict[str, Any] = {"chat_guid": "iMessage;+;chat9", "chat_identifier": "chat9", "is_group": True}


class Anyone:
    """A pairing book that lets nobody in."""

    trouble = ""

    def allowed(self, account: str) -> Allowed:
        """Nobody."""
        return Allowed()

    def refresh(self, account: str) -> bool:
        """Nothing new."""
        return False


class Flow:
    """What stands between imsg and the sessions, for one life of the gateway; ``speaker`` may speak."""

    def __init__(self, stage: KillableStage, path: Path, speaker: str = ANN) -> None:
        self.stage = stage
        self.sessions, nobody = Probe("sessions"), Probe("nobody")
        store = Store(connect(path))
        self.source = store.source_number("/chat.db")
        self.ledger = Ledger()
        self.journal = Journal.start(stage.place("journal"), store, path, self.ledger)
        account = Account(id=ACCOUNT, allow_from=(speaker,), group_policy="open")
        views = {ACCOUNT: AccessView.build(account, Config.model_validate(ECHO, strict=False))}
        access = self.access = AccessController.start(
            stage.place("access"), views, Anyone(), self.journal, self.sessions.ref, nobody.ref, {}
        )
        self.caller = Probe("caller")
        repairer = Repairer.start(stage.place("repairer"), {ACCOUNT: self.caller.ref}, access, self.journal)
        self.normalizer = Normalizer.start(
            stage.place("normalizer"), access, self.journal, [], {ACCOUNT: Recovery()}, {ACCOUNT: "US"}, repairer
        )
        stage.tell(self.journal, Replay("admitted", self.sessions.ref))

    def receive(self, *bodies: bytes) -> None:
        """Rows come, each in a batch of its own."""
        for body in bodies:
            self.stage.tell(self.normalizer, Received(ACCOUNT, self.source, body, DATED + 1))

    def find(self, *messages: dict[str, Any]) -> None:
        """imsg shows these in its one chat, when it is asked."""
        self.stage.advance(GATHER_SECONDS)
        self.answer({"chats": [{"id": 7}]})
        self.answer({"messages": list(messages)})

    def answer(self, result: dict[str, Any]) -> None:
        """imsg answers the repairer's last question."""
        call = self.caller.all(Call)[-1]
        self.stage.tell(call.reply_to, Answer(call.tag, result, None))

    @property
    def turns(self) -> list[tuple[str, int, str]]:
        """GUID, chat and text of what got through."""
        return [(one.row.guid, one.row.chat.id, one.row.text) for one in self.sessions.all(Admitted)]


@pytest.fixture
def flow(stage: KillableStage, tmp_path: Path) -> Flow:
    """A flow with a new journal."""
    return Flow(stage, tmp_path / "journal.db")


AGAIN: list[tuple[str, dict[str, Any]]] = [
    ("the very same", {}),
    ("with changed text", {"text": "edited since"}),
    ("with its GUID in lower case", {"guid": guid(0xABC).lower()}),
    ("with another row number", {"id": 99}),
    ("by the join with another chat", {"chat_id": 9, **GROUP}),
    ("without a chat", {"chat_id": 0, "chat_guid": "", "chat_identifier": ""}),
    ("as its own echo", {"is_from_me": True}),
]


@pytest.mark.parametrize("changes", [changes for _, changes in AGAIN], ids=[name for name, _ in AGAIN])
def test_a_row_told_again_is_no_second_turn(flow: Flow, changes: dict[str, Any]) -> None:
    flow.receive(raw(1, guid=guid(0xABC)), raw(**{"number": 1, "guid": guid(0xABC), **changes}), raw(2, text="you"))
    assert flow.turns == [(guid(0xABC), 7, "hello"), (guid(2), 7, "you")]


def test_live_and_catch_up_in_one_batch_are_one_turn(flow: Flow) -> None:
    bodies = [raw(number) for number in (1, 2, 2, 3, 1, 2, 3, 4)]
    flow.stage.tell(flow.normalizer, *(Received(ACCOUNT, flow.source, body, DATED + 1) for body in bodies))
    assert [number for number, _, _ in flow.turns] == [guid(number) for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "keys",
    [
        {"guid": ""},
        {"guid": None},
        {"guid": ...},
        {"chat_id": 0},
        {"chat_id": -7},
        {"chat_id": None},
        {"chat_id": 2**63},
        {"chat_id": 7.0},
        {"id": 0},
        {"id": -1},
        {"id": 2**63},
        {"id": 1.0},
        {"chat_id": 0, "chat_guid": "", "chat_identifier": ""},
        {"chat_id": ..., "chat_guid": ..., "chat_identifier": ...},
        {"chat_id": 0, **GROUP},
    ],
    ids=repr,
)
def test_a_row_with_a_broken_name_is_set_aside_and_never_answered(flow: Flow, keys: dict[str, Any]) -> None:
    """Ann may speak; still nothing without a chat becomes a reply to her, and the next row is as good as ever."""
    flow.receive(raw(**keys), raw(2))
    assert [number for number, _, _ in flow.turns] == [guid(2)]
    assert sum(flow.ledger.counts.values()) == 1


def test_a_row_without_a_chat_becomes_the_turn_of_the_chat_it_is_found_in(flow: Flow) -> None:
    """Once, however often it is told and found, and in the group it belongs to."""
    ghost = raw(1, chat_id=0, chat_guid="", chat_identifier="", text="")
    flow.receive(ghost, ghost)
    assert flow.turns == []
    flow.stage.advance(GATHER_SECONDS)
    flow.answer({"chats": [{"id": 9}]})
    flow.answer({"messages": [wire(1, 9, "now with text", **GROUP)]})
    flow.receive(ghost, raw(1, 9, **GROUP))
    flow.stage.advance(10 * GATHER_SECONDS)
    assert flow.turns == [(guid(1), 9, "now with text")]
    assert [one.session for one in flow.sessions.all(Admitted)] == ["agent:main:imessage:group:9"]
    assert len(flow.caller.all(Call)) == 2


def test_a_stale_row_waits_for_the_operator_and_is_answered_once_it_is_released(flow: Flow) -> None:
    flow.receive(raw(1, created_at="2027-01-01T00:00:00Z"), raw(2))
    assert [number for number, _, _ in flow.turns] == [guid(2)]
    release = Replay("held", flow.access, seqs=(1, 2))
    flow.stage.tell(flow.journal, release, release)
    assert [number for number, _, _ in flow.turns] == [guid(2), guid(1)]


def test_a_stale_row_without_a_chat_is_released_then_found(flow: Flow) -> None:
    """Not before: who finds a chat for it would answer it unasked."""
    flow.receive(raw(1, chat_id=0, created_at="2027-01-01T00:00:00Z"))
    flow.stage.advance(GATHER_SECONDS)
    assert flow.caller.all(Call) == []
    flow.stage.tell(flow.journal, Replay("held", flow.access, seqs=(1,)))
    flow.stage.advance(GATHER_SECONDS)
    flow.answer({"chats": [{"id": 9}]})
    flow.answer({"messages": [wire(1, 9)]})
    assert [(number, chat) for number, chat, _ in flow.turns] == [(guid(1), 9)]


def test_the_same_overlong_line_after_a_restart_is_one_row(flow: Flow) -> None:
    head = b'{"method":"message","params":{"message":{"id":5,"guid":"ABC","text":"aaaa'
    for at in range(3):
        flow.stage.tell(flow.normalizer, Overlong(ACCOUNT, flow.source, DATED + at, head))
    assert flow.ledger.counts["corrupt"] == 1
