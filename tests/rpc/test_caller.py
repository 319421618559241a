"""Requests under way: every call gets one answer, whatever imsg writes, and one that provably did not start says so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.envelopes.control import Listen, Tick
from actors.envelopes.link import Connected, Disconnected, Response, Stalled, Subscribed
from actors.rpc.caller import FLUSH_BYTES, REMEMBER_LATE, TICK_SECONDS
from tests.rpc.calling import PATIENCE, Desk, Pipe
from tests.support.actors import Probe, Stage
from tests.support.actors import stage as a_stage


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return Desk(stage)


def test_a_request_goes_out_and_its_answer_comes_back_under_its_tag(desk: Desk) -> None:
    desk.stage.tell(desk.ref, desk.call("a", text="hi", chat_id=5))
    assert desk.pipe.requests == [{"jsonrpc": "2.0", "id": 1, "method": "send", "params": {"text": "hi", "chat_id": 5}}]
    desk.stage.advance(2.0)
    desk.answer(1, b'{"ok":true,"guid":"g"}')
    (answer,) = desk.answers()
    assert (answer.tag, answer.result, answer.error) == ("a", {"ok": True, "guid": "g"}, None)
    assert (answer.lost, answer.late, answer.started) == (False, False, True)
    assert answer.seconds == pytest.approx(2.0)


def test_answers_in_any_order_find_their_calls(desk: Desk) -> None:
    desk.calls("a", "b", "c")
    for number in (2, 3, 1):
        desk.answer(number)
    assert desk.tags() == ["b", "c", "a"]


def test_requests_of_one_moment_share_one_write_in_order(desk: Desk) -> None:
    desk.calls(*range(50))
    assert len(desk.pipe.writes) == 1
    assert [request["id"] for request in desk.pipe.requests] == list(range(1, 51))


def test_a_long_row_of_requests_is_written_in_pieces(desk: Desk) -> None:
    text = "x" * (FLUSH_BYTES // 3)
    desk.stage.tell(desk.ref, *(desk.call(number, text=text) for number in range(10)))
    assert len(desk.pipe.writes) == 4
    assert [request["id"] for request in desk.pipe.requests] == list(range(1, 11))


def test_a_text_with_half_a_surrogate_is_sent_as_well_as_can_be(desk: Desk) -> None:
    desk.stage.tell(desk.ref, desk.call("a", text="x\ud800y"), desk.call("b", text="next"))
    assert [request["params"]["text"] for request in desk.pipe.requests] == ["x?y", "next"]


@pytest.mark.parametrize(
    ("result", "error", "expected"),
    [
        (b'{"a":1}', b"", ({"a": 1}, None)),
        (b"{}", b"", ({}, None)),
        (b"null", b"", ({"value": None}, None)),
        (b"[1]", b"", ({"value": [1]}, None)),
        (b"", b"", ({}, None)),
        (b'{"a":1}', b"null", ({"a": 1}, None)),
        (b"", b'{"code":-32603}', (None, {"code": -32603})),
        (b'{"a":1}', b'{"code":1}', (None, {"code": 1})),
        (b"null", b'"no"', (None, {"value": "no"})),
        (b"", b"{broken", (None, {"value": None})),
    ],
)
def test_what_counts_as_a_result_and_what_as_an_error(
    desk: Desk, result: bytes, error: bytes, expected: tuple[object, object]
) -> None:
    desk.calls("a")
    desk.answer(1, result, error)
    (answer,) = desk.answers()
    assert (answer.result, answer.error) == expected


@pytest.mark.parametrize(
    ("result", "raw"),
    [(b'{ "a" : 1e999 }', b'{ "a" : 1e999 }'), (b"{broken", b"{broken"), (b"", b""), (b"null", b"null")],
)
def test_a_result_that_is_wanted_as_it_came_stays_so(desk: Desk, result: bytes, raw: bytes) -> None:
    desk.stage.tell(desk.ref, desk.call("a", raw=True))
    desk.answer(1, result)
    (answer,) = desk.answers()
    assert (answer.result, answer.error) == ({"raw": raw}, None)


def test_an_error_is_read_even_where_the_result_is_wanted_as_it_came(desk: Desk) -> None:
    desk.stage.tell(desk.ref, desk.call("a", raw=True))
    desk.answer(1, b"", b'{"code":5}')
    (answer,) = desk.answers()
    assert (answer.result, answer.error) == (None, {"code": 5})


@pytest.mark.parametrize("number", ["1", 1])
def test_an_id_may_come_back_as_a_string(desk: Desk, number: object) -> None:
    desk.calls("a")
    desk.answer(number)
    assert desk.tags() == ["a"]


@pytest.mark.parametrize(
    "number",
    [None, 0, 2, -1, 1.0, True, False, "", "x", "-1", "1.0", " 1", "\u00b2", "9" * 5000, 10**30, float("nan")],
    ids=repr,
)
def test_an_id_nobody_asked_under_is_ignored(desk: Desk, number: object) -> None:
    desk.calls("a")
    desk.answer(number)
    assert desk.answers() == []
    desk.answer(1)
    assert desk.tags() == ["a"]
    pulse = desk.stage.pulses.get("caller")
    assert pulse is not None
    assert pulse.faults == 0


def test_a_second_answer_to_the_same_request_is_ignored(desk: Desk) -> None:
    desk.calls("a", "b")
    desk.answer(1)
    desk.answer(1, b"", b'{"code":1}')
    desk.answer("1")
    assert desk.tags() == ["a"]
    desk.answer(2)
    assert desk.tags() == ["a", "b"]


def test_no_answer_in_time_is_a_late_answer(desk: Desk) -> None:
    desk.calls("a")
    desk.stage.advance(PATIENCE - TICK_SECONDS)
    assert desk.answers() == []
    desk.stage.advance(2 * TICK_SECONDS)
    (answer,) = desk.answers()
    assert (answer.tag, answer.late, answer.lost, answer.started) == ("a", True, False, True)
    assert (answer.result, answer.error) == (None, None)
    desk.stage.advance(10 * PATIENCE)
    assert desk.tags() == ["a"]


def test_a_deadline_counts_from_the_answer_to_the_call_before(desk: Desk) -> None:
    """imsg serves one after the other: the time a request waits in the pipe is not its own."""
    desk.calls("slow", "behind")
    desk.stage.advance(PATIENCE - 1)
    desk.answer(1)
    desk.stage.advance(PATIENCE - 1)
    assert desk.tags() == ["slow"]
    desk.answer(2)
    assert [answer.late for answer in desk.answers()] == [False, False]
    assert desk.answers()[1].seconds == pytest.approx(PATIENCE - 1)


def test_after_one_deadline_the_next_call_has_its_whole_patience(desk: Desk) -> None:
    desk.calls("first", "second")
    desk.stage.advance(PATIENCE + 2 * TICK_SECONDS)
    assert desk.tags() == ["first"]
    desk.stage.advance(PATIENCE - 4 * TICK_SECONDS)
    assert desk.tags() == ["first"]
    desk.stage.advance(5 * TICK_SECONDS)
    assert desk.tags() == ["first", "second"]


def test_a_call_made_later_counts_from_its_own_moment(desk: Desk) -> None:
    desk.calls("a")
    desk.answer(1)
    desk.stage.advance(100 * PATIENCE)
    desk.calls("b")
    desk.stage.advance(PATIENCE - TICK_SECONDS)
    assert desk.tags() == ["a"]


def test_a_late_answer_is_delivered_once_more(desk: Desk) -> None:
    """It tells what became of a send that was given up for unknown."""
    desk.calls("a")
    desk.stage.advance(PATIENCE + 2 * TICK_SECONDS)
    desk.answer(1, b'{"guid":"g"}')
    first, second = desk.answers()
    assert first.late
    assert (second.tag, second.result, second.late) == ("a", {"guid": "g"}, False)
    desk.answer(1)
    assert len(desk.answers()) == 2


def test_it_remembers_a_bounded_number_of_late_calls(desk: Desk) -> None:
    desk.calls(*range(REMEMBER_LATE + 10), patience=0.0)
    desk.stage.advance(2 * TICK_SECONDS)
    assert len(desk.answers()) == REMEMBER_LATE + 10
    desk.answer(1)
    assert len(desk.answers()) == REMEMBER_LATE + 10
    desk.answer(11)
    assert desk.tags()[-1] == 10


def test_no_clock_ticks_while_nothing_is_open(desk: Desk) -> None:
    assert desk.stage.clock.timers == []
    desk.calls("a")
    assert [message for _, message in desk.stage.clock.timers] == [Tick("deadlines")]
    desk.calls("b", "c")
    assert len(desk.stage.clock.timers) == 1
    for number in (1, 2, 3):
        desk.answer(number)
    desk.stage.advance(2 * TICK_SECONDS)
    assert desk.stage.clock.timers == []


def test_without_a_child_a_call_is_answered_at_once_as_not_started(stage: Stage) -> None:
    desk = Desk(stage, connect=False)
    desk.calls("a", "b")
    assert [(answer.tag, answer.lost, answer.started) for answer in desk.answers()] == [
        ("a", True, False),
        ("b", True, False),
    ]
    assert stage.clock.timers == []


def test_the_loss_of_the_child_ends_every_open_call_once(desk: Desk) -> None:
    desk.calls("a", "b", "c")
    desk.answer(2)
    desk.stage.tell(desk.ref, Disconnected(1, "gone"), Disconnected(1, "gone"))
    assert [(answer.tag, answer.lost, answer.started) for answer in desk.answers()] == [
        ("b", False, True),
        ("a", True, True),
        ("c", True, True),
    ]
    assert desk.pipe.closed
    desk.calls("d")
    assert (desk.answers()[-1].lost, desk.answers()[-1].started) == (True, False)


def test_requests_that_were_not_handed_to_the_pipe_when_the_child_went_did_not_start(desk: Desk) -> None:
    desk.calls("written")
    desk.stage.tell(desk.ref, desk.call("waiting"), desk.call("too"), Disconnected(1, "gone"))
    assert {answer.tag: answer.started for answer in desk.answers()} == {
        "written": True,
        "waiting": False,
        "too": False,
    }
    assert [request["id"] for request in desk.pipe.requests] == [1]


def test_an_answer_to_a_request_that_was_never_written_does_not_make_another_look_unstarted(desk: Desk) -> None:
    """A request that did start must not be sent twice, however odd the child's answers are."""
    desk.calls("written")
    desk.stage.tell(desk.ref, desk.call("waiting"), Response(2, b"{}", b""), Disconnected(1, "gone"))
    (lost,) = [answer for answer in desk.answers() if answer.lost]
    assert (lost.tag, lost.started) == ("written", True)


