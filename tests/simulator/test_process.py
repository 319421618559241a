"""The simulator as a process: start, end, signals, and its command line."""

import json
import os
import signal
from pathlib import Path

import pytest

from actors.simulator.messages_db import MessagesDb
from tests.simulator.harness import ANNA, DEADLINE_S, Rpc, furnish, imsg


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "chat.db"
    furnish(path)
    return path


def test_a_missing_database_is_created_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "chat.db"
    with Rpc(path) as rpc:
        assert rpc.call("chats.list")["result"] == {"chats": []}
    assert [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")] == []


def test_end_of_input_ends_it_with_0_after_a_last_line_without_newline(db: Path) -> None:
    with Rpc(db) as rpc:
        rpc.request("watch.subscribe")
        rpc.raw(b'{"id":"last","method":"chats.list"}')
        assert rpc.end() == 0
        assert json.loads(rpc.rest()[-1])["id"] == "last"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_dies_by_the_signal(db: Path, number: signal.Signals) -> None:
    with Rpc(db) as rpc:
        rpc.call("watch.subscribe")
        rpc.process.send_signal(number)
        assert rpc.process.wait(DEADLINE_S) == -number


def test_it_dies_of_a_reader_that_left(db: Path) -> None:
    with Rpc(db, reads=False) as rpc:
        assert rpc.process.stdout is not None
        rpc.process.stdout.close()
        rpc.request("chats.list")
        assert rpc.process.wait(DEADLINE_S) == -signal.SIGPIPE


def test_a_pipe_nobody_empties_does_not_keep_it_from_ending(db: Path) -> None:
    with Rpc(db, reads=False) as rpc:
        rpc.request("watch.subscribe", debounce_ms=0)
        assert rpc.process.stdout is not None
        assert rpc.process.stdout.readline()
        writer = MessagesDb.open(db)
        with writer.transaction():
            for _ in range(100):
                writer.incoming(1, ANNA, "x" * 5000)
        writer.close()
        # One message out of half a megabyte written at once: the rest is stuck in the pipe.
        assert rpc.process.stdout.readline()
        assert rpc.end() == 0


def test_a_database_that_cannot_be_opened_is_answered_to_every_request(tmp_path: Path) -> None:
    with Rpc(tmp_path) as rpc:
        for method in ("chats.list", "nope"):
            error = rpc.call(method)["error"]
            assert (error["code"], error["message"]) == (-32603, "Internal error")
            assert "Full Disk Access" in error["data"]
            assert "Permission Error" in error["data"]
            assert str(tmp_path) in error["data"]
        rpc.raw(b"{\n[]\n")
        assert [rpc.line()["error"]["code"] for _ in range(2)] == [-32700, -32600]
        assert rpc.end() == 1


def test_a_database_it_did_not_make_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    path.write_bytes(b"")
    done = imsg("receive", "--db", str(path), "--from", ANNA, "--text", "x")
    assert done.returncode == 1
    assert "was not made by imsg-sim" in done.stdout
    assert path.read_bytes() == b""


def test_the_version_is_bare_and_can_be_overridden() -> None:
    assert imsg("--version").stdout == "0.9.0\n"
    assert imsg("rpc", "-V", environment={**os.environ, "IMSG_VERSION": "1.2"}).stdout == "1.2\n"


def test_help_wins_and_names_rpc() -> None:
    done = imsg("rpc", "--db", "--help")
    assert done.returncode == 0
    assert "imsg rpc" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["frobnicate"], "unknown command 'frobnicate'"),
        (["rpc", "--contacts"], "unknown option '--contacts'"),
        (["chats", "--limit", "many"], "--limit: 'many' is not a whole number"),
        (["rpc", "--send-delay-ms", "soon"], "send-delay-ms: 'soon' is not a whole number"),
        (["chats", "--db", "/nowhere/chat.db"], "/nowhere/chat.db"),
        (["send", "--text", "x"], "to is required for direct sends"),
        (["receive", "--text", "x"], "--chat-id or --from is required"),
    ],
)
def test_errors_go_to_stdout_with_exit_1(words: list[str], told: str, tmp_path: Path) -> None:
    place = [] if "--db" in words else ["--db", str(tmp_path / "chat.db")]
    done = imsg(*words, *place)
    assert done.returncode == 1
    assert told in done.stdout
    assert done.stderr == ""


def test_chats_prints_one_object_a_line_with_slashes_as_they_are(db: Path) -> None:
    done = imsg("chats", "--db", str(db), "--json")
    chats = [json.loads(line) for line in done.stdout.splitlines()]
    assert [chat["id"] for chat in chats] == [1, 3, 2]
    assert "Team / " in done.stdout
    assert {"account_login", "last_addressed_handle"} <= chats[0].keys()
    assert "display_name" not in chats[0]
    text = imsg("chats", "--db", str(db), "--limit", "1").stdout
    assert text == f"[1]  ({ANNA}) last=2001-01-01T00:00:10.000Z\n"


def test_history_prints_messages_newest_first(db: Path) -> None:
    done = imsg("history", "--db", str(db), "--chat-id", "1", "--limit", "1", "--json")
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["later"]


def test_receive_makes_chats_and_send_answers_in_them(tmp_path: Path) -> None:
    path = str(tmp_path / "chat.db")
    assert imsg("init", "--db", path).stdout == f"{path}\n"
    direct = json.loads(imsg("receive", "--db", path, "--from", ANNA, "--text", "hi").stdout)
    group = json.loads(imsg("receive", "--db", path, "--from", ANNA, "--group-name", "Team", "--text", "all").stdout)
    assert (direct["id"], direct["chat_id"], group["chat_id"]) == (1, 1, 2)
    again = json.loads(imsg("receive", "--db", path, "--chat-id", "2", "--text", "more").stdout)
    assert (again["id"], again["chat_id"]) == (3, 2)
    assert imsg("send", "--db", path, "--chat-id", "2", "--text", "ok").stdout == "sent\n"
    assert imsg("send", "--db", path, "--to", ANNA, "--text", "ok", "--json").stdout == '{"status":"sent"}\n'
    shown = imsg("history", "--db", path, "--chat-id", "2").stdout.splitlines()
    assert [line.split(" ", 1)[1] for line in shown] == [
        "[sent] +15550009999: ok",
        f"[recv] {ANNA}: more",
        f"[recv] {ANNA}: all",
    ]
