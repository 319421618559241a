"""A process that starts badly, hangs, dawdles, stalls, dies, or loses its permission."""

import json
import os
import select
import signal
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.simulator.messages_db import MessagesDb
from tests.simulator.faulty import NEW, OLD, Sky, eventually, outcome
from tests.simulator.harness import ANNA, COMMAND, DIRECT, REPO, Rpc, furnish, imsg

_PIPE_BYTES = 64 * 1024
_ATOMIC_BYTES = select.PIPE_BUF


@pytest.fixture
def sky(tmp_path: Path) -> Sky:
    furnish(tmp_path / "chat.db")
    return Sky(tmp_path)


def put(sky: Sky, text: str, count: int = 1) -> None:
    with closing(MessagesDb.open(sky.db)) as db, db.transaction():
        for number in range(1, count + 1):
            db.incoming(DIRECT, ANNA, text if count == 1 else f"{text} {number}")


@pytest.mark.parametrize(
    ("start", "code"), [("exit:0", 0), ("exit:7", 7), ("signal:9", -signal.SIGKILL), ("signal:11", -signal.SIGSEGV)]
)
@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_start_that_ends_at_once(sky: Sky, start: str, code: int, version: str) -> None:
    sky.turns(start=start)
    with sky.rpc(version) as rpc:
        assert rpc.dies() == code
        assert rpc.rest() == []


def test_a_start_that_prints_a_banner(sky: Sky) -> None:
    sky.turns(start="banner")
    with sky.rpc() as rpc:
        assert rpc.dies() == 1
        said = b"".join(rpc.rest())
    assert b"Permission Error" in said
    assert b"Full Disk Access" in said


def test_an_imsg_without_rpc(sky: Sky) -> None:
    sky.turns(start="no-rpc")
    for words in (("rpc", "--help"), ("--help",)):
        helped = imsg(*words, "--faults", str(sky.file))
        assert (helped.returncode, helped.stdout.startswith("Usage: imsg <command>")) == (0, True)
        assert "rpc" not in helped.stdout
    by_environment = imsg("rpc", "--help", environment=os.environ | {"IMSG_SIM_FAULTS": str(sky.file)})
    assert "imsg rpc" not in by_environment.stdout
    with sky.rpc() as rpc:
        assert rpc.dies() == 1
        assert b'unknown command "rpc"' in b"".join(rpc.rest())
    assert "imsg rpc" in imsg("rpc", "--help").stdout


