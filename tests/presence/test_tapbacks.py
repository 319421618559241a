"""The tapback that says a message was seen: whose messages get it, which one, and when it goes."""

from __future__ import annotations

import pytest

from actors.presence.manners import Manners
from tests.presence.bench import BRIDGED, Bench
from tests.support.probes import KillableStage

LIKE = Manners(reads=False, mode="never", ack="\U0001f44d", scope="all", takes_back=True)
EYES = "\U0001f440"


def test_a_message_gets_its_tapback_and_loses_it_with_the_answer(stage: KillableStage) -> None:
    bench = Bench(stage, LIKE)
    bench.attend(guid="M1")
    stage.advance(5.0)
    bench.end()
    stage.advance(5.0)
    like = {"message_id": "M1", "reaction": "like"}
    assert bench.calls == [(0.25, "tapback", like), (5.25, "tapback", {**like, "remove": True})]


@pytest.mark.parametrize(("takes_back", "made"), [(False, ["M1", "M2"]), (True, [])])
def test_a_message_that_was_answered_at_once_gets_its_tapback_if_it_may_stay(
    stage: KillableStage, takes_back: bool, made: list[str]
) -> None:
    bench = Bench(stage, Manners(reads=False, ack="like", scope="all", takes_back=takes_back))
    for guid in ("M1", "M2"):
        bench.attend(0, guid, done=True, spoke=True)
    stage.advance(5.0)
    assert [params["message_id"] for _, _, params in bench.calls] == made


def test_a_tapback_that_is_not_made_yet_is_not_made_once_it_would_be_taken_back(stage: KillableStage) -> None:
    bench = Bench(stage, LIKE)
    bench.attend()
    bench.end()
    stage.advance(5.0)
    assert bench.calls == []


def test_a_tapback_under_way_when_the_turn_ends_is_taken_back(stage: KillableStage) -> None:
    bench = Bench(stage, LIKE, tapback=1.0)
    bench.attend()
    stage.advance(0.5)
    bench.end()
    stage.advance(5.0)
    assert [("remove" in params) for _, _, params in bench.calls] == [False, True]


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ("all", "direct group mention"),
        ("direct", "direct"),
        ("group-all", "group mention"),
        ("group-mentions", "mention"),
        ("off", ""),
        ("none", ""),
    ],
)
def test_whose_messages_get_one(stage: KillableStage, scope: str, seen: str) -> None:
    bench = Bench(stage, Manners(reads=False, mode="never", ack="love", scope=scope))
    bench.attend(1, "direct")
    bench.attend(2, "group", is_group=True)
    bench.attend(3, "mention", is_group=True, mentioned=True)
    stage.advance(5.0)
    assert [params["message_id"] for _, _, params in bench.calls] == seen.split()


@pytest.mark.parametrize(
    ("ack", "kind"),
    [
        ("\u2764\ufe0f", "love"),
        ("\U0001f44d", "like"),
        ("\U0001f44e", "dislike"),
        ("\U0001f602", "laugh"),
        ("\u203c\ufe0f", "emphasize"),
        ("\u2753", "question"),
        ("Haha", "laugh"),
    ],
)
def test_the_classic_ones_go_by_name(stage: KillableStage, ack: str, kind: str) -> None:
    bench = Bench(stage, Manners(reads=False, mode="never", ack=ack, scope="all"))
    bench.attend()
    stage.advance(1.0)
    assert [params["reaction"] for _, _, params in bench.calls] == [kind]


def test_any_other_emoji_goes_where_imsg_takes_it(stage: KillableStage) -> None:
    manners = Manners(reads=False, mode="never", ack=EYES, scope="all")
    bench = Bench(stage, manners, BRIDGED._replace(any_tapback=True))
    bench.attend()
    stage.advance(1.0)
    assert [params["emoji"] for _, _, params in bench.calls] == [EYES]


def test_elsewhere_it_is_said_once_that_it_does_not(stage: KillableStage) -> None:
    bench = Bench(stage, Manners(reads=False, mode="never", ack=EYES, scope="all"))
    for number in range(3):
        bench.attend(number)
        stage.advance(1.0)
    bench.child()
    bench.attend(9)
    stage.advance(1.0)
    assert bench.calls == []
    (said,) = bench.warnings
    assert f"no tapback {EYES!r}" in said
