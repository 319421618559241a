"""Presence: what people see while a turn runs, and what ends it."""

from __future__ import annotations

import pytest

from actors.envelopes.control import Reconfigure
from actors.envelopes.link import Answer
from actors.presence.attention import GRACE_SECONDS, LONGEST_SECONDS, STALE_SECONDS
from actors.presence.manners import Manners, TypingMode
from actors.rpc.capabilities import UNKNOWN, Capabilities
from tests.presence.bench import BRIDGED, METHODS, PLAIN, Bench, chat
from tests.support.probes import KillableStage


def test_somebody_is_seen_typing_while_a_turn_runs_and_the_chat_is_read(stage: KillableStage) -> None:
    bench = Bench(stage)
    bench.attend()
    stage.advance(20.0)
    bench.end()
    stage.advance(5.0)
    assert bench.calls == [
        (0.25, "typing", True),
        (0.25, "read", {}),
        (8.25, "typing", True),
        (16.25, "typing", True),
        (20.25, "typing", False),
    ]
    assert {call.params["chat_guid"] for _, call in bench.imsg.calls} == {chat().chat_guid}
    assert stage.clock.timers == []


def test_a_turn_of_a_moment_shows_nobody_typing(stage: KillableStage) -> None:
    bench = Bench(stage)
    bench.attend()
    bench.end()
    stage.advance(60.0)
    assert bench.calls == [(0.25, "read", {})]


def test_typing_ends_after_ten_minutes(stage: KillableStage) -> None:
    bench = Bench(stage, Manners(reads=False))
    bench.attend()
    stage.advance(LONGEST_SECONDS + 100)
    assert bench.calls[-1] == (LONGEST_SECONDS, "typing", False)
    bench.end()
    stage.advance(100.0)
    assert bench.calls[-1][0] == LONGEST_SECONDS


def test_two_turns_in_a_chat_type_once(stage: KillableStage) -> None:
    bench = Bench(stage, Manners(reads=False))
    bench.attend(1)
    stage.advance(1.0)
    bench.attend(2, "G2")
    stage.advance(1.0)
    bench.end(1)
    stage.advance(1.0)
    bench.end(2)
    stage.advance(1.0)
    assert bench.calls == [(0.25, "typing", True), (3.25, "typing", False)]


def test_a_turn_that_was_cut_off_is_over_when_its_message_is_answered_anew(stage: KillableStage) -> None:
    bench = Bench(stage, Manners(reads=False))
    bench.attend(1)
    stage.advance(1.0)
    bench.attend(2)
    stage.advance(1.0)
    bench.end(2)
    stage.advance(60.0)
    assert [on for _, _, on in bench.calls] == [True, False]


def test_every_chat_has_its_own(stage: KillableStage) -> None:
    bench = Bench(stage, Manners(reads=False))
    for number in (1, 2):
        bench.attend(number, where=chat(number))
    stage.advance(1.0)
    bench.end(1, chat(1))
    stage.advance(1.0)
    assert [(call.params["chat_guid"][-1], call.params["typing"]) for _, call in bench.imsg.calls] == [
        ("1", True),
        ("2", True),
        ("1", False),
    ]


@pytest.mark.parametrize(
    ("mode", "group", "mentioned", "at"),
    [
        (None, False, False, 0.25),
        (None, True, True, 0.25),
        (None, True, False, None),
        ("instant", True, False, 0.25),
        ("thinking", False, False, 2.0),
        ("message", False, False, None),
        ("never", False, False, None),
    ],
)
def test_when_typing_begins(
    stage: KillableStage, mode: TypingMode | None, group: bool, mentioned: bool, at: float | None
) -> None:
    manners = Manners(reads=False, mode=mode)
    bench = Bench(stage, manners)
    bench.attend(is_group=group, mentioned=mentioned)
    stage.advance(5.0)
    assert bench.calls == ([] if at is None else [(at, "typing", True)])
    bench.attend(is_group=group, mentioned=mentioned, spoke=True)
    stage.advance(1.0)
    if at is None:
        assert bench.calls == ([] if mode == "never" else [(5.25, "typing", True)])


def test_the_interval_is_that_of_the_config(stage: KillableStage) -> None:
    bench = Bench(stage, Manners(reads=False, interval=3.0))
    bench.attend()
    stage.advance(7.0)
    assert [at for at, _, _ in bench.calls] == [0.25, 3.25, 6.25]


def test_a_chat_is_read_once_however_much_was_written_in_it(stage: KillableStage) -> None:
    bench = Bench(stage, Manners(mode="never"))
    for number in range(1, 101):
        bench.attend(number)
        bench.end(number)
    stage.advance(60.0)
    assert bench.calls == [(0.25, "read", {})]


