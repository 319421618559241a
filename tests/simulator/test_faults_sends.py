"""What sends do under a fault: the answer, and what lies in the database afterwards."""

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.faulty import NEW, OLD, Sky, eventually, outcome
from tests.simulator.harness import ANNA, DIRECT, TEAM, furnish

_TIMEOUT = "AppleScript failed: Messages got an error: AppleEvent timed out."


@pytest.fixture
def sky(tmp_path: Path) -> Sky:
    furnish(tmp_path / "chat.db")
    return Sky(tmp_path)


@pytest.mark.parametrize(
    ("word", "version", "expected"),
    [
        (
            "fail-before",
            OLD,
            (-32603, "AppleScript failed: Messages got an error: Application isn't running."),
        ),
        ("fail-before", NEW, (-32603, ("not_started", True))),
        (
            "no-automation",
            OLD,
            (-32603, "AppleScript failed: Not authorized to send Apple events to Messages."),
        ),
        ("no-automation", NEW, (-32603, ("not_started", True))),
        ("no-chat", OLD, (-32603, 'AppleScript failed: Messages got an error: Can\'t get chat id "1".')),
        ("no-chat", NEW, (-32603, ("not_started", True))),
        ("busy", NEW, (-32000, "outstanding request limit exceeded")),
    ],
)
def test_an_error_before_leaves_nothing(sky: Sky, word: str, version: str, expected: tuple[int, Any]) -> None:
    sky.turns(send={"do": word, "times": 1})
    with sky.rpc(version) as rpc:
        assert outcome(rpc.call("send", chat_id=DIRECT, text="one")) == expected
        assert sky.own_texts() == []
        assert rpc.call("send", chat_id=DIRECT, text="two")["result"]["ok"] is True
    assert sky.own_texts() == ["two"]


@pytest.mark.parametrize(
    ("word", "detail"),
    [("no-automation", "-1743"), ("no-chat", "-1728"), ("fail-after", "-1712")],
)
def test_a_typed_error_names_the_number(sky: Sky, word: str, detail: str) -> None:
    sky.turns(send=word)
    with sky.rpc(NEW) as rpc:
        data = rpc.call("send", chat_id=DIRECT, text="one")["error"]["data"]
    assert data["detail"] == f"Messages automation failed with AppleScript error {detail}."
    assert (data["transport"], data["operation"]) == ("applescript", "send")


@pytest.mark.parametrize(
    ("version", "expected"), [(OLD, (-32603, _TIMEOUT)), (NEW, (-32001, ("may_have_completed", False)))]
)
def test_an_error_after_leaves_the_row(sky: Sky, version: str, expected: tuple[int, Any]) -> None:
    sky.turns(send="fail-after")
    with sky.rpc(version) as rpc:
        assert outcome(rpc.call("send", chat_id=DIRECT, text="one")) == expected
    assert sky.own_texts() == ["one"]


@pytest.mark.parametrize("version", [OLD, NEW])
def test_an_answer_gets_lost(sky: Sky, version: str) -> None:
    sky.turns(send={"do": "lost-answer", "times": 1})
    with sky.rpc(version) as rpc:
        rpc.request("send", 1, chat_id=DIRECT, text="one")
        rpc.request("send", 2, chat_id=DIRECT, text="two")
        assert rpc.line()["id"] == 2
    assert sky.own_texts() == ["one", "two"]


@pytest.mark.parametrize("version", [OLD, NEW])
def test_an_answer_comes_twice(sky: Sky, version: str) -> None:
    sky.turns(send="duplicate-answer")
    with sky.rpc(version) as rpc:
        assert rpc.call("send", chat_id=DIRECT, text="one") == rpc.line()
    assert sky.own_texts() == ["one"]


@pytest.mark.parametrize("version", [OLD, NEW])
def test_answers_are_bent(sky: Sky, version: str) -> None:
    with sky.rpc(version) as rpc:
        sky.turns(send="string-id")
        answer = rpc.call("send", chat_id=DIRECT, text="one")
        assert (answer["id"], answer["result"]["ok"]) == ("1", True)
        sky.turns(send="null-result")
        assert rpc.call("send", chat_id=DIRECT, text="two")["result"] is None
        sky.turns(send="no-ids")
        assert rpc.call("send", chat_id=DIRECT, text="three")["result"] == {
            "ok": True,
            "transport": "applescript",
        }
        sky.turns(send="ok-false")
        assert rpc.call("send", chat_id=DIRECT, text="four")["result"]["ok"] is False
    assert sky.own_texts() == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("word", "how", "code", "texts"),
    [
        ("exit-before", "exit:1", 1, []),
        ("exit-before", "signal:9", -signal.SIGKILL, []),
        ("exit-after", "exit:0", 0, ["one"]),
        ("exit-after", "signal:11", -signal.SIGSEGV, ["one"]),
    ],
)
def test_the_process_dies_around_a_send(sky: Sky, word: str, how: str, code: int, texts: list[str | None]) -> None:
    sky.turns(send={"do": word, "how": how})
    with sky.rpc() as rpc:
        rpc.request("send", chat_id=DIRECT, text="one")
        assert rpc.dies() == code
        assert rpc.rest() == []
    assert sky.own_texts() == texts