def test_a_pipe_that_refuses_a_write_has_not_started_that_write(desk: Desk) -> None:
    desk.calls("written")
    desk.pipe.broken = True
    desk.calls("refused", "too")
    assert {answer.tag: (answer.lost, answer.started) for answer in desk.answers()} == {
        "written": (True, True),
        "refused": (True, False),
        "too": (True, False),
    }
    desk.calls("after")
    assert not desk.answers()[-1].started
    desk.stage.tell(desk.ref, Disconnected(1, "gone"))
    assert len(desk.answers()) == 4


def test_a_long_row_that_breaks_in_the_middle_tells_started_from_not(desk: Desk) -> None:
    text = "x" * (FLUSH_BYTES + 1)
    desk.stage.tell(desk.ref, desk.call("one", text=text))
    desk.pipe.broken = True
    desk.stage.tell(desk.ref, desk.call("two", text=text), desk.call("three", text=text))
    assert [(answer.tag, answer.started) for answer in desk.answers()] == [
        ("one", True),
        ("two", False),
        ("three", False),
    ]


def test_numbers_go_on_with_a_new_child_so_that_an_old_answer_fits_nothing(desk: Desk) -> None:
    desk.calls("a")
    second = Pipe()
    desk.stage.tell(desk.ref, Connected(2, second))
    assert desk.pipe.closed
    assert desk.answers()[0].lost
    desk.calls("b")
    assert [request["id"] for request in second.requests] == [2]
    desk.answer(1)
    assert desk.tags() == ["a"]
    desk.stage.tell(desk.ref, Disconnected(1, "the first one, at last"))
    assert not second.closed
    desk.answer(2)
    assert desk.tags() == ["a", "b"]


