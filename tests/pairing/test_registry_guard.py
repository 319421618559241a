"""The registry's limits: three codes a day, none after a denial, none for those who must not be asked, floods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.access import reasons
from actors.access.reasons import STORE_UNREADABLE
from actors.envelopes.control import Record, Replay, Replayed
from actors.envelopes.facts import Rejudged
from actors.envelopes.inbound import Asked, Challenged, Dropped, Held, Notify
from actors.normalizer.fences import STALE_BACKLOG
from actors.pairing import approval, document
from actors.pairing.challenge import NOTICE_POSITION, OLDEST
from actors.pairing.codes import LIFETIME, MOST_PENDING
from actors.pairing.files import StoreUnreadableError, write_object
from actors.pairing.guard import DAY, DENIED, MOST_CHALLENGES, TOO_MANY
from actors.pairing.owners import OwnerFile
from actors.pairing.registry import AGAIN_SECONDS, FULL, PENDING
from tests.access.builders import view
from tests.pairing.office import KEY, Office
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, ANN, BEN, OWN, address, inbound


def test_three_codes_a_day_and_then_silence(office: Office) -> None:
    for seq in range(1, MOST_CHALLENGES + 3):
        office.challenge(seq)
        office.stage.advance(LIFETIME + 1)
    assert [reply.seq for reply in office.replies] == [1, 2, 3]
    assert office.settled == [(4, Dropped(TOO_MANY, KEY)), (5, Dropped(TOO_MANY, KEY))]
    office.stage.advance(DAY)
    office.challenge(9)
    assert [reply.seq for reply in office.replies] == [1, 2, 3, 9]


def test_a_restart_forgets_no_code(office: Office) -> None:
    for seq in range(1, MOST_CHALLENGES + 2):
        office.challenge(seq)
        office.stage.advance(LIFETIME + 1)
        if seq <= MOST_CHALLENGES:
            assert len(office.replies) == 1
            office.open()
    assert office.replies == []
    assert office.settled == [(MOST_CHALLENGES + 1, Dropped(TOO_MANY, KEY))]


def test_whoever_was_denied_hears_nothing_for_a_day(office: Office) -> None:
    office.challenge(1)
    assert approval.deny(office.store, office.guard, None, ANN, office.stage.clock.wall()) is not None
    office.challenge(2)
    office.open()
    office.stage.advance(DAY - 60)
    office.challenge(3)
    assert office.settled == [(3, Dropped(DENIED, KEY))]
    office.stage.advance(61)
    office.challenge(4)
    assert [reply.seq for reply in office.replies] == [4]


@pytest.mark.parametrize(
    ("handle", "keys", "why"),
    [
        (ANN, {"is_group": True}, reasons.NOT_IN_GROUP_LIST),
        (ANN, {"is_from_me": True}, reasons.FROM_ME),
        (ANN, {"destination_caller_id": ANN}, reasons.FROM_ME),
        ("22000", {}, reasons.SHORT_CODE),
        ("urn:biz:1234", {}, reasons.SHORT_CODE),
        ("AMAZON", {}, reasons.SHORT_CODE),
    ],
)
def test_a_second_lock_behind_the_policy(office: Office, handle: str, keys: dict[str, Any], why: str) -> None:
    """Groups, own rows, own handles, short codes and names nobody reads are never asked, whoever lets them through."""
    office.challenge(1, handle, **keys)
    assert office.replies == []
    assert office.settled == [(1, Dropped(why, KEY))]
    assert not office.store.pending_file.exists()


def test_a_row_that_came_late_calls_forth_no_code(office: Office) -> None:
    row = replace(inbound(1), stale=STALE_BACKLOG)
    office.stage.tell(office.ref, Challenged(1, ANN, address(), row, False))
    assert office.replies == []
    assert office.settled == [(1, Dropped(STALE_BACKLOG, KEY))]


def test_every_reason_is_one_of_the_closed_set() -> None:
    assert {reasons.PAIRING_REQUIRED, PENDING, FULL, DENIED, TOO_MANY, STALE_BACKLOG} <= set(reasons.REASONS)


def test_nobody_is_asked_about_what_they_wrote_days_ago(office: Office) -> None:
    office.challenge(1, received_at=office.stage.clock.wall() - OLDEST - 1, replayed=True)
    assert office.replies == []
    assert office.settled == [(1, Dropped(STALE_BACKLOG, KEY))]


class TestCrashes:
    """Where a crash may fall between the request, the guard's note of it, and its answer."""

    def test_before_the_note(self, office: Office) -> None:
        """Two rows were waiting: the first that comes again gets the answer, and no other."""
        received = office.stage.clock.wall()
        office.store.challenge(ACCOUNT, ANN, received + 0.5, {})
        for _ in range(3):
            office.open()
            office.challenge(1, replayed=True, received_at=received)
            office.challenge(2, replayed=True, received_at=received)
            assert [reply.seq for reply in office.replies] == [1]
            assert office.settled == [(2, Dropped(PENDING, KEY))]
        assert len(self.marks(office)) == 1

    def test_after_the_note(self, office: Office) -> None:
        """The row whose answer is not on disk comes again, as often as it takes, and it counts once."""
        received = office.stage.clock.wall()
        for _ in range(5):
            office.open()
            office.challenge(1, replayed=True, received_at=received)
            assert [reply.seq for reply in office.replies] == [1]
        assert len(self.marks(office)) == 1

    def test_after_the_answer(self, office: Office) -> None:
        """A row that waited behind the answered one comes again alone: it was there before the request was."""
        received = office.stage.clock.wall()
        office.stage.advance(1.0)
        office.challenge(1, received_at=received)
        office.open()
        office.challenge(2, replayed=True, received_at=received)
        assert office.replies == []
        assert office.settled == [(2, Dropped(PENDING, KEY))]

    def marks(self, office: Office) -> list[Any]:
        return list(json.loads(office.guard.path.read_bytes())["challenges"])


