"""The command agent, with real programs: what they read, what they may see, and every way they can misbehave."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.agents.base import AgentError
from actors.agents.command import MAX_OUTPUT, CommandAgent, clean, ended, last_line, reply_text
from actors.envelopes.inbound import Attachment
from actors.envelopes.outbound import Turn
from tests.support.actors import wait_until
from tests.support.rows import admitted

Run = Callable[..., str]


def turn(text: str = "hello", session: str = "agent:main:main", **row: Any) -> Turn:
    """A turn about one message."""
    message = admitted(1, text=text, session=session)
    return Turn(session, 3, replace(message, row=replace(message.row, **row)))


@pytest.fixture
def agent(tmp_path: Path) -> Callable[..., CommandAgent]:
    """``agent("echo hi")`` is a command agent whose program is that shell script."""

    def make(
        script: str,
        timeout: float = 10.0,
        workspace: str | None = None,
        environment: dict[str, str] | None = None,
    ) -> CommandAgent:
        program = tmp_path / "agent.sh"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        return CommandAgent(
            "main", [str(program)], timeout, workspace, os.environ if environment is None else environment
        )

    return make


@pytest.fixture
def run(agent: Callable[..., CommandAgent]) -> Run:
    """``run("echo hi")`` is what the person would be told."""

    def answer(script: str, about: Turn | None = None, **how: Any) -> str:
        return agent(script, **how).answer(about or turn(), threading.Event()).text

    return answer


# What it is asked


def test_the_turn_is_one_json_object_on_a_line_of_its_own(run: Run, tmp_path: Path) -> None:
    picture = Attachment("/a.jpg", "image/jpeg", "a.jpg", 5, False)
    gone = Attachment("", "", "b.jpg", -1, True)
    about = turn('héllo\n"quoted" \U0001f600', attachments=(picture, gone), reply_to_guid="R")
    run(f"cat > {tmp_path}/asked", about)
    asked = (tmp_path / "asked").read_bytes()
    assert asked.endswith(b"}\n")
    assert asked.count(b"\n") == 1
    row = about.message.row
    assert json.loads(asked) == {
        "session": "agent:main:main",
        "turn": 3,
        "agent": "main",
        "account": "default",
        "text": 'héllo\n"quoted" \U0001f600',
        "sender": row.sender,
        "senderName": "",
        "guid": row.guid,
        "sentAt": row.sent_at,
        "mentioned": True,
        "replyToGuid": "R",
        "chat": {
            "id": 7,
            "guid": row.chat.guid,
            "identifier": row.chat.identifier,
            "name": "",
            "isGroup": False,
            "participants": [],
        },
        "attachments": [{"path": "/a.jpg", "mimeType": "image/jpeg", "name": "a.jpg", "totalBytes": 5}],
    }


def test_a_group_is_what_the_session_says_it_is(run: Run, tmp_path: Path) -> None:
    run(f"cat > {tmp_path}/asked", turn(session="agent:main:imessage:group:7"))
    assert json.loads((tmp_path / "asked").read_bytes())["chat"]["isGroup"] is True


def test_a_megabyte_of_text_arrives_whole(run: Run) -> None:
    assert run("wc -c", turn("x" * 1_000_000)).strip().startswith("1000")


# What it answers


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("hello", "hello"),
        ("hello\n", "hello"),
        ("\n\nhello\n\n", "hello"),
        ("  indented\n  too\n", "  indented\n  too"),
        ("two\n\nparagraphs\n", "two\n\nparagraphs"),
        ("", ""),
        ("\n\n", ""),
        ("   \n", "   "),
        ('{"text": "hi"}\n', "hi"),
        ('{"text": "one"}\n\n{"text": "two"}\n', "one\n\ntwo"),
        ('{"text": "hi", "media": []}', "hi"),
        ('{"text": "with\\nnewline"}', "with\nnewline"),
        ('{"text": "a\u2028b\u0085c"}\n{"text": "d\u2029e"}\n', "a\u2028b\u0085c\n\nd\u2029e"),
        ('{"text": ""}', ""),
        ('{"text": 5}', '{"text": 5}'),
        ('{"note": "x"}', '{"note": "x"}'),
        ('{"text": "one"}\nplain', '{"text": "one"}\nplain'),
        ("{not json", "{not json"),
        ("{}", "{}"),
        ("[1, 2]", "[1, 2]"),
        ("5", "5"),
        ('  {"text": "hi"}  \r\n', "hi"),
    ],
)
def test_plain_text_stays_as_it_is_and_json_lines_are_read(output: str, text: str) -> None:
    assert reply_text(output) == text


@given(st.text())
def test_no_output_breaks_the_reading_of_it(output: str) -> None:
    assert isinstance(reply_text(output), str)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4), st.booleans())
def test_any_text_comes_back_from_json_lines(texts: list[str], ascii_only: bool) -> None:
    output = "".join(json.dumps({"text": text}, ensure_ascii=ascii_only) + "\n" for text in texts)
    assert reply_text(output) == "\n\n".join(texts)


def test_real_output_is_read(run: Run) -> None:
    assert run("cat >/dev/null; echo hello; echo world") == "hello\nworld"
    assert run("""cat >/dev/null; printf '{"text": "a"}\\n{"text": "b"}\\n'""") == "a\n\nb"


def test_broken_utf8_is_replaced(run: Run) -> None:
    assert run(r"printf 'caf\351'") == "caf\ufffd"


def test_a_program_that_says_nothing_says_nothing(run: Run) -> None:
    assert run("exit 0") == ""


def test_a_megabyte_is_fine(run: Run) -> None:
    assert len(run("cat >/dev/null; head -c 1000000 /dev/zero | tr '\\0' x")) == 1_000_000


def test_over_four_megabytes_fails_and_ends_it(run: Run) -> None:
    started = time.monotonic()
    with pytest.raises(AgentError, match="more than 4 MiB"):
        run("cat /dev/zero")
    assert MAX_OUTPUT == 4 * 1024 * 1024
    assert time.monotonic() - started < 5


def test_a_flood_on_stderr_neither_blocks_nor_fills_memory(run: Run) -> None:
    assert run("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo done") == "done"


# How it may fail


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 3", "exited with code 3"),
        ("echo partial; exit 1", "exited with code 1"),
        ("echo 'first' >&2; echo 'no such model' >&2; echo >&2; exit 3", "exited with code 3: no such model"),
        ("kill -9 $$", "killed by signal 9"),
        ("kill -SEGV $$", "killed by signal 11"),
        ("exec no-such-program-anywhere", "exited with code 127"),
        (r"printf '\377\376 oops' >&2; exit 1", "exited with code 1: \ufffd\ufffd oops"),
    ],
)
def test_a_failure_says_how_it_ended_and_its_last_words(run: Run, script: str, why: str) -> None:
    with pytest.raises(AgentError) as raised:
        run(script)
    assert str(raised.value).startswith(why)


def test_last_words_are_short() -> None:
    assert len(last_line(bytearray(b"x" * 8000))) < 310
    assert last_line(bytearray(b"\n \n")) == ""
    assert ended(None) == "did not end"


@pytest.mark.parametrize("program", ["/nowhere/agent", "no-such-program-anywhere", "/etc/passwd", "/"])
def test_a_program_that_cannot_run_is_named(program: str) -> None:
    with pytest.raises(AgentError, match="cannot start") as raised:
        CommandAgent("main", [program], 5.0, None, os.environ).answer(turn(), threading.Event())
    assert program in str(raised.value)


def test_a_workspace_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="nowhere"):
        run("pwd", workspace=str(tmp_path / "nowhere"))


def test_it_runs_in_its_workspace(run: Run, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    assert run("pwd", workspace=str(tmp_path / "work")) == str(tmp_path / "work")


def test_it_sees_no_secrets(run: Run) -> None:
    environment = {
        **os.environ,
        "OPENAI_API_KEY": "sk-canary",
        "OPENCLAW_TOKEN": "canary",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "SSH_AUTH_SOCK": "/canary",
        "LC_ALL": "C",
        "LANG": "C",
    }
    seen = run("env", environment=environment)
    assert "canary" not in seen
    assert "LC_ALL=C" in seen
    assert "PATH=" in seen
    assert "HOME=" in seen


def test_the_clean_environment_is_a_short_list_of_names() -> None:
    assert clean({"PATH": "p", "path": "x", "LC_TIME": "l", "LCX": "x", "HOMEX": "x", "TZ": "t"}) == {
        "PATH": "p",
        "LC_TIME": "l",
        "TZ": "t",
    }


# Hangs


def members(group: int) -> list[int]:
    """The living processes of a group."""
    found = []
    for process in psutil.process_iter(["pid", "status"]):
        try:
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except ProcessLookupError:
            continue
    return found


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep 60", id="sleeps"),
        pytest.param("trap '' TERM; while :; do sleep 0.05; done", id="ignores TERM"),
        pytest.param("sleep 60 & sleep 60 & wait", id="has children"),
        pytest.param("exec >&- 2>&-; sleep 60", id="closed its output"),
        pytest.param("while :; do echo x; sleep 0.02; done", id="talks for ever"),
        pytest.param("cat; cat; exec sleep 60", id="reads everything first"),
    ],
)
def test_a_program_that_hangs_is_gone_with_its_group_at_the_deadline(
    run: Run, tmp_path: Path, script: str
) -> None:
    started = time.monotonic()
    with pytest.raises(AgentError, match=r"timed out after 0\.3 s"):
        run(f"echo $$ > {tmp_path}/pid; {script}", timeout=0.3)
    assert time.monotonic() - started < 3
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: members(pid) == [], what="the end of its group")


def test_what_a_program_leaves_behind_dies_with_it_and_does_not_delay_the_answer(
    run: Run, tmp_path: Path
) -> None:
    started = time.monotonic()
    assert run(f"echo $$ > {tmp_path}/pid; sleep 60 & echo done") == "done"
    assert time.monotonic() - started < 5
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: members(pid) == [], what="the end of its group")


def test_a_turn_nobody_wants_any_more_is_cancelled(agent: Callable[..., CommandAgent]) -> None:
    cancelled = threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(AgentError, match="cancelled"):
        agent("sleep 60").answer(turn(), cancelled)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("exec <&-; echo done", id="closes it"),
        pytest.param("echo done", id="ignores it"),
        pytest.param("head -c 10 >/dev/null; echo done", id="reads a little"),
        pytest.param("sleep 0.2; cat >/dev/null; echo done", id="reads it late"),
    ],
)
def test_a_program_that_does_not_read_its_input_may_answer_all_the_same(run: Run, script: str) -> None:
    assert run(script, turn("x" * 1_000_000)) == "done"


# Descriptors


def test_no_descriptor_is_left_open_whatever_happens(run: Run) -> None:
    def count() -> int:
        return len(os.listdir("/dev/fd"))

    run("echo warm")
    before = count()
    for script in ("echo hi", "exit 3", "cat /dev/zero", "exec <&-; echo x"):
        try:
            run(script)
        except AgentError:
            continue
    for program in ("/nowhere", "/etc/passwd"):
        with pytest.raises(AgentError):
            CommandAgent("main", [program], 5.0, None, os.environ).answer(turn(), threading.Event())
    wait_until(lambda: count() <= before, what="the closing of every descriptor")


def test_a_descriptor_is_closed_once(agent: Callable[..., CommandAgent], tmp_path: Path) -> None:
    """The number of the closed stdin may belong to another file by the time the program ends."""
    go = tmp_path / "go"
    os.mkfifo(go)
    one = agent(f"cat >/dev/null; echo read > {tmp_path}/read; cat {go} >/dev/null; echo done")
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(one.answer(turn(), threading.Event()).text))
    thread.start()
    wait_until(lambda: (tmp_path / "read").exists(), what="the end of the input")
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(20)]
    try:
        go.write_text("go")
        thread.join(10.0)
        assert said == ["done"]
        for file in files:
            os.fstat(file)
    finally:
        for file in files:
            os.close(file)


def test_many_at_once_do_not_disturb_each_other(agent: Callable[..., CommandAgent]) -> None:
    one = agent("cat")
    said: dict[str, str] = {}

    def ask(number: int) -> None:
        said[f"{number}"] = one.answer(turn(f"{number}"), threading.Event()).text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20.0)
    assert len(said) == 12
    assert all(asked == text for asked, text in said.items())
