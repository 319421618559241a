"""What an agent is reminded of besides its turns: what was said in its group meanwhile, reactions, quotes."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.reasons import FROM_ME, NO_MENTION, REACTION
from actors.envelopes.facts import Replaced, Settled
from actors.envelopes.inbound import Dropped, Held
from actors.envelopes.session import Recalled
from tests.journal.conftest import Open
from tests.journal.desk import Room, control, message
from tests.journal.turning import FAMILY, GROUP, MAIN, answered, recalled, said
from tests.support.probes import KillableStage
from tests.support.rows import ANN, BEN, admit, guid

UNMENTIONED = Dropped(NO_MENTION, "groups")
TAPBACK = Dropped(REACTION)


def group(number: int, text: str = "hello", **keys: Any) -> Any:
    """A row of the group."""
    return message(number, text=text, **{**GROUP, **keys})


def words(answer: Recalled) -> list[str]:
    """What was listened to."""
    return [one.text for one in answer.heard]


# What was listened to


def test_what_a_group_said_since_the_last_turn_there(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(group(1, "before"), UNMENTIONED)
    room.append(group(2, "agent!"), admit(FAMILY))
    room.append(group(3, "between"), UNMENTIONED)
    room.append(group(4, "elsewhere", chat=8), UNMENTIONED)
    room.append(group(5, "nobody"), Dropped("not in groupAllowFrom"))
    assert words(recalled(room, FAMILY, 9, before=2)) == ["before"]
    room.record(answered(2, session=FAMILY, chat=9))
    stage.kill()
    room = open_room()
    room.append(group(6, "agent?", sender=BEN), admit(FAMILY))
    room.append(group(7, "after"), UNMENTIONED)
    answer = recalled(room, FAMILY, 9, before=6)
    assert answer.heard == (said(3, "between"),)
    assert words(recalled(room, FAMILY, 9, before=6, heard=0)) == []


def test_only_the_latest_come(room: Room) -> None:
    room.tell(*(room.appended(group(n, f"{n}"), UNMENTIONED) for n in range(1, 10)))
    assert words(recalled(room, FAMILY, 9, heard=3)) == ["7", "8", "9"]


def test_what_came_while_messages_were_collected_is_told_with_the_next_turn(room: Room) -> None:
    room.append(group(1, "agent!"), admit(FAMILY))
    room.append(group(2, "between"), UNMENTIONED)
    room.append(group(3, "agent!!"), admit(FAMILY))
    room.record(answered(1, 3, session=FAMILY, chat=9))
    room.append(group(4, "agent?"), admit(FAMILY))
    assert words(recalled(room, FAMILY, 9, before=4)) == ["between"]


@pytest.mark.parametrize("verdict", [admit(FAMILY), control()], ids=["a message", "a command"])
def test_a_turn_whose_answer_is_on_its_way_has_heard_what_was_before_it(room: Room, verdict: Any) -> None:
    room.append(group(1, "before"), UNMENTIONED)
    room.append(group(2, "/new agent!"), verdict)
    room.append(group(3, "between"), UNMENTIONED)
    room.append(group(4, "agent?"), admit(FAMILY))
    assert words(recalled(room, FAMILY, 9, before=4)) == ["between"]
    room.record(Settled(2, Held("quarantined")))
    assert words(recalled(room, FAMILY, 9, before=4)) == ["before", "between"], "no turn took it in"


def test_what_was_said_in_another_database_is_not_told(room: Room) -> None:
    room.append(group(1, "before"), UNMENTIONED)
    room.record(Replaced(1, 0, "other"))
    room.append(group(2, "after", era=1), UNMENTIONED)
    assert words(recalled(room, FAMILY, 9)) == ["after"]


def test_a_session_that_answers_elsewhere_hears_what_is_not_too_long_ago(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.journal.recall.TURNS_BACK", 2)
    room.append(group(1, "long ago"), UNMENTIONED)
    for number in range(2, 5):
        room.append(message(number))
        room.record(answered(number))
    room.append(group(5, "lately"), UNMENTIONED)
    assert words(recalled(room, MAIN, 9)) == ["lately"]
    assert words(recalled(room, FAMILY, 9)) == ["long ago", "lately"]


def test_a_group_of_another_database_with_the_same_number_is_told_nothing_of_the_first(room: Room) -> None:
    room.append(group(1, "our PIN is 4711"), admit(FAMILY))
    room.record(answered(1, session=FAMILY, text="noted"))
    room.append(group(2, "hello", source=2), admit(FAMILY))
    assert recalled(room, FAMILY, 9, source=2, before=2).turns == ()
    assert [past.text for past in recalled(room, FAMILY, 9).turns] == ["noted"]
    room.record(Replaced(1, 0, "other"))
    room.append(group(3, "hello", era=1), admit(FAMILY))
    assert recalled(room, FAMILY, 9, before=3).turns == ()


# Reactions


@pytest.mark.parametrize(
    ("wire", "told"),
    [
        ({"reaction_type": "love", "reaction_emoji": "❤️", "is_reaction_add": True}, ("love", "❤️", False)),
        ({"reaction_type": "custom", "reaction_emoji": "🦊", "is_reaction_add": False}, ("custom", "🦊", True)),
        ({"associated_message_type": 2003}, ("laugh", "", False)),
        ({"associated_message_type": 3001}, ("like", "", True)),
        ({"associated_message_type": 2099}, ("", "", False)),
        ({"associated_message_type": 1000}, ("", "", False)),
        ({}, ("", "", False)),
    ],
)
@pytest.mark.parametrize("to", [{"reacted_to_guid": guid(1)}, {"associated_message_guid": f"p:0/{guid(1)}"}])
def test_a_reaction_says_what_it_is_and_what_about(
    room: Room, wire: dict[str, Any], told: tuple[str, str, bool], to: dict[str, Any]
) -> None:
    room.append(message(1, text="the text"), Dropped(FROM_ME))
    room.append(message(2, is_reaction=True, sender=BEN, sender_name="Ben", **wire, **to), TAPBACK)
    (one,) = recalled(room, before=3).tapbacks
    assert (one.kind, one.emoji, one.removed) == told
    assert (one.to_guid, one.to_text, one.to_own, one.sender, one.sender_name) == (
        guid(1),
        "the text",
        True,
        BEN,
        "Ben",
    )


def test_a_reaction_to_what_is_not_known_or_not_ours(room: Room) -> None:
    room.append(message(1, text="hers"))
    room.append(message(2, chat=8, text="elsewhere"))
    for number, to in ((3, guid(1)), (4, f"bp:{guid(77)}"), (5, guid(2))):
        room.append(message(number, is_reaction=True, reacted_to_guid=to), TAPBACK)
    found = [(one.to_guid, one.to_text, one.to_own, one.to_sender) for one in recalled(room, before=9).tapbacks]
    assert found == [(guid(1), "hers", False, ANN), (guid(77), "", False, ""), (guid(2), "", False, "")]


def test_reactions_come_once_and_the_latest(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.journal.recall.MOST_TAPBACKS", 2)
    for number in range(1, 4):
        room.append(message(number, is_reaction=True, reaction_type="like", reaction_emoji=f"{number}"), TAPBACK)
    room.append(message(4))
    assert [one.emoji for one in recalled(room, before=4, heard=0).tapbacks] == ["2", "3"]
    room.record(answered(4))
    assert recalled(room).tapbacks == ()


def test_a_reaction_whose_bytes_are_broken_is_repaired(room: Room) -> None:
    room.append(message(1, is_reaction=True, reaction_emoji="\ud83d", text="\ud83d"), TAPBACK)
    assert [one.emoji for one in recalled(room, before=2).tapbacks] == ["\ufffd" * 3]
    room.connection.execute("UPDATE inbound SET body = NULL")
    assert recalled(room, before=2).tapbacks == ()


# Quotes


def test_messages_that_are_replied_to_are_found_by_guid_own_ones_too(room: Room) -> None:
    room.append(message(1, text="hers"))
    room.append(message(2, text="ours", is_from_me=True), Dropped(FROM_ME))
    room.append(message(3, text="elsewhere", chat=8))
    asked = (f"p:0/{guid(2)}", guid(1).lower(), guid(3), guid(4))
    answer = recalled(room, quotes=asked)
    assert [(one.guid, one.text, one.from_me) for one in answer.quotes] == [
        (asked[0], "ours", True),
        (asked[1], "hers", False),
    ]