def test_late_calls_of_a_lost_child_are_forgotten(desk: Desk) -> None:
    desk.calls("a")
    desk.stage.advance(PATIENCE + 2 * TICK_SECONDS)
    desk.stage.tell(desk.ref, Disconnected(1, "gone"))
    desk.answer(1)
    assert desk.tags() == ["a"]


def test_who_listens_hears_when_sends_may_start_and_when_not(desk: Desk) -> None:
    early, late = Probe("early"), Probe("late")
    desk.stage.tell(desk.ref, Listen(early.ref), Subscribed(7), Subscribed(1), Listen(late.ref))
    assert early.told == late.told == [Subscribed(1)]
    desk.stage.tell(desk.ref, Disconnected(1, "gone"))
    assert early.told[-1] == late.told[-1] == Disconnected(1, "gone")
    third = Probe("third")
    desk.stage.tell(desk.ref, Listen(third.ref))
    assert third.told == []


def test_a_watch_that_is_reported_after_its_child_went_lets_no_send_start(desk: Desk) -> None:
    listener = Probe("listener")
    desk.stage.tell(desk.ref, Listen(listener.ref), Disconnected(1, "gone"), Subscribed(1))
    assert listener.told == [Disconnected(1, "gone")]


def test_stopping_it_ends_every_open_call_and_closes_the_pipe(desk: Desk) -> None:
    desk.calls("a")
    desk.ref.stop(block=False)
    desk.stage.settle()
    assert [(answer.tag, answer.lost) for answer in desk.answers()] == [("a", True)]
    assert desk.pipe.closed


