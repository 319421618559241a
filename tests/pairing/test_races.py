"""The registry and the command line at the same person at the same moment: who was decided about gets no new code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.access.reasons import PAIRING_REQUIRED
from actors.envelopes.inbound import Dropped
from actors.pairing import approval
from actors.pairing.files import StoreUnreadableError
from actors.pairing.guard import DENIED
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.registry import PENDING
from actors.pairing.store import PairingStore
from tests.pairing.office import KEY, Office
from tests.support.rows import ACCOUNT, ANN

Command = Callable[[PairingStore, PairingGuard], object]


class Desk:
    """A command line of another process, which comes in between once."""

    def __init__(self, office: Office, owners: Path) -> None:
        self.office = office
        self.owners = OwnerFile(owners)
        self.store = PairingStore(office.store.folder)
        self.guard = PairingGuard(office.guard.path)
        self.then: Command | None = None

    def come_in(self) -> None:
        """Do it now, if there is something to do."""
        then, self.then = self.then, None
        if then is not None:
            assert then(self.store, self.guard)

    def approve(self, store: PairingStore, guard: PairingGuard) -> object:
        """Let the only one who waits in."""
        now = self.office.stage.clock.wall()
        (request,) = store.requests(now=now)
        done = approval.approve(store, guard, self.owners, False, None, request.code, now)
        return isinstance(done, approval.Approved)

    def deny(self, store: PairingStore, guard: PairingGuard) -> object:
        """Refuse the only one who waits."""
        return approval.deny(store, guard, None, ANN, self.office.stage.clock.wall())

    def admit(self, store: PairingStore, _: PairingGuard) -> object:
        """An import lets somebody in who never asked."""
        return store.admit(ACCOUNT, [ANN], self.office.stage.clock.wall())

    def take(self, store: PairingStore, _: PairingGuard) -> object:
        """Another program approves: its request goes, its handle comes."""
        (request,) = store.requests(now=self.office.stage.clock.wall())
        return store.approve(None, request.code, self.office.stage.clock.wall())


@pytest.fixture
def desk(office: Office, tmp_path: Path) -> Desk:
    return Desk(office, tmp_path / "gateway" / "owners.json")


def codes_waiting(office: Office) -> list[str]:
    """The codes somebody could still approve."""
    return [request.code for request in office.store.requests(now=office.stage.clock.wall())]


@pytest.mark.parametrize("command", ["approve", "deny"])
def test_a_repeat_that_meets_the_command_calls_forth_no_second_code(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The registry has looked at the request; then the command takes it away."""
    challenge = office.store.challenge

    def meets(*args: Any) -> tuple[str, bool]:
        desk.come_in()
        return challenge(*args)

    office.challenge(1)
    office.stage.advance(5)
    desk.then = getattr(desk, command)
    monkeypatch.setattr(office.store, "challenge", meets)
    office.challenge(2)
    assert desk.then is None
    assert [reply.seq for reply in office.replies] == [1]
    assert office.settled == [(2, Dropped(PENDING, KEY))]
    assert codes_waiting(office) == []


@pytest.mark.parametrize(
    ("command", "why"), [("approve", PAIRING_REQUIRED), ("take", PAIRING_REQUIRED), ("deny", DENIED)]
)
def test_a_row_whose_answer_a_crash_prevented_meets_the_command(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str, why: str
) -> None:
    received = office.stage.clock.wall()
    office.store.challenge(ACCOUNT, ANN, received + 0.5, {})
    desk.then = getattr(desk, command)
    _before_the_lock(office, desk, monkeypatch)
    office.challenge(1, replayed=True, received_at=received)
    assert desk.then is None
    assert (office.replies, office.settled) == ([], [(1, Dropped(why, KEY))])
    assert codes_waiting(office) == []


def test_whoever_is_let_in_by_an_import_as_they_write_gets_no_code(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.then = desk.admit
    _before_the_lock(office, desk, monkeypatch)
    office.challenge(1)
    assert (office.replies, office.settled) == ([], [(1, Dropped(PAIRING_REQUIRED, KEY))])
    assert codes_waiting(office) == []


def test_a_denial_comes_before_the_code_or_after_it_is_noted(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a code is given out nobody approves or denies."""
    tried: list[str] = []
    challenged = office.guard.challenged
    impatient = PairingGuard(office.guard.path, sleep=lambda _: tried.append("waited"))

    def meets(*args: Any) -> None:
        with pytest.raises(StoreUnreadableError):
            approval.deny(desk.store, impatient, None, ANN, args[2])
        challenged(*args)

    monkeypatch.setattr(office.guard, "challenged", meets)
    office.challenge(1)
    assert tried
    assert [reply.seq for reply in office.replies] == [1]
    assert desk.deny(desk.store, desk.guard)


def _before_the_lock(office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command comes after the registry's look and before its lock."""
    exclusive = office.guard.exclusive

    @contextmanager
    def meets() -> Iterator[None]:
        desk.come_in()
        with exclusive():
            yield

    monkeypatch.setattr(office.guard, "exclusive", meets)
