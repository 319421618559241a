"""What else comes out of a simulator between its lines, and in which pieces."""

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.faulty import Sky
from tests.simulator.harness import COMMAND, DEADLINE_S, DIRECT, REPO, furnish, imsg

_MB = 1024 * 1024


@pytest.fixture
def sky(tmp_path: Path) -> Sky:
    furnish(tmp_path / "chat.db")
    return Sky(tmp_path)


@pytest.mark.parametrize(
    ("item", "raw"),
    [
        ({"text": "A human banner"}, b"A human banner\n"),
        ({"bytes_hex": "00 ff c3 0a"}, b"\0\xff\xc3\n"),
        ({"bytes_hex": b"\xef\xbb\xbf{}\r\n".hex()}, b"\xef\xbb\xbf{}\r\n"),
        ({"unknown_response": 77}, b'{"jsonrpc":"2.0","id":77,"result":{"ok":true}}\n'),
        ({"unknown_response": None}, b'{"jsonrpc":"2.0","id":null,"result":{"ok":true}}\n'),
    ],
)
def test_a_line_comes_out_once_before_what_follows_the_change(sky: Sky, item: dict[str, Any], raw: bytes) -> None:
    with sky.rpc() as rpc:
        assert "result" in rpc.call("chats.list")
        sky.turns(output=[item])
        rpc.request("chats.list", 5)
        assert rpc.raw_line() == raw
        assert rpc.line()["id"] == 5
        assert "result" in rpc.call("chats.list")


def test_a_line_comes_out_of_an_idle_process(sky: Sky) -> None:
    with sky.rpc() as rpc:
        assert "result" in rpc.call("chats.list")
        for number in range(3):
            sky.turns(output=[{"text": f"banner {number}"}])
            assert rpc.raw_line() == f"banner {number}\n".encode()


def test_a_line_given_with_the_flag_comes_out_at_the_start(sky: Sky) -> None:
    done = imsg("rpc", "--db", str(sky.db), "--fault", '{"output": [{"text": "hello"}]}')
    assert (done.returncode, done.stdout) == (0, "hello\n")


def test_an_answer_has_a_result_and_an_error(sky: Sky) -> None:
    sky.turns(output=[{"both": "id-1"}])
    with sky.rpc() as rpc:
        line = rpc.line()
    assert line.keys() == {"jsonrpc", "id", "result", "error"}
    assert line["id"] == "id-1"


def test_two_objects_share_a_line(sky: Sky) -> None:
    sky.turns(output=[{"two_objects": True}])
    with sky.rpc() as rpc:
        raw = rpc.raw_line().decode()
    first, end = json.JSONDecoder().raw_decode(raw)
    second = json.loads(raw[end:])
    assert first["method"] == second["method"] == "message"
    assert first["params"]["message"]["guid"] != second["params"]["message"]["guid"]


def test_a_line_of_many_megabytes_is_a_message(sky: Sky) -> None:
    sky.turns(output=[{"line_mb": 20}])
    with sky.rpc() as rpc:
        line = rpc.line()
        assert "result" in rpc.call("chats.list")
    assert line["method"] == "message"
    assert line["params"]["message"]["text"] == "x" * (20 * _MB)


def test_characters_are_cut_in_pieces(sky: Sky) -> None:
    text = "\u00e9t\u00e9 \U0001f600 " * 3
    imsg("receive", "--db", str(sky.db), "--chat-id", str(DIRECT), "--text", text)
    command = [*COMMAND, "rpc", "--db", str(sky.db), "--fault", '{"output": [{"split": true}]}']
    # Datagrams keep the boundaries of what is written, however late it is read.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.settimeout(DEADLINE_S)
    with ours, theirs, subprocess.Popen(command, cwd=REPO, stdin=subprocess.PIPE, stdout=theirs.fileno()) as process:
        assert process.stdin is not None
        params = {"chat_id": DIRECT, "limit": 1}
        request = {"jsonrpc": "2.0", "id": 1, "method": "messages.history", "params": params}
        for _ in range(2):
            process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.close()
        pieces = [ours.recv(_MB)]
        while not pieces[-1].endswith(b"\n"):
            pieces.append(ours.recv(_MB))
        whole = ours.recv(_MB)
    assert b"".join(pieces) == whole
    assert json.loads(whole)["result"]["messages"][0]["text"] == text
    # Three groups of three characters with several bytes: a cut inside each of them.
    assert [_is_text(piece) for piece in pieces] == [False] * 10


def _is_text(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_diagnostics_hold_up_stdout_until_they_are_read(sky: Sky) -> None:
    sky.turns(stderr_lines=5000)
    command = [*COMMAND, "rpc", "--db", str(sky.db), "--faults", str(sky.file)]
    with subprocess.Popen(
        command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        out, err = process.communicate(b'{"jsonrpc":"2.0","id":1,"method":"chats.list"}\n')
    lines = err.splitlines()
    assert (len(lines), lines[-1]) == (5000, b"imsg-sim: diagnostic line 5000 of 5000")
    assert json.loads(out)["id"] == 1