def test_an_unreadable_guard_holds_the_row_and_its_code_comes_later(office: Office) -> None:
    office.guard.path.parent.mkdir()
    office.guard.path.write_text("{")
    office.challenge(1)
    assert office.replies == []
    assert office.settled == [(1, Held(STORE_UNREADABLE, KEY))]
    office.guard.path.unlink()
    office.stage.advance(AGAIN_SECONDS)
    assert [record for record in office.journal.all(Record) if type(record.fact) is Rejudged]
    office.challenge(1)
    assert [reply.seq for reply in office.replies] == [1]


def test_a_guard_that_cannot_be_written_costs_nobody_their_answer(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is there already when the note fails: the same row gets its code once the note can be made."""
    received = office.stage.clock.wall()
    with monkeypatch.context() as patch:
        patch.setattr(office.guard, "challenged", _unwritable(office))
        office.challenge(1, received_at=received)
    assert office.replies == []
    office.stage.advance(AGAIN_SECONDS)
    office.challenge(1, received_at=received)
    assert [reply.seq for reply in office.replies] == [1]


def _unwritable(office: Office) -> Any:
    def fail(*_: object) -> None:
        raise StoreUnreadableError(office.guard.path, "cannot be written: No space left on device")

    return fail


class TestNotices:
    """Telling a person that they are in."""

    def test_it_goes_to_the_chat_that_was_asked_behind_its_answer(self, office: Office) -> None:
        office.store.admit(ACCOUNT, [ANN], 0.0)
        office.stage.tell(office.ref, Notify(ACCOUNT, ANN))
        asked = office.journal.all(Replay)[-1]
        assert (asked.what, asked.then, asked.account, asked.reason) == ("asked", office.ref, ACCOUNT, ANN)
        office.stage.tell(office.ref, Replayed("asked", (Asked(5, ANN, address(5)),)))
        (reply,) = office.replies
        assert (reply.seq, reply.address, reply.settles, reply.first) == (5, address(5), (), NOTICE_POSITION)
        assert reply.text.strip()
        office.stage.tell(office.ref, Replayed("asked", (Asked(5, ANN, address(5)),)))
        assert office.replies[1] == reply

    def test_whoever_is_not_in_is_told_nothing(self, office: Office, stage: KillableStage) -> None:
        stage.tell(office.ref, Notify(ACCOUNT, ANN))
        stage.tell(office.ref, Replayed("asked", (Asked(5, ANN, address(5)),)))
        assert len(office.journal.all(Replay)) == 1
        assert office.replies == []

    @pytest.mark.parametrize("policy", ["allowlist", "disabled"])
    def test_where_approvals_do_not_count_nobody_is_told(
        self, stage: KillableStage, tmp_path: Path, policy: str
    ) -> None:
        office = Office(stage, tmp_path, views={ACCOUNT: view(dm_policy=policy)})
        office.store.admit(ACCOUNT, [ANN], 0.0)
        stage.tell(office.ref, Notify(ACCOUNT, ANN), Replayed("asked", (Asked(5, ANN, address(5)),)))
        assert len(office.journal.all(Replay)) == 1
        assert office.replies == []
        assert any(policy in text for _, text in stage.logged)

    def test_whoever_was_revoked_meanwhile_is_told_nothing(self, office: Office, tmp_path: Path) -> None:
        office.store.admit(ACCOUNT, [ANN], 0.0)
        office.stage.tell(office.ref, Notify(ACCOUNT, ANN))
        approval.revoke(office.store, OwnerFile(tmp_path / "owners.json"), ACCOUNT, ANN)
        office.stage.tell(office.ref, Replayed("asked", (Asked(5, ANN, address(5)),)))
        assert office.replies == []

    def test_where_nobody_was_asked_there_is_nobody_to_tell(self, office: Office, stage: KillableStage) -> None:
        office.store.admit(ACCOUNT, [ANN], 0.0)
        stage.tell(office.ref, Notify(ACCOUNT, ANN), Replayed("asked", ()))
        assert office.replies == []
        assert any("nobody was asked" in text for _, text in stage.logged)

    def test_unreadable_files_tell_nobody_anything(self, office: Office, stage: KillableStage) -> None:
        office.break_files("imessage-default-allowFrom.json")
        stage.tell(office.ref, Notify(ACCOUNT, ANN))
        assert len(office.journal.all(Replay)) == 1
        assert any("is not told" in text for text in stage.errors())


def test_ten_thousand_strangers_cost_three_codes_and_a_look_each(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read, locked or written for those who find no room, and nothing of them is kept."""
    for number in range(MOST_PENDING):
        office.challenge(number + 1, f"+1555000{number:04d}")
    office.stage.until(lambda: _is_quiet(office), "the files to settle")
    files = {path: path.read_bytes() for path in (office.store.pending_file, office.guard.path)}
    for name in ("read_object", "locked", "write_object"):
        monkeypatch.setattr(document, name, lambda *_: pytest.fail("a file was read, locked or written"))
    for number in range(MOST_PENDING + 1, 10_001):
        office.stage.tell(office.ref, _stranger(number))
    assert len(office.replies) == MOST_PENDING
    assert {outcome for _, outcome in office.settled} == {Dropped(FULL, KEY)}
    assert len(office.settled) == 10_000 - MOST_PENDING
    assert {path: path.read_bytes() for path in files} == files


def _stranger(number: int) -> Challenged:
    handle = f"+1555{number % 1000 + 1000:07d}"
    return Challenged(number, handle, address(), inbound(number, sender=handle), False)


def _is_quiet(office: Office) -> bool:
    """Whether the files are old enough to be believed: two looks give the very same thing."""
    before, _ = office.store._pending.seen(), office.guard.may_challenge(ACCOUNT, BEN, 0.0)
    office.store.is_allowed(ACCOUNT, BEN)
    return office.store._pending.seen() is before and office.guard._file.seen() is office.guard._file.seen()


def test_those_who_wait_and_write_on_cost_a_write_a_second_at_most(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From whatever chats."""
    office.challenge(1)
    writes = []

    def write(path: Path, value: dict[str, Any]) -> None:
        writes.append(path)
        write_object(path, value)

    monkeypatch.setattr(document, "write_object", write)
    for seq in range(2, 202):
        office.challenge(seq)
        office.stage.advance(0.05)
    assert len(writes) <= 11
    assert len(office.replies) == 1


def test_a_stranger_who_finds_room_again_is_asked(office: Office) -> None:
    for number in range(MOST_PENDING + 1):
        office.challenge(number + 1, f"+1555000{number:04d}")
    office.stage.advance(LIFETIME + 1)
    office.challenge(9, OWN)
    assert [reply.seq for reply in office.replies] == [1, 2, 3, 9]
    assert len(office.store.requests(now=office.stage.clock.wall())) == 1
