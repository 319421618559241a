"""The command itself: help, version, wrong usage, and ends nobody planned."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.control import version
from actors.control.cli import main as entry
from actors.control.cli.main import VERBS, main, take_config, verb_of
from actors.journal.schema import VERSION
from tests.control.builders import eventually
from tests.control.conftest import Gateway

COMMAND = (sys.executable, "-m", "actors.control.cli.main")


def fake_verb(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """``gateway status`` raises ``error``."""

    def execute(_: object) -> int:
        raise error

    module = types.ModuleType("fake")
    module.__dict__.update(add=lambda verbs: verbs.add_parser("status"), execute=execute)
    monkeypatch.setattr(entry, "import_module", lambda _: module)


def test_help_names_every_verb_and_the_first_steps(cli: Gateway) -> None:
    said = cli("--help")
    assert said.code == 0
    assert all(f"\n    {verb} " in said.out for verb in VERBS)
    assert "first steps" in said.out


def test_without_a_verb_the_help_goes_to_stderr(cli: Gateway) -> None:
    said = cli()
    assert (said.code, said.out) == (2, "")
    assert "first steps" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("nope",),
        ("--nope",),
        ("status", "--nope"),
        ("--config",),
        ("status", "--config="),
        ("inspect",),
        ("outbox",),
        ("outbox", "list", "--state", "lost"),
        ("pairing", "approve"),
        ("logs", "--limit", "-1"),
        ("config",),
        ("message",),
    ],
)
def test_wrong_usage_ends_with_2_and_nothing_on_stdout(cli: Gateway, words: tuple[str, ...]) -> None:
    said = cli(*words)
    assert (said.code, said.out) == (2, "")
    assert "usage:" in said.err


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in {"run", "demo"}])
def test_every_verb_explains_itself(cli: Gateway, verb: str) -> None:
    said = cli(verb, "--help")
    assert (said.code, said.err) == (0, "")
    assert f"usage: gateway {verb}" in said.out


def test_version_names_commit_and_formats(cli: Gateway) -> None:
    said = cli("--version")
    assert said.code == 0
    assert said.out.startswith(f"imessage-gateway {version.version()}")
    assert f"\njournal schema {VERSION}\n" in said.out
    assert "\nimsg protocol generations: " in said.out


def test_config_may_stand_anywhere(cli: Gateway) -> None:
    for words in ("--config /a/b config file", "config file --config=/a/b", "config --config /a/b file"):
        assert cli(*words.split()).out == "/a/b\n"
    assert take_config(["--config", "a", "run", "--config=b"]) == ("b", ["run"])
    assert take_config(["run"]) == (None, ["run"])
    assert (verb_of(["run", "x"]), verb_of(["--help", "run"]), verb_of([])) == ("run", None, None)


def test_an_unplanned_error_is_one_line(cli: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_verb(monkeypatch, ValueError("odd\n\x1b[31mthing"))
    said = cli("status")
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert "ValueError: odd\\n\\x1b[31mthing" in said.err
    assert "GATEWAY_DEBUG=1" in said.err


def test_the_traceback_is_there_for_who_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_verb(monkeypatch, ValueError("odd"))
    monkeypatch.setenv("GATEWAY_DEBUG", "1")
    assert main(["status"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_ends_with_130_without_a_word(cli: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_verb(monkeypatch, KeyboardInterrupt())
    assert cli("status") == (130, "", "")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C works in the processes of this test, also where the test run itself was started to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_a_real_follower(home: Path) -> None:
    log = home / ".openclaw" / "gateway" / "logs" / "gateway.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text('{"message": "first"}\n')
    with subprocess.Popen([*COMMAND, "logs", "-f"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as follower:
        assert follower.stdout is not None
        assert b"first" in follower.stdout.readline()
        follower.send_signal(signal.SIGINT)
        out, err = follower.communicate(timeout=10)
    assert (follower.returncode, out, err) == (130, b"", b"")


def test_a_reader_that_leaves_ends_a_follower_quietly(home: Path) -> None:
    log = home / ".openclaw" / "gateway" / "logs" / "gateway.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text('{"message": "first"}\n')
    with subprocess.Popen([*COMMAND, "logs", "-f"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as follower:
        assert follower.stdout is not None
        assert follower.stderr is not None
        assert b"first" in follower.stdout.readline()
        follower.stdout.close()
        eventually(lambda: follower.poll() is not None)
        assert (follower.returncode, follower.stderr.read()) == (0, b"")


def test_a_closed_pipe_ends_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*COMMAND, "--help"], stdout=writing, stderr=subprocess.PIPE, timeout=20, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_that_knows_only_ascii_gets_escapes() -> None:
    words = [*COMMAND, "message", "send", "--dry-run", "--target", "\u00fc+\u2603"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*words, "--message", "x"], env=environment, capture_output=True, timeout=20, check=False)
    assert done.returncode == 1
    assert b"\\xfc+\\u2603" in done.stderr
    assert b"Traceback" not in done.stderr


HEX = "0123456789abcdef" * 2 + "01234567"


def test_the_commit_is_read_from_a_branch_a_packed_ref_and_a_bare_hash(tmp_path: Path) -> None:
    git = tmp_path / ".git"
    assert version.commit(tmp_path) is None
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert version.commit(tmp_path) is None
    (git / "packed-refs").write_text(f"# pack-refs\n{HEX} refs/heads/main\n")
    assert version.commit(tmp_path) == HEX
    (git / "refs" / "heads" / "main").write_text(HEX[::-1] + "\n")
    assert version.commit(tmp_path) == HEX[::-1]
    (git / "HEAD").write_text(HEX + "\n")
    assert version.commit(tmp_path) == HEX


def test_the_commit_of_a_linked_worktree_is_found(tmp_path: Path) -> None:
    real = tmp_path / "real" / ".git"
    linked = real / "worktrees" / "one"
    linked.mkdir(parents=True)
    (real / "refs" / "heads").mkdir(parents=True)
    (real / "refs" / "heads" / "topic").write_text(HEX)
    (linked / "HEAD").write_text("ref: refs/heads/topic")
    (linked / "commondir").write_text("../..\n")
    (tmp_path / ".git").write_text(f"gitdir: {linked}\n")
    assert version.commit(tmp_path) == HEX


def test_without_a_checkout_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text("[metadata]\nname = x\nversion = 1.2.3\n")
    assert version.version(tmp_path) == "1.2.3"
    assert version.version(tmp_path / "nowhere")
