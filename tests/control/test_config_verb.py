"""``config validate`` and ``config file``."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.control.cli.config import short
from config import Places
from tests.control.conftest import Gateway

VALID = '{ channels: { imessage: { cliPath: "imsg" } } }'
INVALID = '{\n  channels: { imessage: { cliPaht: "imsg" } },\n}'


@pytest.fixture
def file(places: Places) -> Path:
    """The config file's path; its folder exists."""
    places.state.mkdir(parents=True)
    return places.config


def test_a_valid_file_is_valid(cli: Gateway, file: Path) -> None:
    file.write_text(VALID)
    said = cli("config", "validate")
    assert (said.code, said.out) == (0, f"{file} is valid\n")
    said = cli("config", "validate", "--json")
    assert (said.json["valid"], said.json["path"], said.json["issues"]) == (True, str(file), [])


def test_each_problem_is_a_line_with_its_place(cli: Gateway, file: Path) -> None:
    file.write_text(INVALID)
    said = cli("config", "validate")
    assert said.code == 1
    assert "\n- channels.imessage.cliPaht: " in said.out
    assert "line 2" in said.out
    said = cli("config", "validate", "--json")
    assert said.code == 1
    assert said.json["valid"] is False
    (issue,) = said.json["issues"]
    assert (issue["path"], issue["line"]) == ("channels.imessage.cliPaht", 2)


@pytest.mark.parametrize("text", ["{", "", "[]", "{a: 1}", "\x00", '{"\x1b[31m": 1}'])
def test_what_is_no_config_is_told_without_a_traceback(cli: Gateway, file: Path, text: str) -> None:
    file.write_text(text)
    said = cli("config", "validate")
    assert said.code == 1
    assert "\n- " in said.out
    assert "\x1b" not in said.out


def test_a_missing_file_is_a_problem(cli: Gateway, places: Places) -> None:
    said = cli("config", "validate")
    assert said.code == 1
    assert str(places.config) in said.out
    assert not places.state.exists()


def test_another_file_can_be_named(cli: Gateway, tmp_path: Path, file: Path) -> None:
    file.write_text(INVALID)
    other = tmp_path / "other.json5"
    other.write_text(VALID)
    assert cli("--config", str(other), "config", "validate").code == 0
    assert cli("config", "validate", "--config", str(other)).code == 0


def test_the_file_in_use_is_named(cli: Gateway, places: Places) -> None:
    assert cli("config", "file").out == f"{places.config}\n"
    assert cli("config", "file", "--json").json == {"path": str(places.config), "exists": False}


def test_people_see_the_home_folder_short() -> None:
    assert short(Path("/home/a/.openclaw/x"), Path("/home/a")) == "~/.openclaw/x"
    assert short(Path("/etc/x"), Path("/home/a")) == "/etc/x"
