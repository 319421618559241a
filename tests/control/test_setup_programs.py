"""Finding imsg: where it is looked for, and what passes for one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from actors.control.setup.programs import HOMEBREW, candidates, examine
from tests.control.setup_support import HELP, simulator
from tests.support.scripts import shell_script


def folder(parent: Path, name: str, text: str = HELP) -> Path:
    """A folder with an imsg in it."""
    made = parent / name
    made.mkdir()
    shell_script(made / "imsg", text)
    return made


def test_homebrews_folders_are_looked_into_after_the_path(tmp_path: Path) -> None:
    assert HOMEBREW == ("/opt/homebrew/bin", "/usr/local/bin")
    first, second = folder(tmp_path, "a"), folder(tmp_path, "b")
    link = tmp_path / "c"
    link.mkdir()
    (link / "imsg").symlink_to(second / "imsg")
    (tmp_path / "d").mkdir()
    path = os.pathsep.join(("relative", "", str(tmp_path / "d"), str(first), str(tmp_path / "missing")))
    assert candidates(path, (str(link), str(second))) == [str(first / "imsg"), str(link / "imsg")]
    assert candidates("", ()) == []


def test_an_imsg_is_known_by_what_it_says(tmp_path: Path) -> None:
    found = examine(simulator(tmp_path))
    assert found == (str(tmp_path / "imsg"), "0.9.0", None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('echo "error: unknown command rpc" >&2; exit 64', "no rpc subcommand"),
        ("sleep 60", "within 0.2 s"),
        ("exit 1", "neither its version"),
    ],
)
def test_what_is_none_is_told_apart(tmp_path: Path, text: str, why: str) -> None:
    found = examine(str(folder(tmp_path, "a", text) / "imsg"), 0.2)
    assert found.fault is not None
    assert why in found.fault


def test_a_program_that_others_may_write_is_refused(tmp_path: Path) -> None:
    program = folder(tmp_path, "a") / "imsg"
    program.chmod(0o777)
    assert "chmod" in (examine(str(program)).fault or "")
    assert "is not there" in (examine(str(tmp_path / "nothing")).fault or "")