def test_a_turn_that_ended_as_it_began_is_told_once_and_its_chat_is_read(stage: KillableStage) -> None:
    bench = Bench(stage, Manners(mode="instant"))
    for guid in ("G1", "G2"):
        bench.attend(0, guid, done=True, spoke=True)
    stage.advance(60.0)
    assert bench.calls == [(0.25, "read", {})]
    assert stage.clock.timers == []


def test_the_end_of_a_turn_nobody_saw_begin_shows_nothing(stage: KillableStage) -> None:
    """Its child is gone, or the config is another: what there was to show was shown."""
    bench = Bench(stage, Manners(ack="like", scope="all"))
    bench.end(7)
    stage.advance(60.0)
    assert bench.calls == []


@pytest.mark.parametrize("service", ["sms", "auto"])
def test_an_sms_chat_sees_nothing(stage: KillableStage, service: str) -> None:
    bench = Bench(stage, Manners(ack="like", scope="all"))
    where = chat(service=service)
    bench.attend(where=type(where)("default", 1, 7, "SMS;-;+15550000007" if service == "auto" else "x", service))
    stage.advance(60.0)
    assert bench.calls == []


# What imsg can do, and what it does


@pytest.mark.parametrize("able", [PLAIN, UNKNOWN, PLAIN._replace(methods=METHODS), UNKNOWN._replace(methods=METHODS)])
def test_without_a_bridge_that_is_ready_nothing_is_called(stage: KillableStage, able: Capabilities) -> None:
    bench = Bench(stage, Manners(ack="like", scope="all"), able)
    bench.attend()
    stage.advance(60.0)
    assert bench.calls == []
    assert stage.clock.timers == []


@pytest.mark.parametrize("method", ["typing", "read", "tapback"])
def test_only_what_imsg_lists_is_called(stage: KillableStage, method: str) -> None:
    bench = Bench(stage, Manners(ack="like", scope="all"), BRIDGED._replace(methods=METHODS - {method}))
    bench.attend()
    stage.advance(1.0)
    assert {called for _, called, _ in bench.calls} == {"typing", "read", "tapback"} - {method}
    stage.advance(600.0)
    assert len(bench.imsg.calls) < 100, "it does not look for what it cannot do"


def test_a_call_that_fails_ends_it_for_this_child(stage: KillableStage) -> None:
    bench = Bench(stage)
    bench.imsg.fails.add("typing")
    bench.attend()
    stage.advance(60.0)
    bench.attend(2)
    stage.advance(60.0)
    assert [method for _, method, _ in bench.calls] == ["typing"]
    (said,) = bench.warnings
    assert said.endswith("off until imsg is started anew: typing failed (bridge not ready)")
    bench.imsg.fails.clear()
    bench.child()
    bench.attend(3)
    stage.advance(1.0)
    assert [method for _, method, _ in bench.calls] == ["typing", "typing", "read"]


def test_a_call_that_takes_too_long_ends_it_for_this_child(stage: KillableStage) -> None:
    bench = Bench(stage, typing=5.5)
    bench.attend()
    stage.advance(60.0)
    assert [method for _, method, _ in bench.calls] == ["typing"]
    assert bench.warnings[0].endswith("typing failed (no answer in 2 s)")
    bench.attend(2)
    stage.advance(60.0)
    assert [method for _, method, _ in bench.calls] == ["typing"], "its answer, when it came, changed nothing"


def test_a_child_that_is_gone_is_no_failure(stage: KillableStage) -> None:
    bench = Bench(stage, typing=1.0)
    bench.attend()
    stage.advance(0.5)
    bench.stage.tell(bench.ref, Answer(bench.imsg.calls[0][1].tag, None, None, lost=True))
    assert bench.warnings == []
    bench.child()
    stage.advance(60.0)
    bench.attend(2)
    stage.advance(1.0)
    assert [method for _, method, _ in bench.calls] == ["typing", "typing"]


def test_what_could_not_be_done_for_long_is_not_done(stage: KillableStage) -> None:
    bench = Bench(stage, Manners(ack="like", scope="all", mode="never"))
    bench.health.busy = 1
    bench.attend()
    bench.end()
    stage.advance(STALE_SECONDS + 1)
    bench.health.busy = 0
    stage.advance(10.0)
    assert bench.calls == []
    assert stage.clock.timers == []


def test_a_newer_config_counts_at_once(stage: KillableStage) -> None:
    bench = Bench(stage)
    bench.attend()
    stage.tell(bench.ref, Reconfigure(bench.view._replace(manners={"default": Manners(reads=False, mode="never")})))
    stage.advance(60.0)
    bench.attend(2)
    stage.advance(60.0)
    assert bench.calls == []


def test_an_account_that_does_not_run_shows_nothing(stage: KillableStage) -> None:
    bench = Bench(stage)
    stage.tell(bench.ref, Reconfigure(bench.view._replace(manners={})))
    bench.attend()
    bench.end()
    stage.advance(GRACE_SECONDS)
    assert bench.calls == []