def test_a_start_that_hangs_reads_everything_and_says_nothing(sky: Sky) -> None:
    sky.turns(start="hang")
    with sky.rpc() as rpc:
        # More than a pipe holds: this returns only because someone reads.
        rpc.raw(b'{"jsonrpc":"2.0","id":1,"method":"chats.list"}\n' * (4 * _PIPE_BYTES // 48))
        assert rpc.process.stdin is not None
        rpc.process.stdin.close()
        assert rpc.is_silent()
        assert rpc.process.poll() is None


def test_a_prompt_for_contacts_holds_the_first_line(sky: Sky) -> None:
    sky.turns(start="contacts-prompt")
    with sky.rpc() as rpc:
        rpc.request("chats.list")
        assert rpc.is_silent()
        sky.turns()
        assert "result" in rpc.line()


def test_newer_ones_wait_for_no_prompt(sky: Sky) -> None:
    sky.turns(start="contacts-prompt")
    with sky.rpc(NEW) as rpc:
        assert "result" in rpc.call("chats.list")


@pytest.mark.parametrize("hang", [True, ["messages.history", "send"]])
def test_a_hung_request_is_answered_late_or_never(sky: Sky, hang: object) -> None:
    with sky.rpc() as rpc:
        assert "result" in rpc.call("chats.list")
        sky.turns(hang=hang)
        rpc.request("messages.history", 2, chat_id=DIRECT)
        rpc.request("chats.list", 3)
        assert rpc.is_silent()
        sky.turns()
        assert [rpc.line()["id"], rpc.line()["id"]] == [2, 3]


def test_a_hung_send_blocks_no_reads_from_0_14_on(sky: Sky) -> None:
    sky.turns(hang=["send"])
    with sky.rpc(NEW) as rpc:
        rpc.request("send", 1, chat_id=DIRECT, text="one")
        rpc.request("chats.list", 2)
        assert rpc.line()["id"] == 2
        assert sky.own_texts() == []


def test_a_slow_method_holds_up_the_next(sky: Sky) -> None:
    sky.turns(slow={"messages.history": 600_000})
    with sky.rpc() as rpc:
        rpc.request("messages.history", 1, chat_id=DIRECT)
        rpc.request("chats.list", 2)
        assert rpc.is_silent()
        sky.turns(slow={"*": 10})
        assert [rpc.line()["id"], rpc.line()["id"]] == [1, 2]


def test_a_method_fails_as_often_as_told(sky: Sky) -> None:
    data = {"path": "/x", "detail": "gone", "retryable": True}
    sky.turns(fail={"chats.list": {"code": -32002, "message": "Database unavailable", "data": data, "times": 2}})
    with sky.rpc() as rpc:
        failed = rpc.call("chats.list")
        assert failed["error"] == {"code": -32002, "message": "Database unavailable", "data": data}
        assert "error" in rpc.call("chats.list")
        assert "result" in rpc.call("chats.list")
        sky.turns(fail={"*": {"data": "all"}})
        assert outcome(rpc.call("send", chat_id=DIRECT, text="x")) == (-32603, "all")
    assert sky.own_texts() == []


@pytest.mark.parametrize(("how", "code"), [("exit:0", 0), ("exit:1", 1), ("signal:9", -signal.SIGKILL)])
def test_the_process_ends_after_some_answers(sky: Sky, how: str, code: int) -> None:
    sky.turns(exit_after={"requests": 3, "how": how})
    with sky.rpc() as rpc:
        rpc.raw(b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"chats.list"}\n' % number for number in range(5)))
        assert rpc.dies() == code
        assert [json.loads(line)["id"] for line in rpc.rest()] == [0, 1, 2]


def test_the_process_ends_in_the_middle_of_a_burst(sky: Sky) -> None:
    with sky.rpc() as rpc:
        rpc.call("watch.subscribe", debounce_ms=0)
        sky.turns(exit_after={"rows": 4})
        put(sky, "hi", count=10)
        assert rpc.dies() == 1
        texts = [json.loads(line)["params"]["message"]["text"] for line in rpc.rest()]
    assert texts == ["hi 1", "hi 2", "hi 3", "hi 4"]


def test_a_stalled_stdin_fills_the_pipe(sky: Sky) -> None:
    sky.turns(stall="stdin")
    with sky.rpc() as rpc:
        rpc.request("chats.list", 1)
        assert rpc.process.stdin is not None
        os.set_blocking(rpc.process.stdin.fileno(), False)
        line = b'{"jsonrpc":"2.0","id":2,"method":"watch.unsubscribe","params":{"subscription":9}}\n'
        # As many as a pipe takes whole or not at all.
        eventually(lambda: not _takes(rpc, line * (_ATOMIC_BYTES // len(line))))
        os.set_blocking(rpc.process.stdin.fileno(), True)
        assert rpc.is_silent()
        sky.turns()
        assert rpc.line()["id"] == 1


def _takes(rpc: Rpc, data: bytes) -> bool:
    assert rpc.process.stdin is not None
    try:
        return os.write(rpc.process.stdin.fileno(), data) == len(data)
    except BlockingIOError:
        return False


def test_a_stalled_stdout_holds_the_answer_of_a_send_that_happened(sky: Sky) -> None:
    sky.turns(stall="stdout")
    with sky.rpc() as rpc:
        rpc.request("send", chat_id=DIRECT, text="one")
        eventually(lambda: sky.own_texts() == ["one"])
        assert rpc.is_silent()
        sky.turns()
        assert rpc.line()["result"]["ok"] is True


def test_a_silent_watch_stays_subscribed(sky: Sky) -> None:
    with sky.rpc() as rpc:
        rpc.call("watch.subscribe", debounce_ms=0)
        sky.turns(watch="silent")
        put(sky, "one")
        assert "result" in rpc.call("chats.list")
        assert rpc.is_silent()
        sky.turns()
        put(sky, "two")
        assert rpc.until(lambda line: line.get("method") == "message")


@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_watch_ends_with_an_error_once(sky: Sky, version: str) -> None:
    with sky.rpc(version) as rpc:
        rpc.call("watch.subscribe", debounce_ms=0)
        sky.turns(watch="error")
        put(sky, "one")
        ended = rpc.until(lambda line: line.get("method") == "error")
        assert ended["params"]["subscription"] == 1
        assert set(ended["params"]["error"]) == {"message"}
        assert rpc.call("watch.subscribe", debounce_ms=0)["result"]["subscription"] == 2
        put(sky, "two")
        heard = rpc.until(lambda line: line.get("method") == "message")
        assert (heard["params"]["subscription"], heard["params"]["message"]["text"]) == (2, "two")


def test_half_rows_have_no_chat(sky: Sky) -> None:
    sky.turns(watch="half-rows")
    with sky.rpc() as rpc:
        rpc.call("watch.subscribe", debounce_ms=0)
        put(sky, "one")
        half = rpc.message()
        assert half["text"] == "one"
        anchors = ("chat_id", "chat_identifier", "chat_guid", "chat_name", "participants", "is_group")
        assert [half[key] for key in anchors] == [0, "", "", "", [], False]
        sky.turns()
        put(sky, "two")
        assert rpc.message()["chat_id"] == DIRECT


def test_access_can_be_lost_and_given_back(sky: Sky) -> None:
    with sky.rpc(NEW) as rpc:
        assert "result" in rpc.call("chats.list")
        sky.turns(access=False)
        assert rpc.call("chats.list")["error"]["code"] == -32002
        sky.turns(access=True)
        assert "result" in rpc.call("chats.list")
    with sky.rpc() as rpc:
        assert "result" in rpc.call("chats.list")
        sky.turns(access=False)
        code, text = outcome(rpc.call("chats.list"))
        assert (code, text.endswith("(SQLite.Result error 23.)")) == (-32603, True)
        sky.turns(access=True)
        assert "result" in rpc.call("chats.list")


def test_access_missing_at_the_start(sky: Sky) -> None:
    sky.turns(start="no-access")
    with sky.rpc() as rpc:
        code, text = outcome(rpc.call("chats.list"))
        assert (code, "Full Disk Access" in text) == (-32603, True)
        assert rpc.end() == 1
    with sky.rpc("0.8.1") as rpc:
        assert rpc.end() == 1
        assert b"Full Disk Access" in b"".join(rpc.rest())
    with sky.rpc(NEW) as rpc:
        assert rpc.call("chats.list")["error"]["code"] == -32002
        sky.turns()
        assert "result" in rpc.call("chats.list")
        assert rpc.end() == 0


def test_a_bad_control_file_is_named_at_the_start(sky: Sky) -> None:
    sky.file.write_text('{"send": "gost"}')
    said = imsg("rpc", "--db", str(sky.db), "--faults", str(sky.file))
    assert (said.returncode, said.stdout.startswith(f'Error: {sky.file}: send.do: "gost" is none of')) == (1, True)
    said = imsg("rpc", "--db", str(sky.db), "--fault", "{]")
    assert (said.returncode, said.stdout.startswith("Error: --fault: not JSON")) == (1, True)


def test_a_file_may_turn_bad_while_the_process_runs(sky: Sky) -> None:
    sky.turns(fail={"chats.list": {}})
    command = [*COMMAND, "rpc", "--db", str(sky.db), "--faults", str(sky.file)]
    with subprocess.Popen(
        command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        line: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "chats.list"}
        _ask(process, line)
        assert "error" in json.loads(process.stdout.readline())
        sky.file.write_text("{")
        _ask(process, line)
        assert "error" in json.loads(process.stdout.readline())
        _out, err = process.communicate()
    assert err.decode().startswith(f"imsg-sim: {sky.file}: not JSON")


def _ask(process: subprocess.Popen[bytes], request: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.flush()
