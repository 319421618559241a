"""The guard's file: it survives restarts, is private and bounded, and is never taken for empty."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.pairing.files import StoreUnreadableError
from actors.pairing.guard import DENIED, LOCK_SECONDS, MOST_GUESSES, MOST_STRIKES, TOO_MANY
from actors.pairing.guard_file import PairingGuard

NOW = 1_767_225_600.0
ANN = "+15552223333"


def _never(seconds: float) -> None:
    raise AssertionError("nobody holds the lock")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gateway" / "pairing-guard.json"


@pytest.fixture
def opened(path: Path) -> Callable[[], PairingGuard]:
    """The guard of a process that has just started."""
    return lambda: PairingGuard(path, sleep=_never)


def test_it_remembers_over_a_restart(opened: Callable[[], PairingGuard], path: Path) -> None:
    for number in range(3):
        opened().challenged("default", ANN, NOW + 0.9996, f"CODE{number}", f"row {number}")
        opened().denied("work", ANN, NOW)
        opened().guessed_wrong(("CODE1",), NOW)
    guard = opened()
    assert guard.may_challenge("default", ANN, NOW + 60) == TOO_MANY
    assert guard.may_challenge("work", ANN, NOW + 60) == DENIED
    assert [guard.row_of(f"CODE{number}") for number in range(4)] == ["row 0", "row 1", "row 2", None]
    guard.forget("work", ANN)
    assert opened().may_challenge("work", ANN, NOW + 60) == ""
    assert opened().guessed_wrong(("CODE1",), NOW) == ()
    assert opened().guessed_wrong(("CODE1",), NOW) == ("CODE1",)
    assert [each.name for each in path.parent.iterdir()] == ["pairing-guard.json"]
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)


def test_a_lock_survives_a_restart_and_is_forgotten_when_it_is_over(opened: Callable[[], PairingGuard]) -> None:
    for _ in range(MOST_GUESSES):
        opened().guessed_wrong((), NOW)
    assert opened().locked_until(NOW + 1) == NOW + LOCK_SECONDS
    assert opened().locked_until(NOW - 3600) is None
    assert opened().locked_until(NOW + 1) is None


def test_a_look_reads_nothing_while_the_file_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = PairingGuard(path, sleep=_never)
    assert guard.may_challenge("default", ANN, NOW) == ""
    monkeypatch.setattr(guard._file, "read", lambda: pytest.fail("read again"))
    assert guard.may_challenge("default", ANN, NOW) == ""
    monkeypatch.undo()
    PairingGuard(path).denied("default", ANN, NOW)
    assert guard.may_challenge("default", ANN, NOW) == DENIED


def test_one_holder_may_do_several_things_at_once(opened: Callable[[], PairingGuard]) -> None:
    guard = opened()
    with guard.exclusive():
        guard.denied("default", ANN, NOW)
        with guard.exclusive():
            assert guard.may_challenge("default", ANN, NOW) == DENIED
        guard.forget("default", ANN)
    assert opened().may_challenge("default", ANN, NOW) == ""


def test_keys_of_other_versions_survive(opened: Callable[[], PairingGuard], path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 1, "challenges": [], "note": {"x": 1}}))
    opened().denied("default", ANN, NOW)
    content = json.loads(path.read_bytes())
    assert content["note"] == {"x": 1}
    assert content["denials"] == [{"account": "default", "id": ANN, "at": "2026-01-01T00:00:00.000Z"}]


CORRUPT: list[Any] = [
    b"",
    b"{",
    b"[]",
    b"{}",
    {"challenges": {}},
    {"challenges": [5]},
    {"challenges": [{"account": "default", "id": ANN}]},
    {"challenges": [{"account": "default", "id": ANN, "at": "yesterday"}]},
    {"challenges": [], "denials": None},
    {"challenges": [], "wrongGuesses": [1]},
    {"challenges": [], "strikes": [{"code": "A", "at": "2026-01-01T00:00:00Z"}]},
    {"challenges": [], "lockedAt": 5},
    {"challenges": [], "revoked": [5]},
]


@pytest.mark.parametrize("broken", CORRUPT, ids=range(len(CORRUPT)))
def test_a_corrupt_file_is_not_an_empty_one(opened: Callable[[], PairingGuard], path: Path, broken: Any) -> None:
    path.parent.mkdir()
    path.write_bytes(broken if isinstance(broken, bytes) else json.dumps(broken).encode())
    before, guard = path.read_bytes(), opened()
    for ask in (
        lambda: guard.may_challenge("default", ANN, NOW),
        lambda: guard.challenged("default", ANN, NOW),
        lambda: guard.denied("default", ANN, NOW),
        lambda: guard.locked_until(NOW),
        lambda: guard.are_shut_out("default"),
        lambda: guard.shut_out("default", ANN, NOW),
        lambda: guard.guessed_wrong(("A",) * MOST_STRIKES, NOW),
    ):
        with pytest.raises(StoreUnreadableError) as caught:
            ask()
        assert caught.value.path == path
        assert "move it away" in caught.value.why
        assert "backup" not in caught.value.why
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.lock"))
