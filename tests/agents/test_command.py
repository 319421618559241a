"""The command agent, with real programs: what they read, what they may see, and every way they can misbehave."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from actors.agents.base import AgentError, Job
from actors.agents.briefing.context import TurnContext
from actors.agents.command import clean, ended, last_line
from actors.envelopes.outbound import Turn
from tests.agents.programs import Programs, named
from tests.agents.turns import GROUP, message
from tests.agents.turns import turn as about


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Programs in a folder of the test."""
    return Programs(tmp_path)


def turn(text: str = "hello", session: str = "agent:main:main", **row: Any) -> Turn:
    """A turn about one message."""
    return about(message(1, text, **row), session=session)


# What it is asked


def test_the_turn_is_one_json_object_on_a_line_of_its_own(programs: Programs, tmp_path: Path) -> None:
    picture = {"original_path": "/a.jpg", "mime_type": "image/jpeg", "transfer_name": "a.jpg", "total_bytes": 5}
    gone = {"transfer_name": "b.jpg", "missing": True}
    about = turn('h\u00e9llo\n"quoted" \U0001f600', attachments=[picture, gone], reply_to_guid="R")
    programs.run(f"cat > {tmp_path}/asked", about)
    asked = (tmp_path / "asked").read_bytes()
    assert asked.endswith(b"}\n")
    assert asked.count(b"\n") == 1
    row = about.message.row
    known = {
        "schema": "imessage-gateway.turn.v1",
        "session": "agent:main:main",
        "turn": 3,
        "agent": "main",
        "account": "default",
        "text": 'h\u00e9llo\n"quoted" \U0001f600',
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
    told = json.loads(asked)
    assert {key: told[key] for key in known} == known
    assert TurnContext.model_validate_json(asked).media[0].kind == "image"


def test_a_group_is_what_the_session_says_it_is(programs: Programs, tmp_path: Path) -> None:
    programs.run(f"cat > {tmp_path}/asked", turn(session=GROUP))
    assert json.loads((tmp_path / "asked").read_bytes())["chat"]["isGroup"] is True


def test_a_megabyte_of_text_arrives_whole(programs: Programs) -> None:
    assert int(programs.run("wc -c", turn("x" * 1_000_000))) > 3_000_000


# What it answers


def test_real_output_is_read(programs: Programs) -> None:
    assert programs.run("cat >/dev/null; echo hello; echo world") == "hello\nworld"
    assert programs.run("""cat >/dev/null; printf '{"text": "a"}\\n{"text": "b"}\\n'""") == "a\n\nb"


def test_broken_utf8_is_replaced(programs: Programs) -> None:
    assert programs.run(r"printf 'caf\351'") == "caf\ufffd"


def test_a_program_that_says_nothing_says_nothing(programs: Programs) -> None:
    assert programs.run("exit 0") == ""


def test_a_megabyte_is_fine(programs: Programs) -> None:
    assert len(programs.run("cat >/dev/null; head -c 1000000 /dev/zero | tr '\\0' x")) == 1_000_000


def test_over_four_megabytes_fails_and_ends_it(programs: Programs) -> None:
    started = time.monotonic()
    with pytest.raises(AgentError, match="more than 4 MiB"):
        programs.run("cat /dev/zero")
    assert time.monotonic() - started < 5


def test_a_flood_on_stderr_neither_blocks_nor_fills_memory(programs: Programs) -> None:
    assert programs.run("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo done") == "done"


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
def test_a_failure_says_how_it_ended_and_its_last_words(programs: Programs, script: str, why: str) -> None:
    with pytest.raises(AgentError) as raised:
        programs.run(script)
    assert str(raised.value).startswith(why)


def test_last_words_are_short() -> None:
    assert len(last_line(bytearray(b"x" * 8000))) < 310
    assert last_line(bytearray(b"\n \n")) == ""
    assert ended(None) == "did not end"


@pytest.mark.parametrize("program", ["/nowhere/agent", "no-such-program-anywhere", "/etc/passwd", "/"])
def test_a_program_that_cannot_run_is_named(program: str) -> None:
    with pytest.raises(AgentError, match="cannot start") as raised:
        named(program).answer(Job(turn()))
    assert program in str(raised.value)


def test_a_workspace_that_is_not_there_is_named(programs: Programs, tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="nowhere"):
        programs.run("pwd", workspace=str(tmp_path / "nowhere"))


def test_it_runs_in_its_workspace(programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    assert programs.run("pwd", workspace=str(tmp_path / "work")) == str(tmp_path / "work")


def test_a_workspace_may_stand_in_the_home_folder(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "work").mkdir()
    assert programs.run("pwd", workspace="~/work") == str(tmp_path / "work")


def test_it_sees_no_secrets(programs: Programs) -> None:
    environment = {
        **os.environ,
        "OPENAI_API_KEY": "sk-canary",
        "OPENCLAW_TOKEN": "canary",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "SSH_AUTH_SOCK": "/canary",
        "LC_ALL": "C",
        "LANG": "C",
    }
    seen = programs.run("env", environment=environment)
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
