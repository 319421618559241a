"""An OpenClaw gateway is noticed by its lock when its process lives and its iMessage is on for our database."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.rpc import openclaw as module
from actors.rpc.claim import Claim
from actors.rpc.openclaw import Whereabouts, looks_like, openclaw
from tests.support.scripts import python_script

UID = os.getuid()


class Mac:
    """A user with a state folder of ours, a Messages database, and perhaps an OpenClaw."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.state = self.home / ".openclaw"
        self.state.mkdir(parents=True)
        self.config = self.state / "openclaw.json"
        self.database = str(folder / "chat.db")
        self.tmp = folder / "tmp"
        self.where = Whereabouts(self.home, (self.tmp,), UID)
        script = python_script(folder / "openclaw", "import sys; print(flush=True); sys.stdin.read()")
        self.process = subprocess.Popen([script, "gateway"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def configure(self, channel: Any) -> None:
        self.config.write_text(json.dumps({"channels": {"imessage": channel}}))

    def lock(self, folder: Path | None = None, name: str = "gateway.0123abcd.lock", **more: Any) -> Path:
        path = (folder or self.tmp / f"openclaw-{UID}") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        said = {"pid": self.process.pid, "createdAt": "2026-01-01T00:00:00Z", "configPath": str(self.config)}
        path.write_text(json.dumps(said | more))
        return path

    def look(self, identity: str | None = None) -> str | None:
        """The reason there is, None when OpenClaw is not in the way."""
        problem = openclaw(identity or self.database, self.state, self.where)
        assert problem is None or problem.code == "another-gateway"
        return problem and problem.reason

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def mac(tmp_path: Path) -> Iterator[Mac]:
    made = Mac(tmp_path)
    made.configure({"dbPath": made.database})
    yield made
    made.end()


def test_without_a_lock_there_is_none(mac: Mac) -> None:
    assert mac.look() is None


def test_a_live_one_is_named(mac: Mac) -> None:
    mac.lock()
    assert mac.look() == f"OpenClaw (process {mac.process.pid}, config {mac.config}) reads the same Messages database"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("tmp/clawdbot-{}", "gateway.89abcdef.lock"),
        ("home/.openclaw/tmp/openclaw-{}", "gateway.state.lock"),
        ("home/.openclaw-work/tmp/openclaw-{}", "gateway.89abcdef.lock"),
    ],
)
def test_its_locks_lie_in_several_places(mac: Mac, tmp_path: Path, folder: str, name: str) -> None:
    mac.lock(tmp_path / folder.format(UID), name)
    assert mac.look() is not None


def test_a_lock_in_our_own_state_folder_counts_wherever_that_is(mac: Mac, tmp_path: Path) -> None:
    mac.state = tmp_path / "elsewhere"
    mac.lock(mac.state / "tmp" / f"openclaw-{UID}")
    assert mac.look() is not None


def test_one_that_died_is_gone(mac: Mac) -> None:
    mac.lock()
    assert mac.look() is not None
    mac.end()
    assert mac.look() is None


def test_a_number_that_went_to_another_process_is_not_it(mac: Mac) -> None:
    mac.lock(pid=os.getpid())
    assert mac.look() is None


@pytest.mark.parametrize(("platform", "in_the_way"), [("linux", False), ("darwin", True)])
def test_where_its_start_time_is_known_it_tells_it_from_a_later_one(
    mac: Mac, platform: str, in_the_way: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PLATFORM", platform)
    monkeypatch.setattr(module, "_started", {mac.process.pid: 1000}.get)
    mac.lock(startTime=1000)
    assert mac.look() is not None
    mac.lock(startTime=999)
    assert (mac.look() is not None) is in_the_way


def test_start_times_are_read_where_there_are_any(mac: Mac) -> None:
    ours, theirs = module._started(os.getpid()), module._started(mac.process.pid)
    assert (ours is None) is (theirs is None) is not Path("/proc/self/stat").exists()
    assert ours is None or theirs is None or ours <= theirs
    assert module._started(0) is None


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "{}", '{"pid": "1"}', '{"pid": true, "configPath": "/"}', '{"pid": -1}', "[" * 9999]
)
def test_a_lock_that_says_nothing_counts_for_nothing(mac: Mac, text: str) -> None:
    mac.lock().write_text(text)
    assert mac.look() is None


def test_what_somebody_else_wrote_counts_for_nothing(mac: Mac) -> None:
    path = mac.lock()
    mac.where = mac.where._replace(uid=UID + 1)
    path.parent.rename(mac.tmp / f"openclaw-{UID + 1}")
    assert mac.look() is None


def test_a_link_or_a_pipe_in_place_of_a_lock_is_passed_over(mac: Mac, tmp_path: Path) -> None:
    path = mac.lock()
    path.rename(tmp_path / "real")
    path.symlink_to(tmp_path / "real")
    os.mkfifo(path.with_name("gateway.0000.lock"))
    assert mac.look() is None


