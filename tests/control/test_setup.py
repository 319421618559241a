"""``gateway setup``: by flags, by questions, over a file that is there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config import Places
from tests.control.conftest import Gateway
from tests.control.setup_support import HELP, only_in, simulator, type_in
from tests.support.scripts import shell_script


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An imsg that is told of no database has one where it is started."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def imsg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The simulator as imsg, the only one on the PATH."""
    only_in(monkeypatch, tmp_path)
    return simulator(tmp_path)


@pytest.fixture
def no_imsg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No imsg anywhere."""
    only_in(monkeypatch, tmp_path)


def everything(home: Path) -> list[str]:
    """What lies in the home folder."""
    return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


def test_yes_takes_what_is_usual_and_ends_with_the_next_command(cli: Gateway, imsg: str, places: Places) -> None:
    said = cli("setup", "--yes")
    assert said.code == 0, said.err
    assert said.out.splitlines()[0] == f"written: {places.config}"
    assert "imessage default: ok" in said.out
    assert said.out.splitlines()[-1] == "next: gateway run"
    assert f'cliPath: "{imsg}"' in places.config.read_text()
    assert cli("config", "validate") == (0, f"{places.config} is valid\n", "")


def test_flags_answer_beforehand(cli: Gateway, imsg: str, places: Places, home: Path) -> None:
    words = ("--deployment", "local", "--db-path", "chat.db", "--allow-from", "+15555550123", "me@example.com")
    said = cli("setup", "--cli-path", imsg, *words, "--command", "cat -u", "--json")
    assert said.code == 0, said.err
    assert said.json["written"]
    assert [one["state"] for one in said.json["accounts"]] == ["ok"]
    assert said.json["next"] == "gateway run"
    text = places.config.read_text()
    assert 'allowFrom: ["+15555550123", "me@example.com"]' in text
    assert f'dbPath: "{Path.cwd()}/chat.db"' in text
    assert '/cat", "-u"]' in text


def test_without_a_terminal_what_is_missing_is_named(cli: Gateway, imsg: str, home: Path) -> None:
    said = cli("setup")
    assert (said.code, said.out) == (2, "")
    for flag in ("--deployment (usually local)", f"--cli-path (usually {imsg})", "--allow-from", "--agent", "--yes"):
        assert flag in said.err
    said = cli("setup", "--yes", "--deployment", "ssh", "--agent", "command")
    assert said.code == 2
    assert "--ssh-host (user@host" in said.err
    assert "--command (the program" in said.err
    assert everything(home) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--cli-path", "/nowhere/imsg", "--deployment", "local"), "--cli-path"),
        (("--deployment", "local"), "brew install"),
        (("--deployment", "local", "--ssh-host", "mac"), "another Mac"),
        (("--agent", "echo", "--command", "cat"), "--agent command"),
        (("--ssh-host", "a b", "--command", "'"), "no command line"),
        (("--ssh-host", "mac", "--command", "/nowhere/agent"), "is not there"),
        (("--ssh-host", "mac", "--db-path", "~/chat.db"), "absolute path on that Mac"),
        (("--ssh-host", "mac", "--cli-path", "nowhere"), "a path would be made"),
    ],
)
def test_what_cannot_be_is_wrong_usage_and_writes_nothing(
    cli: Gateway, no_imsg: None, home: Path, words: tuple[str, ...], why: str
) -> None:
    said = cli("setup", "--yes", *words)
    assert (said.code, said.out) == (2, "")
    assert why in said.err
    assert everything(home) == []


def test_force_writes_it_before_imsg_is_there(cli: Gateway, no_imsg: None, places: Places) -> None:
    said = cli("setup", "--yes", "--deployment", "local", "--cli-path", "imsg", "--command", "agent", "--force")
    assert said.code == 1
    assert 'cliPath: "imsg"' in places.config.read_text()
    assert "imessage default: down (not-installed)" in said.out
    assert said.out.splitlines()[-1] == "next: gateway channels status --probe"


def test_another_mac_gets_a_script_beside_the_file(cli: Gateway, no_imsg: None, places: Places) -> None:
    words = ("--ssh-host", "bot@mac", "--ssh-imsg", "/opt/homebrew/bin/imsg", "--no-probe")
    said = cli("setup", "--yes", "--deployment", "scp", *words)
    assert said.code == 0, said.err
    script = places.config.parent / "imsg-ssh"
    assert script.read_text().splitlines()[-1] == 'exec ssh -T bot@mac /opt/homebrew/bin/imsg "$@"'
    assert stat.S_IMODE(script.stat().st_mode) == 0o700
    text = places.config.read_text()
    assert 'cliPath: "~/.openclaw/imsg-ssh"' in text
    assert 'remoteHost: "bot@mac"' in text
    assert "includeAttachments: true" in text


def test_a_script_that_is_there_is_used_as_it_is(cli: Gateway, no_imsg: None, places: Places, tmp_path: Path) -> None:
    script = shell_script(tmp_path / "mine", HELP)
    said = cli("setup", "--yes", "--ssh-host", "mac", "--cli-path", script, "--no-probe", "--json")
    assert (said.code, said.json["script"]) == (0, None)
    assert f'cliPath: "{script}"' in places.config.read_text()
    assert not (places.config.parent / "imsg-ssh").exists()


def test_a_failing_script_says_what_to_do_by_hand(cli: Gateway, no_imsg: None, tmp_path: Path) -> None:
    shell_script(tmp_path / "ssh", "echo 'Host key verification failed.' >&2; exit 255")
    said = cli("setup", "--yes", "--ssh-host", "bot@mac")
    assert said.code == 1
    assert "Host key verification failed" in said.out
    assert "once by hand, so that the host is known and a key lets you in: ssh bot@mac true" in said.out


def test_questions_are_asked_until_answered(
    cli: Gateway, imsg: str, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, "elsewhere", "", "/nowhere", "", "accessGroup:x", "+15555550123", "command", "", "cat", "y")
    said = cli("setup", "--no-probe")
    assert said.code == 0, said.err
    assert "elsewhere: must be local, ssh or scp" in said.err
    assert "/nowhere: /nowhere is not there" in said.err
    assert "Write this file? [yes]" in said.err
    assert 'allowFrom: ["+15555550123"]' in places.config.read_text()


@pytest.mark.parametrize("lines", [("", "", "", "", "no"), ("", ""), ()])
def test_who_does_not_agree_gets_nothing(
    cli: Gateway, imsg: str, home: Path, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...]
) -> None:
    type_in(monkeypatch, *lines)
    said = cli("setup")
    assert said.code == (1 if lines[-1:] == ("no",) else 2)
    assert everything(home) == []


def test_a_dry_run_shows_the_files_and_writes_none(cli: Gateway, imsg: str, home: Path) -> None:
    said = cli("setup", "--yes", "--ssh-host", "mac", "--dry-run")
    assert said.code == 0
    assert 'exec ssh -T mac imsg "$@"' in said.out
    assert said.out.endswith("nothing was written\n")
    assert everything(home) == []


OPENCLAW = '{\n  // mine\n  channels: { telegram: { enabled: false } },\n  agents: { list: [{ id: "main" }] },\n}\n'


@pytest.fixture
def there(places: Places) -> Path:
    """A file of OpenClaw without this channel."""
    places.config.parent.mkdir()
    places.config.write_text(OPENCLAW)
    return places.config


def test_a_file_that_is_there_gets_what_it_lacks(cli: Gateway, imsg: str, there: Path) -> None:
    said = cli("setup", "--yes")
    assert said.code == 0, said.err
    assert said.out.startswith("channels.imessage:\n+ { ")
    assert "undo: gateway config rollback" in said.out
    assert "OpenClaw" in said.err
    text = there.read_text()
    assert "// mine" in text
    assert "telegram: { enabled: false }" in text
    assert 'runtime: { type: "echo" }' in text
    again = cli("setup", "--yes", "--no-probe")
    assert again.out.splitlines() == [f"{there} has all that is needed", "next: gateway run"]
    assert there.read_text() == text


def test_nothing_in_it_is_replaced(cli: Gateway, imsg: str, there: Path) -> None:
    text = '{ channels: { imessage: { enabled: false } }, agents: { defaults: { model: "a/b" } } }'
    there.write_text(text)
    said = cli("setup", "--yes", "--deployment", "local", "--command", "cat", "--no-probe")
    assert said.code == 0
    assert "has channels.imessage already" in said.err
    assert "has an agent already" in said.err
    assert there.read_text() == text


def test_agents_of_newer_files_are_completed_too(cli: Gateway, imsg: str, there: Path) -> None:
    there.write_text("{ channels: { imessage: {} }, agents: { entries: { a: {}, b: { default: true } } } }")
    assert cli("setup", "--yes", "--no-probe").code == 0
    assert 'b: { default: true, runtime: { type: "echo" } }' in there.read_text()


def test_it_is_changed_only_when_the_person_agrees(
    cli: Gateway, imsg: str, there: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("setup", "--ssh-host", "mac", "--allow-from", "nobody", "--agent", "echo", "--ssh-imsg", "imsg")
    said = cli(*words)
    assert said.code == 2
    assert "--yes" in said.err
    for line in ("", "no"):
        type_in(monkeypatch, line)
        assert cli(*words).code == 1
    assert there.read_text() == OPENCLAW
    assert everything(home) == [".openclaw", ".openclaw/openclaw.json"]
    type_in(monkeypatch, "yes")
    said = cli(*words, "--no-probe")
    assert said.code == 0
    assert f"written: {there.parent / 'imsg-ssh'}" in said.out


def test_a_file_that_is_not_valid_is_left_to_its_owner(cli: Gateway, imsg: str, there: Path) -> None:
    there.write_text("{ channels: { imessage: { nope: 1 } } }")
    said = cli("setup", "--yes")
    assert said.code == 1
    assert "mend it first" in said.err
    assert "channels.imessage.nope" in said.err


def test_another_config_file_is_named_in_the_next_command(cli: Gateway, imsg: str, tmp_path: Path) -> None:
    file = tmp_path / "a b.json"
    said = cli("setup", "--yes", "--config", str(file))
    assert said.code == 0, said.err
    assert said.out.splitlines()[-1] == f"next: gateway --config '{file}' run"
