"""The README stays true: its config loads, its commands exist, its files are there."""

import re
from pathlib import Path

import pytest

from actors.control.cli.main import main
from actors.control.config_file import cautions, load
from config import Places

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(set(re.findall(r"bin/gateway ([a-z]+(?: [a-z]+)?)", README)))


CONFIGS = re.findall(r"```json5\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", CONFIGS, ids=range(len(CONFIGS)))
def test_the_configs_in_the_readme_load(block: str, tmp_path: Path) -> None:
    """Without a problem, and as an account that pairs."""
    (tmp_path / "openclaw.json").write_text(block)
    environment = {"HOME": str(tmp_path), "OPENCLAW_STATE_DIR": str(tmp_path)}
    places = Places.from_env(environment)
    loaded = load(places, environment)
    assert loaded.problems == ()
    assert block is not CONFIGS[0] or cautions(loaded, places) == []
    [account] = loaded.accounts
    assert (account.dm_policy, account.cli_path) == ("pairing", "imsg")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_in_the_readme_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each answers to --help."""
    assert main([*command.split(), "--help"]) == 0
    assert "usage" in capsys.readouterr().out


def test_the_files_in_the_readme_are_there() -> None:
    """Relative links lead somewhere."""
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_readme_names_enough_commands() -> None:
    """The pattern above finds them."""
    assert {"demo", "run", "status", "pairing list", "config validate"} <= set(COMMANDS)