@pytest.mark.parametrize(
    ("channel", "in_the_way"),
    [
        ({"enabled": True, "dbPath": "DB"}, True),
        ({"enabled": False, "dbPath": "DB"}, False),
        ({"dbPath": "/somewhere/else.db", "remoteHost": "mac"}, False),
        ({"dbPath": "/other.db"}, False),
        ({"dbPath": "/other.db", "accounts": {"a": {"dbPath": "DB"}}}, True),
        ({"dbPath": "/other.db", "accounts": {"a": {"dbPath": "DB", "enabled": False}}}, False),
        ({"dbPath": "DB", "accounts": {"default": {"dbPath": "/other.db"}}}, False),
        ({"cliPath": "/opt/wrapper"}, True),
        ({"dbPath": "${DATABASE}"}, True),
        ({"$include": "./imessage.json"}, True),
        (None, False),
    ],
)
def test_only_its_imessage_on_our_database_is_in_the_way(mac: Mac, channel: Any, in_the_way: bool) -> None:
    text = json.dumps(channel).replace('"DB"', json.dumps(mac.database))
    mac.configure(json.loads(text))
    mac.lock()
    assert (mac.look() is not None) is in_the_way


def test_json5_is_read_too(mac: Mac) -> None:
    mac.config.write_text("{channels: {imessage: {enabled: false}}} // off")
    mac.lock()
    assert mac.look() is None


@pytest.mark.parametrize("text", [None, "{broken", "[]"])
def test_a_config_that_cannot_be_read_counts_as_on(mac: Mac, text: str | None) -> None:
    mac.config.unlink() if text is None else mac.config.write_text(text)
    mac.lock()
    reason = mac.look()
    assert reason is not None
    assert "may read the same" in reason


def test_it_is_over_as_soon_as_its_imessage_is_off(mac: Mac) -> None:
    claim = Claim(mac.database, mac.state, mac.home / "runtime", mac.where)
    assert claim.take() is None
    mac.lock()
    assert claim.take() is not None
    other = Claim(mac.database, Path("/other"), mac.home / "runtime", Whereabouts(mac.home / "x", (), UID))
    assert other.take() is None  # what cannot be used is not kept from others
    other.release()
    mac.configure({"enabled": False})
    assert claim.take() is None
    claim.release()


Remedy = Callable[..., str]


@pytest.fixture
def remedy(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> Remedy:
    def ask(platform: str, identity: str | None = None) -> str:
        monkeypatch.setattr(module, "PLATFORM", platform)
        problem = openclaw(identity or mac.database, mac.state, mac.where)
        assert problem is not None
        return problem.remedy

    mac.lock()
    return ask


def test_the_way_over_and_back_is_explained(mac: Mac, remedy: Remedy) -> None:
    said = remedy("linux")
    assert said.startswith("stop it (openclaw gateway stop), or set channels.imessage.enabled to false in its config")
    assert f"set it to true in {mac.state}/gateway/gateway.json5" in said
    assert "goes on by itself" in said
    assert said.endswith("stop this gateway, then openclaw gateway start")
    assert "launchctl" not in said
    assert f"launchctl bootout gui/{UID}/ai.openclaw.gateway" in remedy("darwin")


def test_a_profile_is_stopped_by_its_name(mac: Mac, remedy: Remedy) -> None:
    mac.config = mac.home / ".openclaw-work" / "openclaw.json"
    mac.config.parent.mkdir()
    mac.configure({"dbPath": mac.database})
    mac.lock()
    said = remedy("darwin")
    assert "openclaw --profile work gateway stop" in said
    assert f"gui/{UID}/ai.openclaw.work" in said
    assert "gateway.json5" not in said


def test_a_doubt_says_how_to_end_it(remedy: Remedy) -> None:
    assert "name the database of both by dbPath" in remedy("darwin", "cli:/opt/wrapper")


@pytest.mark.parametrize(
    ("line", "brand"),
    [
        (["openclaw"], "openclaw"),
        (["openclaw-gateway"], "openclaw"),
        (["openclaw gateway run"], "openclaw"),
        (["/usr/local/bin/clawdbot", "gateway"], "clawdbot"),
        (["/opt/node", "/opt/lib/node_modules/openclaw/dist/entry.js", "gateway", "--port", "1"], "openclaw"),
        (["node", "/srv/app/dist/index.js", "gateway"], "openclaw"),
        (["node", "/opt/lib/node_modules/openclaw/dist/entry.js", "message", "send"], None),
        (["python", "-m", "gateway"], None),
        (["vim", "/home/me/.openclaw/openclaw.json"], None),
        (["/home/me/.openclaw/venv/bin/python", "x"], None),
        ([], None),
        (["", " "], None),
    ],
)
def test_a_gateway_is_known_by_its_command_line(line: list[str], brand: str | None) -> None:
    assert looks_like(line) == brand


def test_locks_are_looked_for_wherever_a_service_or_a_terminal_puts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "darwin_folder", lambda name: "/var/folders/x/T" if name == 65537 else "")
    monkeypatch.setattr(module, "PLATFORM", "darwin")
    usual = Path("/var/folders/x/T")
    assert Whereabouts.of({"TMPDIR": "/t", "TEMP": ""}).temporary == (Path("/t"), usual, Path("/tmp"))
    monkeypatch.setattr(module, "PLATFORM", "linux")
    assert Whereabouts.of({"TMPDIR": "/tmp"}) == (Path.home(), (Path("/tmp"),), UID)


def test_a_number_the_system_does_not_know_names_no_folder() -> None:
    assert module.darwin_folder(-1) == ""