def test_who_listens_hears_that_a_call_was_not_answered_in_time(desk: Desk) -> None:
    listener = Probe("listener")
    desk.stage.tell(desk.ref, Listen(listener.ref))
    desk.calls("a")
    desk.stage.advance(PATIENCE + 2 * TICK_SECONDS)
    assert listener.told == [Stalled(1, "send")]


def test_what_one_finds_stalled_all_who_listen_hear(desk: Desk) -> None:
    sender, reader = Probe("sender"), Probe("reader")
    desk.stage.tell(desk.ref, Listen(sender.ref), Listen(reader.ref))
    desk.stage.tell(desk.ref, Stalled(0, "an earlier child"), Stalled(1, "sends are blocked"))
    assert sender.told == reader.told == [Stalled(1, "sends are blocked")]


def test_a_child_that_is_to_be_ended_gets_no_more_sends(desk: Desk) -> None:
    """Nobody is told that it is ready, and what comes all the same is answered as not started."""
    desk.stage.tell(desk.ref, Subscribed(1))
    desk.calls("a")
    desk.stage.advance(PATIENCE + 2 * TICK_SECONDS)
    listener = Probe("listener")
    desk.calls("b")
    desk.stage.tell(desk.ref, Listen(listener.ref), Subscribed(1))
    assert len(desk.pipe.requests) == 1
    assert [(answer.lost, answer.started) for answer in desk.answers()[1:]] == [(True, False)]
    assert listener.told == []


def test_who_was_replaced_is_forgotten_and_nobody_hears_twice(desk: Desk) -> None:
    gone, listener = Probe("gone"), Probe("listener")
    desk.stage.tell(desk.ref, Listen(gone.ref), Listen(listener.ref))
    gone.stop()
    desk.stage.tell(desk.ref, Listen(listener.ref), Subscribed(1))
    assert gone.told == []
    assert listener.told == [Subscribed(1)]


def test_what_the_watch_can_do_reaches_who_listens_late(desk: Desk) -> None:
    listener, ready = Probe("listener"), Subscribed(1, "capabilities", 7)
    desk.stage.tell(desk.ref, ready, Listen(listener.ref))
    assert listener.told == [ready]


def test_the_health_says_how_many_requests_are_open(desk: Desk) -> None:
    seen = [desk.health.busy]
    desk.calls("a", "b", "c", patience=1.0)
    seen.append(desk.health.busy)
    desk.answer(2)
    seen.append(desk.health.busy)
    desk.stage.advance(1.0 + TICK_SECONDS)
    seen.append(desk.health.busy)
    desk.stage.tell(desk.ref, Disconnected(1, "gone"))
    seen.append(desk.health.busy)
    assert seen == [0, 3, 2, 1, 0]


STEPS = st.lists(
    st.one_of(
        st.just("call"),
        st.tuples(st.just("answer"), st.integers(min_value=0, max_value=12)),
        st.tuples(st.just("advance"), st.sampled_from([0.3, 4.0, 11.0])),
        st.sampled_from(["break", "gone", "new child"]),
    ),
    max_size=25,
)


@given(STEPS)
def test_every_call_gets_one_answer_and_at_most_a_late_one_more(steps: list[Any]) -> None:
    with a_stage() as stage:
        desk, tag, child = Desk(stage), 0, 1
        for step in steps:
            match step:
                case "call":
                    tag += 1
                    desk.calls(tag)
                case ("answer", number):
                    desk.answer(number)
                case ("advance", seconds):
                    stage.advance(seconds)
                case "break":
                    desk.pipe.broken = True
                case "gone":
                    stage.tell(desk.ref, Disconnected(child, "gone"))
                case "new child":
                    child, desk.pipe = child + 1, Pipe()
                    stage.tell(desk.ref, Connected(child, desk.pipe))
        desk.ref.stop(block=False)
        stage.settle()
        for one in range(1, tag + 1):
            answers = [answer for answer in desk.answers() if answer.tag == one]
            assert [answer.late for answer in answers] in ([False], [True], [True, False])
        assert stage.pulses.all() == []
