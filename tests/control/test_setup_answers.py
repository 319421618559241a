"""Answers: what is taken, what is not and why, and that whatever was taken makes a file that loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import json5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.control.cli.main import main
from actors.control.config_file import load
from actors.control.setup import render, wrapper
from actors.control.setup.answers import AnswerError, Answers, Deployment, Given, answer, complete
from actors.control.setup.questions import FLAGS, Surroundings, still_open
from config import Places
from tests.support.examples import examples

TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="+@:;-. ,0123456789abAB~/$#{}[]'\"\\\n*", max_size=30),
    st.sampled_from(
        [
            "1",
            "ssh",
            "scp",
            "local",
            "echo",
            "command",
            "me@mac",
            "bot@[::1]",
            "imsg",
            "/opt/homebrew/bin/imsg",
            "/Users/a b/imsg",
            "+15555550123, me@example.com",
            "*",
            "chat_id:7, chat_guid:iMessage;-;x",
            "accessGroup:x",
            "${HOME}",
            "$${HOME} ${nope} ${NOPE}",
            "agent --x '${TOKEN}' \"// no comment\"",
            "-oProxyCommand=x",
            "",
        ]
    ),
)
ANSWERS = st.fixed_dictionaries({}, optional=dict.fromkeys(FLAGS, TEXTS))


def taken(texts: dict[str, str]) -> Given:
    """All of the answers that can be taken."""
    found = Given()
    for key in FLAGS:
        try:
            found = answer(found, key, texts.get(key, ""))
        except AnswerError as error:
            assert str(error)
    return found


def finished(found: Given, deployment: Deployment) -> Given:
    """With the least that is needed where nothing was taken."""
    least = {"deployment": deployment, "ssh_host": "me@mac", "cli_path": "imsg", "agent": "echo", "command": "cat"}
    around = Surroundings()
    while (question := next(still_open(found, around), None)) is not None:
        text = question.default if question.default is not None else least[question.key]
        found = answer(found, question.key, text)
    return found


@settings(max_examples=examples(40), deadline=None)
@given(texts=ANSWERS, deployment=st.sampled_from(get_args(Deployment)))
def test_whatever_is_answered_the_file_loads(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str], deployment: Deployment
) -> None:
    try:
        answers = complete(finished(taken({"deployment": deployment} | texts), deployment), "~/.openclaw/imsg-ssh")
    except AnswerError:
        return
    folder = tmp_path_factory.getbasetemp() / "answers"
    folder.mkdir(exist_ok=True)
    environment = {"HOME": str(folder), "OPENCLAW_STATE_DIR": str(folder), "TOKEN": "secret"}
    places = Places.from_env(environment)
    text = render.text(answers)
    places.config.write_text(text, encoding="utf-8")
    assert json5.loads(text) == render.document(answers)
    loaded = load(places, environment)
    assert loaded.problems == ()
    assert loaded.unresolved == {}
    assert loaded.config is not None
    [account] = loaded.accounts
    assert account.enabled
    assert account.allow_from == answers.allow_from
    assert (account.db_path or "").endswith((answers.db_path or "").removeprefix("~"))
    assert account.remote_host == (answers.ssh_host if answers.deployment == "scp" else None)
    runtime = loaded.config.default_agent().runtime
    words = getattr(runtime, "command", None)
    assert words is None or words[1:] == (answers.command or ())[1:]
    if answers.ssh_host is not None:
        assert_plain(wrapper.script(answers.ssh_host, answers.ssh_imsg))


def assert_plain(script: str) -> None:
    """The last line is one command without anything a shell acts upon but ``"$@"``."""
    start, last = script.rsplit("\n", 2)[0], script.splitlines()[-1]
    assert start.count("\n") == 1
    words = last.removesuffix(' "$@"').removeprefix("exec ssh -T ").split(" ")
    assert last.endswith(' "$@"')
    assert len(words) == 2
    assert not words[0].startswith("-")
    assert not words[1].startswith("-")
    assert not set("".join(words)) & set("$`\\\"'();&|<>*?[]{}~#! \t\n")


@pytest.mark.parametrize(
    "answers",
    [
        Answers("local", "/opt/homebrew/bin/imsg"),
        Answers("ssh", "~/.openclaw/imsg-ssh", None, "gateway-host"),
        Answers(
            "scp",
            "~/.openclaw/imsg-ssh",
            "/Users/bot/Library/Messages/chat.db",
            "bot@mac-mini.tailnet-1234.ts.net",
            "/opt/homebrew/bin/imsg",
            ("+15555550123",),
            ("/path/to/agent", "--fast"),
        ),
    ],
    ids=["this Mac", "SSH", "SCP"],
)
def test_validate_agrees(answers: Answers, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "openclaw.json"
    file.write_text(render.text(answers))
    assert main(["config", "validate", "--json", "--config", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["issues"] == []


def test_the_script_is_the_one_of_the_pages() -> None:
    text = wrapper.script("bot@mac-mini.tailnet-1234.ts.net", "imsg")
    assert text.splitlines()[-1] == 'exec ssh -T bot@mac-mini.tailnet-1234.ts.net imsg "$@"'
    assert text.startswith("#!/bin/sh\n")
    assert wrapper.destination("bot@[fe80::1]") == "bot@fe80::1"


@pytest.mark.parametrize(
    ("key", "text", "why"),
    [
        ("deployment", "4", "local, ssh or scp"),
        ("ssh_host", "-oProxyCommand=x", "host or user@host"),
        ("ssh_host", "a b", "host or user@host"),
        ("ssh_host", "me@mac;reboot", "host or user@host"),
        ("ssh_host", "", "host or user@host"),
        ("ssh_imsg", "imsg; reboot", "letters, digits"),
        ("ssh_imsg", "-x", "letters, digits"),
        ("ssh_imsg", "~/bin/imsg", "letters, digits"),
        ("cli_path", "imsg --db x", "path, or a program name"),
        ("cli_path", "/bin/imsg|cat", "quotes"),
        ("cli_path", "", "must name a program"),
        ("db_path", "", "must name a file"),
        ("db_path", "/x\0", "printed"),
        ("allow_from", "+1555,\u202e", "printed"),
        ("allow_from", "accessGroup:family", "access groups"),
        ("allow_from", "imessage:", "names nobody"),
        ("allow_from", "${NUMBER}", "variable"),
        ("allow_from", "x" * 500_000, "longer"),
        ("allow_from", ",".join("a@b.c" for _ in range(300)), "more than"),
        ("agent", "model", "echo or command"),
        ("command", "cat 'x", "no command line"),
        ("command", "cat ''", "none of them empty"),
        ("command", " ", "a program"),
        ("command", "x" * 3000, "longer"),
    ],
)
def test_what_cannot_be_taken_is_told(key: str, text: str, why: str) -> None:
    with pytest.raises(AnswerError, match=why):
        answer(Given(), key, text)


def test_over_ssh_the_database_is_a_plain_path_there() -> None:
    ssh = Given(deployment="ssh", ssh_host="mac")
    for text in ("~/chat.db", "chat.db", "/a b/chat.db", "/$(reboot)/chat.db", "/"):
        with pytest.raises(AnswerError, match="absolute path on that Mac"):
            complete(answer(ssh, "db_path", text), "~/x")
    assert complete(answer(ssh, "db_path", "/Users/bot/chat.db"), "~/x").db_path == "/Users/bot/chat.db"


def test_a_script_whose_path_no_config_takes_is_refused() -> None:
    for path in ("/o'neil/imsg-ssh", "/a\u202eb/imsg-ssh"):
        with pytest.raises(AnswerError, match="wrapper script"):
            complete(Given(deployment="ssh", ssh_host="mac"), path)


def test_the_questions_follow_from_the_answers() -> None:
    def keys(found: Given, around: Surroundings) -> list[str]:
        return [question.key for question in still_open(found, around)]

    mac = Surroundings(("/opt/homebrew/bin/imsg",), is_mac=True)
    assert keys(Given(), mac) == ["deployment", "cli_path", "allow_from", "agent"]
    assert keys(Given(), Surroundings()) == ["deployment", "ssh_host", "ssh_imsg", "allow_from", "agent"]
    assert keys(Given(deployment="ssh", cli_path="x"), mac) == ["ssh_host", "allow_from", "agent"]
    assert keys(Given(agent="command"), mac._replace(channel=False)) == ["command"]
    assert keys(Given(), mac._replace(agent=False, channel=False)) == []
    assert next(still_open(Given(), mac)).default == "local"
    assert next(still_open(Given(), Surroundings())).default == "ssh"