@pytest.mark.parametrize("target", [{"chat_id": TEAM}, {"chat_identifier": "chat77"}])
def test_a_ghost_is_an_unjoined_empty_row(sky: Sky, target: dict[str, Any]) -> None:
    sky.turns(send="ghost")
    with sky.rpc() as rpc:
        rpc.call("watch.subscribe", debounce_ms=0)
        rpc.request("send", 2, **target, text="one")
        code, text = outcome(rpc.answer(2))
        ghost = rpc.message()
    assert code == -32603
    assert text == (
        "AppleScript failed: Messages accepted the chat send but wrote an unjoined empty outgoing row"
        f" ({ghost['id']}); delivery to the target chat was not confirmed"
    )
    assert (ghost["text"], ghost["chat_id"], ghost["is_from_me"]) == ("", 0, True)
    assert ghost["sender"].endswith(ghost["sender"].rpartition("chat")[2])
    assert "chat" in ghost["sender"]


def test_a_ghost_of_a_direct_send_is_not_noticed(sky: Sky) -> None:
    sky.turns(send="ghost")
    with sky.rpc() as rpc:
        answer = rpc.call("send", to=ANNA, text="one")
    assert answer["result"] == {"ok": True, "transport": "applescript"}
    assert sky.own_texts() == [""]


def test_a_ghost_is_an_unknown_outcome_from_0_14_on(sky: Sky) -> None:
    sky.turns(send="ghost")
    with sky.rpc(NEW) as rpc:
        for target in ({"chat_id": TEAM}, {"to": ANNA}):
            answer = rpc.call("send", text="one", **target)
            assert outcome(answer) == (-32001, ("may_have_completed", False))
    assert sky.own_texts() == ["", ""]


def test_a_row_comes_after_the_answer(sky: Sky) -> None:
    sky.turns(send={"do": "late-row", "ms": 50})
    with sky.rpc() as rpc:
        rpc.call("watch.subscribe", debounce_ms=0)
        answer = rpc.call("send", chat_id=DIRECT, text="one")
        assert answer["result"] == {"ok": True, "transport": "applescript"}
        assert rpc.message()["text"] == "one"
        assert rpc.end() == 0
    assert sky.own_texts() == ["one"]


def test_a_late_row_is_an_unknown_outcome_from_0_14_on(sky: Sky) -> None:
    sky.turns(send={"do": "late-row", "ms": 0})
    with sky.rpc(NEW) as rpc:
        answer = rpc.call("send", chat_id=DIRECT, text="one")
        assert outcome(answer) == (-32001, ("may_have_completed", False))
        eventually(lambda: sky.own_texts() == ["one"])


def test_a_send_left_in_flight_blocks_every_later_mutation(sky: Sky) -> None:
    sky.turns(send={"do": "still-in-flight", "ms": 0})
    with sky.rpc(NEW) as rpc:
        answer = rpc.call("send", chat_id=DIRECT, text="one")
        assert outcome(answer) == (-32001, ("still_in_flight", False))
        sky.turns()
        refused = rpc.call("send", chat_id=DIRECT, text="two")
        assert outcome(refused) == (-32004, ("still_in_flight", False))
        assert refused["error"]["message"] == "Mutation lane blocked"
        assert "result" in rpc.call("chats.list")
        eventually(lambda: sky.own_texts() == ["one"])
    with sky.rpc(NEW) as rpc:
        assert rpc.call("send", chat_id=DIRECT, text="two")["result"]["ok"] is True


def test_before_0_14_nothing_stays_in_flight(sky: Sky) -> None:
    sky.turns(send={"do": "still-in-flight", "times": 1, "ms": 0})
    with sky.rpc() as rpc:
        assert outcome(rpc.call("send", chat_id=DIRECT, text="one")) == (-32603, _TIMEOUT)
        assert rpc.call("send", chat_id=DIRECT, text="two")["result"]["ok"] is True


def test_every_third_send_fails_twice(sky: Sky) -> None:
    sky.turns(send={"do": "fail-before", "every": 3, "times": 2})
    with sky.rpc() as rpc:
        answers = [rpc.call("send", chat_id=DIRECT, text=str(number)) for number in range(12)]
    assert [number for number, answer in enumerate(answers) if "error" in answer] == [2, 5]


def test_a_bent_answer_that_nobody_wanted_bends_no_other(sky: Sky) -> None:
    sky.turns(send={"do": "lost-answer", "times": 1})
    with sky.rpc(NEW) as rpc:
        rpc.raw(b'{"jsonrpc":"2.0","method":"send","params":{"chat_id":1,"text":"one"}}\n')
        assert rpc.call("send", chat_id=DIRECT, text="two")["result"]["ok"] is True
    assert sky.own_texts() == ["one", "two"]


def test_the_oldest_one_sees_no_ghosts_and_names_no_transport(sky: Sky) -> None:
    sky.turns(send="ghost")
    with sky.rpc("0.5") as rpc:
        assert rpc.call("send", chat_id=TEAM, text="one")["result"] == {"ok": True}
    assert sky.own_texts() == [""]


def test_a_tracked_send_that_comes_late_can_be_asked_for(sky: Sky) -> None:
    attempt = "6f1c9b1e-8f0e-4c0b-9a53-1d2c3b4a5f60"
    sky.turns(send={"do": "late-row", "ms": 0})
    with sky.rpc(NEW, "--bridge", "true") as rpc:
        answer = rpc.call("send.tracked", chat_id=DIRECT, text="one", attempt_id=attempt)
        assert outcome(answer) == (-32001, ("may_have_completed", False))
        assert answer["error"]["data"]["transport"] == "bridge_v2"
        eventually(lambda: sky.own_texts() == ["one"])
        assert rpc.call("message.send_status", guid=attempt)["result"]["send_state"] != "pending"
