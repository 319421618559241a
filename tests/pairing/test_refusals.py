"""Refusals of the registry in the log: the first of a chat and reason with what would help, the rest at debug."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.access.reasons import PAIRING_REQUIRED
from actors.pairing import registry
from actors.pairing.codes import MOST_PENDING
from actors.pairing.guard import DENIED
from actors.pairing.registry import FULL, PENDING
from tests.access.builders import view
from tests.pairing.office import Office
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, ANN, BEN


class Log(list[tuple[str, str, dict[str, Any]]]):
    """Level, message and fields of each line."""

    def event(self, level: str, actor: str, message: str, **fields: Any) -> None:
        """In place of the real one."""
        assert actor == "pairing"
        self.append((level, message, fields))

    @property
    def shown(self) -> list[str]:
        """What is seen at the default level."""
        return [message for level, message, _ in self if level == "info"]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    monkeypatch.setattr(registry, "event", log.event)
    return log


@pytest.fixture
def office(stage: KillableStage, tmp_path: Path) -> Office:
    return Office(stage, tmp_path, views={ACCOUNT: view()})


def test_the_first_repeat_is_shown_with_what_lets_them_in(office: Office, log: Log) -> None:
    office.challenge(1)
    assert log == []
    for seq in range(2, 6):
        office.challenge(seq, chat_id=1)
    level, message, fields = log[0]
    assert (level, message) == ("info", f"dropped: {PENDING}")
    assert (fields["account"], fields["chat"]) == (ACCOUNT, 1)
    assert fields["guid"]
    assert "approve" in fields["hint"] and ANN in fields["hint"]
    assert [level for level, _, _ in log[1:]] == ["debug"] * 3
    assert not any("hint" in fields for _, _, fields in log[1:])


def test_each_chat_and_reason_is_shown_once(office: Office, log: Log) -> None:
    for number in range(MOST_PENDING + 2):
        office.challenge(number + 1, f"+1555000{number:04d}")
    office.guard.denied(ACCOUNT, BEN, office.stage.clock.wall())
    office.challenge(50, BEN)
    assert log.shown == [f"dropped: {FULL}"] * 2 + [f"dropped: {DENIED}"]
    assert "gateway pairing list" in log[0][2]["hint"]
    assert "allowFrom" in log[-1][2]["hint"]


def test_one_who_was_approved_meanwhile_needs_no_hint(office: Office, log: Log) -> None:
    office.store.admit(ACCOUNT, [ANN], office.stage.clock.wall())
    office.challenge(1)
    assert [(message, fields["hint"]) for _, message, fields in log] == [(f"dropped: {PAIRING_REQUIRED}", "")]


def test_what_was_told_is_bounded(office: Office, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "REMEMBERED_DROPS", 3)
    office.guard.denied(ACCOUNT, ANN, office.stage.clock.wall())
    for seq in range(1, 5):
        office.challenge(seq)
    office.challenge(1)
    assert len(log.shown) == 5
