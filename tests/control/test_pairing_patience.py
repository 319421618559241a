"""Waiting for a lock on the command line: not for long, and not in silence."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from actors.control.cli.pairing_patience import MOST, QUIET, Patience
from actors.pairing.files import StoreUnreadableError
from actors.pairing.guard_file import PairingGuard
from actors.pairing.store import PairingStore
from config import Places
from tests.control.conftest import Gateway
from tests.control.pairing_support import ALICE, ask, waiting

NOW = 1_767_225_600.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses made, which take no time."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def lock(path: Path) -> Path:
    """Another program has the lock of ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = path.with_name(path.name + ".lock")
    held.write_text(json.dumps({"pid": 4242}))
    return held


@pytest.mark.parametrize("file", ["credentials/imessage-pairing.json", "gateway/pairing-guard.json"])
def test_it_says_whose_lock_it_waits_for_and_gives_up(
    cli: Gateway, places: Places, clock: list[float], file: str
) -> None:
    code = ask(places)
    held = lock(places.state / file)
    said = cli("pairing", "approve", code, "--json")
    assert (said.code, said.out) == (1, "")
    waits, gives_up = said.err.splitlines()
    assert str(held) in waits
    assert re.search(r"process 4242: waiting for it until \d\d:\d\d:\d\d$", waits)
    assert "locked by process 4242" in gives_up
    assert sum(clock) == pytest.approx(MOST)
    assert waiting(places) == [ALICE]


def test_a_lock_that_is_free_soon_is_nothing_to_speak_of(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    held, waited = lock(places.credentials / "imessage-pairing.json"), [0.0]

    def sleep(seconds: float) -> None:
        waited[0] += seconds
        if waited[0] >= QUIET - 0.5:
            held.unlink(missing_ok=True)

    assert PairingStore(places.credentials, waits=Patience(sleep)).challenge("default", ALICE, NOW, {})[1]
    assert capsys.readouterr().err == ""


def test_the_locks_of_a_command_share_its_patience(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    waited = [0.0]
    held = lock(places.credentials / "imessage-pairing.json")
    lock(places.pairing_guard)

    def sleep(seconds: float) -> None:
        waited[0] += seconds
        if waited[0] > 10:
            held.unlink(missing_ok=True)

    waits = Patience(sleep)
    PairingStore(places.credentials, waits=waits).challenge("default", ALICE, NOW, {})
    assert 10 < waited[0] < 11
    with pytest.raises(StoreUnreadableError, match="process 4242"):
        PairingGuard(places.pairing_guard, waits=waits).denied("default", ALICE, NOW)
    assert waited[0] == pytest.approx(MOST)
    assert capsys.readouterr().err.count("waiting for it") == 2
