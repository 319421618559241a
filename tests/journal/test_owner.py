"""Where an owner is reached: by their newest direct message, and behind the notices it carries already."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Replayed
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Admit, Dropped
from actors.outbound.answers import NOTICES
from tests.journal.conftest import Open
from tests.journal.desk import Room, control, later, message
from tests.journal.turning import FAMILY, GROUP
from tests.support.actors import Probe
from tests.support.rows import ACCOUNT, ANN, BEN, admit

OWNER = replace(admit(), authority="owner")


def found(room: Room, account: str = ACCOUNT, handle: str = "") -> list[tuple[int, ReplyAddress, int]]:
    """What the notices are told."""
    probe = Probe("notices")
    room.replay("owner", probe, account=account, reason=handle)
    (told,) = probe.all(Replayed)
    assert told.what == "owner"
    return [*told.items]


def test_nobody_is_found_where_no_owner_wrote(room: Room) -> None:
    room.append(message(1))
    room.append(message(2), Dropped("empty body"))
    room.append(message(3, **GROUP), replace(admit(FAMILY), authority="owner"))
    room.append(message(4, **GROUP), OWNER)
    room.append(message(5, account="work"), OWNER)
    assert found(room) == []


@pytest.mark.parametrize("verdict", [OWNER, control()], ids=["a message", "a command"])
def test_the_newest_message_of_an_owner_says_where(room: Room, verdict: Any) -> None:
    room.append(message(1), OWNER)
    room.append(message(2, chat=8, sender=BEN, chat_guid=f"SMS;-;{BEN}"), replace(verdict, service="sms"))
    room.append(message(3))
    assert found(room) == [(2, ReplyAddress(ACCOUNT, 1, 8, f"SMS;-;{BEN}", "sms"), 0)]


def test_a_former_owner_is_passed_over_for_one_of_now(room: Room) -> None:
    room.append(message(1), OWNER)
    room.append(message(2, chat=8, sender=BEN), OWNER)
    probe = Probe("notices")
    room.replay("owner", probe, account=ACCOUNT, wanted=lambda row: row.sender == ANN)
    (told,) = probe.all(Replayed)
    assert [seq for seq, *_ in told.items] == [1]


def test_a_handle_is_found_whatever_they_may_do(room: Room) -> None:
    room.append(message(1))
    room.append(message(2, sender="(555) 444-5555"), OWNER)
    room.append(message(3, sender="Ben@Example.org"))
    assert [seq for seq, *_ in found(room, handle=ANN)] == [1]
    assert [seq for seq, *_ in found(room, handle="ben@example.org")] == [3]
    assert found(room, handle=BEN) == []


def test_it_knows_how_many_notices_a_message_carries(room: Room) -> None:
    room.append(message(1), OWNER)
    room.append(message(2))
    room.record(later(1, "welcome", first=1024), later(1, "a", first=NOTICES), later(1, "b", first=NOTICES + 1))
    room.record(later(2, "c", first=NOTICES))
    assert [used for *_, used in found(room)] == [2]


def test_only_a_database_that_is_read_now_counts(open_room: Open) -> None:
    room = open_room(sources={ACCOUNT: 2})
    room.append(message(1, source=2), OWNER)
    room.append(message(2), OWNER)
    assert [seq for seq, *_ in found(room)] == [1]
    assert found(room, account="gone") == []


def test_a_message_that_cannot_be_read_back_does_not_tell(room: Room) -> None:
    for number in (1, 2, 3):
        room.append(message(number), OWNER)
    room.connection.execute("UPDATE inbound SET body = NULL WHERE seq = 3")
    room.connection.execute("UPDATE inbound SET body = X'7B' WHERE seq = 2")
    assert [seq for seq, *_ in found(room)] == [1]


def test_what_is_long_ago_is_not_looked_for(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.journal.owner.LOOK_BACK", 2)
    room.append(message(1), OWNER)
    room.append(message(2), Admit("s", "main", False, "auto", False))
    assert len(found(room)) == 1
    room.append(message(3))
    assert found(room) == []
