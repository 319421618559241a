"""Many writers at once, and secrets that appear nowhere."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from threading import Thread

import json5
import pytest

from config import Places, audit
from config.backups import KEPT, ring
from config.edit import Set
from config.source import parse_bytes
from config.writer import Writer
from tests.control.conftest import Gateway
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
WRITERS = 10
TEXT = """\
// a file with comments
{
  channels: {
    imessage: {
      cliPath: "imsg", // the program
      groups: { "0": { requireMention: true } },
    },
  },
}
"""

PLAIN, TYPED, PIPED, RESOLVED = (f"sk-canary-{name}-0123456789" for name in ("plain", "typed", "piped", "resolved"))
SECRETS = f"""\
{{
  env: {{ vars: {{ TOKEN: "{PLAIN}" }} }},
  channels: {{ imessage: {{ cliPath: "imsg" }} }},
  commands: {{ ownerDisplaySecret: "{PLAIN}" }},
  agents: {{ list: [
    {{ id: "main", runtime: {{ type: "model", model: "x:y", apiKey: "{PLAIN}", baseUrl: "https://a.example" }} }},
    {{ id: "other", runtime: {{ type: "model", model: "x:y", apiKey: "${{RESOLVED}}" }} }},
  ] }},
  models: {{
    x: {{ apiKey: "{PLAIN}", headers: {{ Authorization: "Bearer {PLAIN}" }} }},
    y: {{ apiKey: "${{RESOLVED}}" }},
  }},
  gateway: {{ auth: {{ mode: "token", token: "{PLAIN}" }} }},
}}
"""
VERBS: Sequence[tuple[str, ...]] = (
    ("get",),
    ("get", "--json"),
    ("get", "env.vars.TOKEN"),
    ("get", "models.x.apiKey", "--json"),
    ("get", "agents.list[0].runtime"),
    ("get", "agents.list[1].runtime.apiKey"),
    ("validate",),
    ("validate", "--json"),
    ("schema",),
    ("set", "models.x.apiKey", TYPED),
    ("set", "models.x.headers", f'{{ Authorization: "Bearer {TYPED}" }}', "--json"),
    ("set", "agents.list[0].runtime.apiKey", TYPED, "--dry-run"),
    ("set", "agents.list[0].runtime.baseUrl", "https://b.example"),
    ("set", "agents.list[1].runtime.model", "x:z"),
    ("set", "models.y", f'{{ apiKey: "{RESOLVED}", more: 1 }}'),
    ("set", "agents.list[1].runtime.apiKey", RESOLVED, "--json"),
    ("set", "channels.imessage.dmPolicy", TYPED),
    ("set", "channels.imessage.historyLimit", TYPED, "--json"),
    ("set", "commands.ownerDisplaySecret", "7"),
    ("set", "commands.ownerDisplaySecret"),
    ("unset", "models.x.apiKey"),
    ("diff",),
    ("diff", "2", "--json"),
    ("rollback", "--list"),
    ("rollback", "--list", "--json"),
    ("rollback", "3"),
    ("rollback", "--json"),
    ("unset", "gateway.auth", "--json"),
)


@pytest.fixture
def file(places: Places) -> Path:
    """The config file; its folder exists."""
    places.state.mkdir(parents=True)
    places.config.write_text(TEXT)
    return places.config


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "actors.control.cli.main", "config", *words]


def is_whole(file: Path) -> bool:
    """True; an assertion fails when the file cannot be read at this moment."""
    assert not isinstance(parse_bytes(file, file.read_bytes()), list)
    return True


@pytest.mark.slow
def test_ten_commands_and_a_chat_at_once_all_leave_their_mark(file: Path, places: Places) -> None:
    def chat() -> None:
        writer = Writer(places, os.environ)
        for number in range(100, 100 + WRITERS):
            writer.change([Set(("channels", "imessage", "groups", str(number)), {})], "chat +15555550123")

    commands = [
        command("set", f"channels.imessage.groups['{number}'].requireMention", "true") for number in range(1, WRITERS)
    ]
    commands.append(command("set", "channels.imessage.dms['me@example.com'].historyLimit", "3", "--json"))
    running = [
        subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for words in commands
    ]
    beside = Thread(target=chat)
    beside.start()
    wait_for("the commands", lambda: is_whole(file) and all(one.poll() is not None for one in running), 100)
    beside.join()
    said = [process.communicate() for process in running]
    assert [(process.returncode, err) for process, (_, err) in zip(running, said, strict=True)] == [(0, "")] * WRITERS
    channel = json5.loads(file.read_text())["channels"]["imessage"]
    assert sorted(map(int, channel["groups"])) == [*range(WRITERS), *range(100, 100 + WRITERS)]
    assert channel["dms"] == {"me@example.com": {"historyLimit": 3}}
    assert file.read_text().startswith("// a file with comments")
    assert "// the program" in file.read_text()
    _left_tidy(file)
    _audited(places)


def _left_tidy(file: Path) -> None:
    names = {path.name for path in file.parent.iterdir()}
    backups = ring(file)
    assert names == {file.name, "logs", *(path.name for path in backups)}
    assert all(not isinstance(parse_bytes(path, path.read_bytes()), list) for path in backups)
    assert len(backups) == KEPT


def _audited(places: Places) -> None:
    """Every change has its line, and each began where the one before ended: none was lost."""
    lines = [json.loads(line) for line in audit.path(places).read_text().splitlines()]
    assert [line["result"] for line in lines] == ["rename"] * 2 * WRITERS
    assert {line["actor"] for line in lines} == {"cli", "chat +15555550123"}
    assert all(one["nextHash"] == other["previousHash"] for one, other in pairwise(lines))


def test_secrets_appear_in_no_output_and_no_artefact(
    cli: Gateway, file: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(SECRETS)
    monkeypatch.setenv("RESOLVED", RESOLVED)
    said: list[str] = []
    for words in VERBS:
        monkeypatch.setattr(sys, "stdin", io.StringIO(PIPED))
        done = cli("config", *words)
        said.append(f"{words[0]}: {done.out}{done.err}")
    assert not [text for text in said if "sk-canary" in text]
    assert "__OPENCLAW_REDACTED__" in said[0]
    assert "${RESOLVED}" in said[0]
    for path in places.state.rglob("*"):
        content = path.read_text() if path.is_file() else ""
        assert "sk-canary" not in path.name
        assert RESOLVED not in content
        if path != file and path not in ring(file):
            assert "sk-canary" not in content
        if "sk-canary" in content:
            assert path == file or path.stat().st_mode & 0o077 == 0
    assert PIPED in "".join(path.read_text() for path in [file, *ring(file)])
