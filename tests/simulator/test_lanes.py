"""Lanes of 0.14+ (imsg protocol 12.2): what runs beside what, how much is accepted, and what the end drains."""

import json
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest

from actors.simulator.lanes import MOST_OUTSTANDING, Lane, Lanes, lane_of
from tests.simulator.harness import DEADLINE_S, DIRECT, Rpc, furnish


@pytest.mark.parametrize(
    ("lane", "methods"),
    [
        (Lane.MUTATION, ("send", "send.tracked", "typing", "read", "tapback")),
        (Lane.READ, ("status", "chats.list", "messages.after", "message.send_status")),
        (Lane.CONTROL, ("initialize", "watch.subscribe", "watch.unsubscribe")),
    ],
)
def test_every_method_has_its_lane(lane: Lane, methods: tuple[str, ...]) -> None:
    for method in methods:
        assert lane_of(method, known=True) is lane
        assert lane_of(method, known=False) is Lane.CONTROL


def nothing() -> None:
    """No connections to close."""


def test_four_reads_run_at_once_and_the_fifth_waits() -> None:
    lanes = Lanes(nothing)
    running, go, all_four = [], Event(), Event()
    lock = Lock()

    def read() -> None:
        with lock:
            running.append(1)
            if len(running) == 4:
                all_four.set()
        go.wait(DEADLINE_S)

    for _ in range(6):
        assert lanes.admit(Lane.READ, read)
    assert all_four.wait(DEADLINE_S)
    control = Event()
    assert lanes.admit(Lane.CONTROL, control.set)
    assert control.wait(DEADLINE_S)
    assert len(running) == 4
    go.set()
    lanes.drain()
    assert len(running) == 6


def test_mutations_run_one_after_the_other_in_order() -> None:
    lanes = Lanes(nothing)
    done: list[int] = []
    for number in range(100):
        assert lanes.admit(Lane.MUTATION, partial(done.append, number))
    lanes.drain()
    assert done == list(range(100))


def test_outstanding_requests_are_limited_over_all_lanes() -> None:
    lanes = Lanes(nothing)
    go = Event()

    def wait() -> None:
        go.wait(DEADLINE_S)

    for number in range(MOST_OUTSTANDING):
        assert lanes.admit(list(Lane)[number % 3], wait)
    assert not lanes.admit(Lane.CONTROL, nothing)
    go.set()
    lanes.drain()
    assert lanes.admit(Lane.CONTROL, nothing)


class Held:
    """A simulator whose sends hang until it is told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "chat.db"
        furnish(self.path)
        self._file = folder / "faults.json"
        self._file.write_text(json.dumps({"hang": ["send"]}))
        self.rpc = Rpc(self.path, "--imsg-version", "0.15", "--faults", str(self._file))

    def let_go(self) -> None:
        self._file.unlink()

    def send(self, number: int) -> None:
        self.rpc.request("send", number, chat_id=DIRECT, text=f"t{number}")


def test_answers_overtake_a_send_that_is_stuck(tmp_path: Path) -> None:
    held = Held(tmp_path)
    with held.rpc as rpc:
        held.send(1)
        held.send(2)
        for number, (method, params) in enumerate(
            (("chats.list", {}), ("watch.unsubscribe", {"subscription": 5}), ("initialize", {}), ("nope", {}))
        ):
            rpc.request(method, f"quick {number}", **params)
            assert rpc.line()["id"] == f"quick {number}"
        held.let_go()
        assert [rpc.line()["id"], rpc.line()["id"]] == [1, 2]


def test_too_many_requests_are_refused_at_once(tmp_path: Path) -> None:
    held = Held(tmp_path)
    with held.rpc as rpc:
        for number in range(MOST_OUTSTANDING):
            held.send(number)
        rpc.request("watch.unsubscribe", "more", subscription=1)
        refused = rpc.line()
        assert (refused["id"], refused["error"]["code"], refused["error"]["message"], refused["error"]["data"]) == (
            "more", -32000, "Server busy", "outstanding request limit exceeded",
        )  # fmt: skip
        rpc.raw(b'{"jsonrpc":"2.0","method":"watch.unsubscribe","params":{"subscription":1}}\n[]\n')
        assert rpc.line()["error"]["code"] == -32000
        held.let_go()
        assert [rpc.line()["id"] for _ in range(MOST_OUTSTANDING)] == list(range(MOST_OUTSTANDING))


def test_the_end_of_input_lets_every_accepted_request_finish(tmp_path: Path) -> None:
    held = Held(tmp_path)
    with held.rpc as rpc:
        rpc.call("watch.subscribe")
        for number in range(5):
            held.send(number)
        # The answer behind them proves that they were read before the input ended.
        rpc.request("watch.unsubscribe", "read", subscription=99)
        rpc.answer("read")
        assert rpc.process.stdin is not None
        rpc.process.stdin.close()
        held.let_go()
        lines: list[dict[str, Any]] = [rpc.line() for _ in range(5)]
        assert [line["id"] for line in lines] == list(range(5))
        assert all(line["result"]["ok"] for line in lines)
        assert rpc.end() == 0


def test_sixty_four_subscriptions_are_the_most(tmp_path: Path) -> None:
    furnish(tmp_path / "chat.db")
    with Rpc(tmp_path / "chat.db", "--imsg-version", "0.15") as rpc:
        for number in range(64):
            assert rpc.call("watch.subscribe")["result"] == {"subscription": number + 1, "buffer_limit": 256}
        error = rpc.call("watch.subscribe")["error"]
        assert (error["code"], error["data"]) == (-32000, "subscription limit exceeded")
        rpc.call("watch.unsubscribe", subscription=7)
        assert rpc.call("watch.subscribe")["result"]["subscription"] == 65
